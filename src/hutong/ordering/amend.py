"""Amending what an order says about itself (OC-10): while it is being worked on, never once it is final or cancelled.

What was ordered is not amended: that is a further order, or a cancellation.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import text

from hutong.identity import Principal, require
from hutong.ordering import events, tracing
from hutong.ordering.listing import check_seen
from hutong.ordering.states import CUSTOMER_ORDER, OrderState
from hutong.platform import database
from hutong.platform.errors import Conflict, NotFound
from hutong.platform.outbox import publish

WRITE = "ordering.write"
AMENDABLE = ("description", "notification_contact", "priority", "requested_completion_at", "category", "extra")
_LOCK = text("SELECT state FROM ordering.customer_order WHERE id = :id FOR NO KEY UPDATE")
_AMEND = text("""
    UPDATE ordering.customer_order o
    SET description = r.description, notification_contact = r.notification_contact, priority = r.priority,
        requested_completion_at = r.requested_completion_at, category = r.category, extra = r.extra
    FROM jsonb_populate_record(NULL::ordering.customer_order, CAST(:row AS jsonb)) r WHERE o.id = :id""")
_ROW = text("SELECT to_jsonb(o) FROM ordering.customer_order o WHERE id = :id")


def allowed(state: OrderState) -> bool:
    """Whether an order in a state may be amended: as long as it could also still be cancelled."""
    return CUSTOMER_ORDER.allows(state, "request_cancel")


def amend(viewer: Principal, order_id: int, changes: Mapping[str, Any]) -> None:
    """Change attributes of an order (`AMENDABLE`); of `extra` those named, null removes.

    Raises NotFound, Conflict where the order's state does not allow it.
    """
    require(viewer, WRITE)
    unknown = set(changes) - set(AMENDABLE)
    if unknown:
        raise KeyError(min(unknown))
    with database.begin("ordering") as conn:
        check_seen(conn, viewer, order_id)
        state = conn.execute(_LOCK, {"id": order_id}).scalar()
        if state is None:
            raise NotFound("ordering-no-order", id=str(order_id))
        if not allowed(OrderState(state)):
            raise Conflict("ordering-transition-refused", entity="customer_order", state=state, event="amend")
        row = conn.execute(_ROW, {"id": order_id}).scalar_one()
        extra = (row["extra"] or {}) | dict(changes.get("extra") or {})
        row |= {**changes, "extra": {name: value for name, value in extra.items() if value is not None} or None}
        conn.execute(_AMEND, {"id": order_id, "row": msgspec.json.encode(row).decode()})
        tracing.write(conn, viewer.actor, [tracing.Entry("amend", order_id, detail={"changed": sorted(changes)})])
        publish(conn, "ordering", [events.amended(order_id, sorted(changes))])
