"""Parked events: tried again when their pause is over, seen in the console, replayed or discarded by people.

An event that failed too often is a dead letter. The later events of its aggregate wait behind it until somebody
replays or discards it, so that order per aggregate holds even then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from hutong.platform import clock, database
from hutong.platform.delivery import Inbox, attempt, delivered, pause
from hutong.platform.errors import NotFound
from hutong.platform.subscriptions import RetryLater, Subscription

_DUE = """
SELECT position, id, type, aggregate, payload, occurred_at, attempts FROM {consumer}.parked_event
WHERE subscription = :name AND source = :source AND state = 'failing' AND next_try_at <= :now
ORDER BY next_try_at, position LIMIT :batch
"""
_FAILED = """
UPDATE {consumer}.parked_event SET attempts = attempts + 1, error = :error,
    state = CASE WHEN attempts + 1 >= :most THEN 'dead' ELSE 'failing' END,
    next_try_at = CASE WHEN attempts + 1 >= :most THEN NULL ELSE CAST(:next AS timestamptz) END
WHERE subscription = :name AND source = :source AND position = :position
"""
_DELETE = """
DELETE FROM {consumer}.parked_event WHERE subscription = :name AND source = :source AND position = :position
RETURNING aggregate
"""
_NEXT = """
UPDATE {consumer}.parked_event SET state = 'failing', next_try_at = :now
WHERE subscription = :name AND source = :source AND position = (
    SELECT min(position) FROM {consumer}.parked_event
    WHERE subscription = :name AND source = :source AND aggregate = :aggregate)
  AND state = 'waiting'
"""
_SELECT = """
SELECT subscription, source, position, type, aggregate, payload, occurred_at, state, attempts, next_try_at, error,
    parked_at,
    (SELECT count(*) FROM {center}.parked_event AS b WHERE b.subscription = p.subscription AND b.source = p.source
        AND b.aggregate = p.aggregate AND b.position > p.position) AS behind
FROM {center}.parked_event AS p
"""
_LIST = f"""{_SELECT}WHERE state = ANY(:states) AND (:subscription = '' OR subscription = :subscription)
ORDER BY parked_at DESC, position LIMIT :limit
"""
_ONE = f"""{_SELECT}WHERE subscription = :subscription AND source = :source AND position = :position"""
_REPLAY = """
UPDATE {consumer}.parked_event SET state = 'failing', attempts = 0, next_try_at = :now
WHERE subscription = :name AND source = :source AND position = :position AND state IN ('dead', 'failing')
"""


@dataclass(frozen=True)
class Parked:
    """An event kept aside, and how many of its aggregate wait behind it."""

    subscription: str
    source: str
    position: int
    type: str
    aggregate: str
    payload: dict[str, Any]
    occurred_at: datetime
    state: str
    attempts: int
    next_try_at: datetime | None
    error: str | None
    parked_at: datetime
    behind: int


def retry_due(subscription: Subscription, source: str, batch: int = 100) -> int:
    """Try parked events again whose pause is over, each by itself. Returns how many were tried."""
    inbox = Inbox(subscription, source)
    with database.begin(subscription.consumer) as conn:
        wanted = {**inbox.key, "now": clock.now(), "batch": batch}
        if not conn.execute(inbox.sql(_DUE), wanted).first() or inbox.lock(conn) is None:
            return 0
        rows = conn.execute(inbox.sql(_DUE), wanted).all()
        for row in rows:
            _retry(conn, inbox, row)
        return len(rows)


def _retry(conn: Connection, inbox: Inbox, row: Any) -> None:
    try:
        error = attempt(conn, inbox, [delivered(row)])
    except RetryLater as reason:
        error = str(reason)
    if error is None:
        _remove(conn, inbox, row.position)
        return
    times = {"next": clock.now() + pause(row.attempts + 1), "most": inbox.subscription.max_attempts}
    conn.execute(inbox.sql(_FAILED), {**inbox.key, **times, "position": row.position, "error": error})


def _remove(conn: Connection, inbox: Inbox, position: int) -> bool:
    """Take an event away and let the next of its aggregate come."""
    aggregate = conn.execute(inbox.sql(_DELETE), {**inbox.key, "position": position}).scalar()
    if aggregate is None:
        return False
    conn.execute(inbox.sql(_NEXT), {**inbox.key, "aggregate": aggregate, "now": clock.now()})
    return True


def parked(center: str, states: Sequence[str] = ("dead",), *, subscription: str = "", limit: int = 200) -> list[Parked]:
    """Parked events of a center's subscriptions, newest first: dead letters by default; also `failing`, `waiting`."""
    with database.read(center) as conn:
        query = text(_LIST.format(center=center))
        rows = conn.execute(query, {"states": list(states), "subscription": subscription, "limit": limit})
        return [Parked(**row._mapping) for row in rows]


def get(subscription: str, source: str, position: int) -> Parked:
    """One parked event. Raises NotFound."""
    center = _inbox(subscription, source).subscription.consumer
    key = {"subscription": subscription, "source": source, "position": position}
    with database.read(center) as conn:
        row = conn.execute(text(_ONE.format(center=center)), key).one_or_none()
    if row is None:
        raise NotFound("platform-dead-letter-unknown", subscription=subscription, position=str(position))
    return Parked(**row._mapping)


def _inbox(subscription: str, source: str) -> Inbox:
    """The inbox by name: a webhook's handler need not be known here."""
    return Inbox(Subscription(subscription, (f"{source}.*",), lambda _conn, _events: None), source)


def replay(subscription: str, source: str, position: int) -> None:
    """Let a dead letter (or a failing event) be tried anew, at once. Raises NotFound."""
    inbox = _inbox(subscription, source)
    with database.begin(inbox.subscription.consumer) as conn:
        inbox.lock(conn, wait=True)
        key = {**inbox.key, "position": position, "now": clock.now()}
        if not conn.execute(inbox.sql(_REPLAY), key).rowcount:
            raise NotFound("platform-dead-letter-unknown", subscription=subscription, position=str(position))


def discard(subscription: str, source: str, position: int) -> None:
    """Give up an event for good; the later ones of its aggregate go on. Raises NotFound."""
    inbox = _inbox(subscription, source)
    with database.begin(inbox.subscription.consumer) as conn:
        inbox.lock(conn, wait=True)
        if not _remove(conn, inbox, position):
            raise NotFound("platform-dead-letter-unknown", subscription=subscription, position=str(position))
