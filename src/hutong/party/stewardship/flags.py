"""Forced flags taken away (EC-07): a person's 'same' or 'not the same' of an operation no longer counts, and the rules
alone decide again. Unlike an undo it does not ask that nothing happened since, and returns nothing by itself."""

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.resolution import membership
from hutong.party.resolution.membership import Moved
from hutong.party.resolution.regroup import regroup
from hutong.platform import database
from hutong.platform.errors import NotFound

_HELD = text("""
    SELECT left_id, right_id FROM party.judgement
    WHERE operation_id = :id AND ended_at IS NULL AND made_by_kind = 'person'""")


def remove_flag(viewer: Principal, operation_id: int, reason: str) -> Moved:
    """End what an operation's judgements still hold; an operation of its own, to be undone like a merge.

    Raises NotFound when the operation holds nothing, or parties that the viewer does not see.
    """
    require(viewer, "party.split")
    with database.begin("party") as conn:
        membership.lock(conn)
        records = sorted({record for pair in conn.execute(_HELD, {"id": operation_id}) for record in pair})
        if not records:
            raise NotFound("party-flag-unknown", id=operation_id)
        visibility.check(conn, viewer, *_parties(conn, records))
        unflag = membership.new_operation(conn, "unflag", reason, viewer.actor)
        conn.execute(
            text(
                """UPDATE party.judgement SET ended_at = now(), ended_because = 'unflag', ended_operation_id = :unflag
                   WHERE operation_id = :id AND ended_at IS NULL AND made_by_kind = 'person'"""
            ),
            {"id": operation_id, "unflag": unflag},
        )
        return regroup(conn, records, unflag, viewer.actor)


def _parties(conn: Connection, records: list[int]) -> list[int]:
    found = text("SELECT DISTINCT party_id FROM party.xref WHERE record_id = ANY(:records)")
    return list(conn.execute(found, {"records": records}).scalars())
