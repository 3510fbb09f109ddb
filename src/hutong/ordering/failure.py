"""Steps that failed for good (lane `failure`): skip, hold or compensate, as the template says (OC-09)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from hutong.catalog import queries as catalog_queries
from hutong.catalog.order_template import OnFailure
from hutong.ordering import compensation, exceptions, recording, tracing
from hutong.ordering.states import BUSINESS_ORDER, ORDER_ITEM, STEP, OrderState, StepState

_FAILED = text("""
    SELECT s.id, s.order_id, s.business_order_id, s.code, s.reason, s.undoes, b.template, b.template_version,
           b.state AS business_order_state
    FROM ordering.step s JOIN ordering.business_order b ON b.id = s.business_order_id
    WHERE s.id = ANY(:ids) AND s.state = :failed ORDER BY s.order_id, s.id""")
_HOLD = text("""
    UPDATE ordering.business_order SET state = :state, reason = :reason
    WHERE id = :id AND state = ANY(:sources) RETURNING item_id""")
_HOLD_ITEM = text("UPDATE ordering.order_item SET state = :state WHERE id = :id AND state = ANY(:sources)")
SKIP = text("""
    UPDATE ordering.step SET state = :skipped, reason = coalesce(:reason, reason), actor = :actor
    WHERE id = :id AND state = :failed RETURNING id, unblocks""")


def handle(conn: Connection, actor: str, step_ids: Sequence[int]) -> None:
    """Do with the failed steps of one customer order what their templates say."""
    for row in conn.execute(_FAILED, {"ids": list(step_ids), "failed": StepState.FAILED.value}).all():
        _handle(conn, actor, row)


def _handle(conn: Connection, actor: str, row: Row[Any]) -> None:
    if row.undoes is not None or row.code == compensation.CLOSE:
        _to_people(conn, row, "compensation-failed")
        return
    template = catalog_queries.load().template(row.template, row.template_version)
    policy = template.step(row.code).on_failure
    state = OrderState(row.business_order_state)
    if policy is OnFailure.SKIP:
        skip(conn, row.id, actor)
    elif policy is OnFailure.COMPENSATE and BUSINESS_ORDER.allows(state, "undo"):
        cause = compensation.Cause(row.reason or "failed", actor, frozenset({row.business_order_id}))
        chosen = compensation.chosen_by_policy(template, row.business_order_id)
        compensation.undo(conn, row.order_id, chosen, cause)
    elif state is not OrderState.PENDING_CANCELLATION:
        hold(conn, row.business_order_id, row.reason)
        _to_people(conn, row, "step-failed")


def skip(conn: Connection, step_id: int, actor: str, reason: str | None = None) -> bool:
    """Pass a failed step by: the flow goes on. Returns whether its state allowed it."""
    words = {"skipped": STEP.target("skip").value, "failed": StepState.FAILED.value}
    passed = conn.execute(SKIP, {"id": step_id, "actor": actor, "reason": reason, **words}).all()
    recording.unblock(conn, passed)
    return bool(passed)


def hold(conn: Connection, business_order_id: int, reason: str | None) -> None:
    """Hold a business order and its item until a person acts."""
    item = conn.execute(
        _HOLD,
        {
            "id": business_order_id,
            "reason": reason,
            "state": BUSINESS_ORDER.target("hold").value,
            "sources": BUSINESS_ORDER.sources("hold"),
        },
    ).scalar()
    conn.execute(
        _HOLD_ITEM,
        {"id": item, "state": ORDER_ITEM.target("hold").value, "sources": ORDER_ITEM.sources("hold")},
    )


def to_people(conn: Connection, step_id: int, error: str) -> None:
    """Put a failed step before people whose failure could not be handled itself."""
    for row in conn.execute(_FAILED, {"ids": [step_id], "failed": StepState.FAILED.value}).all():
        _to_people(conn, row, "failure-handling-broke", error)


def _to_people(conn: Connection, row: Row[Any], why: str, error: str | None = None) -> None:
    detail = {"step": row.code, "reason": error or row.reason}
    exceptions.raise_entry(conn, row.order_id, why, detail, business_order_id=row.business_order_id, step_id=row.id)
    entry = tracing.Entry("exception", row.order_id, row.business_order_id, row.id, detail)
    tracing.write(conn, "system", [entry])
