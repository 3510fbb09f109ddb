"""Why a customer shows these values (XP-02): its source records side by side, and for each attribute the record that
won and the criterion of the survivorship rules that decided; and how the values were before."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import GOLDEN, LEADERS, SENSITIVE, followers
from hutong.party.golden.survivorship import (
    SURVIVORSHIP,
    VALUE_KINDS,
    AttributeRule,
    SurvivorshipDocument,
    rules_in_force,
)
from hutong.party.living import living
from hutong.party.model import extension
from hutong.party.tables import party
from hutong.platform import database, history
from hutong.platform.documents import as_of
from hutong.platform.errors import NotFound

Found = dict[str, Any]

_RECORDS = text("""
    SELECT r.*, s.name_zh, s.name_en, s.trust, v.raw, v.row_number, v.arrived_at, l.file_name
    FROM party.xref x JOIN party.source_record r ON r.id = x.record_id JOIN party.source s ON s.code = r.source
    LEFT JOIN party.load l ON l.id = r.load_id
    LEFT JOIN LATERAL (SELECT raw, row_number, arrived_at FROM party.source_version v
                       WHERE v.record_id = r.id ORDER BY v.id DESC LIMIT 1) v ON true
    WHERE x.party_id = :party ORDER BY s.trust DESC, r.id""")

_CONFIRMED = text("""
    SELECT v.kind || ':' || v.value FROM party.xref x
    JOIN party.stated_value v ON v.of_source = x.source AND v.of_key = x.key
    WHERE x.party_id = :party AND v.confirmed_at IS NOT NULL AND coalesce(v.valid_to > now(), true)""")


def side_by_side(viewer: Principal, party_id: int) -> Found:
    """A party's source records, most trusted first, masked, and how they became its values:

    `records`: with source names, file, row, and `raw` if the viewer sees everything (raw rows hold sensitive values
    under any name); `winners`: attribute → (record, criterion that decided; None: no other value was stated);
    `differs`: attribute → records whose value is another than the golden one. Needs the right `party.read`.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        visibility.check(conn, viewer, party_id)
        listed = [dict(row) for row in conn.execute(_RECORDS, {"party": party_id}).mappings()]
        golden = conn.execute(select(party).where(party.c.id == party_id)).mappings().one_or_none()
        if golden is None:
            raise NotFound("party-unknown", id=party_id)
        rules = _rules_of(conn, golden["survivorship_version"])
        confirmed = set(conn.execute(_CONFIRMED, {"party": party_id}).scalars())
    for row in listed:
        row["confirmed"] = {name for name, kind in VALUE_KINDS.items() if f"{kind}:{row[name]}" in confirmed}
    differs = {
        name: {row["id"] for row in listed if row[name] is not None and row[name] != golden[name]} for name in GOLDEN
    }
    for row in listed:
        row["raw"] = row["raw"] if viewer.sees("*") else None
    return {
        "records": extension.protected(viewer, protect(viewer, "source_record", listed, SENSITIVE)),
        "winners": winners(rules, golden["provenance"], listed),
        "differs": differs,
        "version": golden["survivorship_version"],
    }


def versions(viewer: Principal, party_id: int) -> list[Found]:
    """Every version of a golden record, a retired one's too, latest first, masked; `changed` names what
    is other than before. Needs the right `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        visibility.check(conn, viewer, living(conn, party_id))
        rows = [dict(row) for row in conn.execute(history.versions(party, party_id)).mappings()]
    for before, row in pairwise(rows):
        row["changed"] = history.differing(row, before)
    fields = {name: kind for name, kind in SENSITIVE.items() if name in party.c}
    return extension.protected(viewer, protect(viewer, "party", rows[::-1], fields))


def _rules_of(conn: Connection, version: int) -> SurvivorshipDocument:
    """The survivorship rules that chose the values: those in force, or those in force then."""
    active = rules_in_force(conn)
    return active if active.version == version else as_of(conn, SURVIVORSHIP, "survivorship", version)


def winners(
    rules: SurvivorshipDocument, provenance: Mapping[str, int], listed: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[int, str | None]]:
    """Attribute → winning record and the criterion that decided. Pure."""
    made: dict[str, tuple[int, str | None]] = {}
    for leader in LEADERS:
        if winner := provenance.get(leader):
            because = decided_by(rules.of(leader), leader, listed, winner)
            made.update(dict.fromkeys((leader, *followers(leader)), (winner, because)))
    return made


def decided_by(rule: AttributeRule, attribute: str, listed: Sequence[Mapping[str, Any]], winner: int) -> str | None:
    """The first criterion under which the winner is better than the best record with another value. Pure."""
    stating = [row for row in listed if row[attribute] is not None]
    chosen = next((row for row in stating if row["id"] == winner), None)
    rivals = [row for row in stating if chosen is not None and row[attribute] != chosen[attribute]]
    if chosen is None or not rivals:
        return None
    often = {row["id"]: sum(other[attribute] == row[attribute] for other in stating) for row in stating}
    for criterion in rule.by:
        own = _weight(criterion, chosen, attribute, often)
        best = max(_weight(criterion, row, attribute, often) for row in rivals)
        if own > best:
            return criterion
        rivals = [row for row in rivals if _weight(criterion, row, attribute, often) == own]
        if not rivals:
            return criterion
    return "order"


def _weight(criterion: str, row: Mapping[str, Any], attribute: str, often: Mapping[int, int]) -> float:
    if criterion == "recency":
        changed = row["source_changed_at"]
        return float(changed.timestamp()) if changed else float("-inf")
    return float(
        {
            "trust": row["trust"],
            "completeness": len(str(row[attribute])),
            "frequency": often[row["id"]],
            "full_name": not row["name_partial"],
            "valid_id": bool(row["id_valid"]),
            "confirmed": attribute in row.get("confirmed", ()),
        }[criterion]
    )
