"""What the order center asks of any peer center, whoever runs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class PeerFailure(Exception):
    """No answer, or none that can be understood: whether the request had an effect is unknown.

    `reached` is False when the peer certainly never saw the request.
    """

    def __init__(self, reason: str, *, reached: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reached = reached


class AnswerState(StrEnum):
    """What a peer says of a request."""

    DONE = "done"
    PENDING = "pending"  # accepted; the result comes by callback, or when asked again
    REFUSED = "refused"  # for good, and without effect


@dataclass(frozen=True)
class Answer:
    """A peer's answer. `found` is what it tells of its result."""

    state: AnswerState
    found: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class Peer(Protocol):
    """A peer center. The same key always means the same request: a peer does it once."""

    def request(self, operation: str, key: str, payload: Mapping[str, Any], timeout: float) -> Answer:
        """Ask for something to be done. Raises PeerFailure when the outcome is unknown."""
        ...

    def find(self, key: str, timeout: float) -> Answer | None:
        """What became of an earlier request; None when the peer never got it. Raises PeerFailure."""
        ...

    @property
    def available(self) -> bool:
        """Whether it is worth calling now (circuit breaking)."""
        ...
