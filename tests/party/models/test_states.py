"""EC-05: a model is used only after it was evaluated and approved."""

import pytest

from hutong.party.models.states import after, may
from hutong.platform.errors import Conflict


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        ("trained", {"evaluate", "retire"}),
        ("evaluated", {"evaluate", "approve", "retire"}),
        ("approved", {"put_in_force", "retire"}),
        ("in_force", {"retire"}),
        ("retired", set()),
    ],
)
def test_what_each_state_allows(state: str, actions: set[str]) -> None:
    """And nothing else: neither approval without evaluation nor use without approval."""
    for action in ("evaluate", "approve", "put_in_force", "retire"):
        assert may(state, action) == (action in actions)
        if action not in actions:
            with pytest.raises(Conflict):
                after(state, action, 1)
