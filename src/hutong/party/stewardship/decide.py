"""Deciding suspected groups (EC-06): a decision is a merge, or 'not the same' for ever; whole, or of some parties.

What the stewardship policy wants reviewed is only proposed; it takes effect when a second person approves (four eyes).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from sqlalchemy import Connection, null, select, text

from hutong.identity import Principal, require
from hutong.party.policies import POLICY
from hutong.party.resolution import membership, suspects
from hutong.party.resolution.regroup import judge, records_of
from hutong.party.stewardship import desk
from hutong.party.stewardship.desk import Held
from hutong.party.stewardship.merge import conflicts, merge_in
from hutong.party.tables import suspect_group
from hutong.platform import clock, database, documents
from hutong.platform.errors import Conflict, Forbidden, Unprocessable

Sets = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Decision:
    """What came of it. `state` of the group: decided, proposed (`rule` wants a review), claimed (the rest is open);
    `operations` can be taken back singly."""

    state: str
    operations: list[int]
    rule: str | None = None


def decide(viewer: Principal, group_id: int, sets: Sets, reason: str, *, force: bool = False) -> Decision:
    """Say which parties of a group are one: each set becomes one party, parties of different sets are never the same.

    Parties of the group in no set stay undecided, and with them the group. Raises Unprocessable for sets that decide
    nothing or are not of the group, and where different valid documents speak against a merge, unless forced.
    """
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        membership.lock(conn)
        group = desk.own(conn, group_id, viewer)
        living = records_of(conn, group.parties)
        _sensible(sets, living)
        asked = facts(conn, group, sets, living, force=force)
        if not force and any(conflicts(conn, list(one)) for one in sets if len(one) > 1):
            raise Unprocessable("party-merge-identifiers")
        document = documents.in_force(conn, POLICY, "stewardship")
        if rule := document.asks(asked):
            proposal = {"sets": [list(one) for one in sets], "reason": reason, "force": force, "rule": rule,
                        "version": document.version, "by": viewer.actor, "at": clock.now().isoformat()}  # fmt: skip
            desk.put(conn, group, "propose", viewer, note=reason, assignee=viewer.actor, proposal=proposal)
            return Decision("proposed", [], rule)
        return _carry_out(conn, group, sets, reason, viewer, by=viewer.actor, force=force, action="decide")


def approve(viewer: Principal, group_id: int, note: str = "") -> Decision:
    """Let a proposed decision take effect. Raises Forbidden to whoever proposed it, Conflict when its parties changed.

    History names who proposed; the group's log names both.
    """
    require(viewer, "party.steward.review")
    with database.begin("party") as conn:
        membership.lock(conn)
        group, proposal = _proposed(conn, group_id, viewer)
        living = records_of(conn, group.parties)
        if {party for one in proposal["sets"] for party in one} - set(living):
            raise Conflict("party-suspect-changed", id=group_id)
        return _carry_out(
            conn, group, proposal["sets"], proposal["reason"], viewer,
            by=proposal["by"], force=proposal["force"], action="approve", note=note,
        )  # fmt: skip


def send_back(viewer: Principal, group_id: int, note: str) -> None:
    """Refuse a proposed decision, saying why: it is again with who proposed it. Raises Forbidden to that person."""
    require(viewer, "party.steward.review")
    with database.begin("party") as conn:
        group, proposal = _proposed(conn, group_id, viewer)
        desk.put(conn, group, "send_back", viewer, note=note, assignee=proposal["by"], proposal=null())


def withdraw(viewer: Principal, group_id: int) -> None:
    """Take one's own proposal back, to decide anew."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        group = desk.locked(conn, group_id, viewer)
        if group.proposal and group.proposal["by"] != viewer.actor:
            raise Conflict("party-suspect-taken", id=group_id)
        desk.put(conn, group, "withdraw", viewer, assignee=viewer.actor, proposal=null())


def unsure(viewer: Principal, group_id: int, note: str) -> None:
    """Say that one cannot tell, and why; the group goes back to the pool, the note stays with its pairs of parties.

    What a person said about a pair before, the same or not, stands.
    """
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        group = desk.own(conn, group_id, viewer)
        first = [records[0] for records in records_of(conn, group.parties).values()]
        judge(conn, _unsaid(conn, first), "unsure", "suspect", note, operation_id=None, by=viewer.actor)
        desk.put(conn, group, "unsure", viewer, note=note, assignee=None)


def verdict_of(sets: Sets) -> str:
    """same: one set; not_same: nobody is one with another; else partial. Pure."""
    if len(sets) == 1:
        return "same"
    return "not_same" if all(len(one) == 1 for one in sets) else "partial"


def facts(
    conn: Connection, group: Held, sets: Sets, living: Mapping[int, Sequence[int]], *, force: bool
) -> dict[str, Any]:
    """What the stewardship policy may ask of a decision."""
    listed = [party for one in sets for party in one]
    grades = conn.execute(
        text("SELECT DISTINCT grade FROM party.party WHERE id = ANY(:ids) AND grade IS NOT NULL"), {"ids": listed}
    ).scalars()
    return {
        "group": {
            "kind": group.kind, "strength": group.strength, "conflict": "conflict" in group.rules,
            "parties": len(listed), "records": sum(len(living[party]) for party in listed),
            "grades": sorted(grades), "rules": group.rules,
        },
        "decision": {"verdict": verdict_of(sets), "force": force},
    }  # fmt: skip


def _sensible(sets: Sets, living: Mapping[int, Sequence[int]]) -> None:
    listed = [party for one in sets for party in one]
    if len(listed) < 2 or len(set(listed)) != len(listed) or not set(listed) <= set(living) or not all(sets):
        raise Unprocessable("party-suspect-decision")


def _proposed(conn: Connection, group_id: int, viewer: Principal) -> tuple[Held, dict[str, Any]]:
    group = desk.locked(conn, group_id, viewer)
    if group.state != "proposed" or group.proposal is None:
        raise Conflict("party-suspect-state", id=group_id, state=group.state)
    if group.proposal["by"] == viewer.actor:
        raise Forbidden("party-review-own")
    return group, group.proposal


def _carry_out(
    conn: Connection, group: Held, sets: Sets, reason: str, viewer: Principal, *, by: str, force: bool, action: str,
    note: str | None = None,
) -> Decision:  # fmt: skip
    living = records_of(conn, group.parties)
    operations = _operate(conn, sets, living, reason, by, force=force)
    whole = sorted(living) == sorted(party for one in sets for party in one)
    values: dict[str, Any] = {"proposal": null(), "assignee": by}
    if whole:
        values |= {"closed_at": clock.now(), "outcome": verdict_of(sets)}
    name = action if whole else f"{action}_part"
    desk.put(conn, group, name, viewer, note=note or reason, operations=operations, **values)
    suspects.refresh(conn, [*group.parties])
    left = conn.execute(select(suspect_group.c.state).where(suspect_group.c.id == group.id)).scalar_one()
    return Decision("claimed" if left == "claimed" else "decided", operations)


def _operate(
    conn: Connection, sets: Sets, living: Mapping[int, Sequence[int]], reason: str, by: str, *, force: bool
) -> list[int]:
    """Merge within the sets, hold the sets apart."""
    operations = [
        operation
        for one in sets
        if len(one) > 1 and (operation := merge_in(conn, one, reason, by, force=force, queue=False).operation_id)
    ]
    apart = [
        pair
        for one, other in combinations(sets, 2)
        for pair in product([r for p in one for r in living[p]], [r for p in other for r in living[p]])
    ]
    if apart:
        operation = membership.new_operation(conn, "split", reason, by)
        judge(conn, apart, "not_same", "suspect", reason, operation_id=operation, by=by)
        operations.append(operation)
    return operations


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
