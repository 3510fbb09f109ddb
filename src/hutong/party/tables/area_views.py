"""Read views over the information areas: each statement under the party it is about now; relations from both ends."""

from hutong.party.information import AREAS
from hutong.party.relation_kinds import inverse_sql

AREA_VIEWS = {
    f"party.v1_{name}": f"""
        SELECT x.party_id, t.* FROM party.{name} t
        JOIN party.xref x ON x.source = t.of_source AND x.key = t.of_key"""  # noqa: S608
    for name in AREAS
} | {
    "party.v1_relation": f"""
        SELECT x.party_id, y.party_id AS other_id, {inverse_sql("r.kind")} AS other_is, r.id, r.percent, r.note,
               r.source, r.valid_from, r.valid_to
        FROM party.party_relation r JOIN party.xref x ON x.source = r.of_source AND x.key = r.of_key
        JOIN party.xref y ON y.source = r.to_source AND y.key = r.to_key WHERE x.party_id <> y.party_id
        UNION ALL
        SELECT y.party_id, x.party_id AS other_id, r.kind AS other_is, r.id, r.percent, r.note,
               r.source, r.valid_from, r.valid_to
        FROM party.party_relation r JOIN party.xref x ON x.source = r.of_source AND x.key = r.of_key
        JOIN party.xref y ON y.source = r.to_source AND y.key = r.to_key WHERE x.party_id <> y.party_id""",  # noqa: S608
    "party.v1_household_member": """
        SELECT m.household_id, x.party_id, m.role, m.word, m.because, m.since FROM party.household_member m
        JOIN party.xref x ON x.source = m.of_source AND x.key = m.of_key""",
}
