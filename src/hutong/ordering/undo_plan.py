"""Compensation is a plan too (OC-09): which steps are dropped, which are undone, and in what order. Pure.

What was done, or may have been done, is undone in the reverse of the order in which it was done. A call whose outcome
is unknown counts as done: its compensation names its key, and undoes what it finds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hutong.catalog.order_template import CompensationKind
from hutong.ordering.states import StepState


class Fate(StrEnum):
    """What becomes of a step when its business order is undone."""

    KEEP = "keep"  # final already, or done without need of undoing
    CANCEL = "cancel"  # has had no effect and will not run
    ABANDON = "abandon"  # may have had an effect: its answer does not count any more, and it is undone
    UNDO = "undo"  # done: is undone


@dataclass(frozen=True)
class Doing:
    """A step of a business order to be undone, as it stands. `unblocks`: steps that waited for it."""

    id: int
    business_order_id: int
    code: str
    lane: str
    state: StepState
    sent: bool
    unblocks: tuple[int, ...]
    compensation: CompensationKind | None


@dataclass(frozen=True)
class Undoing:
    """A compensation step to be inserted. `after`: steps whose own compensation comes before it."""

    undoes: Doing
    after: frozenset[int]


@dataclass
class UndoPlan:
    """What is to be written."""

    cancelled: list[int] = field(default_factory=list)
    abandoned: list[int] = field(default_factory=list)
    undoings: list[Undoing] = field(default_factory=list)


def fate(step: Doing) -> Fate:
    """What becomes of a step. A local step with a compensation may have had its effect in another center even if it
    still counts as ready: the worker may have died between that center's commit and ours."""
    match step.state:
        case StepState.DONE:
            return Fate.UNDO if step.compensation else Fate.KEEP
        case StepState.SKIPPED | StepState.CANCELLED | StepState.UNDONE:
            return Fate.KEEP
        case StepState.FAILED:  # stays visible as failed until it is undone
            return Fate.UNDO if step.sent and step.compensation else Fate.KEEP
        case StepState.BLOCKED:
            return Fate.CANCEL
        case StepState.READY:
            unsure = step.sent or step.lane == "local"
        case _:
            unsure = step.sent
    if unsure and step.compensation:
        return Fate.ABANDON
    return Fate.ABANDON if step.state in (StepState.RUNNING, StepState.AWAITING) else Fate.CANCEL


def plan(steps: Sequence[Doing]) -> UndoPlan:
    """The undo plan of business orders that are undone together."""
    made = UndoPlan()
    fates = {step.id: fate(step) for step in steps}
    undone = {step.id: step for step in steps if step.compensation and fates[step.id] in (Fate.ABANDON, Fate.UNDO)}
    for step in steps:
        if fates[step.id] is Fate.CANCEL:
            made.cancelled.append(step.id)
        elif fates[step.id] is Fate.ABANDON:
            made.abandoned.append(step.id)
    followers = _followers({step.id: step.unblocks for step in steps}, undone.keys())
    made.undoings = [Undoing(step, followers[step.id]) for step in undone.values()]
    return made


def _followers(unblocks: Mapping[int, Iterable[int]], wanted: Iterable[int]) -> dict[int, frozenset[int]]:
    """For each wanted step, the wanted steps that followed it with no other wanted one between."""
    chosen = set(wanted)
    known: dict[int, frozenset[int]] = {}

    def nearest(step_id: int) -> frozenset[int]:
        if step_id not in known:
            found: set[int] = set()
            for follower in unblocks.get(step_id, ()):
                found |= {follower} if follower in chosen else nearest(follower)
            known[step_id] = frozenset(found)
        return known[step_id]

    return {step_id: nearest(step_id) for step_id in chosen}


def dependents(failed: Iterable[int], needs: Mapping[int, Iterable[int]]) -> set[int]:
    """The failed business orders and all that depend on them, however far. `needs`: business order → those it needs."""
    fallen = set(failed)
    while True:
        more = {one for one, needed in needs.items() if one not in fallen and fallen & set(needed)}
        if not more:
            return fallen
        fallen |= more
