"""How far each subscription of events is: its place in the log it reads, how far that is ahead, and what holds it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from hutong.platform import database

_STATES = """
SELECT name, source, position, failures, paused_until, error,
    (SELECT count(*) FROM {center}.parked_event AS p
     WHERE p.subscription = s.name AND p.source = s.source AND p.state = 'dead') AS dead,
    (SELECT count(*) FROM {center}.parked_event AS p
     WHERE p.subscription = s.name AND p.source = s.source AND p.state <> 'dead') AS waiting
FROM {center}.subscription AS s ORDER BY name, source
"""
_CENTERS = "SELECT schemaname FROM pg_tables WHERE tablename = 'event_log'"
_LAST = "SELECT coalesce(max(position), 0) FROM {center}.event_log"


@dataclass(frozen=True)
class State:
    """One subscription and one log it reads. `behind`: positions between its place and the log's end, of whatever
    type; `failures`: in a row, of the whole subscription, whose `error` is the last."""

    name: str
    source: str
    position: int
    behind: int
    failures: int
    paused_until: datetime | None
    error: str | None
    dead: int
    waiting: int


def centers() -> list[str]:
    """The centers that tell and hear events, in their order."""
    with database.read("platform") as conn:
        having = set(conn.execute(text(_CENTERS)).scalars())
    return [center for center in database.CENTERS if center in having]


def states() -> list[State]:
    """The subscriptions of every center, by center and name."""
    telling = centers()
    ends: dict[str, int] = {}
    for center in telling:
        with database.read(center) as conn:
            ends[center] = int(conn.execute(text(_LAST.format(center=center))).scalar_one())
    found: list[State] = []
    for center in telling:
        with database.read(center) as conn:
            found += [
                State(**row._mapping, behind=max(ends.get(row.source, 0) - row.position, 0))
                for row in conn.execute(text(_STATES.format(center=center)))
            ]
    return found
