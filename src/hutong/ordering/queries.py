"""What people see of orders (OC-13, OC-14): lists that page by key, an order whole, and its trace. Viewer first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, literal_column, select, text

from hutong.catalog import queries as catalog_queries
from hutong.catalog.order_template import OrderTemplate
from hutong.identity import Principal, protect, require, row_scope
from hutong.ordering.listing import READ, SCOPED, SENSITIVE
from hutong.ordering.states import CUSTOMER_ORDER
from hutong.ordering.tables import business_order, customer_order, exception_entry
from hutong.platform import database
from hutong.platform.errors import NotFound

Row = dict[str, Any]
_order = customer_order.alias("customer_order")
_LISTED = (
    *("id", "state", "channel", "external_id", "customer_id", "account_id", "category", "priority", "one_off_micros"),
    *("recurring_micros", "accepted_at", "started_at", "ended_at", "reason", "expedited"),
)

_ITEMS = text("""
    SELECT id, item_no, state, action, offer, request->'offer_version' AS offer_version,
           request->'attributes' AS attributes, one_off_micros, recurring_micros
    FROM ordering.order_item WHERE order_id = :id ORDER BY id""")
_BUSINESS_ORDERS = text("""
    SELECT id, item_id, number, state, ending, action, offer, product, template, template_version, one_off_micros,
           needs, results, reason, created_at, ended_at, archived_at
    FROM ordering.business_order WHERE order_id = :id ORDER BY number""")
_STEPS = text("""
    SELECT id, business_order_id, number, code, stage, kind, lane, state, waits_for, unblocks, undoes, attempts, fence,
           timeout_seconds, ready_at, started_at, deadline_at, finished_at, actor, result, reason
    FROM ordering.step WHERE business_order_id = ANY(:ids) ORDER BY business_order_id, number""")
_TRACE = text("""
    SELECT id, business_order_id, step_id, at, actor, event, detail FROM ordering.trace
    WHERE order_id = :id ORDER BY at, id""")
_EXCEPTIONS = text("""
    SELECT id, business_order_id, step_id, reason, detail, raised_at, resolved_at, resolution, resolved_by, assigned_to
    FROM ordering.exception_entry WHERE order_id = :id ORDER BY id""")


@dataclass(frozen=True)
class OrderFilter:
    """What orders to list. `number`: access number reserved by one of its business orders."""

    state: str | None = None
    open: bool | None = None
    customer_id: int | None = None
    channel: str | None = None
    external_id: str | None = None
    number: str | None = None
    in_exception: bool | None = None
    accepted_from: datetime | None = None
    accepted_until: datetime | None = None


def orders(
    viewer: Principal, wanted: OrderFilter = OrderFilter(), before: int | None = None, limit: int = 50
) -> list[Row]:
    """Customer orders below an id, newest first (key paging: pass the last id as `before`)."""
    require(viewer, READ)
    conditions = [row_scope(viewer, "order", SCOPED), *_conditions(wanted)]
    if before is not None:
        conditions.append(_order.c.id < before)
    statement = (
        select(*(_order.c[name] for name in _LISTED)).where(and_(*conditions)).order_by(_order.c.id.desc()).limit(limit)
    )
    with database.read("ordering") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def _conditions(wanted: OrderFilter) -> list[Any]:
    made: list[Any] = [
        _order.c[name] == value
        for name in ("state", "customer_id", "channel", "external_id")
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.open is not None:
        made.append(_order.c.ended_at.is_(None) if wanted.open else _order.c.ended_at.is_not(None))
    if wanted.accepted_from is not None:
        made.append(_order.c.accepted_at >= wanted.accepted_from)
    if wanted.accepted_until is not None:
        made.append(_order.c.accepted_at < wanted.accepted_until)
    if wanted.number is not None:
        with_number = literal_column("results ->> 'number'") == wanted.number  # as the index says it
        made.append(_order.c.id.in_(select(business_order.c.order_id).where(with_number)))
    if wanted.in_exception is not None:
        raised = exists().where(exception_entry.c.order_id == _order.c.id, exception_entry.c.resolved_at.is_(None))
        made.append(raised if wanted.in_exception else ~raised)
    return made


def order(viewer: Principal, order_id: int) -> Row:
    """An order whole: its own columns, `items`, `business_orders`, `exceptions`, and `may` (what its state allows).

    Raises NotFound, also where the viewer's scope hides it.
    """
    require(viewer, READ)
    with database.read("ordering") as conn:
        head = _head(conn, viewer, order_id)
        items = _rows(conn, _ITEMS, order_id)
        parts = _rows(conn, _BUSINESS_ORDERS, order_id)
        raised = _rows(conn, _EXCEPTIONS, order_id)
    [shown] = protect(viewer, "order", [head], SENSITIVE)
    may = CUSTOMER_ORDER.events(head["state"])
    return shown | {"items": items, "business_orders": parts, "exceptions": raised, "may": may}


def trace(viewer: Principal, order_id: int) -> Row:
    """Everything that happened to an order, enough to draw its flow.

    `business_orders` each with `steps`: names in both languages (`name_zh`, `name_en`), `stage`, state, times, actor,
    result, reason, `after` (steps it waits for) and `undoes`; `entries`: calls, answers, failures, people's actions,
    by time; `exceptions`. Raises NotFound.
    """
    require(viewer, READ)
    with database.read("ordering") as conn:
        head = _head(conn, viewer, order_id)
        parts = _rows(conn, _BUSINESS_ORDERS, order_id)
        steps = [dict(row) for row in conn.execute(_STEPS, {"ids": [part["id"] for part in parts]}).mappings()]
        entries = _rows(conn, _TRACE, order_id)
        raised = _rows(conn, _EXCEPTIONS, order_id)
    [shown] = protect(viewer, "order", [head], SENSITIVE)
    by_part: dict[int, list[Row]] = {part["id"]: [] for part in parts}
    templates = _templates(parts)
    after = _after(steps)
    for step in steps:
        names = _names(templates[step["business_order_id"]], step["code"])
        by_part[step["business_order_id"]].append(step | names | {"after": after[step["id"]]})
    whole = [part | {"steps": by_part[part["id"]]} for part in parts]
    return shown | {"business_orders": whole, "entries": entries, "exceptions": raised}


def exceptions(viewer: Principal, *, open_only: bool = True, before: int | None = None, limit: int = 50) -> list[Row]:
    """The exception list, newest first: with order, reason, what failed, whose it is."""
    require(viewer, READ)
    statement = (
        select(exception_entry, _order.c.customer_id, _order.c.channel, _order.c.state.label("order_state"))
        .join_from(exception_entry, _order, _order.c.id == exception_entry.c.order_id)
        .where(row_scope(viewer, "order", SCOPED))
        .order_by(exception_entry.c.id.desc())
        .limit(limit)
    )
    if open_only:
        statement = statement.where(exception_entry.c.resolved_at.is_(None))
    if before is not None:
        statement = statement.where(exception_entry.c.id < before)
    with database.read("ordering") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def _head(conn: Connection, viewer: Principal, order_id: int) -> Row:
    statement = select(_order).where(_order.c.id == order_id, row_scope(viewer, "order", SCOPED))
    row = conn.execute(statement).mappings().first()
    if row is None:
        raise NotFound("ordering-no-order", id=str(order_id))
    return {name: value for name, value in row.items() if name != "uid"}  # uid is the secret part of peers' keys


def _rows(conn: Connection, statement: Any, order_id: int) -> list[Row]:
    return [dict(row) for row in conn.execute(statement, {"id": order_id}).mappings()]


def _templates(parts: Sequence[Row]) -> Mapping[int, OrderTemplate]:
    catalog = catalog_queries.load()
    return {part["id"]: catalog.template(part["template"], part["template_version"]) for part in parts}


def _names(template: OrderTemplate, code: str) -> Row:
    """A step's names and those of its stage; compensations have none of their own (their kind names them)."""
    for stage in template.stages:
        for step in stage.steps:
            if step.code == code:
                names = {"name_zh": step.name.zh, "name_en": step.name.en}
                return names | {"stage_zh": stage.name.zh, "stage_en": stage.name.en}
    return {"name_zh": None, "name_en": None, "stage_zh": None, "stage_en": None}


def _after(steps: Sequence[Row]) -> dict[int, list[int]]:
    """Step → the steps it waits for."""
    made: dict[int, list[int]] = {step["id"]: [] for step in steps}
    for step in steps:
        for waiting in step["unblocks"]:
            made[waiting].append(step["id"])
    return made
