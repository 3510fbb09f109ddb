"""Recording what came of steps, set-wise, in the transaction of whoever did them.

Locks are taken in one order everywhere: steps, then business orders, then customer orders, each by id. An outcome
whose fence is stale is kept in the trace and changes nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, text

from hutong.catalog import queries as catalog_queries
from hutong.catalog.order_template import Retry
from hutong.ordering import ready_queue, timers, tracing
from hutong.ordering.states import STEP, StepState
from hutong.ordering.steps import UNDO_PREFIX, ClaimedStep, Outcome, OutcomeKind, failed
from hutong.platform import clock

Done = Sequence[tuple[ClaimedStep, Outcome]]

_FINISH = text("""
    UPDATE ordering.step s
    SET state = :state, finished_at = :now, actor = :actor, result = o.result, sent = true,
        reason = CASE WHEN s.attempts > 0 THEN s.reason END
    FROM ROWS FROM (unnest(CAST(:ids AS bigint[])), unnest(CAST(:fences AS integer[])),
                    unnest(CAST(:results AS jsonb[]))) AS o (id, fence, result)
    WHERE s.id = o.id AND s.fence = o.fence AND s.state = ANY(:sources)
    RETURNING s.id, s.unblocks, s.undoes""")
_MERGE_RESULTS = text("""
    UPDATE ordering.business_order b SET results = b.results || o.results
    FROM ROWS FROM (unnest(CAST(:ids AS bigint[])), unnest(CAST(:results AS jsonb[]))) AS o (id, results)
    WHERE b.id = o.id""")
_LOCK_BUSINESS_ORDERS = text(
    "SELECT id FROM ordering.business_order WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"
)
_LOCK_STEPS = text("SELECT id FROM ordering.step WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_UNBLOCK = text("""
    UPDATE ordering.step s
    SET waits_for = s.waits_for - o.passed,
        state = CASE WHEN s.waits_for = o.passed AND s.state = :blocked THEN :ready ELSE s.state END,
        ready_at = CASE WHEN s.waits_for = o.passed AND s.state = :blocked THEN :now ELSE s.ready_at END
    FROM ROWS FROM (unnest(CAST(:ids AS bigint[])), unnest(CAST(:passed AS integer[]))) AS o (id, passed)
    WHERE s.id = o.id
    RETURNING s.lane, s.id, s.waits_for = 0 AND s.state = :ready""")
_MARK_UNDONE = text("""
    UPDATE ordering.step SET state = :state WHERE id = ANY(:ids) AND state = ANY(:sources)""")
_SETBACK = text("""
    UPDATE ordering.step s
    SET state = o.state, attempts = s.attempts + o.failure, reason = o.reason, actor = :actor, sent = o.sent,
        result = coalesce(o.result, s.result), deadline_at = o.deadline_at,
        finished_at = CASE WHEN o.state = :given_up THEN CAST(:now AS timestamptz) END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS o (id bigint, fence integer, state text, failure integer,
         reason text, sent boolean, result jsonb, deadline_at timestamptz)
    WHERE s.id = o.id AND s.fence = o.fence AND s.state = ANY(:sources)
    RETURNING s.id""")


@dataclass(frozen=True)
class _Setback:
    """A step that did not finish: where it goes, and when it is looked at again."""

    step: ClaimedStep
    outcome: Outcome
    state: StepState
    again_at: datetime | None = None
    deadline_at: datetime | None = None


def record(conn: Connection, actor: str, outcomes: Done) -> set[int]:
    """Record outcomes; make ready what waited for them. Returns ids of the steps whose outcome counted."""
    finished = [(step, outcome) for step, outcome in outcomes if outcome.kind is OutcomeKind.DONE]
    others = [_setback(step, outcome) for step, outcome in outcomes if outcome.kind is not OutcomeKind.DONE]
    return _finish(conn, actor, finished) | _set_back(conn, actor, others)


def _finish(conn: Connection, actor: str, outcomes: Done) -> set[int]:
    if not outcomes:
        return set()
    rows = conn.execute(
        _FINISH,
        {
            "ids": [step.id for step, _ in outcomes],
            "fences": [step.fence for step, _ in outcomes],
            "results": [_json(outcome.found) for _, outcome in outcomes],
            "state": STEP.target("succeed").value,
            "sources": STEP.sources("succeed"),
            "actor": actor,
            "now": clock.now(),
        },
    ).all()
    counted = {row.id for row in rows}
    _trace_late(conn, actor, [pair for pair in outcomes if pair[0].id not in counted])
    _merge_results(conn, [(step, outcome) for step, outcome in outcomes if step.id in counted and outcome.found])
    if undone := [row.undoes for row in rows if row.undoes is not None]:
        conn.execute(
            _MARK_UNDONE,
            {"ids": sorted(undone), "state": StepState.UNDONE.value, "sources": STEP.sources("undo")},
        )
    unblock(conn, rows)
    return counted


class Passed(NamedTuple):
    """A step that others need not wait for any more."""

    unblocks: Sequence[int]


def unblock(conn: Connection, passed: Sequence[Passed | Row[Any]]) -> None:
    """Count steps as passed for those that wait for them; queue the newly ready."""
    waiting = Counter(waiter for row in passed for waiter in row.unblocks)
    if not waiting:
        return
    ids = sorted(waiting)
    conn.execute(_LOCK_STEPS, {"ids": ids})
    rows = conn.execute(
        _UNBLOCK,
        {
            "ids": ids,
            "passed": [waiting[waiter] for waiter in ids],
            "blocked": StepState.BLOCKED.value,
            "ready": StepState.READY.value,
            "now": clock.now(),
        },
    )
    ready_queue.push(conn, [(lane, step_id) for lane, step_id, ready in rows if ready])


def _merge_results(conn: Connection, outcomes: Done) -> None:
    merged: dict[int, dict[str, Any]] = {}
    for step, outcome in outcomes:
        merged.setdefault(step.business_order_id, {}).update(outcome.found)
    if merged:
        ids = sorted(merged)
        conn.execute(_LOCK_BUSINESS_ORDERS, {"ids": ids})
        conn.execute(_MERGE_RESULTS, {"ids": ids, "results": [_json(merged[found]) for found in ids]})


def _setback(step: ClaimedStep, outcome: Outcome) -> _Setback:
    """Where a step goes that did not finish: asked again later, retried as its template says, or given up."""
    now = clock.now()
    if outcome.kind is OutcomeKind.AWAITING:
        deadline = step.deadline_at or now + timedelta(seconds=step.timeout_seconds)
        if now < deadline:
            return _Setback(step, outcome, StepState.AWAITING, _next_look(step, now, deadline), deadline)
        outcome = failed("timed-out", **outcome.found)
    retry = retry_policy(step)
    attempt = step.attempts + 1
    if outcome.kind is OutcomeKind.REFUSED or attempt >= retry.attempts:
        return _Setback(step, outcome, StepState.FAILED)
    return _Setback(step, outcome, StepState.BACKOFF, now + timedelta(seconds=retry.wait_after(attempt)))


def _next_look(step: ClaimedStep, now: datetime, deadline: datetime) -> datetime:
    """When to ask after an answer that has not come: soon at first, ever more rarely; in-house answers at the end."""
    if step.lane == ready_queue.LOCAL:
        return deadline
    waited = now - (deadline - timedelta(seconds=step.timeout_seconds))
    return min(deadline, now + max(timedelta(seconds=timers.POLL_SECONDS), waited / 4))


def retry_policy(step: ClaimedStep) -> Retry:
    """How a step is retried: as its template says; a compensation like the step it undoes."""
    template = catalog_queries.load().template(step.template, step.template_version)
    try:
        return template.step(step.code.removeprefix(UNDO_PREFIX)).retry
    except KeyError:  # the step that closes a compensation is in no template
        return Retry.model_validate({})


def _set_back(conn: Connection, actor: str, setbacks: Sequence[_Setback]) -> set[int]:
    if not setbacks:
        return set()
    now = clock.now()
    rows = [
        {
            "id": item.step.id,
            "fence": item.step.fence,
            "state": item.state.value,
            "failure": int(item.state is not StepState.AWAITING),
            "reason": item.outcome.reason or None,
            "sent": item.outcome.kind is not OutcomeKind.REFUSED,
            "result": item.outcome.found or None,
            "deadline_at": item.deadline_at,
        }
        for item in sorted(setbacks, key=lambda item: item.step.id)
    ]
    counted = set(
        conn.execute(
            _SETBACK,
            {
                "rows": _json(rows),
                "given_up": StepState.FAILED.value,
                "sources": STEP.sources("give_up"),
                "actor": actor,
                "now": now,
            },
        ).scalars()
    )
    _trace_late(conn, actor, [(item.step, item.outcome) for item in setbacks if item.step.id not in counted])
    live = [item for item in setbacks if item.step.id in counted]
    timers.set_timers(
        conn, [timers.Timer(timers.RETRY, i.again_at, i.step.id, i.step.fence) for i in live if i.again_at]
    )
    failed = [item for item in live if item.state is StepState.FAILED]
    ready_queue.push(conn, [(ready_queue.FAILURE, item.step.id) for item in failed])
    tracing.write(conn, actor, [_entry(item.outcome.kind.value, item.step, item.outcome) for item in live])
    return counted


def _trace_late(conn: Connection, actor: str, late: Done) -> None:
    tracing.write(conn, actor, [_entry("late_" + outcome.kind.value, step, outcome) for step, outcome in late])


def _entry(event: str, step: ClaimedStep, outcome: Outcome) -> tracing.Entry:
    detail = {"reason": outcome.reason, "found": outcome.found, "fence": step.fence, "attempt": step.attempts + 1}
    return tracing.Entry(event, step.order_id, step.business_order_id, step.id, detail)


def _json(value: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    return msgspec.json.encode(value).decode()
