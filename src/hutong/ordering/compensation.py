"""Compensation (补偿): undoing business orders, as their templates say or as a person decides (OC-09).

Locks are taken as in `recording`: steps, business orders, the customer order. Runs in a transaction of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from hutong.catalog import queries as catalog_queries
from hutong.catalog.order_template import ExceptionPolicy, OrderTemplate
from hutong.catalog.snapshot import Catalog
from hutong.ordering import exceptions, ready_queue, tracing
from hutong.ordering.recording import Passed, unblock
from hutong.ordering.states import BUSINESS_ORDER, ORDER_ITEM, PASSED, OrderState, StepState
from hutong.ordering.steps import UNDO_PREFIX
from hutong.ordering.undo_plan import Doing, Undoing, UndoPlan, dependents
from hutong.ordering.undo_plan import plan as undo_plan
from hutong.platform import clock, database

CLOSE = "close"
_TIMEOUT_SECONDS = 3600
_STEP_COLUMNS = [
    *("id", "order_id", "business_order_id", "number", "code", "stage", "kind", "lane", "state", "waits_for"),
    *("unblocks", "undoes", "timeout_seconds", "ready_at"),
]

_LOCK_STEPS = text("SELECT id FROM ordering.step WHERE business_order_id = ANY(:ids) ORDER BY id FOR UPDATE")
_LOCK_BUSINESS_ORDERS = text("SELECT id FROM ordering.business_order WHERE order_id = :id ORDER BY id FOR UPDATE")
_BUSINESS_ORDERS = text("""
    SELECT id, item_id, state, needs, template, template_version FROM ordering.business_order
    WHERE order_id = :id ORDER BY id""")
_STEPS = text("""
    SELECT id, business_order_id, number, code, stage, lane, state, sent, unblocks, undoes FROM ordering.step
    WHERE business_order_id = ANY(:ids) ORDER BY id""")
_DROP = text("""
    UPDATE ordering.step SET state = :state, fence = fence + 1, finished_at = :now, reason = :reason
    WHERE id = ANY(:ids)""")
_BEGIN = text("""
    UPDATE ordering.business_order b SET state = :state, ending = o.ending, reason = o.reason
    FROM ROWS FROM (unnest(CAST(:ids AS bigint[])), unnest(CAST(:endings AS text[])), unnest(CAST(:reasons AS text[])))
        AS o (id, ending, reason)
    WHERE b.id = o.id""")
_ITEMS = text("""
    UPDATE ordering.order_item SET state = :state WHERE id = ANY(:ids) AND state = ANY(:sources)""")
_IDS = text("SELECT nextval(pg_get_serial_sequence('ordering.step', 'id')) FROM generate_series(1, :count)")


@dataclass(frozen=True)
class Cause:
    """Why business orders are undone: those that failed themselves, and the reason. None failed: a cancellation."""

    reason: str
    actor: str
    failed: frozenset[int] = frozenset()


def undo(conn: Connection, order_id: int, chosen: Iterable[int] | None, cause: Cause) -> list[int]:
    """Begin to undo business orders of a customer order with all that depend on them (`chosen` None: all).

    Those that are final or being undone already are left alone. Returns the ids now being undone.
    """
    everything = conn.execute(_BUSINESS_ORDERS, {"id": order_id}).all()
    open_ones = [row.id for row in everything if BUSINESS_ORDER.allows(OrderState(row.state), "undo")]
    conn.execute(_LOCK_STEPS, {"ids": open_ones})
    conn.execute(_LOCK_BUSINESS_ORDERS, {"id": order_id})
    everything = conn.execute(_BUSINESS_ORDERS, {"id": order_id}).all()
    wanted = dependents(chosen, {row.id: row.needs for row in everything}) if chosen is not None else None
    affected = [
        row
        for row in everything
        if (wanted is None or row.id in wanted) and BUSINESS_ORDER.allows(OrderState(row.state), "undo")
    ]
    if affected:
        _write(conn, order_id, affected, cause)
    return [row.id for row in affected]


def chosen_by_policy(template: OrderTemplate, business_order_id: int) -> list[int] | None:
    """What falls with a business order, as its template says (None: the whole customer order)."""
    return None if template.exception_policy is ExceptionPolicy.CANCEL_ORDER else [business_order_id]


def _write(conn: Connection, order_id: int, affected: Sequence[Row[Any]], cause: Cause) -> None:
    templates = _templates(affected)
    rows = conn.execute(_STEPS, {"ids": [row.id for row in affected]}).all()
    plan = undo_plan([_doing(row, templates[row.business_order_id]) for row in rows if row.undoes is None])
    now = clock.now()
    for state, ids in ((StepState.CANCELLED, plan.cancelled), (StepState.FAILED, plan.abandoned)):
        if ids:
            conn.execute(_DROP, {"ids": ids, "state": state.value, "now": now, "reason": "dropped"})
    conn.execute(
        _BEGIN,
        {
            "ids": [row.id for row in affected],
            "endings": [_ending(row.id, cause) for row in affected],
            "reasons": [cause.reason if row.id in cause.failed or not cause.failed else "depends" for row in affected],
            "state": BUSINESS_ORDER.target("undo").value,
        },
    )
    _move_items(conn, affected, cause)
    _release_others(conn, rows)
    _insert(conn, order_id, affected, rows, plan)
    exceptions.resolve_for(conn, [row.id for row in affected], "compensated", cause.actor)
    entries = [tracing.Entry("undo_begun", order_id, row.id, None, {"reason": cause.reason}) for row in affected]
    tracing.write(conn, cause.actor, entries)


def _release_others(conn: Connection, rows: Sequence[Row[Any]]) -> None:
    """Those that go on do not wait for what falls: its steps count as passed for them, if they have not passed yet."""
    falling = {row.id for row in rows}
    left = [
        Passed([waiter for waiter in row.unblocks if waiter not in falling])
        for row in rows
        if row.undoes is None and row.state not in PASSED
    ]
    unblock(conn, left)


def _ending(business_order_id: int, cause: Cause) -> str:
    return (OrderState.FAILED if business_order_id in cause.failed else OrderState.CANCELLED).value


def _templates(affected: Sequence[Row[Any]]) -> dict[int, OrderTemplate]:
    catalog: Catalog = catalog_queries.load()
    return {row.id: catalog.template(row.template, row.template_version) for row in affected}


def _doing(row: Row[Any], template: OrderTemplate) -> Doing:
    compensation = template.step(row.code).compensation
    state = StepState(row.state)
    return Doing(row.id, row.business_order_id, row.code, row.lane, state, row.sent, tuple(row.unblocks), compensation)


def _move_items(conn: Connection, affected: Sequence[Row[Any]], cause: Cause) -> None:
    cancelled = [row.item_id for row in affected if row.id not in cause.failed]
    conn.execute(
        _ITEMS,
        {
            "ids": cancelled,
            "state": ORDER_ITEM.target("agree_cancel").value,
            "sources": ORDER_ITEM.sources("agree_cancel"),
        },
    )


def _insert(
    conn: Connection, order_id: int, affected: Sequence[Row[Any]], rows: Sequence[Row[Any]], plan: UndoPlan
) -> None:
    """Insert the compensation steps, and for each business order the step that closes it.

    Latest first: a follower has a higher id than what it followed, so each comes after those it waits for.
    """
    fresh = iter(sorted(conn.execute(_IDS, {"count": len(plan.undoings) + len(affected)}).scalars()))
    in_order = sorted(plan.undoings, key=lambda undoing: -undoing.undoes.id)
    ids = {undoing.undoes.id: next(fresh) for undoing in in_order}
    closing = {row.id: next(fresh) for row in affected}
    unblocks: dict[int, list[int]] = {step_id: [] for step_id in ids.values()}
    for undoing in in_order:
        own = ids[undoing.undoes.id]
        unblocks[own].append(closing[undoing.undoes.business_order_id])
        for before in undoing.after:
            unblocks[ids[before]].append(own)
    numbers = {row.business_order_id: row.number for row in rows}
    made = []
    for undoing in in_order:
        own = ids[undoing.undoes.id]
        made.append(_row(order_id, own, _undo_words(undoing), (len(undoing.after), unblocks[own]), numbers))
    for business_order_id, step_id in closing.items():
        waits = sum(undoing.undoes.business_order_id == business_order_id for undoing in in_order)
        words = (business_order_id, CLOSE, CLOSE, ready_queue.LOCAL, None)
        made.append(_row(order_id, step_id, words, (waits, []), numbers))
    database.copy_rows(conn, "ordering.step", _STEP_COLUMNS, [row for row, _ in made])
    ready_queue.push(conn, [(lane, row[0]) for row, lane in made if lane])


_Words = tuple[int, str, str, str, int | None]
"""Business order, code, kind, lane, and the step it undoes."""


def _undo_words(undoing: Undoing) -> _Words:
    step = undoing.undoes
    assert step.compensation  # noqa: S101 (the plan undoes only what has one)
    return step.business_order_id, UNDO_PREFIX + step.code, step.compensation.value, step.lane, step.id


def _row(
    order_id: int, step_id: int, words: _Words, waits: tuple[int, list[int]], numbers: dict[int, int]
) -> tuple[tuple[Any, ...], str | None]:
    """A row of `step`, and the lane it is ready in, if it is. Numbers go on where the template's ended."""
    business_order_id, code, kind, lane, undoes = words
    count, unblocks = waits
    numbers[business_order_id] += 1
    state, when = (StepState.BLOCKED, None) if count else (StepState.READY, clock.now())
    head = (step_id, order_id, business_order_id, numbers[business_order_id], code, "compensation", kind, lane)
    return (*head, state.value, count, unblocks, undoes, _TIMEOUT_SECONDS, when), None if count else lane
