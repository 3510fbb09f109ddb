"""EC-02: a change is finished only after it was approved; what is decided stays decided."""

import pytest

from hutong.party.lifecycle.states import TRANSITIONS, after
from hutong.platform.errors import Conflict

ALLOWED = {"pending": {"approve", "refuse", "withdraw", "expire"}, "approved": {"finish"}}


@pytest.mark.parametrize("state", ["pending", "approved", "refused", "withdrawn", "expired", "done"])
def test_what_each_state_allows(state: str) -> None:
    """And nothing else."""
    for action in TRANSITIONS:
        if action in ALLOWED.get(state, set()):
            assert after(action, state, 1) != state
        else:
            with pytest.raises(Conflict):
                after(action, state, 1)
