"""Delivery: brings a subscription the next events of a log, and keeps aside the ones it fails on.

All work on one (subscription, source) happens under the lock of its `subscription` row, the inbox; so any number of
workers may try, and one works. A failing event is parked with the later events of its aggregate, tried again with
growing pauses, and becomes a dead letter; other aggregates go on.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from hutong.platform import clock, database
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import RetryLater, Subscription

log = structlog.get_logger(__name__)
WINDOW = 50_000
"""Most positions of a log looked through for one batch."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(hours=1)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failures in a row: doubling, up to an hour."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


_CURSOR = "SELECT position, paused_until FROM {consumer}.subscription WHERE name = :name AND source = :source"
_OPEN = """
INSERT INTO {consumer}.subscription (name, source, position) VALUES (:name, :source, :position) ON CONFLICT DO NOTHING
"""
_FETCH = """
SELECT position, id, type, aggregate, payload, occurred_at FROM {source}.event_log
WHERE position > :after AND position <= :end AND (:all OR type = ANY(:types)) ORDER BY position LIMIT :batch
"""
_BLOCKED = """
SELECT DISTINCT aggregate FROM {consumer}.parked_event
WHERE subscription = :name AND source = :source AND aggregate = ANY(:aggregates)
"""
_PARK = """
INSERT INTO {consumer}.parked_event (subscription, source, position, id, type, aggregate, payload, occurred_at,
    state, attempts, next_try_at, error)
SELECT :name, :source, position, id, type, aggregate, payload, occurred_at, :state, :attempts, :next_try_at, :error
FROM json_to_recordset(CAST(:events AS json)) AS event (position bigint, id uuid, type text, aggregate text,
    payload jsonb, occurred_at timestamptz)
ON CONFLICT DO NOTHING
"""
_MOVE_ON = """
UPDATE {consumer}.subscription SET position = :position, failures = 0, paused_until = NULL, error = NULL
WHERE name = :name AND source = :source
"""
_PAUSE = """
UPDATE {consumer}.subscription SET failures = failures + 1, error = :error,
    paused_until = CAST(:now AS timestamptz)
        + least(CAST(:first AS interval) * (2 ^ least(failures, 20)), CAST(:longest AS interval))
WHERE name = :name AND source = :source RETURNING failures
"""


@dataclass(frozen=True)
class Inbox:
    """One subscription reading one center's log."""

    subscription: Subscription
    source: str

    def sql(self, template: str) -> Any:
        """A statement with the names of the two schemas (from code, never from users) in place."""
        return text(template.format(consumer=self.subscription.consumer, source=self.source))

    @property
    def key(self) -> dict[str, Any]:
        """Parameters that name the inbox's row."""
        return {"name": self.subscription.name, "source": self.source}

    def open(self, conn: Connection, position: int = 0) -> None:
        """Create the inbox if it is new, to read what comes after a position."""
        conn.execute(self.sql(_OPEN), {**self.key, "position": position})

    def lock(self, conn: Connection, *, wait: bool = False) -> Row[Any] | None:
        """Take the inbox for this transaction; None when another worker has it."""
        suffix = " FOR UPDATE" if wait else " FOR UPDATE SKIP LOCKED"
        return conn.execute(self.sql(_CURSOR + suffix), self.key).one_or_none()


def deliver(subscription: Subscription, source: str) -> int:
    """Deliver the next batch of one log. Returns how far the inbox moved, 0 when there was nothing to do."""
    inbox = Inbox(subscription, source)
    with database.begin(subscription.consumer) as conn:
        at = conn.execute(inbox.sql(_CURSOR), inbox.key).one_or_none()
        if at is None:
            inbox.open(conn)
            at = conn.execute(inbox.sql(_CURSOR), inbox.key).one()
    if at.paused_until and at.paused_until > clock.now():
        return 0
    events, end = _fetch(inbox, at.position)
    if end == at.position:
        return 0
    try:
        with database.begin(subscription.consumer) as conn:
            locked = inbox.lock(conn)
            if locked is None or locked.position != at.position:
                return 0
            reached, stopped = _handle(conn, inbox, events, end)
            conn.execute(inbox.sql(_MOVE_ON), {**inbox.key, "position": reached})
            if stopped:
                _pause(conn, inbox, stopped)
    except RetryLater as reason:
        return _pause_all(inbox, events, end, str(reason))
    return reached - int(at.position)


def _fetch(inbox: Inbox, after: int) -> tuple[list[Delivered], int]:
    """The next events wanted, and the position up to which nothing else is wanted."""
    with database.begin(inbox.source) as conn:
        last = conn.execute(text(f"SELECT position FROM {inbox.source}.relay")).scalar() or 0  # noqa: S608
        end = min(int(last), after + WINDOW)
        if end <= after:
            return [], after
        types = inbox.subscription.events
        wanted = {"all": f"{inbox.source}.*" in types, "types": list(types)}
        limits = {"after": after, "end": end, "batch": inbox.subscription.batch}
        events = [delivered(row) for row in conn.execute(inbox.sql(_FETCH), {**wanted, **limits})]
    if len(events) == inbox.subscription.batch:
        end = events[-1].position
    return events, end


def delivered(row: Row[Any]) -> Delivered:
    return Delivered(row.type, row.aggregate, row.payload, row.occurred_at, str(row.id), row.position)


def _handle(conn: Connection, inbox: Inbox, events: Sequence[Delivered], end: int) -> tuple[int, str | None]:
    """Handle or park a set; returns the position reached, and why it stopped there if the handler asked to."""
    if not events:
        return end, None
    aggregates = sorted({event.aggregate for event in events})
    blocked = set(conn.execute(inbox.sql(_BLOCKED), {**inbox.key, "aggregates": aggregates}).scalars())
    _park(conn, inbox, [event for event in events if event.aggregate in blocked], "waiting")
    free = [event for event in events if event.aggregate not in blocked]
    if free and (inbox.subscription.one_by_one or not _succeeds(conn, inbox, free)):
        return _isolate(conn, inbox, free, end)
    return end, None


def _succeeds(conn: Connection, inbox: Inbox, events: Sequence[Delivered]) -> bool:
    return attempt(conn, inbox, events) is None


def attempt(conn: Connection, inbox: Inbox, events: Sequence[Delivered]) -> str | None:
    """Run the handler; None when it succeeded, else its error, with its work rolled back."""
    try:
        with conn.begin_nested():
            inbox.subscription.handler(conn, events)
    except RetryLater:
        raise
    except Exception as failure:
        if isinstance(failure, DBAPIError) and failure.connection_invalidated:
            raise
        log.warning("handler failed", subscription=inbox.subscription.name, events=len(events), error=type(failure))
        return _told(failure)
    return None


def _told(failure: Exception) -> str:
    """The error as kept with a parked event: what, and where in our code."""
    where = traceback.extract_tb(failure.__traceback__)[-1]
    return f"{type(failure).__name__}: {failure}"[:2000] + f" ({where.name}, line {where.lineno})"


def _isolate(conn: Connection, inbox: Inbox, events: Sequence[Delivered], end: int) -> tuple[int, str | None]:
    """One by one: the failing ones are parked, and behind each the later ones of its aggregate."""
    failed: set[str] = set()
    for number, event in enumerate(events):
        if event.aggregate in failed:
            _park(conn, inbox, [event], "waiting")
            continue
        try:
            error = attempt(conn, inbox, [event])
        except RetryLater as reason:
            if number == 0:
                raise
            return event.position - 1, str(reason)
        if error is not None:
            failed.add(event.aggregate)
            dead = inbox.subscription.max_attempts <= 1
            _park(conn, inbox, [event], "dead" if dead else "failing", error)
    return end, None


def _park(conn: Connection, inbox: Inbox, events: Sequence[Delivered], state: str, error: str | None = None) -> None:
    """Keep events aside: failing (to be tried again), waiting (behind a failing one) or dead."""
    if events:
        conn.execute(
            inbox.sql(_PARK),
            {
                **inbox.key,
                "events": msgspec.json.encode(events).decode(),
                "state": state,
                "attempts": 0 if error is None else 1,
                "next_try_at": clock.now() + pause(1) if state == "failing" else None,
                "error": error,
            },
        )


def _pause(conn: Connection, inbox: Inbox, reason: str) -> int:
    """Let nothing be tried for a while; returns how often in a row that has happened."""
    times = {"now": clock.now(), "first": FIRST_PAUSE, "longest": LONGEST_PAUSE}
    return int(conn.execute(inbox.sql(_PAUSE), {**inbox.key, **times, "error": reason[:2000]}).scalar_one())


def _pause_all(inbox: Inbox, events: Sequence[Delivered], end: int, reason: str) -> int:
    """Pause the subscription; after its last attempt, its events become dead letters and it goes on."""
    with database.begin(inbox.subscription.consumer) as conn:
        inbox.lock(conn, wait=True)
        if _pause(conn, inbox, reason) < inbox.subscription.max_attempts:
            return 0
        first = {event.aggregate: event for event in reversed(events)}
        heads = {event.position for event in first.values()}
        blocked = set(conn.execute(inbox.sql(_BLOCKED), {**inbox.key, "aggregates": sorted(first)}).scalars())
        dead = [event for event in events if event.position in heads and event.aggregate not in blocked]
        _park(conn, inbox, dead, "dead", reason[:2000])
        _park(conn, inbox, [event for event in events if event not in dead], "waiting")
        conn.execute(inbox.sql(_MOVE_ON), {**inbox.key, "position": end})
    return 0
