"""States of instances and numbers, each with its one transition table (after TMF637 v4; used by code, API, console)."""

from enum import StrEnum


class InstanceState(StrEnum):
    """State of a product or offer instance."""

    PRE_ACTIVATED = "pre_activated"  # 预开通: delivered, not yet in use
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


TRANSITIONS: dict[InstanceState, frozenset[InstanceState]] = {
    InstanceState.PRE_ACTIVATED: frozenset({InstanceState.ACTIVE, InstanceState.TERMINATED}),
    InstanceState.ACTIVE: frozenset({InstanceState.SUSPENDED, InstanceState.TERMINATED}),
    InstanceState.SUSPENDED: frozenset({InstanceState.ACTIVE, InstanceState.TERMINATED}),
    InstanceState.TERMINATED: frozenset(),
}

TMF637_STATUS: dict[InstanceState, str] = {
    InstanceState.PRE_ACTIVATED: "pendingActive",
    InstanceState.ACTIVE: "active",
    InstanceState.SUSPENDED: "suspended",
    InstanceState.TERMINATED: "terminated",
}
"""What TMF637's ProductStatusType calls each state."""


def may_become(before: InstanceState, after: InstanceState) -> bool:
    """Whether the table allows it."""
    return after in TRANSITIONS[before]
