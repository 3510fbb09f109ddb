"""Working the suspects' queue (EC-06): claim, hand back, decide. A decision is a merge, or 'not the same' for ever."""

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, require
from hutong.identity.queries import holders
from hutong.party import visibility
from hutong.party.resolution import membership
from hutong.party.resolution.regroup import judge, records_of
from hutong.party.stewardship import suspects
from hutong.party.stewardship.merge import merge_in
from hutong.party.tables import suspect_group
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, NotFound, Unprocessable


def claim(viewer: Principal, group_id: int) -> None:
    """Take an open group to work on. Raises Conflict when someone else holds it or it is closed."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        _held(conn, group_id, viewer)
        conn.execute(
            text("UPDATE party.suspect_group SET state = 'claimed', assignee = :by WHERE id = :id"),
            {"id": group_id, "by": viewer.actor},
        )


def assign(viewer: Principal, group_id: int, to: str) -> None:
    """Give a group to a person (`user:12`) of `stewards`. Needs the right to lead them. Raises Unprocessable."""
    require(viewer, "party.steward.lead")
    if to not in {f"user:{row['id']}" for row in stewards(viewer)}:
        raise Unprocessable("party-suspect-assignee", field="to", to=to)
    with database.begin("party") as conn:
        _row(conn, group_id, viewer)
        conn.execute(
            text("UPDATE party.suspect_group SET state = 'claimed', assignee = :to WHERE id = :id"),
            {"id": group_id, "to": to},
        )


def stewards(viewer: Principal) -> list[dict[str, Any]]:
    """Those a group may be given to: id, name."""
    return holders(viewer, "party.steward")


def release(viewer: Principal, group_id: int) -> None:
    """Hand a claimed group back to the pool."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        _held(conn, group_id, viewer)
        _open(conn, group_id)


def _open(conn: Connection, group_id: int) -> None:
    conn.execute(
        text("UPDATE party.suspect_group SET state = 'open', assignee = NULL WHERE id = :id"), {"id": group_id}
    )


def unsure(viewer: Principal, group_id: int, note: str) -> None:
    """Say that one cannot tell, and why; the group goes back to the pool, the note stays with its pairs of parties.

    What a person said about a pair before, the same or not, stands.
    """
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        parties = _held(conn, group_id, viewer)
        first = [records[0] for records in records_of(conn, parties).values()]
        judge(conn, _unsaid(conn, first), "unsure", "suspect", note, operation_id=None, by=viewer.actor)
        _open(conn, group_id)


def _unsaid(conn: Connection, records: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of records about which no person said that they are, or are not, the same."""
    said = conn.execute(
        text(
            """SELECT left_id, right_id FROM party.judgement
               WHERE left_id = ANY(:ids) AND right_id = ANY(:ids) AND made_by_kind = 'person' AND ended_at IS NULL
                 AND verdict <> 'unsure'"""
        ),
        {"ids": list(records)},
    )
    return sorted(set(combinations(sorted(records), 2)) - {(row.left_id, row.right_id) for row in said})


def decide(
    viewer: Principal, group_id: int, sets: Sequence[Sequence[int]], reason: str, *, force: bool = False
) -> list[int]:
    """Say which parties of a group are one: each set becomes one party, parties of different sets are never the same.

    `sets` covers all living parties of the group, each once. Returns the operations made, to be taken back singly.
    """
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        membership.lock(conn)
        parties = _held(conn, group_id, viewer)
        living = records_of(conn, parties)
        listed = [party for one in sets for party in one]
        if sorted(listed) != sorted(living) or len(set(listed)) != len(listed):
            raise Unprocessable("party-suspect-decision")
        operations = [
            operation
            for one in sets
            if len(one) > 1 and (operation := merge_in(conn, one, reason, viewer.actor, force=force).operation_id)
        ]
        apart = [
            pair
            for one, other in combinations(sets, 2)
            for pair in product([r for p in one for r in living[p]], [r for p in other for r in living[p]])
        ]
        if apart:
            operation = membership.new_operation(conn, "split", reason, viewer.actor)
            judge(conn, apart, "not_same", "suspect", reason, operation_id=operation, by=viewer.actor)
            operations.append(operation)
        conn.execute(
            text(
                """UPDATE party.suspect_group SET state = 'decided', closed_at = :now, outcome = :outcome,
                          assignee = coalesce(assignee, :by) WHERE id = :id"""
            ),
            {
                "id": group_id,
                "now": clock.now(),
                "by": viewer.actor,
                "outcome": "same" if len(sets) == 1 else "not_same",
            },
        )
        suspects.refresh(conn)
        return operations


def _row(conn: Connection, group_id: int, viewer: Principal) -> tuple[str, str | None, list[int]]:
    wanted = select(suspect_group.c.state, suspect_group.c.assignee, suspect_group.c.party_ids)
    row = conn.execute(
        wanted.where(suspect_group.c.id == group_id, visibility.group_seen(viewer)).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("party-suspect-unknown", id=group_id)
    if row.state in ("decided", "obsolete"):
        raise Conflict("party-suspect-closed", id=group_id)
    return row.state, row.assignee, list(row.party_ids)


def _held(conn: Connection, group_id: int, viewer: Principal) -> list[int]:
    _, assignee, parties = _row(conn, group_id, viewer)
    if assignee not in (None, viewer.actor):
        raise Conflict("party-suspect-taken", id=group_id)
    return parties
