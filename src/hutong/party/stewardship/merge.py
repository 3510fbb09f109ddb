"""Merge by hand (EC-07): chosen parties become one; previewed, recorded as a person's judgement, taken back exactly."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.golden.survivorship import golden_sql, rules_in_force
from hutong.party.match.rules import RULES
from hutong.party.model.masking import masked
from hutong.party.resolution import membership
from hutong.party.resolution.membership import Moved
from hutong.party.resolution.regroup import judge, records_of, regroup
from hutong.platform import database, documents
from hutong.platform.errors import NotFound, Unprocessable


def preview_merge(viewer: Principal, parties: Sequence[int]) -> dict[str, Any]:
    """What a merge would give: `golden` (the record to be), `survivor_id`, `conflicts` (different valid documents)."""
    require(viewer, "party.merge")
    with database.read("party") as conn:
        visibility.check(conn, viewer, *parties)
        chosen = _checked(conn, parties)
        listed = [record for records in chosen.values() for record in records]
        survivor = max(chosen, key=lambda party: (len(chosen[party]), -party))
        members = "(SELECT CAST(:survivor AS bigint) AS party_id, unnest(CAST(:records AS bigint[])) AS record_id)"
        sql = golden_sql(rules_in_force(conn), members)
        row = conn.execute(text(sql), {"survivor": survivor, "records": listed}).mappings().one()
        against = conflicts(conn, list(chosen))
    return {"golden": masked(viewer, [dict(row)])[0], "survivor_id": survivor, "conflicts": against}


def merge(viewer: Principal, parties: Sequence[int], reason: str, *, force: bool = False) -> Moved:
    """Make one party of several; the one with most records keeps its id, the others redirect to it for ever.

    Later runs respect it. Raises Unprocessable when they hold different valid identity documents, unless forced.
    """
    require(viewer, "party.merge")
    with database.begin("party") as conn:
        visibility.check(conn, viewer, *parties)
        return merge_in(conn, parties, reason, viewer.actor, force=force)


def merge_in(
    conn: Connection, parties: Sequence[int], reason: str, by: str, *, force: bool = False, queue: bool = True
) -> Moved:
    """`merge` within the caller's transaction. `queue`: as `regroup`'s. What is forced is marked on the operation."""
    membership.lock(conn)
    chosen = _checked(conn, parties)
    against = conflicts(conn, list(chosen))
    if against and not force:
        raise Unprocessable("party-merge-identifiers")
    operation_id = membership.new_operation(conn, "merge", reason, by)
    if against:
        conn.execute(text("UPDATE party.operation SET forced = true WHERE id = :id"), {"id": operation_id})
    _end_separations(conn, list(chosen), operation_id)
    first = [records[0] for records in chosen.values()]
    judge(conn, list(pairwise(first)), "same", "merge", reason, operation_id=operation_id, by=by)
    return regroup(conn, first, operation_id, by, queue=queue)


def _checked(conn: Connection, parties: Sequence[int]) -> dict[int, list[int]]:
    wanted = sorted(set(parties))
    chosen = records_of(conn, wanted)
    for party in wanted:
        if party not in chosen:
            raise NotFound("party-unknown", id=party)
    if len(chosen) < 2:
        raise Unprocessable("party-merge-one")
    kinds = conn.execute(text("SELECT count(DISTINCT kind) FROM party.party WHERE id = ANY(:ids)"), {"ids": wanted})
    if kinds.scalar_one() > 1:
        raise Unprocessable("party-merge-kinds")
    return chosen


def conflicts(conn: Connection, parties: list[int]) -> list[str]:
    """Kinds of exclusive documents of which the parties hold more than one valid number."""
    rules = documents.in_force(conn, RULES)
    rows = conn.execute(
        text(
            """SELECT r.id_type FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
               WHERE x.party_id = ANY(:ids) AND r.id_valid AND r.id_type = ANY(:exclusive)
               GROUP BY r.id_type HAVING count(DISTINCT r.id_number) > 1 ORDER BY 1"""
        ),
        {"ids": parties, "exclusive": [*rules.person.exclusive, *rules.organisation.exclusive]},
    )
    return list(rows.scalars())


def _end_separations(conn: Connection, parties: list[int], operation_id: int) -> None:
    """A person's earlier 'not the same' between these parties gives way; an undo takes it up again."""
    conn.execute(
        text(
            """UPDATE party.judgement j SET ended_at = now(), ended_because = 'merge', ended_operation_id = :operation
               FROM party.xref l, party.xref r
               WHERE j.ended_at IS NULL AND j.verdict = 'not_same' AND j.made_by_kind = 'person'
                 AND l.record_id = j.left_id AND r.record_id = j.right_id
                 AND l.party_id = ANY(:ids) AND r.party_id = ANY(:ids)"""
        ),
        {"operation": operation_id, "ids": parties},
    )
