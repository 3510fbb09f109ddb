"""The states of a suspected group (EC-06): the one table of what may be done when, for code, API and console alike."""

from collections.abc import Mapping

from hutong.platform.errors import Conflict

WAITING = ("open", "claimed")
"""States in which the group waits for a first decision."""
UNFINISHED = (*WAITING, "proposed")
TRANSITIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "claim": (WAITING, "claimed"),
    "assign": (WAITING, "claimed"),
    "release": (WAITING, "open"),
    "unsure": (WAITING, "open"),
    "decide_part": (WAITING, "claimed"),
    "decide": (WAITING, "decided"),
    "propose": (WAITING, "proposed"),
    "withdraw": (("proposed",), "claimed"),
    "send_back": (("proposed",), "claimed"),
    "approve": (("proposed",), "decided"),
    "approve_part": (("proposed",), "claimed"),
    "lose_cause": (UNFINISHED, "obsolete"),
}
"""Action → (states it starts from, state it leads to)."""


def may(action: str, state: str) -> bool:
    """Whether an action is possible in a state."""
    return state in TRANSITIONS[action][0]


def after(action: str, state: str, group_id: int) -> str:
    """The state an action leads to. Raises Conflict when the state does not allow it."""
    sources, target = TRANSITIONS[action]
    if state not in sources:
        closed = state in ("decided", "obsolete")
        raise Conflict("party-suspect-closed" if closed else "party-suspect-state", id=group_id, state=state)
    return target
