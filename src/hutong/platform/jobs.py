"""Jobs: long work with progress, cancelling and going on from a checkpoint (EC-19).

    @job("party.import", lane="batch")
    def run(ctx: JobContext, *, file_id: int) -> None:
        for chunk in chunks(file_id, after=ctx.saved.get("line", 0)):
            ctx.raise_if_cancelled()
            with database.begin("party") as conn:
                ...
                ctx.checkpoint({"line": chunk.last}, conn=conn)
            ctx.progress(chunk.last, total)

    job_id = jobs.start("party.import", {"file_id": 5}, by="user:7")

A job's row (`platform.job`) is what people see and the truth about it; Procrastinate's queue carries it to a worker
(`job_runner.py`). A job runs at least once: after a kill it starts again with its last checkpoint in `ctx.saved`; a
checkpoint written with the center's `conn` commits together with the work it tells of.
"""

import importlib
import importlib.util
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select, text, update

from hutong.platform import clock, database
from hutong.platform.errors import Conflict, NotFound, Problem
from hutong.platform.tables import job as table

log = structlog.get_logger(__name__)
LANES = {"online": 4, "batch": 2, "report": 1}
"""Lanes and how many jobs of each a worker runs at once: no kind of work starves another (EC-19)."""
TELL_EVERY = 0.5
"""Seconds between two progress rows, and between two looks whether to stop."""

stopping = threading.Event()
"""Set when this worker ends: running jobs put themselves back into the queue at their next look."""


class Cancelled(Exception):
    """Somebody asked the job to stop. Let it pass."""


class Interrupted(Exception):
    """The worker ends; the job goes on elsewhere from its checkpoint. Let it pass."""


class Superseded(Exception):
    """Another worker took the job over, because this one seemed dead. Let it pass."""


@dataclass(frozen=True)
class Kind:
    """A declared kind of job."""

    name: str
    run: Callable[..., None]
    lane: str

    @property
    def queue(self) -> str:
        """The queue that carries it: center and lane."""
        return f"{self.name.split('.')[0]}.{self.lane}"


@dataclass(frozen=True)
class Job:
    """A job as people see it."""

    id: int
    kind: str
    lane: str
    args: dict[str, Any]
    state: str
    done: int
    total: int | None
    message: str | None
    checkpoint: dict[str, Any] | None
    cancel_requested: bool
    attempt: int
    ticket: int
    error: str | None
    exclusive: str | None
    started_by: str
    created_at: datetime
    started_at: datetime | None
    told_at: datetime | None
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ("done", "failed", "cancelled")


_kinds: dict[str, Kind] = {}


def job(kind: str, *, lane: str = "batch") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a kind of job, named after its center: "party.import"."""
    if lane not in LANES:
        raise ValueError(f"{kind}: no lane {lane}")

    def register(run: Callable[..., None]) -> Callable[..., None]:
        _kinds[kind] = Kind(kind, run, lane)
        return run

    return register


def kinds() -> dict[str, Kind]:
    """Declared kinds by name."""
    return dict(_kinds)


def kind_of(name: str) -> Kind:
    """A declared kind; its center's `jobs` module is imported if need be. Raises NotFound."""
    module = f"hutong.{name.split('.', maxsplit=1)[0]}.jobs"
    if name not in _kinds and importlib.util.find_spec(module) is not None:
        importlib.import_module(module)
    if name not in _kinds:
        raise NotFound("platform-job-kind-unknown", kind=name)
    return _kinds[name]


_START = """
INSERT INTO platform.job (kind, lane, args, state, exclusive, started_by, created_at)
VALUES (:kind, :lane, CAST(:args AS jsonb), 'queued', :exclusive, :by, :now) RETURNING id
"""
_DEFER = """
SELECT procrastinate.procrastinate_defer_jobs_v1(ARRAY[CAST(ROW(CAST(:queue AS text), 'hutong.job', 0,
    CAST(:exclusive AS text), NULL,
    jsonb_build_object('job', CAST(:id AS bigint), 'ticket', CAST(:ticket AS int)), NULL)
    AS procrastinate.procrastinate_job_to_defer_v1)])
"""
_RESUME = """
UPDATE platform.job SET state = 'queued', cancel_requested = false, error = NULL, finished_at = NULL,
    ticket = ticket + 1
WHERE id = :id AND state IN ('failed', 'cancelled') RETURNING kind, exclusive, ticket
"""
_CANCEL = """
UPDATE platform.job SET cancel_requested = true,
    state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END,
    finished_at = CASE state WHEN 'queued' THEN CAST(:now AS timestamptz) END
WHERE id = :id AND state IN ('queued', 'running')
"""
_TAKE = """
UPDATE platform.job SET state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, :now)
WHERE id = :id AND state IN ('queued', 'running') AND (CAST(:ticket AS int) IS NULL OR ticket = :ticket)
RETURNING kind, args, checkpoint, attempt, exclusive
"""
_FINISH = """
UPDATE platform.job SET state = CAST(:state AS text), error = :error, finished_at = CAST(:finished AS timestamptz),
    ticket = ticket + CASE WHEN CAST(:state AS text) = 'queued' THEN 1 ELSE 0 END
WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING ticket
"""


def start(
    kind: str,
    args: Mapping[str, Any] | None = None,
    by: str = "system",
    *,
    exclusive: str | None = None,
    conn: Connection | None = None,
) -> int:
    """Queue a job; returns its id. With `conn` it is queued if and when that transaction commits.

    `by`: who started it ("user:7"); `exclusive`: jobs with the same value run one after another.
    """
    if conn is None:
        with database.begin("platform") as own:
            return start(kind, args, by, exclusive=exclusive, conn=own)
    declared = kind_of(kind)
    row = {"kind": kind, "lane": declared.lane, "args": json.dumps(dict(args or {})), "by": by, "now": clock.now()}
    job_id = int(conn.execute(text(_START), {**row, "exclusive": exclusive}).scalar_one())
    conn.execute(text(_DEFER), {"queue": declared.queue, "exclusive": exclusive, "id": job_id, "ticket": 1})
    return job_id


def cancel(job_id: int) -> None:
    """Ask a job to stop: at once if it waits, at its next look if it runs. Raises Conflict when it is over."""
    with database.begin("platform") as conn:
        if not conn.execute(text(_CANCEL), {"id": job_id, "now": clock.now()}).rowcount:
            raise Conflict("platform-job-not-running", job=str(job_id))


def resume(job_id: int) -> None:
    """Queue a failed or cancelled job again; it goes on from its checkpoint. Raises Conflict otherwise."""
    with database.begin("platform") as conn:
        row = conn.execute(text(_RESUME), {"id": job_id}).one_or_none()
        if row is None:
            raise Conflict("platform-job-not-resumable", job=str(job_id))
        entry = {"queue": kind_of(row.kind).queue, "exclusive": row.exclusive, "id": job_id, "ticket": row.ticket}
        conn.execute(text(_DEFER), entry)


def get(job_id: int) -> Job:
    """One job. Raises NotFound."""
    with database.begin("platform") as conn:
        row = conn.execute(select(table).where(table.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("platform-job-unknown", job=str(job_id))
    return Job(**row._mapping)


def recent(
    limit: int = 50, *, states: Sequence[str] = (), kind: str | None = None, before: int | None = None
) -> list[Job]:
    """Jobs, newest first; `before` an id for the next page."""
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    if states:
        query = query.where(table.c.state.in_(states))
    if kind:
        query = query.where(table.c.kind == kind)
    if before is not None:
        query = query.where(table.c.id < before)
    with database.read("platform") as conn:
        return [Job(**row._mapping) for row in conn.execute(query)]


@dataclass(frozen=True)
class Counted:
    """How many, and since when the oldest."""

    count: int
    oldest: datetime | None


_UNMENDED = """
SELECT j.*, count(*) OVER () AS all_of_them, min(j.finished_at) OVER () AS oldest FROM platform.job AS j
WHERE j.state = 'failed' AND NOT EXISTS (
    SELECT FROM platform.job AS later WHERE later.kind = j.kind AND later.args = j.args AND later.id > j.id
      AND later.state = 'done')
ORDER BY j.id DESC LIMIT :limit
"""
_SILENT = """
SELECT j.*, count(*) OVER () AS all_of_them, min(coalesce(j.started_at, j.created_at)) OVER () AS oldest
FROM platform.job AS j
WHERE j.state = 'queued' AND j.created_at < :before AND NOT EXISTS (
        SELECT FROM platform.job AS other WHERE other.lane = j.lane AND other.state = 'running')
   OR j.state = 'running' AND coalesce(j.told_at, j.started_at) < :before
ORDER BY j.id LIMIT :limit
"""


def unmended(limit: int) -> tuple[list[Job], Counted]:
    """Failed jobs that no later one of the same kind and arguments has made good, newest first."""
    return _counted(_UNMENDED, {"limit": limit})


def silent(limit: int, seconds: float) -> tuple[list[Job], Counted]:
    """Jobs that waited so long though nothing runs in their lane, or run and have said nothing since."""
    return _counted(_SILENT, {"limit": limit, "before": clock.now() - timedelta(seconds=seconds)})


def _counted(query: str, values: Mapping[str, Any]) -> tuple[list[Job], Counted]:
    with database.read("platform") as conn:
        rows = conn.execute(text(query), values).mappings().all()
    found = [Job(**{name: row[name] for name in Job.__dataclass_fields__}) for row in rows]
    return found, Counted(rows[0]["all_of_them"], rows[0]["oldest"]) if rows else Counted(0, None)


class JobContext:
    """What a running job may do about itself."""

    def __init__(self, job_id: int, attempt: int, saved: dict[str, Any]) -> None:
        self.job_id = job_id
        self.attempt = attempt
        self.saved = saved
        """The last checkpoint; empty at the first start."""
        self._told = 0.0
        self._looked = 0.0

    def progress(self, done: int, total: int | None = None, message: str | None = None) -> None:
        """Tell how far it is. Cheap to call often: at most two rows a second are written, and the last."""
        moment = time.monotonic()
        if moment - self._told < TELL_EVERY and done != total:
            return
        self._told = moment
        with database.begin("platform") as conn:
            self._update(conn, done=done, total=total, message=message)

    def checkpoint(self, saved: dict[str, Any], *, conn: Connection | None = None) -> None:
        """Remember from where to go on. With the `conn` of the work, both are kept or neither."""
        if conn is None:
            with database.begin("platform") as own:
                self._update(own, checkpoint=saved)
        else:
            self._update(conn, checkpoint=saved)
        self.saved = saved

    def raise_if_cancelled(self) -> None:
        """Stop here if somebody asked for it or the worker ends. Cheap to call often."""
        if stopping.is_set():
            raise Interrupted
        moment = time.monotonic()
        if moment - self._looked < TELL_EVERY:
            return
        self._looked = moment
        with database.begin("platform") as conn:
            asked = select(table.c.cancel_requested, table.c.attempt).where(table.c.id == self.job_id)
            row = conn.execute(asked).one()
        if row.attempt != self.attempt:
            raise Superseded
        if row.cancel_requested:
            raise Cancelled

    def _update(self, conn: Connection, **values: Any) -> None:
        mine = update(table).where(table.c.id == self.job_id, table.c.attempt == self.attempt)
        mine = mine.values(**values, told_at=clock.now())
        if not conn.execute(mine).rowcount:
            raise Superseded


def run(job_id: int, ticket: int | None = None) -> str | None:
    """Run a job in this process, to its end; returns its state, None when it was over or taken over by another.

    `ticket`: only if the queue entry with that number is the job's last; entries of earlier starts are void.
    """
    with database.begin("platform") as conn:
        row = conn.execute(text(_TAKE), {"id": job_id, "now": clock.now(), "ticket": ticket}).one_or_none()
    if row is None:
        return None
    context = JobContext(job_id, row.attempt, row.checkpoint or {})
    with structlog.contextvars.bound_contextvars(job=job_id, kind=row.kind):
        log.info("job started", attempt=row.attempt)
        state, error = _outcome(context, row.kind, row.args)
        log.info("job ended", state=state)
    if state is None:
        return None
    finished = None if state == "queued" else clock.now()
    with database.begin("platform") as conn:
        mine = {"id": job_id, "attempt": row.attempt, "state": state, "error": error, "finished": finished}
        last = conn.execute(text(_FINISH), mine).scalar()
        if last is None:
            return None
        if state == "queued":
            entry = {"queue": kind_of(row.kind).queue, "exclusive": row.exclusive, "id": job_id, "ticket": last}
            conn.execute(text(_DEFER), entry)
    return state


def _outcome(context: JobContext, kind: str, args: dict[str, Any]) -> tuple[str | None, str | None]:
    try:
        kind_of(kind).run(context, **args)
    except Cancelled:
        return "cancelled", None
    except Interrupted:
        return "queued", None
    except Superseded:
        return None, None
    except Problem as problem:
        return "failed", str(problem)
    except Exception as failure:
        log.exception("job failed")
        return "failed", f"{type(failure).__name__}: {failure}"[:2000]
    return "done", None


def run_queued() -> int:
    """Run all waiting jobs in this process, in order (tests, `demo --once`). Returns how many."""
    count = 0
    while True:
        with database.begin("platform") as conn:
            first = select(table.c.id).where(table.c.state == "queued").order_by(table.c.id).limit(1)
            job_id = conn.execute(first).scalar()
        if job_id is None:
            return count
        run(job_id)
        count += 1


def wait(job_id: int, seconds: float = 600.0, poll: float = 0.2) -> Job:
    """Wait until a worker has finished a job. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not (found := get(job_id)).finished:
        if time.monotonic() > deadline:
            raise TimeoutError(f"job {job_id} is still {found.state}")
        time.sleep(poll)
    return found
