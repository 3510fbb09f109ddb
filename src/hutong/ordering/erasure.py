"""What the order center drops when a customer is erased (EC-02): contacts, descriptions, free attributes, what steps
heard and people wrote; of open orders when they end. What was ordered, when, and for how much stays."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.ordering.events import STATE_CHANGED, aggregate
from hutong.platform import forgetting
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

_STATEMENTS = (
    """UPDATE ordering.customer_order SET description = NULL, notification_contact = NULL, extra = NULL, reason = NULL
       WHERE id = ANY(:orders)""",
    "UPDATE ordering.order_item SET request = '{}' WHERE order_id = ANY(:orders)",
    "UPDATE ordering.business_order SET data = '{}', results = '{}', reason = NULL WHERE order_id = ANY(:orders)",
    "UPDATE ordering.step SET result = NULL, reason = NULL WHERE order_id = ANY(:orders)",
    "UPDATE ordering.trace SET detail = '{}' WHERE order_id = ANY(:orders)",
    "UPDATE ordering.exception_entry SET detail = '{}', resolution = NULL WHERE order_id = ANY(:orders)",
)
_ENDED = text("""
    SELECT id FROM ordering.customer_order WHERE customer_id = ANY(:ids) AND ended_at IS NOT NULL ORDER BY id""")
_ENDED_NOW = text("""
    SELECT o.id FROM ordering.customer_order o JOIN party.v1_tombstone t ON t.party_id = o.customer_id
    WHERE o.id = ANY(:orders) AND o.ended_at IS NOT NULL ORDER BY o.id""")


@subscriber(name="ordering.on_party_erased", events=["party.erased"])
def on_party_erased(conn: Connection, events: Sequence[Delivered]) -> None:
    """Drop the order center's copies of erased customers' personal data."""
    ids = sorted({int(id) for event in events for id in event.payload["party_ids"]})
    _drop(conn, list(conn.execute(_ENDED, {"ids": ids}).scalars()))
    forgetting.scrub_events(conn, "ordering", [], "customer_id", ids)


@subscriber(name="ordering.on_order_of_erased_ended", events=[STATE_CHANGED])
def on_order_of_erased_ended(conn: Connection, events: Sequence[Delivered]) -> None:
    """An order that was open when its customer was erased has ended: now what it holds is dropped too."""
    orders = sorted({int(event.payload["order_id"]) for event in events})
    _drop(conn, list(conn.execute(_ENDED_NOW, {"orders": orders}).scalars()))


def _drop(conn: Connection, orders: list[int]) -> None:
    if orders:
        for statement in _STATEMENTS:
            conn.execute(text(statement), {"orders": orders})
        forgetting.scrub_events(conn, "ordering", [aggregate(id) for id in orders], "order_id", orders)
