"""What of the customer master itself hangs on parties (EC-07): told before they are merged or erased."""

from collections.abc import Sequence

from sqlalchemy import text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.platform import database

_COUNTS = {
    "roles": "SELECT party_id, count(*) FROM party.role WHERE party_id = ANY(:ids) GROUP BY 1",
    "relations": "SELECT party_id, count(*) FROM party.v1_relation WHERE party_id = ANY(:ids) GROUP BY 1",
    "households": """SELECT party_id, count(DISTINCT household_id) FROM party.v1_household_member
                     WHERE party_id = ANY(:ids) AND word <> 'removed' GROUP BY 1""",
    "policies": "SELECT party_id, count(*) FROM party.v1_policy_summary WHERE party_id = ANY(:ids) GROUP BY 1",
    "claims": "SELECT party_id, count(*) FROM party.v1_claim_summary WHERE party_id = ANY(:ids) GROUP BY 1",
    "touches": "SELECT party_id, count(*) FROM party.v1_touch WHERE party_id = ANY(:ids) GROUP BY 1",
    "calls": """SELECT party_id, count(*) FROM party.call_target
                WHERE party_id = ANY(:ids) AND state = 'waiting' GROUP BY 1""",
    "quality": """SELECT x.party_id, count(*) FROM party.quality_task q JOIN party.xref x ON x.record_id = q.record_id
                  WHERE x.party_id = ANY(:ids) AND q.entity = 'source_record' AND q.closed_at IS NULL GROUP BY 1""",
    "groups": """SELECT p, count(*) FROM party.suspect_group g, unnest(g.party_ids) AS p
                 WHERE g.party_ids && CAST(:ids AS bigint[]) AND p = ANY(:ids)
                 AND g.state IN ('open', 'claimed', 'proposed') GROUP BY 1""",
    "requests": """SELECT p, count(*) FROM party.change_request c, unnest(c.party_ids) AS p
                   WHERE c.party_ids && CAST(:ids AS bigint[]) AND p = ANY(:ids) AND c.state = 'pending' GROUP BY 1""",
}


def counts(viewer: Principal, ids: Sequence[int]) -> dict[str, dict[int, int]]:
    """What → party → how many. Raises NotFound for parties the viewer does not see."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        visibility.check(conn, viewer, *ids)
        return {
            what: {**dict.fromkeys(ids, 0), **{row[0]: row[1] for row in conn.execute(text(sql), {"ids": list(ids)})}}
            for what, sql in _COUNTS.items()
        }
