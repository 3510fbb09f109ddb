"""What must hold after any number of kills: nothing lost, nothing done twice, nothing left undone (XP-06)."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, text
from tests.crash.clients import KINDS, Book

from hutong.catalog.order_template import StepKind
from hutong.identity import SYSTEM
from hutong.ordering import monitoring
from hutong.ordering.remote_steps import OPERATIONS
from hutong.ordering.states import BUSINESS_ORDER, CUSTOMER_ORDER, OrderState, StepState
from hutong.ordering.steps import step_key
from hutong.platform import database, migrations
from hutong.platform.history import check_center
from hutong.platform.relay import waiting
from hutong.platform.worker import speaking

Rows = Sequence[Row[Any]]
FINAL = CUSTOMER_ORDER.finals()


def rows(center: str, query: str, **words: Any) -> Rows:
    """The rows of a query."""
    with database.read(center) as conn:
        return conn.execute(text(query), words).all()


def number(center: str, query: str, **words: Any) -> int:
    """The one number a query gives."""
    return int(rows(center, query, **words)[0][0])


def unsettled() -> list[str]:
    """What is still to be done: orders on their way without an exception for people, events not delivered."""
    found = [
        f"order {row.id} {row.state}: {row.steps}"
        for row in rows(
            "ordering",
            """SELECT o.id, o.state, (SELECT string_agg(s.code || ' ' || s.state, ', ' ORDER BY s.id)
                   FROM ordering.step s WHERE s.order_id = o.id AND s.state IN
                        ('ready', 'running', 'awaiting', 'backoff', 'failed')) AS steps
               FROM ordering.customer_order o WHERE o.state <> ALL(:final)
                 AND NOT EXISTS (SELECT FROM ordering.exception_entry e
                                 WHERE e.order_id = o.id AND e.resolved_at IS NULL)
               ORDER BY o.id""",
            final=FINAL,
        )
    ]
    found += [f"{left} events in the outbox of {center}" for center in speaking() if (left := waiting(center))]
    for center in speaking():
        found += [
            f"{row.name} is {row.behind} positions behind {row.source}"
            for source in speaking()
            for row in rows(
                center,
                f"""SELECT s.name, s.source, r.position - s.position AS behind
                    FROM {center}.subscription s, {source}.relay r
                    WHERE s.source = r.center AND s.position < r.position""",
            )
        ]
    return found


def audit(book: Book, peers_book: Path) -> list[str]:
    """Everything that is wrong, in words; empty when all is well."""
    return [
        *orders_exist_once(book),
        *plans_are_whole(book),
        *nothing_is_stuck(),
        *effects_happened_once(peers_book),
        *holdings_follow_orders(),
        *events_told_once(),
        *histories_hold(),
    ]


def orders_exist_once(book: Book) -> Iterator[str]:
    """Each order a client was told of exists, once, under that id; what was not answered may exist, once."""
    stored = defaultdict(set)
    for row in rows("ordering", "SELECT id, external_id FROM ordering.customer_order"):
        stored[row.external_id].add(row.id)
    for key, ids in book.given.items():
        if stored.get(key) != ids or len(ids) != 1:
            yield f"{key}: the client was given {sorted(ids)}, the book has {sorted(stored.get(key, ()))}"
    for key, ids in stored.items():
        if key not in book.asked:
            yield f"{key}: nobody ordered this"
        elif len(ids) > 1:
            yield f"{key}: stored {len(ids)} times"


def plans_are_whole(book: Book) -> Iterator[str]:
    """Each order was planned once and ended as its business orders did."""
    counted = rows(
        "ordering",
        """SELECT o.external_id, o.state,
                  (SELECT count(*) FROM ordering.order_item i WHERE i.order_id = o.id) AS items,
                  (SELECT array_agg(b.state) FROM ordering.business_order b WHERE b.order_id = o.id) AS states,
                  (SELECT count(DISTINCT (s.business_order_id, s.code)) FROM ordering.step s WHERE s.order_id = o.id)
                      AS distinct_steps,
                  (SELECT count(*) FROM ordering.step s WHERE s.order_id = o.id) AS steps
           FROM ordering.customer_order o""",
    )
    for row in counted:
        expected = len(KINDS[book.asked[row.external_id]]) if row.external_id in book.asked else None
        states = row.states or []
        if row.items != expected or len(states) != expected:
            yield f"{row.external_id} {row.state}: {row.items} items, {len(states)} business orders, not {expected}"
        if row.steps != row.distinct_steps:
            yield f"{row.external_id}: {row.steps} steps, of which {row.distinct_steps} differ"
        if row.state in FINAL and not set(states) <= set(BUSINESS_ORDER.finals()):
            yield f"{row.external_id} is {row.state}, its business orders are {states}"
        if row.state == OrderState.COMPLETED and set(states) != {OrderState.COMPLETED.value}:
            yield f"{row.external_id} is completed, its business orders are {states}"


def nothing_is_stuck() -> Iterator[str]:
    """No order without anything to do or wait for; no entry left in the queues; no dead letter."""
    yield from (f"stuck: {row}" for row in monitoring.stuck(SYSTEM, minutes=0))
    yield from (f"in the queue: {row}" for row in rows("ordering", "SELECT lane, subject_id FROM ordering.ready"))
    for center in speaking():
        for row in rows(center, f"SELECT subscription, type, state, error FROM {center}.parked_event"):
            yield f"parked: {row}"


def effects_happened_once(peers_book: Path) -> Iterator[str]:
    """At the peers: one effect per step that is done, one undoing per step that was undone, and nothing else."""
    with sqlite3.connect(peers_book) as book:
        effects = book.execute("SELECT peer, operation, key, undoes FROM effect").fetchall()
    for (peer, key), times in Counter((peer, key) for peer, _, key, _ in effects).items():
        if times != 1:
            yield f"{peer} {key}: {times} effects"
    happened = {key: (peer, operation) for peer, operation, key, _ in effects}
    undone = Counter(undoes for *_, undoes in effects if undoes)
    steps = {
        step_key(row.uid, row.id): row
        for row in rows(
            "ordering",
            """SELECT s.id, o.uid, s.kind, s.lane, s.state, s.undoes, s.order_id, o.state AS order_state
               FROM ordering.step s JOIN ordering.customer_order o ON o.id = s.order_id WHERE s.lane = ANY(:peers)""",
            peers=["network", "payment", "sms"],
        )
    }
    yield from (f"{happened[key]} {key}: no such step" for key in happened.keys() - steps.keys())
    keys = {row.id: key for key, row in steps.items()}
    for key, step in steps.items():
        named = f"order {step.order_id} ({step.order_state}) step {step.id} {step.kind} {step.state}"
        effect = happened.get(key)
        if effect not in (None, (step.lane, OPERATIONS[step.kind][0])):
            yield f"{named}: another effect, {effect}"
        if step.undoes is not None:
            if step.state == StepState.DONE and keys[step.undoes] in happened and effect is None:
                yield f"{named}: nothing was undone at the peer"
        elif undone[key] != int(step.state == StepState.UNDONE and effect is not None):
            yield f"{named}: undone {undone[key]} times, effect {effect}"
        elif (step.state == StepState.DONE) != (effect is not None) and not _may_differ(step):
            yield f"{named}: effect {effect}"


def _may_differ(step: Row[Any]) -> bool:
    """Undone: whether there was anything to undo does not matter. A message is passed by when nobody knows whether it
    was sent: it is not asked again for ever. Held orders wait for people."""
    passed_by = step.kind == StepKind.NOTIFY and step.state == StepState.SKIPPED
    return step.state == StepState.UNDONE or passed_by or step.order_state not in FINAL


def holdings_follow_orders() -> Iterator[str]:
    """Customers hold what completed business orders delivered, each once; nothing is left of the others."""
    made: Counter[int] = Counter()
    numbers: Counter[str] = Counter()
    open_orders = 0
    for row in rows("ordering", "SELECT id, order_id, state, results FROM ordering.business_order"):
        if row.state == OrderState.COMPLETED:
            products = row.results.get("product_instance_ids") or []
            if len(products) != 1 or not row.results.get("number"):
                yield f"business order {row.id}: products {products}, number {row.results.get('number')}"
            made.update(products)
            numbers[row.results.get("number")] += 1
        elif row.state not in BUSINESS_ORDER.finals():
            open_orders += 1
    held = {row.id for row in rows("inventory", "SELECT id FROM inventory.product_instance WHERE NOT ended")}
    reached = {row.number for row in rows("inventory", "SELECT number FROM inventory.access_number WHERE NOT ended")}
    pool = defaultdict(set)
    for row in rows("inventory", "SELECT number, state FROM inventory.number_pool WHERE state <> 'free'"):
        pool[row.state].add(row.number)
    yield from _same("product instances", made, held, open_orders)
    yield from _same("access numbers", numbers, reached, open_orders)
    yield from _same("assigned numbers", numbers, pool["assigned"], open_orders)
    if len(pool["reserved"]) > open_orders:
        yield f"{len(pool['reserved'])} numbers are reserved, {open_orders} business orders are open"


def _same(what: str, delivered: Mapping[Any, int], found: set[Any], surplus: int) -> Iterator[str]:
    twice = [one for one, times in delivered.items() if times > 1]
    if twice:
        yield f"{what} delivered twice: {twice}"
    if missing := delivered.keys() - found:
        yield f"{what} delivered and not there: {sorted(missing)[:10]}"
    if len(found - delivered.keys()) > surplus:
        yield f"{what} nobody was delivered: {sorted(found - delivered.keys())[:10]}, open: {surplus}"


def events_told_once() -> Iterator[str]:
    """Each order's acceptance and end, each business order's end: told once."""
    for row in rows(
        "ordering",
        """SELECT type, payload, count(*) AS times FROM ordering.event_log
           WHERE type IN ('ordering.order_accepted', 'ordering.business_order_ended')
              OR (type = 'ordering.order_state_changed' AND payload ->> 'state' = ANY(:final))
           GROUP BY type, payload HAVING count(*) > 1""",
        final=FINAL,
    ):
        yield f"told {row.times} times: {row.type} {row.payload}"
    for what, kind, table, ended in (
        ("acceptances", "ordering.order_accepted", "customer_order", "true"),
        ("ends of business orders", "ordering.business_order_ended", "business_order", "ended_at IS NOT NULL"),
    ):
        told = number("ordering", "SELECT count(*) FROM ordering.event_log WHERE type = :kind", kind=kind)
        stored = number("ordering", f"SELECT count(*) FROM ordering.{table} WHERE {ended}")
        if told != stored:
            yield f"{told} {what} told, {stored} stored"


def histories_hold() -> Iterator[str]:
    """Contiguous history of every center."""
    for center in migrations.installed():
        with database.read(center) as conn:
            yield from check_center(conn, migrations.tables_of(center).metadata)
