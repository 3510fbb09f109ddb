"""Troubles (EC-19): everything that waits for hands, of whatever center, gathered in one place.

A center adds its own kinds in its `troubles` module:

    @trouble("party.rejected", right="party.steward", path="/loads")
    def rejected(viewer, limit): return Found(count, oldest, [Item(key, since, words, path), ...])

What a viewer sees and may do again is the center's to say: `look` and `again` get the viewer first.
"""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hutong.platform import clock, database, jobs, schedules, subscription_states
from hutong.platform import dead_letters as letters

log = structlog.get_logger(__name__)
Viewer = Any
"""An `identity.Principal`: the ground does not know identity."""
STALLED_SECONDS = 300
LISTED = 20


@dataclass(frozen=True)
class Item:
    """One thing that waits: its key within the kind, since when, what it is (never personal), its page, whose it is."""

    key: str
    since: datetime | None
    words: str
    path: str
    owner: str | None = None
    count: int | None = None
    """How many it stands for, where it is a group."""


@dataclass(frozen=True)
class Found:
    """How many wait, since when the oldest does, and the first of them."""

    count: int
    oldest: datetime | None
    items: Sequence[Item] = field(default_factory=tuple)


@dataclass(frozen=True)
class Kind:
    """A kind of trouble. `right`: who sees it; `path`: where it is worked off; `again`: retries some by key."""

    name: str
    right: str
    path: str
    look: Callable[[Viewer, int], Found]
    again: Callable[[Viewer, Sequence[str]], int] | None


_kinds: dict[str, Kind] = {}


def trouble(
    name: str, *, right: str, path: str, again: Callable[[Viewer, Sequence[str]], int] | None = None
) -> Callable[[Callable[[Viewer, int], Found]], Callable[[Viewer, int], Found]]:
    """Declare a kind of trouble, named after its center; its words are `platform-trouble-<name with dashes>`.

    `again(viewer, keys)` tries some again and returns how many; what the viewer may not do it leaves out.
    """

    def register(look: Callable[[Viewer, int], Found]) -> Callable[[Viewer, int], Found]:
        _kinds[name] = Kind(name, right, path, look, again)
        return look

    return register


def kinds() -> list[Kind]:
    """All kinds, by center and name; imports the centers' `troubles` modules."""
    for center in database.CENTERS:
        name = f"hutong.{center}.troubles"
        if center != "platform" and importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    return [kind for _, kind in sorted(_kinds.items())]


def seen_by(viewer: Viewer, limit: int = LISTED) -> list[tuple[Kind, Found | None]]:
    """What waits, of every kind the viewer may see, in the order of need; None where a kind cannot be looked up."""
    found: list[tuple[Kind, Found | None]] = []
    for kind in kinds():
        if not viewer.may(kind.right):
            continue
        try:
            found.append((kind, kind.look(viewer, limit)))
        except SQLAlchemyError as failure:
            log.warning("trouble not looked up", trouble=kind.name, error=type(failure).__name__)
            found.append((kind, None))
    return sorted(found, key=lambda pair: pair[1] is not None and pair[1].count == 0)


def _manages(viewer: Viewer, name: str) -> bool:
    return bool(viewer.may(f"{name.split('.', maxsplit=1)[0]}.jobs"))


def _as_found(rows: Sequence[jobs.Job], counted: jobs.Counted) -> Found:
    items = [Item(str(job.id), job.finished_at or job.started_at, job.kind, f"/jobs/{job.id}", job.started_by)
             for job in rows]  # fmt: skip
    return Found(counted.count, counted.oldest, items)


def _resume(viewer: Viewer, keys: Sequence[str]) -> int:
    found = [jobs.get(int(key)) for key in keys]
    mine = [job.id for job in found if job.state == "failed" and _manages(viewer, job.kind)]
    for job_id in mine:
        jobs.resume(job_id)
    return len(mine)


@trouble("platform.failed_jobs", right="platform.jobs", path="/jobs?view=failed", again=_resume)
def failed_jobs(viewer: Viewer, limit: int) -> Found:
    """Jobs that failed and that no later run of the same kind and arguments has made good."""
    del viewer
    return _as_found(*jobs.unmended(limit))


@trouble("platform.stalled_jobs", right="platform.jobs", path="/jobs?view=open")
def stalled_jobs(viewer: Viewer, limit: int) -> Found:
    """Jobs that have waited or said nothing for more than five minutes: no worker serves their lane, or one hangs."""
    del viewer
    return _as_found(*jobs.silent(limit, STALLED_SECONDS))


@trouble("platform.schedules", right="platform.jobs", path="/schedules")
def schedules_not_started(viewer: Viewer, limit: int) -> Found:
    """Schedules that could not start their job, or whose time passed without a worker."""
    del viewer
    late = [row for row in schedules.listed() if row.enabled and (row.error or _late(row))]
    items = [Item(row.name, row.next_at, row.name, "/schedules") for row in late]
    return Found(len(late), min((row.next_at for row in late), default=None), items[:limit])


def _late(row: schedules.Schedule) -> bool:
    waits = row.state not in ("queued", "running")
    return waits and (clock.now() - row.next_at).total_seconds() > STALLED_SECONDS


def _replay(viewer: Viewer, keys: Sequence[str]) -> int:
    count = 0
    for key in keys:
        subscription, source, position = key.split(" ")
        if _manages(viewer, subscription):
            letters.replay(subscription, source, int(position))
            count += 1
    return count


@trouble("platform.dead_letters", right="platform.jobs", path="/dead-letters", again=_replay)
def dead_letters(viewer: Viewer, limit: int) -> Found:
    """Events given up after many attempts; the later ones of their aggregates wait behind them."""
    del viewer
    dead = [event for center in subscription_states.centers() for event in letters.parked(center, limit=limit)]
    items = [Item(f"{event.subscription} {event.source} {event.position}", event.parked_at, event.type,
                  f"/dead-letters/{event.subscription}/{event.source}/{event.position}", event.subscription)
             for event in sorted(dead, key=lambda event: event.parked_at)]  # fmt: skip
    count = sum(state.dead for state in subscription_states.states())
    return Found(count, min((event.parked_at for event in dead), default=None), items[:limit])
