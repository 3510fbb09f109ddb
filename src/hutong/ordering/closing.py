"""How things end: business orders complete or are closed, items and customer orders follow from them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from hutong.ordering import events
from hutong.ordering.states import BUSINESS_ORDER, CUSTOMER_ORDER, ORDER_ITEM, OrderState
from hutong.platform import clock
from hutong.platform.outbox import publish

_LOCK_BUSINESS_ORDERS = text(
    "SELECT id FROM ordering.business_order WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"
)
_END_BUSINESS_ORDERS = text("""
    UPDATE ordering.business_order
    SET state = CASE WHEN state = ANY(:completing) AND :complete THEN :completed ELSE ending END, ended_at = :now
    WHERE id = ANY(:ids)
      AND (CASE WHEN :complete THEN state = ANY(:completing) ELSE state = :undoing AND ending IS NOT NULL END)
    RETURNING id, order_id, item_id, state, reason""")
_LOCK_ORDERS = text("SELECT id FROM ordering.customer_order WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_ITEM_ENDINGS = text("""
    WITH ending AS (
        SELECT item_id,
               CASE WHEN bool_and(state = :completed) THEN :completed
                    WHEN bool_or(state = :failed) THEN :failed ELSE :cancelled END AS state
        FROM ordering.business_order WHERE order_id = ANY(:order_ids)
        GROUP BY item_id HAVING bool_and(state = ANY(:finals)))
    UPDATE ordering.order_item i SET state = e.state
    FROM ending e WHERE i.id = e.item_id AND i.state <> ALL(:item_finals)""")
_ORDER_ENDINGS = text("""
    WITH ending AS (
        SELECT order_id,
               CASE WHEN bool_and(state = :completed) THEN :completed
                    WHEN bool_or(state = :completed) THEN :partial
                    WHEN bool_or(state = :failed) THEN :failed ELSE :cancelled END AS state,
               min(reason) FILTER (WHERE state = :failed) AS reason
        FROM ordering.business_order WHERE order_id = ANY(:ids)
        GROUP BY order_id HAVING bool_and(state = ANY(:finals)))
    UPDATE ordering.customer_order o
    SET state = e.state, ended_at = :now, reason = coalesce(e.reason, o.reason)
    FROM ending e WHERE o.id = e.order_id AND o.state <> ALL(:order_finals)
    RETURNING o.id, o.state, o.reason, old.state AS before""")


def complete(conn: Connection, business_order_ids: Sequence[int]) -> set[int]:
    """Complete business orders (竣工). Returns those that the state allowed."""
    return _end(conn, business_order_ids, completing=True)


def close(conn: Connection, business_order_ids: Sequence[int]) -> set[int]:
    """End business orders whose compensation is done, as failed or cancelled."""
    return _end(conn, business_order_ids, completing=False)


def _end(conn: Connection, ids: Sequence[int], *, completing: bool) -> set[int]:
    conn.execute(_LOCK_BUSINESS_ORDERS, {"ids": sorted(ids)})
    ended = conn.execute(
        _END_BUSINESS_ORDERS,
        {
            "ids": sorted(ids),
            "complete": completing,
            "completing": BUSINESS_ORDER.sources("complete"),
            "completed": BUSINESS_ORDER.target("complete").value,
            "undoing": BUSINESS_ORDER.target("undo").value,
            "now": clock.now(),
        },
    ).all()
    settle_orders(conn, sorted({row.order_id for row in ended}), ended)
    return {row.id for row in ended}


def settle_orders(conn: Connection, order_ids: Sequence[int], ended: Sequence[Row[Any]] = ()) -> None:
    """End the items and customer orders whose last business order has ended, and tell.

    The lock comes before the counting: of two that end at the same time, the later one counts both.
    """
    if not order_ids:
        return
    conn.execute(_LOCK_ORDERS, {"ids": list(order_ids)})
    words = {
        "completed": OrderState.COMPLETED.value,
        "failed": OrderState.FAILED.value,
        "cancelled": OrderState.CANCELLED.value,
        "finals": BUSINESS_ORDER.finals(),
    }
    conn.execute(_ITEM_ENDINGS, {**words, "order_ids": list(order_ids), "item_finals": ORDER_ITEM.finals()})
    orders = conn.execute(
        _ORDER_ENDINGS,
        {
            **words,
            "ids": list(order_ids),
            "partial": OrderState.PARTIAL.value,
            "order_finals": CUSTOMER_ORDER.finals(),
            "now": clock.now(),
        },
    ).all()
    told = [events.business_order_ended(row.order_id, row.id, row.state, row.reason) for row in ended]
    told += [events.state_changed(row.id, OrderState(row.state), row.reason) for row in orders]
    cancelling = CUSTOMER_ORDER.target("agree_cancel").value
    told += [events.cancellation_ended(row.id, OrderState(row.state)) for row in orders if row.before == cancelling]
    publish(conn, "ordering", told)
