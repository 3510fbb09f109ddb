"""States of orders, order items, business orders and steps: one transition table each (TMF622 v4).

Code, API and console ask the same tables: which events a state allows, and where they lead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from hutong.platform.errors import Conflict

S = TypeVar("S", bound=StrEnum)


class OrderState(StrEnum):
    """States of a customer order, of its items and of business orders (TMF622 v4 ProductOrderStateType)."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "inProgress"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    FAILED = "failed"
    PARTIAL = "partial"
    ASSESSING_CANCELLATION = "assessingCancellation"
    PENDING_CANCELLATION = "pendingCancellation"


class StepState(StrEnum):
    """States of a step."""

    BLOCKED = "blocked"  # waits for steps before it
    READY = "ready"  # in the queue
    RUNNING = "running"  # a worker calls the peer, under a lease
    AWAITING = "awaiting"  # the peer accepted; its answer comes later
    BACKOFF = "backoff"  # failed for now; called again after a while
    DONE = "done"
    FAILED = "failed"  # for good, until a person acts
    SKIPPED = "skipped"  # its condition does not hold, or a person passed it by
    CANCELLED = "cancelled"  # will not run; nothing was done
    UNDONE = "undone"  # done or perhaps done, and undone by its compensation


@dataclass(frozen=True)
class Machine(Generic[S]):
    """A transition table: state → event → next state. A state without events is final."""

    name: str
    initial: S
    table: Mapping[S, Mapping[str, S]]

    def after(self, state: S, event: str) -> S:
        """The state an event leads to. Raises Conflict when the state does not allow it."""
        target = self.table[state].get(event)
        if target is None:
            raise Conflict("ordering-transition-refused", entity=self.name, state=state.value, event=event)
        return target

    def allows(self, state: S, event: str) -> bool:
        """Whether a state allows an event."""
        return event in self.table[state]

    def events(self, state: S) -> tuple[str, ...]:
        """What may happen in a state."""
        return tuple(self.table[state])

    def sources(self, event: str) -> list[str]:
        """States that allow an event: the guard of a set-based update."""
        return [state.value for state, moves in self.table.items() if event in moves]

    def target(self, event: str) -> S:
        """Where an event leads; each event leads to one state only, so that a set moves in one statement."""
        targets = {moves[event] for moves in self.table.values() if event in moves}
        if len(targets) != 1:
            raise KeyError(f"{self.name}: {event} leads to {len(targets)} states")
        return targets.pop()

    def final(self, state: S) -> bool:
        """Whether nothing more happens in a state."""
        return not self.table[state]

    def finals(self) -> list[str]:
        """All final states."""
        return [state.value for state in self.table if self.final(state)]


_O = OrderState
_ENDINGS = {"complete": _O.COMPLETED, "fail": _O.FAILED, "end_cancelled": _O.CANCELLED}
_CANCEL = {"request_cancel": _O.ASSESSING_CANCELLATION}

CUSTOMER_ORDER = Machine(
    "customer_order",
    _O.ACKNOWLEDGED,
    {
        _O.ACKNOWLEDGED: {"reject": _O.REJECTED, "start": _O.IN_PROGRESS, "hold": _O.HELD, **_CANCEL},
        _O.IN_PROGRESS: {**_ENDINGS, "end_partial": _O.PARTIAL, "hold": _O.HELD, "wait": _O.PENDING, **_CANCEL},
        _O.PENDING: {"continue": _O.IN_PROGRESS, "hold": _O.HELD, **_CANCEL},
        _O.HELD: {"start": _O.IN_PROGRESS, "continue": _O.IN_PROGRESS, **_CANCEL},
        _O.ASSESSING_CANCELLATION: {"agree_cancel": _O.PENDING_CANCELLATION, "refuse_cancel": _O.IN_PROGRESS},
        _O.PENDING_CANCELLATION: {"end_cancelled": _O.CANCELLED, "end_partial": _O.PARTIAL, "fail": _O.FAILED},
        _O.REJECTED: {},
        _O.CANCELLED: {},
        _O.COMPLETED: {},
        _O.FAILED: {},
        _O.PARTIAL: {},
    },
)

ORDER_ITEM = Machine(
    "order_item",
    _O.ACKNOWLEDGED,
    {
        _O.ACKNOWLEDGED: {"reject": _O.REJECTED, "start": _O.IN_PROGRESS, "agree_cancel": _O.PENDING_CANCELLATION},
        _O.IN_PROGRESS: {**_ENDINGS, "hold": _O.HELD, "wait": _O.PENDING, "agree_cancel": _O.PENDING_CANCELLATION},
        _O.PENDING: {"continue": _O.IN_PROGRESS, "agree_cancel": _O.PENDING_CANCELLATION},
        _O.HELD: {**_ENDINGS, "continue": _O.IN_PROGRESS, "agree_cancel": _O.PENDING_CANCELLATION},
        _O.PENDING_CANCELLATION: {"end_cancelled": _O.CANCELLED, "fail": _O.FAILED},
        _O.REJECTED: {},
        _O.CANCELLED: {},
        _O.COMPLETED: {},
        _O.FAILED: {},
    },
)

BUSINESS_ORDER = Machine(
    "business_order",
    _O.IN_PROGRESS,
    {
        _O.IN_PROGRESS: {"complete": _O.COMPLETED, "hold": _O.HELD, "undo": _O.PENDING_CANCELLATION},
        _O.HELD: {"continue": _O.IN_PROGRESS, "undo": _O.PENDING_CANCELLATION},
        _O.PENDING_CANCELLATION: {"end_cancelled": _O.CANCELLED, "fail": _O.FAILED},
        _O.COMPLETED: {},
        _O.CANCELLED: {},
        _O.FAILED: {},
    },
)

_S = StepState
_CALLED = {"succeed": _S.DONE, "give_up": _S.FAILED}

STEP = Machine(
    "step",
    _S.BLOCKED,
    {
        _S.BLOCKED: {"unblock": _S.READY, "cancel": _S.CANCELLED, "skip": _S.SKIPPED},
        _S.READY: {
            "claim": _S.RUNNING,
            "await": _S.AWAITING,
            "back_off": _S.BACKOFF,
            "cancel": _S.CANCELLED,
            "skip": _S.SKIPPED,
            **_CALLED,
        },
        _S.RUNNING: {"await": _S.AWAITING, "back_off": _S.BACKOFF, "expire": _S.READY, **_CALLED},
        _S.AWAITING: {"retry": _S.READY, **_CALLED},
        _S.BACKOFF: {"retry": _S.READY, "cancel": _S.CANCELLED, **_CALLED},
        _S.FAILED: {"human_retry": _S.READY, "skip": _S.SKIPPED, "undo": _S.UNDONE},
        _S.DONE: {"undo": _S.UNDONE},
        _S.SKIPPED: {},
        _S.CANCELLED: {},
        _S.UNDONE: {},
    },
)
PASSED = (StepState.DONE.value, StepState.SKIPPED.value)
