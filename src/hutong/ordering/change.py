"""What people may do with a running order (OC-10, OC-11): retry, skip, compensate, cancel, expedite, assign.

Each is allowed only where the state says so (`states`), needs a right and that the viewer sees the order (EC-17: what
they do not see is unknown to them, NotFound), and is traced.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import OperationalError

from hutong.identity.principal import Principal, require
from hutong.ordering import compensation, events, exceptions, failure, ready_queue, tracing
from hutong.ordering.listing import check_seen
from hutong.ordering.states import BUSINESS_ORDER, CUSTOMER_ORDER, ORDER_ITEM, STEP, OrderState, StepState
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, Invalid, NotFound
from hutong.platform.outbox import publish

R = TypeVar("R")
MANAGE = "ordering.manage"
CANCEL = "ordering.write"
EXPEDITE = "ordering.expedite"
_DEADLOCK = "40P01"

_STEP = text("""
    SELECT s.id, s.order_id, s.business_order_id, s.state, s.lane, s.undoes, b.state AS business_order_state, b.item_id
    FROM ordering.step s JOIN ordering.business_order b ON b.id = s.business_order_id
    WHERE s.id = :id FOR NO KEY UPDATE OF s""")
_RETRY = text("""
    UPDATE ordering.step SET state = :state, attempts = 0, deadline_at = NULL, ready_at = :now, finished_at = NULL
    WHERE id = :id""")
_CONTINUE = text("""
    UPDATE ordering.business_order b SET state = :state
    WHERE b.id = :id AND b.state = ANY(:sources)
      AND NOT EXISTS (SELECT FROM ordering.step s WHERE s.business_order_id = b.id AND s.state = :failed)
    RETURNING item_id""")
_CONTINUE_ITEM = text("UPDATE ordering.order_item SET state = :state WHERE id = :id AND state = ANY(:sources)")
_BUSINESS_ORDER = text("SELECT id, order_id, state FROM ordering.business_order WHERE id = :id")
_ORDER = text("SELECT id, state FROM ordering.customer_order WHERE id = :id")
_LOCK_ORDER = text("SELECT state FROM ordering.customer_order WHERE id = :id FOR NO KEY UPDATE")
_HAS_PLAN = text("SELECT EXISTS (SELECT FROM ordering.business_order WHERE order_id = :id)")
_CANCELLING = text("UPDATE ordering.customer_order SET state = :state, reason = :reason WHERE id = :id")
_CANCELLED = text("""
    UPDATE ordering.customer_order SET state = :state, reason = :reason, ended_at = :now WHERE id = :id""")
_CANCELLED_ITEMS = text("UPDATE ordering.order_item SET state = :state WHERE order_id = :id")
_EXPEDITE = text("""
    UPDATE ordering.customer_order SET expedited = expedited + 1 WHERE id = :id AND state <> ALL(:finals)
    RETURNING expedited""")
_ASSIGN = text("""
    UPDATE ordering.exception_entry SET assigned_to = :to WHERE id = :id AND resolved_at IS NULL RETURNING order_id""")


def retry_step(viewer: Principal, step_id: int) -> None:
    """Run a failed step again, with all its attempts. Raises NotFound, Conflict."""
    require(viewer, MANAGE)

    def act(conn: Connection) -> None:
        row = conn.execute(_STEP, {"id": step_id}).first()
        if row is None:
            raise NotFound("ordering-no-step", id=str(step_id))
        check_seen(conn, viewer, row.order_id)
        state = STEP.after(StepState(row.state), "human_retry")
        conn.execute(_RETRY, {"id": step_id, "state": state.value, "now": clock.now()})
        ready_queue.push(conn, [(row.lane, step_id)])
        _go_on(conn, row.business_order_id)
        _note(conn, viewer, "retry", row)

    _transaction(act)


def retry_planning(viewer: Principal, order_id: int) -> None:
    """Plan an order again that could not be planned, after its cause was mended. Raises NotFound, Conflict."""
    require(viewer, MANAGE)

    def act(conn: Connection) -> None:
        check_seen(conn, viewer, order_id)
        CUSTOMER_ORDER.after(_lock_order(conn, order_id), "start")
        ready_queue.push(conn, [(ready_queue.PLAN, order_id)])
        exceptions.resolve(conn, order_id, "retry", viewer.actor)
        tracing.write(conn, viewer.actor, [tracing.Entry("retry", order_id)])

    _transaction(act)


def skip_step(viewer: Principal, step_id: int, reason: str) -> None:
    """Pass a failed step by, saying why. Raises Invalid without a reason, NotFound, Conflict."""
    require(viewer, MANAGE)
    if not reason.strip():
        raise Invalid("ordering-reason-missing", field="reason")

    def act(conn: Connection) -> None:
        row = conn.execute(_STEP, {"id": step_id}).first()
        if row is None:
            raise NotFound("ordering-no-step", id=str(step_id))
        check_seen(conn, viewer, row.order_id)
        if StepState(row.state) is not StepState.FAILED:
            raise Conflict("ordering-transition-refused", entity="step", state=row.state, event="skip")
        failure.skip(conn, step_id, viewer.actor, reason)
        _go_on(conn, row.business_order_id)
        _note(conn, viewer, "skip", row, reason)

    _transaction(act)


def compensate(viewer: Principal, business_order_id: int, reason: str) -> list[int]:
    """Fail a business order and undo it with all that depend on it. Returns the ids being undone."""
    require(viewer, MANAGE)

    def act(conn: Connection) -> list[int]:
        row = conn.execute(_BUSINESS_ORDER, {"id": business_order_id}).first()
        if row is None:
            raise NotFound("ordering-no-business-order", id=str(business_order_id))
        check_seen(conn, viewer, row.order_id)
        BUSINESS_ORDER.after(OrderState(row.state), "undo")
        cause = compensation.Cause(reason, viewer.actor, frozenset({business_order_id}))
        return compensation.undo(conn, row.order_id, [business_order_id], cause)

    return _transaction(act)


def cancel_order(viewer: Principal, order_id: int, reason: str) -> OrderState:
    """Cancel a customer order (TMF622 cancelProductOrder): what is done and not complete is undone.

    Returns the order's state: `cancelled`, or `pendingCancellation` while compensation runs. Raises NotFound, Conflict
    when the order is final, is being cancelled, or nothing of it is left to cancel.
    """
    require(viewer, CANCEL)

    def act(conn: Connection) -> OrderState:
        check_seen(conn, viewer, order_id)
        row = conn.execute(_ORDER, {"id": order_id}).first()
        if row is None:
            raise NotFound("ordering-no-order", id=str(order_id))
        assessing = CUSTOMER_ORDER.after(OrderState(row.state), "request_cancel")
        agreed = CUSTOMER_ORDER.after(assessing, "agree_cancel")
        tracing.write(conn, viewer.actor, [tracing.Entry("cancel", order_id, detail={"reason": reason})])
        if not conn.execute(_HAS_PLAN, {"id": order_id}).scalar_one():
            return _cancel_unplanned(conn, order_id, reason)
        undone = compensation.undo(conn, order_id, None, compensation.Cause(reason, viewer.actor))
        CUSTOMER_ORDER.after(_lock_order(conn, order_id), "request_cancel")
        if not undone:
            raise Conflict("ordering-nothing-to-cancel", id=str(order_id))
        conn.execute(_CANCELLING, {"id": order_id, "state": agreed.value, "reason": reason})
        told = [events.cancellation_requested(order_id), events.state_changed(order_id, agreed, reason)]
        publish(conn, "ordering", told)
        return agreed

    return _transaction(act)


def _cancel_unplanned(conn: Connection, order_id: int, reason: str) -> OrderState:
    CUSTOMER_ORDER.after(_lock_order(conn, order_id), "request_cancel")
    if conn.execute(_HAS_PLAN, {"id": order_id}).scalar_one():  # planned while we waited
        raise Conflict("ordering-try-again", id=str(order_id))
    cancelled = CUSTOMER_ORDER.target("end_cancelled")
    conn.execute(_CANCELLED, {"id": order_id, "state": cancelled.value, "reason": reason, "now": clock.now()})
    conn.execute(_CANCELLED_ITEMS, {"id": order_id, "state": ORDER_ITEM.target("end_cancelled").value})
    exceptions.resolve(conn, order_id, "cancelled", "system")
    told = [events.cancellation_requested(order_id), events.state_changed(order_id, cancelled, reason)]
    publish(conn, "ordering", [*told, events.cancellation_ended(order_id, cancelled)])
    return cancelled


def expedite(viewer: Principal, order_id: int, note: str = "") -> int:
    """Record that the customer presses for progress (催单). Returns how often by now. Raises NotFound, Conflict."""
    if not viewer.may(CANCEL):
        require(viewer, EXPEDITE)
    with database.begin("ordering") as conn:
        check_seen(conn, viewer, order_id)
        count = conn.execute(_EXPEDITE, {"id": order_id, "finals": CUSTOMER_ORDER.finals()}).scalar()
        if count is None:
            state = _lock_order(conn, order_id)
            raise Conflict("ordering-transition-refused", entity="customer_order", state=state.value, event="expedite")
        tracing.write(conn, viewer.actor, [tracing.Entry("expedite", order_id, detail={"note": note})])
        return int(count)


def assign(viewer: Principal, exception_id: int, to: str) -> None:
    """Give an open exception to somebody. Raises NotFound."""
    require(viewer, MANAGE)
    with database.begin("ordering") as conn:
        order_id = conn.execute(_ASSIGN, {"id": exception_id, "to": to}).scalar()
        if order_id is None:
            raise NotFound("ordering-no-exception", id=str(exception_id))
        check_seen(conn, viewer, order_id)
        tracing.write(conn, viewer.actor, [tracing.Entry("assign", order_id, detail={"to": to})])


def _go_on(conn: Connection, business_order_id: int) -> None:
    """A held business order goes on when none of its steps is failed any more."""
    item = conn.execute(
        _CONTINUE,
        {
            "id": business_order_id,
            "state": BUSINESS_ORDER.target("continue").value,
            "sources": BUSINESS_ORDER.sources("continue"),
            "failed": StepState.FAILED.value,
        },
    ).scalar()
    words = {"state": ORDER_ITEM.target("continue").value, "sources": ORDER_ITEM.sources("continue")}
    conn.execute(_CONTINUE_ITEM, {"id": item, **words})


def _note(conn: Connection, viewer: Principal, event: str, step: Row[Any], why: str = "") -> None:
    exceptions.resolve(conn, step.order_id, event, viewer.actor, step_id=step.id)
    entry = tracing.Entry(event, step.order_id, step.business_order_id, step.id, {"reason": why} if why else {})
    tracing.write(conn, viewer.actor, [entry])


def _lock_order(conn: Connection, order_id: int) -> OrderState:
    state = conn.execute(_LOCK_ORDER, {"id": order_id}).scalar()
    if state is None:
        raise NotFound("ordering-no-order", id=str(order_id))
    return OrderState(state)


def _transaction(act: Callable[[Connection], R]) -> R:
    """One transaction, tried again when it met the dispatcher in a deadlock."""
    for left in (2, 1, 0):
        try:
            with database.begin("ordering") as conn:
                return act(conn)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _DEADLOCK or not left:
                raise
    raise AssertionError("unreachable")
