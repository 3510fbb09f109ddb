"""Jobs: progress, cancelling, going on from a checkpoint after failures, stops and kills."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, ProgrammingError

from hutong.platform import database as live
from hutong.platform import job_runner, jobs, migrations, schedules, upkeep
from hutong.platform.errors import Conflict, NotFound, Unprocessable
from hutong.platform.jobs import JobContext, job
from hutong.platform.settings import settings


@contextmanager
def working(**options: object) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=job_runner.run_worker, args=(stop, ["platform"]), kwargs=options)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def entries() -> int:
    """Queue entries left for the centers that `working` serves; a schedule that falls due meanwhile makes others."""
    query = "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE queue_name LIKE 'platform.%'"
    with live.read("platform") as conn:
        return int(conn.execute(text(query)).scalar_one())


def test_a_job_tells_how_far_it_is(database: URL) -> None:
    """EC-19: jobs are seen: kind, arguments, progress, who, when."""

    @job("platform.count", lane="report")
    def count(ctx: JobContext, *, upto: int) -> None:
        for number in range(1, upto + 1):
            ctx.progress(number, upto, "counting")

    with working():
        found = jobs.wait(jobs.start("platform.count", {"upto": 1000}, by="user:7"))
    assert (found.state, found.done, found.total, found.message) == ("done", 1000, 1000, "counting")
    assert (found.started_by, found.args, found.lane) == ("user:7", {"upto": 1000}, "report")
    assert found.started_at
    assert found.finished_at
    assert [row.id for row in jobs.recent(states=["done"], kind="platform.count")] == [found.id]


def test_a_job_starts_only_if_the_transaction_commits(database: URL) -> None:
    @job("platform.nothing")
    def nothing(ctx: JobContext) -> None:
        return

    with live.begin("platform") as conn:
        jobs.start("platform.nothing", conn=conn)
        conn.rollback()
    with live.begin("platform") as conn:
        kept = jobs.start("platform.nothing", conn=conn)
    assert [row.id for row in jobs.recent()] == [kept]
    with working():
        assert jobs.wait(kept).state == "done"
        wait_for(lambda: entries() == 0)


def test_failing_and_going_on_from_the_checkpoint(database: URL) -> None:
    starts: list[dict[str, object]] = []

    @job("platform.fragile")
    def fragile(ctx: JobContext) -> None:
        starts.append(dict(ctx.saved))
        if not ctx.saved:
            ctx.checkpoint({"line": 40})
            raise Unprocessable("platform-job-kind-unknown", kind="x")

    job_id = jobs.start("platform.fragile")
    assert jobs.run_queued() == 1
    assert (jobs.get(job_id).state, jobs.get(job_id).error) == ("failed", "There is no kind of job x.")
    jobs.resume(job_id)
    assert entries() == 2
    with working():
        assert jobs.wait(job_id).state == "done"
        wait_for(lambda: entries() == 0)
    assert starts == [{}, {"line": 40}]  # the first start's entry was void
    with pytest.raises(Conflict):
        jobs.resume(job_id)
    with pytest.raises(Conflict):
        jobs.cancel(job_id)
    with pytest.raises(NotFound):
        jobs.get(-1)
    with pytest.raises(NotFound):
        jobs.start("platform.unheard_of")


def test_cancelling_waiting_and_running_jobs(database: URL) -> None:
    running = threading.Event()

    @job("platform.endless")
    def endless(ctx: JobContext) -> None:
        running.set()
        while True:
            ctx.raise_if_cancelled()
            time.sleep(0.02)

    waiting_id = jobs.start("platform.endless")
    jobs.cancel(waiting_id)
    assert jobs.get(waiting_id).state == "cancelled"
    assert not running.is_set()
    with working():
        job_id = jobs.start("platform.endless")
        assert running.wait(90)
        jobs.cancel(job_id)
        assert jobs.wait(job_id).state == "cancelled"


def test_a_stopping_worker_hands_its_job_on(database: URL) -> None:
    running = threading.Event()
    finish = threading.Event()

    @job("platform.handed")
    def handed(ctx: JobContext) -> None:
        ctx.checkpoint({"starts": ctx.saved.get("starts", 0) + 1})
        running.set()
        while not finish.is_set():
            ctx.raise_if_cancelled()
            time.sleep(0.02)

    job_id = jobs.start("platform.handed")
    with working():
        assert running.wait(90)
    assert jobs.get(job_id).state == "queued"
    finish.set()
    with working():
        found = jobs.wait(job_id)
    assert (found.state, found.attempt, found.checkpoint) == ("done", 2, {"starts": 2})


def test_exclusive_jobs_run_one_after_another(database: URL) -> None:
    inside: list[int] = []
    most: list[int] = []

    @job("platform.alone", lane="online")
    def alone(ctx: JobContext) -> None:
        inside.append(ctx.job_id)
        most.append(len(inside))
        time.sleep(0.1)
        inside.remove(ctx.job_id)

    ids = [jobs.start("platform.alone", exclusive="cycle:202611") for _ in range(4)]
    with working():
        assert [jobs.wait(job_id).state for job_id in ids] == ["done"] * 4
    assert max(most) == 1


def test_a_full_lane_does_not_starve_another(database: URL) -> None:
    """EC-19: separate lanes for online, batch and report work."""
    release = threading.Event()

    @job("platform.heavy", lane="batch")
    def heavy(ctx: JobContext) -> None:
        release.wait(300)

    @job("platform.light", lane="online")
    def light(ctx: JobContext) -> None:
        return

    slow = [jobs.start("platform.heavy") for _ in range(5)]
    with working():
        assert jobs.wait(jobs.start("platform.light"), 90).state == "done"
        release.set()
        assert {jobs.wait(job_id).state for job_id in slow} == {"done"}


def test_a_flood_of_batch_jobs_does_not_hold_up_online_ones(database: URL) -> None:
    """EC-19: two hundred batch jobs wait, as many run as the lane has room for, and each online job goes by at once."""
    running, most, together = threading.Semaphore(0), [0, 0], threading.Lock()

    @job("platform.flood", lane="batch")
    def flood(ctx: JobContext) -> None:
        with together:
            most[0] += 1
            most[1] = max(most)
        running.release()
        time.sleep(0.02)
        with together:
            most[0] -= 1

    @job("platform.asked", lane="online")
    def asked(ctx: JobContext) -> None:
        return

    flooding = [jobs.start("platform.flood") for _ in range(200)]
    with working():
        assert running.acquire(timeout=60)
        for _ in range(5):
            assert jobs.wait(jobs.start("platform.asked"), 60).state == "done"
        left = sum(job.state == "queued" for job in jobs.recent(300, kind="platform.flood"))
        assert left > 0, "the online jobs waited for the flood to end"
        assert jobs.wait(flooding[-1], 120).state == "done"
    assert most[1] == jobs.LANES["batch"]


def test_workers_wait_for_a_database_that_comes_back(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """XP-06: the database dies while a worker begins: it tries again, and ends with no error."""

    @job("platform.after_all")
    def after_all(ctx: JobContext) -> None:
        return

    synchronise, tries = schedules.synchronise, []

    def dying() -> None:
        tries.append(1)
        if len(tries) == 1:
            with live.begin("platform") as conn:
                conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        synchronise()

    monkeypatch.setattr(schedules, "synchronise", dying)
    with working():
        assert jobs.wait(jobs.start("platform.after_all"), 60).state == "done"
    assert len(tries) == 2


def test_a_job_is_not_lost_when_the_database_dies_as_it_begins_or_ends(
    database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XP-06: neither the entry in the queue nor the job's row is left alone: it is begun again."""
    done: list[int] = []

    @job("platform.kept", lane="report")
    def kept(ctx: JobContext) -> None:
        done.append(ctx.attempt)

    run, outcome, cuts = jobs.run, jobs._outcome, []

    def cut(where: str) -> None:
        if where not in cuts:
            cuts.append(where)
            raise OperationalError("SELECT", None, Exception("the connection is lost"))

    def beginning(job_id: int, ticket: int | None = None) -> str | None:
        cut("before it begins")
        return run(job_id, ticket)

    def ending(*words: Any) -> tuple[str | None, str | None]:
        found = outcome(*words)
        cut("before it ends")
        return found

    monkeypatch.setattr(jobs, "run", beginning)
    monkeypatch.setattr(jobs, "_outcome", ending)
    with working():
        assert jobs.wait(jobs.start("platform.kept"), 60).state == "done"
        wait_for(lambda: not entries())
    assert (done, len(cuts)) == ([1, 2], 2)


def test_programs_start_though_the_database_dies_meanwhile(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """XP-06: `serve` and `worker` look at the tables first; a connection cut then is tried again, a wrong table not."""
    upgrade, tries = migrations.upgrade_all, []

    def dying(centers: object = None, *, anew: bool) -> None:
        tries.append(1)
        if len(tries) < 3:
            with live.begin("platform") as conn:
                conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        upgrade()

    monkeypatch.setattr(migrations, "upgrade_all", dying)
    migrations.upgrade_at_start()
    assert len(tries) == 3

    def wrong(centers: object = None, *, anew: bool) -> None:
        with live.begin("platform") as conn:
            conn.execute(text("SELECT * FROM no_such_table"))

    monkeypatch.setattr(migrations, "upgrade_all", wrong)
    with pytest.raises(ProgrammingError):
        migrations.upgrade_at_start()
    monkeypatch.setattr(migrations, "upgrade_all", upgrade)
    monkeypatch.setattr(settings, "database_url", "postgresql://127.0.0.1:9/none")
    live.dispose()
    with pytest.raises(OperationalError):
        migrations.upgrade_at_start()
    live.dispose()


def test_a_superseded_worker_changes_nothing_any_more(database: URL) -> None:
    """A worker that was taken for dead and was not is fenced off."""

    @job("platform.slow")
    def slow(ctx: JobContext) -> None:
        if ctx.attempt == 1:
            assert jobs.run(ctx.job_id) == "done"
            with pytest.raises(jobs.Superseded):
                ctx.checkpoint({"by": "the dead"})
            ctx.progress(1, 1)
        ctx.checkpoint({"by": "the living"})

    job_id = jobs.start("platform.slow")
    assert jobs.run(job_id) is None
    assert (jobs.get(job_id).state, jobs.get(job_id).checkpoint) == ("done", {"by": "the living"})


CHILD = """
import threading, time
from sqlalchemy import text
from hutong.platform import database, job_runner
from hutong.platform.jobs import job

@job("platform.lines")
def lines(ctx, *, upto):
    for number in range(ctx.saved.get("line", 0) + 1, upto + 1):
        with database.begin("platform") as conn:
            conn.execute(text("INSERT INTO public.line VALUES (:number)"), {"number": number})
            ctx.checkpoint({"line": number}, conn=conn)
        ctx.progress(number, upto)
        time.sleep(0.01)

job_runner.run_worker(threading.Event(), ["platform"], stalled_after=2.0)
"""


@pytest.mark.crash
def test_a_killed_workers_job_goes_on_elsewhere(database: URL) -> None:
    """XP-06: kill -9 of workers in the middle of a job: another goes on from the checkpoint, no line twice or lost."""

    @job("platform.lines")
    def lines(ctx: JobContext, *, upto: int) -> None:
        raise AssertionError("runs in the children")

    with live.begin("platform") as conn:
        conn.execute(text("CREATE TABLE public.line (number int)"))
    job_id = jobs.start("platform.lines", {"upto": 300})
    children = []
    try:
        for least in (30, 120, None):
            children.append(subprocess.Popen([sys.executable, "-c", CHILD], env=os.environ))
            if least is not None:
                wait_for(lambda least=least: (jobs.get(job_id).checkpoint or {}).get("line", 0) > least)
                children[-1].send_signal(signal.SIGKILL)
                children[-1].wait()
        found = jobs.wait(job_id, 90)
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert found.state == "done"
    assert found.attempt >= 3
    with live.read("platform") as conn:
        numbers = list(conn.execute(text("SELECT number FROM public.line ORDER BY number")).scalars())
    assert numbers == list(range(1, 301))


def test_upkeep_runs_on_what_is_installed(database: URL) -> None:
    assert upkeep.announce() == 0
    assert upkeep.rotate_logs() == []
    assert upkeep.forget_jobs() == 0
