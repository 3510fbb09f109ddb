"""The exception list (异常单): orders that wait for a person, each with its reason (OC-09, OC-11)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong.ordering import events
from hutong.ordering.states import CUSTOMER_ORDER, OrderState
from hutong.platform import clock
from hutong.platform.outbox import publish

_RAISE = text("""
    INSERT INTO ordering.exception_entry (order_id, business_order_id, step_id, reason, detail, raised_at)
    VALUES (:order_id, :business_order_id, :step_id, :reason, CAST(:detail AS jsonb), :now) RETURNING id""")
_RESOLVE = text("""
    UPDATE ordering.exception_entry SET resolved_at = :now, resolution = :resolution, resolved_by = :by
    WHERE resolved_at IS NULL AND order_id = :order_id
      AND (CAST(:step_id AS bigint) IS NULL OR step_id = :step_id)
      AND (CAST(:business_order_id AS bigint) IS NULL OR business_order_id = :business_order_id)
    RETURNING id""")
_RESOLVE_FOR = text("""
    UPDATE ordering.exception_entry SET resolved_at = :now, resolution = :resolution, resolved_by = :by
    WHERE resolved_at IS NULL AND business_order_id = ANY(:ids)""")
_HOLD = text("""
    UPDATE ordering.customer_order SET state = :state, reason = :reason
    WHERE id = :id AND state = ANY(:sources) RETURNING id""")


def raise_entry(
    conn: Connection,
    order_id: int,
    reason: str,
    detail: Mapping[str, Any],
    *,
    business_order_id: int | None = None,
    step_id: int | None = None,
) -> int:
    """Put something before people. `reason` is a word of the locale files (`ordering-reason-…`)."""
    entry = conn.execute(
        _RAISE,
        {
            "order_id": order_id,
            "business_order_id": business_order_id,
            "step_id": step_id,
            "reason": reason,
            "detail": msgspec.json.encode(detail).decode(),
            "now": clock.now(),
        },
    ).scalar_one()
    publish(conn, "ordering", [events.exception_raised(order_id, entry, reason)])
    return int(entry)


def resolve(
    conn: Connection,
    order_id: int,
    resolution: str,
    by: str,
    *,
    business_order_id: int | None = None,
    step_id: int | None = None,
) -> int:
    """Close the open entries of an order (or of one business order or step). Returns how many."""
    return conn.execute(
        _RESOLVE,
        {
            "order_id": order_id,
            "business_order_id": business_order_id,
            "step_id": step_id,
            "resolution": resolution,
            "by": by,
            "now": clock.now(),
        },
    ).rowcount


def resolve_for(conn: Connection, business_order_ids: Sequence[int], resolution: str, by: str) -> None:
    """Close the open entries of business orders."""
    conn.execute(
        _RESOLVE_FOR,
        {"ids": list(business_order_ids), "resolution": resolution, "by": by, "now": clock.now()},
    )


def hold_order(conn: Connection, order_id: int, reason: str, detail: Mapping[str, Any]) -> None:
    """Hold a whole customer order and put it before people."""
    held = conn.execute(
        _HOLD,
        {"id": order_id, "state": OrderState.HELD.value, "sources": CUSTOMER_ORDER.sources("hold"), "reason": reason},
    ).first()
    if held:
        publish(conn, "ordering", [events.state_changed(order_id, OrderState.HELD, reason)])
    raise_entry(conn, order_id, reason, detail)
