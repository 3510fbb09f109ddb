"""Deciding many suspected groups at once (EC-06): looked at first, then one decision and operation each; what cannot be
decided is told with its reason and left as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from hutong.identity import Principal, protect, require
from hutong.party.policies import POLICY
from hutong.party.resolution.regroup import records_of
from hutong.party.stewardship import desk
from hutong.party.stewardship.decide import Sets, decide, facts
from hutong.party.stewardship.merge import conflicts
from hutong.party.tables import party
from hutong.platform import database, documents
from hutong.platform.errors import Problem, Unprocessable

LARGEST = 200
"""Groups decided at once."""


@dataclass(frozen=True)
class Outcome:
    """What came of one group: decided, proposed, or failed with the problem in the viewer's language."""

    group_id: int
    state: str
    operations: list[int] = field(default_factory=list)
    problem: str | None = None


def preview(viewer: Principal, groups: Sequence[int], verdict: str) -> list[dict[str, Any]]:
    """What deciding these groups alike would do, each: `id`, `parties` (id, name), `conflicts` (kinds of documents that
    differ), `rule` (of the policy, that wants a review), `problem` (why it cannot be decided; then nothing else)."""
    require(viewer, "party.steward")
    _checked(groups, verdict)
    return [_looked_at(viewer, group_id, verdict) for group_id in dict.fromkeys(groups)]


def decide_all(viewer: Principal, groups: Sequence[int], verdict: str, reason: str) -> list[Outcome]:
    """Decide groups alike: `same` (all parties of a group are one) or `not_same`. Each in a transaction of its own."""
    require(viewer, "party.steward")
    _checked(groups, verdict)
    return [_decided(viewer, group_id, verdict, reason) for group_id in dict.fromkeys(groups)]


def _checked(groups: Sequence[int], verdict: str) -> None:
    if verdict not in ("same", "not_same") or not 0 < len(set(groups)) <= LARGEST:
        raise Unprocessable("party-suspect-bulk", largest=LARGEST)


def _sets(parties: Sequence[int], verdict: str) -> Sets:
    return [list(parties)] if verdict == "same" else [[one] for one in parties]


def _decided(viewer: Principal, group_id: int, verdict: str, reason: str) -> Outcome:
    try:
        with database.begin("party") as conn:
            living = list(records_of(conn, desk.own(conn, group_id, viewer).parties))
        done = decide(viewer, group_id, _sets(living, verdict), reason)
    except Problem as problem:
        return Outcome(group_id, "failed", problem=problem.message(viewer.locale))
    return Outcome(group_id, done.state, done.operations)


def _looked_at(viewer: Principal, group_id: int, verdict: str) -> dict[str, Any]:
    try:
        with database.begin("party") as conn:
            group = desk.own(conn, group_id, viewer)
            living = records_of(conn, group.parties)
            asked = facts(conn, group, _sets(list(living), verdict), living, force=False)
            rule = documents.in_force(conn, POLICY, "stewardship").asks(asked)
            against = conflicts(conn, list(living)) if verdict == "same" else []
            named = select(party.c.id, party.c.name).where(party.c.id.in_(living)).order_by(party.c.id)
            rows = [dict(row) for row in conn.execute(named).mappings()]
    except Problem as problem:
        return {"id": group_id, "parties": [], "conflicts": [], "rule": None, "problem": problem.message(viewer.locale)}
    shown = protect(viewer, "party", rows, {"name": "name"})
    return {"id": group_id, "parties": shown, "conflicts": against, "rule": rule, "problem": None}
