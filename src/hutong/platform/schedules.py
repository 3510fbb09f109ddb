"""Schedules (EC-19): which job starts when. Declared in code, kept and changed as rows of `platform.schedule`.

    schedules.schedule("party.quality", "30 2 * * *", "party.check_quality", {"scope": "all"})

Times are cron expressions in the business time zone. Any number of workers may look: the row's lock lets one start what
is due, in one transaction with the next time. What was missed while no worker ran is caught up once; while the last run
is not over, the next waits for it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from croniter import CroniterError, croniter
from sqlalchemy import Connection, text

from hutong.platform import clock, database, jobs
from hutong.platform.errors import Invalid, NotFound, Problem
from hutong.platform.settings import settings

log = structlog.get_logger(__name__)
FIELDS = 5
BY = "schedule"
"""Who started a job that a schedule started."""


@dataclass(frozen=True)
class Declared:
    """A schedule as code declares it: its default time, the job's kind and arguments."""

    name: str
    cron: str
    job: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Schedule:
    """A schedule as people see it, with its last run."""

    name: str
    cron: str
    declared_cron: str | None
    job: str
    args: dict[str, Any]
    enabled: bool
    next_at: datetime
    error: str | None
    changed_by: str | None
    changed_at: datetime | None
    job_id: int | None
    state: str | None
    last_at: datetime | None
    began_at: datetime | None
    finished_at: datetime | None


_declared: dict[str, Declared] = {}


def schedule(name: str, cron: str, job: str, args: Mapping[str, Any] | None = None) -> None:
    """Declare that a job runs by a schedule, at import of a center's `jobs` module. Repeatable.

    `name`: begins with the center; words for people are the message `platform-schedule-<name with dashes>` where there
    is one. `cron`: the default; what people set in the console wins.
    """
    _declared[name] = Declared(name, checked(cron), job, dict(args or {}))


def checked(cron: str) -> str:
    """A cron expression of five fields, tidied. Raises Invalid."""
    tidy = " ".join(cron.split())
    if len(tidy.split()) != FIELDS or not croniter.is_valid(tidy):
        raise Invalid("platform-schedule-cron-invalid", cron=cron[:60])
    try:
        _after(tidy, clock.now())
    except CroniterError as never:
        raise Invalid("platform-schedule-cron-invalid", cron=cron[:60]) from never
    return tidy


def following(cron: str, count: int = 1) -> list[datetime]:
    """The next times of a cron expression."""
    times: list[datetime] = []
    for _ in range(count):
        times.append(_after(cron, times[-1] if times else clock.now()))
    return times


def _after(cron: str, moment: datetime) -> datetime:
    found: datetime = croniter(cron, moment.astimezone(settings.zone)).get_next(datetime)
    return found


_SYNC = """
INSERT INTO platform.schedule (name, cron, declared_cron, job, args, next_at)
VALUES (:name, :cron, :cron, :job, CAST(:args AS jsonb), :next)
ON CONFLICT (name) DO UPDATE SET job = excluded.job, args = excluded.args, declared_cron = excluded.declared_cron,
    cron = CASE WHEN schedule.cron = schedule.declared_cron THEN excluded.cron ELSE schedule.cron END,
    next_at = CASE WHEN schedule.cron = schedule.declared_cron AND schedule.cron <> excluded.cron
        THEN excluded.next_at ELSE schedule.next_at END
WHERE (schedule.job, schedule.args, schedule.declared_cron)
    IS DISTINCT FROM (excluded.job, excluded.args, excluded.declared_cron)
"""
_PUT = """
INSERT INTO platform.schedule (name, cron, job, args, next_at, changed_by, changed_at)
VALUES (:name, :cron, :job, CAST(:args AS jsonb), :next, :by, :now)
ON CONFLICT (name) DO UPDATE SET job = excluded.job, args = excluded.args, cron = excluded.cron,
    next_at = excluded.next_at, error = NULL, changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""
_DUE = """
SELECT s.name, s.cron, s.job, s.args FROM platform.schedule AS s
WHERE s.enabled AND s.next_at <= :now AND NOT EXISTS (
    SELECT FROM platform.job AS j WHERE j.id = s.job_id AND j.state IN ('queued', 'running'))
ORDER BY s.next_at, s.name LIMIT 1 FOR UPDATE OF s SKIP LOCKED
"""
_STARTED = """
UPDATE platform.schedule SET next_at = :next, error = :error, job_id = coalesce(CAST(:job AS bigint), job_id),
    last_at = CASE WHEN CAST(:job AS bigint) IS NULL THEN last_at ELSE CAST(:now AS timestamptz) END
WHERE name = :name
"""
_SEEN = """
SELECT s.name, s.cron, s.declared_cron, s.job, s.args, s.enabled, s.next_at, s.error, s.changed_by, s.changed_at,
    s.job_id, j.state, s.last_at, j.started_at AS began_at, j.finished_at
FROM platform.schedule AS s LEFT JOIN platform.job AS j ON j.id = s.job_id
WHERE CAST(:name AS text) IS NULL OR s.name = :name ORDER BY s.name
"""
_CHANGE = """
UPDATE platform.schedule SET cron = :cron, enabled = :enabled, next_at = :next, changed_by = :by, changed_at = :now
WHERE name = :name
"""


def synchronise() -> None:
    """Write declared schedules into the table; times that people changed stay."""
    with database.begin("platform") as conn:
        for one in _declared.values():
            row = {"name": one.name, "cron": one.cron, "job": one.job, "args": json.dumps(dict(one.args))}
            conn.execute(text(_SYNC), {**row, "next": _after(one.cron, clock.now())})


def put(conn: Connection, name: str, cron: str, job: str, args: Mapping[str, Any] | None = None, *, by: str) -> None:
    """Set a schedule that people made (such as an export's), or its new time. Raises Invalid, NotFound (no job)."""
    jobs.kind_of(job)
    row = {"name": name, "cron": checked(cron), "job": job, "args": json.dumps(dict(args or {})), "by": by}
    conn.execute(text(_PUT), {**row, "next": _after(checked(cron), clock.now()), "now": clock.now()})


def remove(conn: Connection, names: Sequence[str]) -> None:
    """Take away schedules that people made. Declared ones come back at the next start: switch those off instead."""
    conn.execute(text("DELETE FROM platform.schedule WHERE name = ANY(:names)"), {"names": list(names)})


def listed() -> list[Schedule]:
    """All schedules by name, with their last run."""
    with database.read("platform") as conn:
        return [Schedule(**row._mapping) for row in conn.execute(text(_SEEN), {"name": None})]


def get(name: str) -> Schedule:
    """One schedule. Raises NotFound."""
    with database.begin("platform") as conn:
        row = conn.execute(text(_SEEN), {"name": name}).one_or_none()
    if row is None:
        raise NotFound("platform-schedule-unknown", name=name)
    return Schedule(**row._mapping)


def change(name: str, *, cron: str | None = None, enabled: bool | None = None, by: str) -> None:
    """Set a schedule's time, or switch it on or off. Raises NotFound, Invalid."""
    known = get(name)
    new = checked(cron) if cron is not None else known.cron
    wanted = known.enabled if enabled is None else enabled
    kept = new == known.cron and wanted == known.enabled
    row = {"name": name, "cron": new, "enabled": wanted, "by": by, "now": clock.now()}
    with database.begin("platform") as conn:
        conn.execute(text(_CHANGE), {**row, "next": known.next_at if kept else _after(new, clock.now())})


def run_now(name: str, by: str) -> int:
    """Start a schedule's job at once, its next time unchanged; returns the job's id. Raises NotFound."""
    known = get(name)
    with database.begin("platform") as conn:
        job_id = jobs.start(known.job, known.args, by, exclusive=f"schedule {name}", conn=conn)
        row = {"name": name, "next": known.next_at, "error": None, "job": job_id, "now": clock.now()}
        conn.execute(text(_STARTED), row)
    return job_id


def start_due() -> int:
    """Start every job whose time has come. Returns how many; a schedule that cannot start says why in its row."""
    started = 0
    while True:
        with database.begin("platform") as conn:
            due = conn.execute(text(_DUE), {"now": clock.now()}).one_or_none()
            if due is None:
                return started
            started += _start(conn, due)


def _start(conn: Connection, due: Any) -> int:
    row = {"name": due.name, "next": _after(due.cron, clock.now()), "error": None, "job": None, "now": clock.now()}
    try:
        row["job"] = jobs.start(due.job, due.args, BY, exclusive=f"schedule {due.name}", conn=conn)
    except Problem as problem:
        log.warning("schedule not started", schedule=due.name, problem=problem.code)
        row["error"] = str(problem)
    conn.execute(text(_STARTED), row)
    return 0 if row["job"] is None else 1
