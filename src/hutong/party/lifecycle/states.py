"""The states of a change request (EC-02): the one table of what may be done when, for code, API and console alike."""

from collections.abc import Mapping

from hutong.platform.errors import Conflict

TRANSITIONS: Mapping[str, tuple[str, str]] = {
    "approve": ("pending", "approved"),
    "refuse": ("pending", "refused"),
    "withdraw": ("pending", "withdrawn"),
    "expire": ("pending", "expired"),
    "finish": ("approved", "done"),
}
"""Action → (state it starts from, state it leads to). What no rule asks approval for begins as approved."""


def after(action: str, state: str, request_id: int) -> str:
    """The state an action leads to. Raises Conflict when the state does not allow it."""
    source, target = TRANSITIONS[action]
    if state != source:
        raise Conflict("party-change-state", id=request_id, state=state)
    return target
