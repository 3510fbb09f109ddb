"""Timers: what must be looked at later. Leases of dead workers, retries after a back-off, answers that did not come.

A timer is appended and deleted when it fires, never changed; one whose step went on meanwhile fires for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from hutong.ordering import ready_queue, tracing
from hutong.ordering.states import STEP, StepState
from hutong.platform import clock

RETRY = "retry"
LEASE = "lease"
POLL_SECONDS = 5.0
BATCH = 1000

_SET = text("""
    INSERT INTO ordering.timer (due_at, kind, step_id, fence)
    SELECT * FROM ROWS FROM (unnest(CAST(:due AS timestamptz[])), unnest(CAST(:kinds AS text[])),
                             unnest(CAST(:steps AS bigint[])), unnest(CAST(:fences AS integer[])))""")
_TAKE = text("""
    WITH due AS (SELECT id FROM ordering.timer WHERE due_at <= :now ORDER BY due_at LIMIT :most
                 FOR UPDATE SKIP LOCKED)
    DELETE FROM ordering.timer t USING due WHERE t.id = due.id RETURNING t.kind, t.step_id, t.fence""")
_LOCK = text("SELECT id FROM ordering.step WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_WAKE = text("""
    UPDATE ordering.step s SET state = :ready, ready_at = :now
    FROM ROWS FROM (unnest(CAST(:ids AS bigint[])), unnest(CAST(:fences AS integer[])), unnest(CAST(:kinds AS text[])))
        AS o (id, fence, kind)
    WHERE s.id = o.id AND s.fence = o.fence
      AND s.state = ANY(CASE o.kind WHEN :lease THEN CAST(:leased AS text[]) ELSE CAST(:waiting AS text[]) END)
    RETURNING s.lane, s.id, s.order_id, s.business_order_id, o.kind""")


@dataclass(frozen=True)
class Timer:
    """Look at a step at an instant, if its fence is still this."""

    kind: str
    due_at: datetime
    step_id: int
    fence: int


def set_timers(conn: Connection, timers: Sequence[Timer]) -> None:
    """Append timers."""
    if timers:
        conn.execute(
            _SET,
            {
                "due": [timer.due_at for timer in timers],
                "kinds": [timer.kind for timer in timers],
                "steps": [timer.step_id for timer in timers],
                "fences": [timer.fence for timer in timers],
            },
        )


def fire(conn: Connection, actor: str) -> int:
    """Wake the steps whose timers are due: back into the queue. Returns how many timers fired."""
    due = conn.execute(_TAKE, {"now": clock.now(), "most": BATCH}).all()
    if not due:
        return 0
    conn.execute(_LOCK, {"ids": sorted({row.step_id for row in due})})
    woken = conn.execute(
        _WAKE,
        {
            "ids": [row.step_id for row in due],
            "fences": [row.fence for row in due],
            "kinds": [row.kind for row in due],
            "ready": StepState.READY.value,
            "lease": LEASE,
            "leased": STEP.sources("expire"),
            "waiting": STEP.sources("retry"),
            "now": clock.now(),
        },
    ).all()
    ready_queue.push(conn, [(row.lane, row.id) for row in woken])
    expired = [row for row in woken if row.kind == LEASE]
    tracing.write(
        conn,
        actor,
        [tracing.Entry("lease_expired", row.order_id, row.business_order_id, row.id) for row in expired],
    )
    return len(due)
