"""How orders are getting on (OC-12): counts, what is overdue or stuck, how long steps take. Viewer first."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from hutong.identity import Principal, require
from hutong.ordering.listing import READ
from hutong.platform import clock, database

Row = dict[str, Any]

_COUNTS = text("""
    SELECT state, count(*) AS orders FROM ordering.customer_order WHERE accepted_at >= :since GROUP BY state""")
_OPEN = text("SELECT state, count(*) AS orders FROM ordering.customer_order WHERE ended_at IS NULL GROUP BY state")
_QUEUES = text("SELECT lane, count(*) AS waiting FROM ordering.ready GROUP BY lane")
_EXCEPTIONS = text("""
    SELECT reason, count(*) AS entries FROM ordering.exception_entry WHERE resolved_at IS NULL GROUP BY reason""")
_OPEN_STEPS = """
    FROM ordering.customer_order o
    JOIN ordering.business_order b ON b.order_id = o.id AND b.ended_at IS NULL
    JOIN ordering.step s ON s.business_order_id = b.id
    WHERE o.ended_at IS NULL"""
_OVERDUE = text(f"""
    SELECT s.id AS step_id, s.order_id, s.business_order_id, s.code, s.kind, s.lane, s.state, s.attempts, s.reason,
           s.ready_at, s.timeout_seconds, o.expedited
    {_OPEN_STEPS} AND s.state IN ('ready', 'running', 'awaiting', 'backoff')
      AND s.ready_at + make_interval(secs => s.timeout_seconds) < :now
    ORDER BY o.expedited DESC, s.ready_at LIMIT :limit""")
_UNEXPLAINED = text(
    """SELECT count(*) AS orders FROM ordering.customer_order o
       WHERE o.state NOT IN ('completed', 'partial', 'failed', 'cancelled', 'rejected')
         AND NOT EXISTS (SELECT FROM ordering.exception_entry e WHERE e.order_id = o.id AND e.resolved_at IS NULL)"""
)
_STUCK = text("""
    SELECT o.id AS order_id, o.state, o.accepted_at FROM ordering.customer_order o
    WHERE o.ended_at IS NULL AND o.accepted_at < :before
      AND NOT EXISTS (SELECT FROM ordering.exception_entry e WHERE e.order_id = o.id AND e.resolved_at IS NULL)
      AND NOT EXISTS (SELECT FROM ordering.step s JOIN ordering.business_order b ON b.id = s.business_order_id
                      WHERE b.order_id = o.id AND s.state IN ('ready', 'running', 'awaiting', 'backoff'))
      AND NOT EXISTS (SELECT FROM ordering.ready r WHERE r.lane = 'plan' AND r.subject_id = o.id)
      AND NOT EXISTS (SELECT FROM ordering.ready r JOIN ordering.step s ON s.id = r.subject_id
                      WHERE r.lane = 'failure' AND s.order_id = o.id)
    ORDER BY o.id LIMIT :limit""")
_DURATIONS = text("""
    SELECT kind, lane, count(*) AS steps, sum(attempts) AS failed_attempts,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - ready_at)) AS median_seconds,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - ready_at)) AS p95_seconds
    FROM (SELECT * FROM ordering.step ORDER BY id DESC LIMIT :most) AS newest
    WHERE state = 'done' AND ready_at IS NOT NULL
    GROUP BY kind, lane ORDER BY p95_seconds DESC, kind""")

_BY_HOUR = text("""
    SELECT date_trunc('hour', accepted_at) AS hour, state, count(*) AS orders FROM ordering.customer_order
    WHERE accepted_at >= :since GROUP BY 1, 2 ORDER BY 1, 2""")


def counts(viewer: Principal, days: int = 1) -> Row:
    """Key figures: orders accepted in the last days by state, open ones by state, queues, open exceptions."""
    require(viewer, READ)
    with database.read("ordering") as conn:
        since = {"since": clock.now() - timedelta(days=days)}
        return {
            "accepted": {row.state: row.orders for row in conn.execute(_COUNTS, since)},
            "open": {row.state: row.orders for row in conn.execute(_OPEN)},
            "queues": {row.lane: row.waiting for row in conn.execute(_QUEUES)},
            "exceptions": {row.reason: row.entries for row in conn.execute(_EXCEPTIONS)},
        }


def overdue(viewer: Principal, limit: int = 100) -> list[Row]:
    """Steps that take longer than their template allows, expedited orders first, then the longest."""
    return _rows(viewer, _OVERDUE, {"now": clock.now(), "limit": limit})


def stuck(viewer: Principal, minutes: int = 5, limit: int = 100) -> list[Row]:
    """Open orders with nothing to do, nothing to wait for and no exception: there should be none. An audit."""
    return _rows(viewer, _STUCK, {"before": clock.now() - timedelta(minutes=minutes), "limit": limit})


def unexplained(viewer: Principal) -> int:
    """How many orders are neither final nor in the exception list with a reason (OC-11). An audit of settled work."""
    return int(_rows(viewer, _UNEXPLAINED, {})[0]["orders"])


def durations(viewer: Principal, most: int = 20_000) -> list[Row]:
    """Per kind of step among the newest, the slowest first: how many done, failed attempts, median and 95th percentile
    of seconds from ready to done."""
    return _rows(viewer, _DURATIONS, {"most": most})


def _rows(viewer: Principal, statement: Any, words: Row) -> list[Row]:
    require(viewer, READ)
    with database.read("ordering") as conn:
        return [dict(row) for row in conn.execute(statement, words).mappings()]


def by_hour(viewer: Principal, hours: int = 24) -> list[Row]:
    """Orders accepted in the last hours, by hour and the state they are in now: hour, state, orders."""
    return _rows(viewer, _BY_HOUR, {"since": clock.now() - timedelta(hours=hours)})
