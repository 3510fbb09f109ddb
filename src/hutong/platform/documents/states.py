"""The states of a document's version: the one table of what may be done when, for code, API and console alike."""

from collections.abc import Mapping

from hutong.platform.errors import Conflict

TRANSITIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "save": (("new", "draft"), "draft"),
    "propose": (("new", "draft"), "proposed"),
    "send_back": (("proposed",), "draft"),
    "approve": (("proposed",), "published"),
    "discard": (("draft", "proposed"), "gone"),
    "publish": (("new", "published", "retired"), "published"),
    "retire": (("published",), "retired"),
}
"""Action → (states it starts from, state it leads to). Drafts: new, draft, proposed; versions: new, published, retired.
Publishing and retiring add a version; those before stay as they are."""


def may(action: str, state: str) -> bool:
    """Whether an action is possible in a state."""
    return state in TRANSITIONS[action][0]


def after(action: str, state: str, name: str) -> str:
    """The state an action leads to. Raises Conflict when the state does not allow it."""
    sources, target = TRANSITIONS[action]
    if state not in sources:
        raise Conflict("platform-document-state", name=name, state=state)
    return target
