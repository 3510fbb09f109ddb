"""Orders as the border lists them (OC-14): by filters, offset and limit, with their items; and requests to cancel."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select

from hutong.identity import Principal, protect, require, row_scope
from hutong.ordering.tables import customer_order, order_item, trace
from hutong.platform import cel, database, paging
from hutong.platform.errors import NotFound

READ = "ordering.read"
SENSITIVE = {"notification_contact": "phone"}
SCOPED = {
    "channel": ("customer_order.channel", cel.STRING),
    "customer_id": ("customer_order.customer_id", cel.INT),
    "state": ("customer_order.state", cel.STRING),
    "accepted_by": ("customer_order.accepted_by", cel.STRING),
}
"""What a row scope on `order` may name."""
_order = customer_order.alias("customer_order")
_cancel = trace.alias("cancel")


def check_seen(conn: Connection, viewer: Principal, order_id: int) -> None:
    """Raise NotFound where the viewer's row scope hides an order (EC-17), for those who act on it."""
    if "order" not in viewer.scopes:
        return
    statement = select(_order.c.id).where(_order.c.id == order_id, row_scope(viewer, "order", SCOPED))
    if conn.execute(statement).first() is None:
        raise NotFound("ordering-no-order", id=str(order_id))


def _offers(values: Sequence[str]) -> ColumnElement[bool]:
    named = select(order_item.c.order_id).where(order_item.c.offer.in_(values))
    return _order.c.id.in_(named)


ORDER_FILTERS: paging.Filterable = {
    **{
        name: _order.c[name]
        for name in ("id", "state", "external_id", "customer_id", "account_id", "channel", "category", "priority")
    },
    "offer": _offers,
}
CANCEL_FILTERS: paging.Filterable = {"id": _cancel.c.id, "order_id": _cancel.c.order_id}


def orders(viewer: Principal, filters: Mapping[str, Sequence[str]], offset: int = 0, limit: int = 100) -> paging.Rows:
    """Customer orders, newest first: the columns of `customer_order`, and `items` (rows of `order_item` in order).

    `filters`: names of `ORDER_FILTERS` → values. Two statements and a count, whatever the number of orders.
    """
    require(viewer, READ)
    with database.read("ordering") as conn:
        statement = select(_order).where(row_scope(viewer, "order", SCOPED))
        found = paging.page(
            conn, statement, ORDER_FILTERS, filters, order_by=_order.c.id.desc(), offset=offset, limit=limit
        )
        items = _items(conn, [row["id"] for row in found.rows])
    shown = protect(viewer, "order", found.rows, SENSITIVE)
    return paging.Rows([row | {"items": items.get(row["id"], [])} for row in shown], found.total)


def _items(conn: Connection, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    made: dict[int, list[dict[str, Any]]] = {}
    if ids:
        statement = select(order_item).where(order_item.c.order_id.in_(ids)).order_by(order_item.c.id)
        for row in conn.execute(statement).mappings():
            made.setdefault(row["order_id"], []).append(dict(row))
    return made


def cancellations(
    viewer: Principal, filters: Mapping[str, Sequence[str]], offset: int = 0, limit: int = 100
) -> paging.Rows:
    """Requests to cancel orders, newest first: id, order_id, at, actor, reason, state and ended_at of the order."""
    require(viewer, READ)
    statement = (
        select(
            _cancel.c.id,
            _cancel.c.order_id,
            _cancel.c.at,
            _cancel.c.actor,
            cast(func.jsonb_extract_path_text(_cancel.c.detail, "reason"), Text).label("reason"),
            _order.c.state,
            _order.c.ended_at,
        )
        .join_from(_cancel, _order, _order.c.id == _cancel.c.order_id)
        .where(_cancel.c.event == "cancel", row_scope(viewer, "order", SCOPED))
    )
    with database.read("ordering") as conn:
        return paging.page(
            conn, statement, CANCEL_FILTERS, filters, order_by=_cancel.c.id.desc(), offset=offset, limit=limit
        )
