"""Documents: only what was proposed is approved, by the table all of code, API and console ask."""

import pytest

from hutong.platform.documents.states import TRANSITIONS, after, may
from hutong.platform.errors import Conflict

ALLOWED = {
    "new": {"save", "propose", "publish"},
    "draft": {"save", "propose", "discard"},
    "proposed": {"send_back", "approve", "discard"},
    "published": {"publish", "retire"},
    "retired": {"publish"},
    "gone": set(),
}


@pytest.mark.parametrize("state", ALLOWED)
def test_what_each_state_allows(state: str) -> None:
    """And nothing else: a draft is not approved, nor is what is in force sent back."""
    for action in TRANSITIONS:
        assert may(action, state) == (action in ALLOWED[state])
        if not may(action, state):
            with pytest.raises(Conflict):
                after(action, state, "a document")
