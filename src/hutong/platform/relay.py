"""The relay: gives committed events their place in a center's event log, in order and without gaps (ADR 0004).

One relay works per center at a time; any number may run. Numbers of the outbox are given before commit, so a smaller
number may appear after a larger one. The relay never waits for it: it goes on, and remembers the missing numbers as
gaps, together with the transactions that were writing to the outbox when it noticed. Once those have ended, a number
that is still missing was rolled back. So a long transaction delays nobody but itself, nothing is lost, and the scan
never passes over rows it has taken, however many dead ones a long snapshot keeps.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from hutong.platform import clock, database

EVENTS_CHANNEL = "hutong_events"
BATCH = 2000
PARTITION = 1_000_000
"""Positions per partition of an event log."""


@dataclass(frozen=True)
class Gap:
    """Missing numbers `low`..`high`, and the transactions that may still bring them."""

    low: int
    high: int
    holders: frozenset[str]


def missing(after: int, seen: Sequence[int], holders: frozenset[str]) -> list[Gap]:
    """Gaps between a number and sorted larger ones."""
    gaps = []
    for number in seen:
        if number > after + 1:
            gaps.append(Gap(after + 1, number - 1, holders))
        after = number
    return gaps


def without(gap: Gap, seen: Sequence[int]) -> list[Gap]:
    """What is left of a gap once some of its sorted numbers were seen."""
    inside = [number for number in seen if gap.low <= number <= gap.high]
    return [replace(gap, low=g.low, high=g.high) for g in missing(gap.low - 1, [*inside, gap.high + 1], gap.holders)]


_STATE = "SELECT position, seq, gaps FROM {center}.relay WHERE center = :center FOR UPDATE SKIP LOCKED"
_FIRST = "INSERT INTO {center}.relay VALUES (:center, 0, 0, '[]') ON CONFLICT DO NOTHING"
_WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE relation = CAST(:outbox AS regclass) AND mode = 'RowExclusiveLock' AND pid IS DISTINCT FROM pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_MOVE = """
WITH found AS MATERIALIZED (
    SELECT seq FROM (
        SELECT o.seq FROM unnest(CAST(:low AS bigint[]), CAST(:high AS bigint[])) AS gap (low, high)
        JOIN {center}.outbox AS o ON o.seq BETWEEN gap.low AND gap.high
        UNION ALL
        (SELECT o.seq FROM {center}.outbox AS o WHERE o.seq > :seq ORDER BY o.seq LIMIT :batch)
    ) AS candidate
    ORDER BY seq LIMIT :batch
), taken AS (
    DELETE FROM {center}.outbox AS o USING found WHERE o.seq = found.seq RETURNING o.*
), logged AS (
    INSERT INTO {center}.event_log (position, id, type, aggregate, payload, occurred_at)
    SELECT :position + row_number() OVER (ORDER BY seq), id, type, aggregate, payload, occurred_at FROM taken
)
SELECT seq FROM found ORDER BY seq
"""
_KEEP = "UPDATE {center}.relay SET position = :position, seq = :seq, gaps = CAST(:gaps AS jsonb)"


def relay_once(center: str, batch: int = BATCH) -> int:
    """Move one batch of committed events to the log. Returns how many; 0 too when another relay is at it."""
    with database.begin(center) as conn:
        named = {"center": center}
        state = conn.execute(text(_STATE.format(center=center)), named).one_or_none()
        if state is None:  # the first time ever, or another relay has it
            conn.execute(text(_FIRST.format(center=center)), named)
            state = conn.execute(text(_STATE.format(center=center)), named).one_or_none()
        return 0 if state is None else _move(conn, center, state, batch)


def _move(conn: Connection, center: str, state: Row[Any], batch: int) -> int:
    gaps = [Gap(low, high, frozenset(holders)) for low, high, holders in state.gaps]
    before = _writers(conn, center) if gaps else frozenset()
    _ensure_partitions(conn, center, state.position, batch)
    seen = list(
        conn.execute(
            text(_MOVE.format(center=center)),
            {
                "low": [gap.low for gap in gaps],
                "high": [gap.high for gap in gaps],
                "seq": state.seq,
                "position": state.position,
                "batch": batch,
            },
        ).scalars()
    )
    looked_everywhere = len(seen) < batch or seen[-1] > state.seq
    remaining = [
        rest
        for gap in gaps
        if gap.holders & before or not looked_everywhere  # else its writers had ended before we looked: rolled back
        for rest in without(gap, seen)
    ]
    newer = [number for number in seen if number > state.seq]
    fresh = missing(state.seq, newer, frozenset())
    if fresh:
        writers = _writers(conn, center)
        remaining += [replace(gap, holders=writers) for gap in fresh]
    if seen or remaining != gaps:
        _keep(conn, center, state.position + len(seen), max([state.seq, *newer]), remaining)
    return len(seen)


def _keep(conn: Connection, center: str, position: int, seq: int, gaps: Iterable[Gap]) -> None:
    stored = json.dumps([[gap.low, gap.high, sorted(gap.holders)] for gap in gaps])
    conn.execute(text(_KEEP.format(center=center)), {"position": position, "seq": seq, "gaps": stored})
    conn.execute(text("SELECT pg_notify(:channel, :center)"), {"channel": EVENTS_CHANNEL, "center": center})


def _writers(conn: Connection, center: str) -> frozenset[str]:
    """Transactions that have written, or are about to write, to the outbox: each locks it before it takes a number."""
    return frozenset(conn.execute(text(_WRITERS), {"outbox": f"{center}.outbox"}).scalars())


def _ensure_partitions(conn: Connection, center: str, position: int, batch: int) -> None:
    """Make the partitions a batch will need. Attaching takes no lock that readers mind."""
    for number in range((position + 1) // PARTITION, (position + batch) // PARTITION + 1):
        name = f"{center}.event_log_p{number}"
        if conn.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar() is None:
            conn.execute(text(f"CREATE TABLE {name} (LIKE {center}.event_log INCLUDING ALL)"))
            bounds = f"FROM ({number * PARTITION}) TO ({(number + 1) * PARTITION})"
            conn.execute(text(f"ALTER TABLE {center}.event_log ATTACH PARTITION {name} FOR VALUES {bounds}"))


def waiting(center: str) -> int:
    """Committed events not yet in the log."""
    with database.begin(center) as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {center}.outbox")).scalar_one())  # noqa: S608


def rotate(center: str, handled: int, keep: timedelta = timedelta(days=7)) -> list[str]:
    """Drop partitions of the log whose events all subscriptions have handled (`handled`: the lowest position) and that
    are older than `keep`. Returns their names. The current partition always stays."""
    dropped = []
    with database.begin(center) as conn:
        position = conn.execute(text(f"SELECT position FROM {center}.relay")).scalar() or 0  # noqa: S608
        found = conn.execute(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:log AS regclass)"),
            {"log": f"{center}.event_log"},
        )
        for name in found.scalars().all():
            number = int(name.rpartition("_p")[2])
            last = (number + 1) * PARTITION - 1
            if last > min(handled, position):
                continue
            newest = conn.execute(text(f"SELECT max(logged_at) FROM {name}")).scalar()  # noqa: S608
            if newest is None or newest < clock.now() - keep:
                conn.execute(text(f"DROP TABLE {name}"))
                dropped.append(name)
    return dropped
