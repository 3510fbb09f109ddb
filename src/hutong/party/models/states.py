"""The states of a model version, in one table (EC-05): only what was measured and approved judges."""

from hutong.platform.errors import Conflict

TRANSITIONS: dict[tuple[str, str], str] = {
    ("trained", "evaluate"): "evaluated",
    ("evaluated", "evaluate"): "evaluated",
    ("evaluated", "approve"): "approved",
    ("approved", "put_in_force"): "in_force",
    ("trained", "retire"): "retired",
    ("evaluated", "retire"): "retired",
    ("approved", "retire"): "retired",
    ("in_force", "retire"): "retired",
}


def after(state: str, action: str, model: int) -> str:
    """The state after an action. Raises Conflict where it is not possible."""
    if (state, action) not in TRANSITIONS:
        raise Conflict("party-model-state", id=model, state=state, action=action)
    return TRANSITIONS[state, action]


def may(state: str, action: str) -> bool:
    """Whether an action is possible."""
    return (state, action) in TRANSITIONS
