"""The states of a quality task (EC-18): one table, used by code, API and console alike. Pure.

A rule's task closes as verified only when the record passes the rule; one that a person reported has no rule to pass:
a person verifies it, and it counts as fixed by itself when the source has stated the record anew.
"""

from typing import Literal

State = Literal["open", "sent", "fixed", "verified", "waived", "reopened"]
By = Literal["person", "system"]
STATES: tuple[State, ...] = ("open", "sent", "fixed", "verified", "waived", "reopened")
WAITING: tuple[State, ...] = ("open", "sent", "fixed", "reopened")
"""Nothing proves yet that the record is right."""
REPORTED = "reported"
"""What stands for the rule in tasks that a person opened."""

TRANSITIONS: dict[State, dict[State, By]] = {
    "open": {"sent": "person", "fixed": "person", "waived": "person", "verified": "system"},
    "sent": {"fixed": "person", "waived": "person", "verified": "system"},
    "fixed": {"verified": "system", "reopened": "system", "waived": "person"},
    "reopened": {"sent": "person", "fixed": "person", "waived": "person", "verified": "system"},
    "verified": {"reopened": "system"},
    "waived": {"reopened": "person"},
}
"""State → next state → who takes it there, for tasks of a rule."""
OF_REPORTED: dict[State, dict[State, By]] = {
    "open": {"sent": "person", "fixed": "person", "waived": "person"},
    "sent": {"fixed": "person", "waived": "person"},
    "fixed": {"verified": "person", "reopened": "person", "waived": "person"},
    "reopened": {"sent": "person", "fixed": "person", "waived": "person"},
    "verified": {"reopened": "person"},
    "waived": {"reopened": "person"},
}
"""The same for tasks that a person reported."""


def table_of(rule: str) -> dict[State, dict[State, By]]:
    """The transitions of a rule's tasks, or of reported ones."""
    return OF_REPORTED if rule == REPORTED else TRANSITIONS


def next_states(state: State, rule: str) -> list[State]:
    """Where a person may take a task from here."""
    return [to for to, who in table_of(rule)[state].items() if who == "person"]


def sources_of(to: State, rule: str) -> list[State]:
    """The states from which a person may take a task to `to`."""
    return [state for state, allowed in table_of(rule).items() if allowed.get(to) == "person"]
