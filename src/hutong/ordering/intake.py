"""Intake (OC-01): orders of any channel, in sets: checked, priced, stored, once per channel and external id.

One bad member does not undo its siblings: each request gets its own answer. State and event commit together.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong.catalog import queries as catalog_queries
from hutong.catalog.product import Action
from hutong.catalog.snapshot import Catalog
from hutong.ordering import events, facts, ready_queue
from hutong.ordering.orders import OrderRequest, SettledItem
from hutong.ordering.states import CUSTOMER_ORDER, ORDER_ITEM, OrderState
from hutong.ordering.validation import Facts, settle
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, Problem
from hutong.platform.outbox import Event, publish


@dataclass(frozen=True)
class Accepted:
    """An order that is in the book: new, or `repeated` under its key. Amounts in micros."""

    order_id: int
    state: OrderState
    accepted_at: datetime
    one_off_micros: int
    recurring_micros: int
    repeated: bool = False


@dataclass(frozen=True)
class Refused:
    """An order that was not accepted, and why."""

    problem: Problem


Answer = Accepted | Refused


@dataclass
class _New:
    place: int
    request: OrderRequest
    items: list[SettledItem]

    @cached_property
    def one_off_micros(self) -> int:
        return sum(item.one_off_micros for item in self.items)

    @cached_property
    def recurring_micros(self) -> int:
        return sum(item.recurring_micros for item in self.items)


_KNOWN = text("""
    SELECT k.channel, k.external_id, k.body_hash, o.id, o.state, o.accepted_at, o.one_off_micros, o.recurring_micros
    FROM unnest(CAST(:channels AS text[]), CAST(:external_ids AS text[])) AS r (channel, external_id)
    JOIN ordering.intake_key k USING (channel, external_id)
    JOIN ordering.customer_order o ON o.id = k.order_id""")
_STORE = text("""
    WITH asked AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('ordering.customer_order', 'id')) AS id, r.*
        FROM json_to_recordset(CAST(:orders AS json)) AS r (place integer, channel text, external_id text,
            body_hash text, customer_id bigint, account_id bigint, category text, priority smallint, description text,
            notification_contact text, extra jsonb, one_off_micros bigint, recurring_micros bigint,
            requested_completion_at timestamptz, items json)),
    claimed AS (
        INSERT INTO ordering.intake_key (channel, external_id, body_hash, order_id, accepted_at)
        SELECT channel, external_id, decode(body_hash, 'hex'), id, :now FROM asked WHERE external_id IS NOT NULL
        ORDER BY channel, external_id
        ON CONFLICT DO NOTHING RETURNING order_id),
    ours AS (SELECT * FROM asked WHERE external_id IS NULL OR id IN (SELECT order_id FROM claimed)),
    stored AS (
        INSERT INTO ordering.customer_order (id, state, channel, external_id, customer_id, account_id, category,
            priority, description, notification_contact, extra, one_off_micros, recurring_micros, catalog_version,
            accepted_by, requested_completion_at, accepted_at)
        OVERRIDING SYSTEM VALUE
        SELECT id, :state, channel, external_id, customer_id, account_id, category, priority, description,
            notification_contact, extra, one_off_micros, recurring_micros, :catalog, :by, requested_completion_at, :now
        FROM ours),
    items AS (
        INSERT INTO ordering.order_item (order_id, item_no, state, action, offer, quantity, request, one_off_micros,
            recurring_micros)
        SELECT ours.id, r.item_no, :item_state, r.action, r.offer, 1, r.request, r.one_off_micros, r.recurring_micros
        FROM ours, ROWS FROM (json_to_recordset(ours.items) AS (item_no text, action text, offer text, request jsonb,
            one_off_micros bigint, recurring_micros bigint)) WITH ORDINALITY
            AS r (item_no, action, offer, request, one_off_micros, recurring_micros, number)
        ORDER BY ours.id, r.number)
    SELECT place, id FROM ours""")
"""One statement: keys are claimed, and orders written whose keys are ours; those another transaction was quicker with
are left out."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def accept(requests: Sequence[OrderRequest], by: str = "system", catalog: Catalog | None = None) -> list[Answer]:
    """Take orders (OC-01, OC-03): answers in the order of requests. `by`: who asks, as `Principal.actor`. `catalog`:
    the one in effect, where the caller has it already.

    Same key and same content give the first order again; same key with other content is refused (Conflict).
    """
    answers: dict[int, Answer] = {}
    hashes = [hashlib.sha256(_encode(request)).digest() for request in requests]
    catalog = (
        catalog or catalog_queries.load()
    )  # before our own transaction: who holds one connection never waits for another
    with database.begin("ordering") as conn:
        first = _first_of_each_key(requests)
        _answer_known(conn, requests, hashes, sorted(first), answers)
        fresh = [(place, requests[place]) for place in sorted(first) if place not in answers]
        new = _settle(conn, catalog, fresh, answers)
        if new:
            _store(conn, new, hashes, (catalog.release, by), answers)
        lost = [item.place for item in new if item.place not in answers]
        _answer_known(conn, requests, hashes, lost, answers)
    _answer_twins(requests, hashes, first, answers)
    return [answers[place] for place in range(len(requests))]


def _first_of_each_key(requests: Sequence[OrderRequest]) -> set[int]:
    """Places of the requests that are not repeats of an earlier one in the same set."""
    seen: set[tuple[str, str]] = set()
    places = set()
    for place, request in enumerate(requests):
        key = (request.channel, request.external_id or "")
        if request.external_id is None or key not in seen:
            places.add(place)
            seen.add(key)
    return places


def _answer_known(
    conn: Connection,
    requests: Sequence[OrderRequest],
    hashes: Sequence[bytes],
    places: Sequence[int],
    answers: dict[int, Answer],
) -> None:
    keyed = {
        (requests[place].channel, requests[place].external_id): place
        for place in places
        if requests[place].external_id is not None
    }
    if not keyed:
        return
    words = {"channels": [channel for channel, _ in keyed], "external_ids": [key for _, key in keyed]}
    for row in conn.execute(_KNOWN, words):
        place = keyed[row.channel, row.external_id]
        if bytes(row.body_hash) != hashes[place]:
            answers[place] = _other_content(row.external_id)
            continue
        known = Accepted(
            row.id, OrderState(row.state), row.accepted_at, row.one_off_micros, row.recurring_micros, repeated=True
        )
        answers[place] = known


def _other_content(external_id: str | None) -> Refused:
    return Refused(Conflict("ordering-key-used", field="externalId", key=external_id or ""))


def _settle(
    conn: Connection, catalog: Catalog, candidates: Sequence[tuple[int, OrderRequest]], answers: dict[int, Answer]
) -> list[_New]:
    """Check and price; orders of one customer in the same set count towards one another's limits."""
    if not candidates:
        return []
    now = clock.now()
    known = facts.gather(conn, [request for _, request in candidates])
    new = []
    for place, request in candidates:
        try:
            items = settle(request, catalog, known, now)
        except Problem as problem:
            answers[place] = Refused(problem)
            continue
        _remember(known, request.customer_id, items)
        new.append(_New(place, request, items))
    return new


def _remember(known: Facts, customer_id: int, items: Sequence[SettledItem]) -> None:
    ordered = Counter(item.offer for item in items if item.action is Action.ADD)
    held = dict(known.held_offers)
    held[customer_id] = held.get(customer_id, Counter()) + ordered
    known.held_offers = held


def _store(
    conn: Connection, new: list[_New], hashes: Sequence[bytes], source: tuple[int, str], answers: dict[int, Answer]
) -> None:
    """Write the orders whose keys are ours; those another transaction was quicker with get no answer here.

    `source`: catalog release, and who asks.
    """
    now = clock.now()
    words = {
        "orders": _encode([_order(item, hashes[item.place]) for item in new]).decode(),
        "state": CUSTOMER_ORDER.initial.value,
        "item_state": ORDER_ITEM.initial.value,
        "catalog": source[0],
        "by": source[1],
        "now": now,
    }
    ids = {row.place: row.id for row in conn.execute(_STORE, words)}
    ours = [item for item in new if item.place in ids]
    ready_queue.push(conn, [(ready_queue.PLAN, ids[item.place]) for item in ours])
    publish(conn, "ordering", [_told(item.request, ids[item.place]) for item in ours])
    for item in ours:
        answers[item.place] = Accepted(
            ids[item.place], CUSTOMER_ORDER.initial, now, item.one_off_micros, item.recurring_micros
        )


def _order(item: _New, body_hash: bytes) -> dict[str, Any]:
    request = item.request
    return {
        "place": item.place,
        "channel": request.channel,
        "external_id": request.external_id,
        "body_hash": body_hash.hex(),
        "customer_id": request.customer_id,
        "account_id": request.account_id,
        "category": request.category,
        "priority": request.priority,
        "description": request.description,
        "notification_contact": request.notification_contact,
        "extra": request.extra or None,
        "one_off_micros": item.one_off_micros,
        "recurring_micros": item.recurring_micros,
        "requested_completion_at": request.requested_completion_at,
        "items": [_item(line) for line in item.items],
    }


def _item(line: SettledItem) -> dict[str, Any]:
    return {
        "item_no": line.item_no,
        "action": line.action,
        "offer": line.offer,
        "request": line,
        "one_off_micros": line.one_off_micros,
        "recurring_micros": line.recurring_micros,
    }


def _told(request: OrderRequest, order_id: int) -> Event:
    return events.accepted(order_id, request.customer_id, request.channel, request.external_id)


def _answer_twins(
    requests: Sequence[OrderRequest], hashes: Sequence[bytes], first: set[int], answers: dict[int, Answer]
) -> None:
    """Repeats inside the set get the answer of the first with their key."""
    leaders = {(requests[p].channel, requests[p].external_id): p for p in first}
    for place, request in enumerate(requests):
        if place in answers:
            continue
        leader = leaders[request.channel, request.external_id]
        answer = answers[leader]
        if hashes[leader] != hashes[place]:
            answers[place] = _other_content(request.external_id)
        elif isinstance(answer, Accepted):
            answers[place] = replace(answer, repeated=True)
        else:
            answers[place] = answer
