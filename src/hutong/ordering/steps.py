"""A step as its handler sees it, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, text

from hutong.ordering.states import StepState

UNDO_PREFIX = "undo:"
"""Code of a compensation step: this, and the code of the step it undoes."""


@dataclass(frozen=True)
class ClaimedStep:
    """A step taken to be done: who, for what, and under which key peers know it.

    `data` is what decomposition gave to the business order, `results` what earlier steps found.
    """

    id: int
    order_id: int
    business_order_id: int
    code: str
    kind: str
    lane: str
    fence: int
    attempts: int
    sent: bool
    timeout_seconds: int
    deadline_at: datetime | None
    undoes: int | None
    order_uid: UUID
    customer_id: int
    channel: str
    contact: str | None
    template: str
    template_version: int
    raw_data: str
    raw_results: str
    raw_extra: str | None

    @property
    def key(self) -> str:
        """The idempotency key of this step at peers: the same for each attempt."""
        return step_key(self.order_uid, self.id)

    @property
    def undone_key(self) -> str:
        """For a compensation: the key of the step it undoes."""
        if self.undoes is None:
            raise ValueError(f"step {self.id} undoes nothing")
        return step_key(self.order_uid, self.undoes)

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """What decomposition gave to the business order."""
        return _object(self.raw_data)

    @cached_property
    def results(self) -> Mapping[str, Any]:
        """What earlier steps of the business order found."""
        return _object(self.raw_results)

    @cached_property
    def extra(self) -> Mapping[str, Any]:
        """Extension attributes of the order."""
        return _object(self.raw_extra or "{}")


class OutcomeKind(StrEnum):
    """What came of a step."""

    DONE = "done"
    REFUSED = "refused"  # for good, and certainly without effect
    FAILED = "failed"  # for now; whether it had an effect may be unknown
    AWAITING = "awaiting"  # accepted; the answer comes later


@dataclass(frozen=True)
class Outcome:
    """What came of a step. `found` is kept on the step and merged into the business order's results."""

    kind: OutcomeKind
    found: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def done(**found: Any) -> Outcome:
    """The step is done."""
    return Outcome(OutcomeKind.DONE, found)


def refused(reason: str, **found: Any) -> Outcome:
    """The step is refused for good, without effect."""
    return Outcome(OutcomeKind.REFUSED, found, reason)


def failed(reason: str, **found: Any) -> Outcome:
    """The step failed for now; it may have had an effect."""
    return Outcome(OutcomeKind.FAILED, found, reason)


def awaiting(**found: Any) -> Outcome:
    """The answer comes later."""
    return Outcome(OutcomeKind.AWAITING, found)


def step_key(order_uid: UUID, step_id: int) -> str:
    """The idempotency key of a step: unique over all installations, and it names its step."""
    return f"{order_uid}.{step_id}"


def parse_key(key: str) -> tuple[UUID, int]:
    """Order uid and step id of an idempotency key. Raises ValueError."""
    uid, _, step_id = key.partition(".")
    return UUID(uid), int(step_id)


def _object(raw: str) -> Mapping[str, Any]:
    decoded: Mapping[str, Any] = msgspec.json.decode(raw)
    return decoded


_COLUMNS = """
    s.id, s.order_id, s.business_order_id, s.code, s.kind, s.lane, s.fence, s.attempts, s.sent, s.timeout_seconds,
    s.deadline_at, s.undoes, o.uid, o.customer_id, o.channel, o.notification_contact, b.template, b.template_version,
    CAST(b.data AS text), CAST(b.results AS text), CAST(o.extra AS text)"""
_LOCK = text(f"""
    SELECT {_COLUMNS}
    FROM ordering.step s
    JOIN ordering.business_order b ON b.id = s.business_order_id
    JOIN ordering.customer_order o ON o.id = s.order_id
    WHERE s.id = ANY(:ids) AND s.state = ANY(:states)
    ORDER BY s.id FOR NO KEY UPDATE OF s""")  # noqa: S608 (fixed column list)


def load_open(conn: Connection, ids: Sequence[int], states: Sequence[str]) -> list[ClaimedStep]:
    """Load and lock those of the steps that are in one of the states, in id order."""
    if not ids:
        return []
    rows = conn.execute(_LOCK, {"ids": list(ids), "states": list(states)})
    return [ClaimedStep(*row) for row in rows]


def lock_ready(conn: Connection, ids: Sequence[int]) -> list[ClaimedStep]:
    """Load and lock those steps that are still ready; the others were cancelled meanwhile."""
    return load_open(conn, ids, [StepState.READY.value])
