"""Planning: accepted orders become rows: business orders and steps; what waits for nothing is ready at once (OC-06).

Works on a set of orders, after their acceptance (OC-08). Conditions of steps are decided here, once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import SQLAlchemyError

from hutong.catalog import queries as catalog_queries
from hutong.catalog.conditions import step_environment
from hutong.catalog.order_template import OrderTemplate, PlannedStep
from hutong.catalog.snapshot import Catalog
from hutong.ordering import events, exceptions, ready_queue
from hutong.ordering.decomposition import Part, PlanStep, parts, steps
from hutong.ordering.orders import SettledItem
from hutong.ordering.states import BUSINESS_ORDER, CUSTOMER_ORDER, ORDER_ITEM, StepState
from hutong.platform import clock, database
from hutong.platform.cel import parse
from hutong.platform.logs import log
from hutong.platform.outbox import publish

_LOCK = text("""
    SELECT o.id, o.channel, o.account_id, o.catalog_version, o.customer_id,
           (SELECT json_agg(json_build_object('id', i.id, 'item', i.request) ORDER BY i.id)
            FROM ordering.order_item i WHERE i.order_id = o.id)::text AS items
    FROM ordering.customer_order o
    WHERE o.id = ANY(:ids) AND o.state = ANY(:plannable)
      AND NOT EXISTS (SELECT FROM ordering.business_order b WHERE b.order_id = o.id)
    ORDER BY o.id FOR NO KEY UPDATE OF o""")
_IDS = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
_START_ORDERS = text("""
    UPDATE ordering.customer_order SET state = :state, started_at = :now WHERE id = ANY(:ids)""")
_START_ITEMS = text("""
    UPDATE ordering.order_item SET state = :state WHERE order_id = ANY(:ids) AND state = ANY(:sources)""")
_STEP_COLUMNS = [
    *("id", "order_id", "business_order_id", "number", "code", "stage", "kind", "lane", "state", "waits_for"),
    *("unblocks", "timeout_seconds", "ready_at"),
]
_BUSINESS_ORDER_COLUMNS = [
    *("id", "order_id", "item_id", "number", "state", "action", "offer", "product", "template", "template_version"),
    *("one_off_micros", "needs", "data"),
]


class _StoredItem(msgspec.Struct):
    id: int
    item: SettledItem


_DECODER = msgspec.json.Decoder(list[_StoredItem])


@dataclass(frozen=True)
class _Release:
    """A catalog, and the relations of its products."""

    catalog: Catalog
    requires: Mapping[str, Sequence[str]]
    attaches_to: Mapping[str, Sequence[str]]


@dataclass
class _Draft:
    """The plan of one order before it has ids."""

    order_id: int
    account_id: int | None
    item_ids: Mapping[str, int]
    parts: list[Part]
    templates: Mapping[int, OrderTemplate]
    steps: list[PlanStep]
    part_ids: dict[int, int] = field(default_factory=dict)


@dataclass
class _Rows:
    business_orders: list[tuple[Any, ...]] = field(default_factory=list)
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    ready: list[tuple[str, int]] = field(default_factory=list)


def plan_orders(conn: Connection, order_ids: Sequence[int]) -> int:
    """Plan those of the orders that are accepted and not planned yet. Returns the number of their steps.

    An order that cannot be planned goes to the exception list; its neighbours are not held up.
    """
    drafts: list[_Draft] = []
    releases: dict[int, _Release] = {}
    plannable = CUSTOMER_ORDER.sources("start")
    for row in conn.execute(_LOCK, {"ids": list(order_ids), "plannable": plannable}).all():
        try:
            if row.catalog_version not in releases:
                releases[row.catalog_version] = _release(row.catalog_version)
            drafts.append(_draft(row, releases[row.catalog_version]))
        except SQLAlchemyError:  # nothing is wrong with the order: it is planned when the database answers again
            raise
        except Exception as error:  # whatever is wrong with this order or its catalog: a person must see it
            log().warning("order cannot be planned", order_id=row.id, error=type(error).__name__)
            exceptions.hold_order(conn, row.id, "planning-failed", {"error": type(error).__name__})
    now = clock.now()
    rows = _rows(conn, drafts, now)
    if not drafts:
        return 0
    database.copy_rows(conn, "ordering.business_order", _BUSINESS_ORDER_COLUMNS, rows.business_orders)
    database.copy_rows(conn, "ordering.step", _STEP_COLUMNS, rows.steps)
    ids = [draft.order_id for draft in drafts]
    start = CUSTOMER_ORDER.target("start")
    conn.execute(_START_ORDERS, {"ids": ids, "state": start.value, "now": now})
    conn.execute(
        _START_ITEMS,
        {"ids": ids, "state": ORDER_ITEM.target("start").value, "sources": ORDER_ITEM.sources("start")},
    )
    ready_queue.push(conn, rows.ready)
    publish(conn, "ordering", [events.state_changed(order_id, start) for order_id in ids])
    return len(rows.steps)


def _draft(row: Row[Any], release: _Release) -> _Draft:
    """Decompose one order. Raises whatever the catalog or a condition finds wrong."""
    stored = _DECODER.decode(row.items or "[]")
    catalog = release.catalog
    made = parts([entry.item for entry in stored], release.requires, release.attaches_to)
    if not made:
        raise ValueError("no business order")
    templates = {part.number: catalog.template(part.main.template, part.main.template_version) for part in made}
    planned = steps(made, templates, _condition(row.channel))
    return _Draft(row.id, row.account_id, {e.item.item_no: e.id for e in stored}, made, templates, planned)


def _release(number: int) -> _Release:
    catalog = catalog_queries.load_release(number)
    requires = {product.code: product.requires for product in catalog.products}
    return _Release(catalog, requires, {product.code: product.attaches_to for product in catalog.products})


def _condition(channel: str) -> Callable[[PlannedStep, Part], bool]:
    def holds(planned: PlannedStep, part: Part) -> bool:
        """A step whose condition is unknown runs: leaving out work is the worse mistake."""
        line = part.main
        values = {**part.item.attributes, **line.attributes}
        answer = parse(planned.step.when or "true", step_environment()).evaluate(
            {
                "channel": channel,
                "action": line.action.value,
                "offer": part.item.offer,
                "product": line.product,
                "number_class": line.number_class,
                "wanted_number": line.wanted_number,
                "one_off_micros": part.one_off_micros,
                "attributes": {code: _words(value) for code, value in values.items()},
            }
        )
        return answer is not False

    return holds


def _words(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(conn: Connection, drafts: Sequence[_Draft], now: datetime) -> _Rows:
    """Give ids (steps in the order of the plan, so that locks in id order follow the flow) and lay out the rows."""
    part_ids = _new_ids(conn, "ordering.business_order", sum(len(draft.parts) for draft in drafts))
    step_ids = _new_ids(conn, "ordering.step", sum(len(draft.steps) for draft in drafts))
    rows = _Rows()
    for draft in drafts:
        for part in draft.parts:
            draft.part_ids[part.number] = next(part_ids)
        rows.business_orders += [_business_order(draft, part) for part in draft.parts]
        _add_steps(draft, step_ids, now, rows)
    return rows


def _new_ids(conn: Connection, table: str, count: int) -> Iterator[int]:
    return iter(sorted(conn.execute(_IDS, {"table": table, "count": count}).scalars()))


def _business_order(draft: _Draft, part: Part) -> tuple[Any, ...]:
    data = {
        "item_no": part.item.item_no,
        "action": part.main.action,
        "offer": part.item.offer,
        "offer_version": part.item.offer_version,
        "offer_instance_id": part.item.offer_instance_id,
        "attributes": part.item.attributes,
        "account_id": part.item.account_id or draft.account_id,
        "products": part.lines,
        "charges": part.item.charges if part.one_off_micros else (),
        "one_off_micros": part.one_off_micros,
    }
    return (
        draft.part_ids[part.number],
        draft.order_id,
        draft.item_ids[part.item.item_no],
        part.number,
        BUSINESS_ORDER.initial.value,
        part.main.action.value,
        part.item.offer,
        part.main.product,
        part.main.template,
        part.main.template_version,
        part.one_off_micros,
        [draft.part_ids[number] for number in part.needs],
        msgspec.json.encode(data).decode(),
    )


def _add_steps(draft: _Draft, step_ids: Iterator[int], now: datetime, rows: _Rows) -> None:
    ids = {step.node: next(step_ids) for step in draft.steps}
    unblocks: dict[int, list[int]] = {step_id: [] for step_id in ids.values()}
    for step in draft.steps:
        for before in step.after if not step.skipped else ():
            unblocks[ids[before]].append(ids[step.node])
    for step in draft.steps:
        step_id, spec = ids[step.node], step.planned.step
        state = StepState.SKIPPED if step.skipped else StepState.BLOCKED if step.after else StepState.READY
        lane = spec.port or ready_queue.LOCAL
        if state is StepState.READY:
            rows.ready.append((lane, step_id))
        rows.steps.append(
            (
                step_id,
                draft.order_id,
                draft.part_ids[step.part],
                step.planned.number,
                spec.code,
                step.planned.stage,
                spec.kind.value,
                lane,
                state.value,
                0 if step.skipped else len(step.after),
                unblocks[step_id],
                spec.timeout_seconds,
                now if state is StepState.READY else None,
            )
        )
