"""The states of a quality task (EC-18): one table, used by code, API and console alike. Pure."""

from typing import Literal

from hutong.platform.errors import Conflict

State = Literal["open", "sent", "fixed", "verified", "waived", "reopened"]
STATES: tuple[State, ...] = ("open", "sent", "fixed", "verified", "waived", "reopened")
WAITING: tuple[State, ...] = ("open", "sent", "fixed", "reopened")
"""Nothing proves yet that the record is right."""

TRANSITIONS: dict[State, dict[State, str]] = {
    "open": {"sent": "person", "fixed": "person", "waived": "person", "verified": "system"},
    "sent": {"fixed": "person", "waived": "person", "verified": "system"},
    "fixed": {"verified": "system", "reopened": "system", "waived": "person"},
    "reopened": {"sent": "person", "fixed": "person", "waived": "person", "verified": "system"},
    "verified": {"reopened": "system"},
    "waived": {"reopened": "person"},
}
"""State → next state → who takes it there. A task closes as verified only when the record passes its rule."""


def next_states(state: State, by: Literal["person", "system"]) -> list[State]:
    """Where a person, or the measurement, may take a task from here."""
    return [to for to, who in TRANSITIONS[state].items() if who == by]


def check(state: State, to: State, by: Literal["person", "system"]) -> None:
    """Raise Conflict unless the table allows it."""
    if TRANSITIONS[state].get(to) != by:
        raise Conflict("party-quality-task-state", state=state, to=to)


def sources_of(to: State, by: Literal["person", "system"]) -> list[State]:
    """The states from which a person, or the measurement, may take a task to `to`."""
    return [state for state, allowed in TRANSITIONS.items() if allowed.get(to) == by]
