"""Schedules: what is due starts once, whoever looks; missed runs are caught up once; people change the times."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.platform import clock, job_runner, jobs, periodic, schedules
from hutong.platform import database as live
from hutong.platform.errors import Invalid, NotFound
from hutong.platform.jobs import JobContext, job

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
NAME, KIND = "platform.test_report", "platform.report_of_tests"


@pytest.fixture
def declared(database: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A schedule at 02:30 each day, declared at noon, and no other; the list gets what its runs were told."""
    told: list[str] = []
    monkeypatch.setattr(schedules, "_declared", {})

    @job(KIND, lane="report")
    def report(ctx: JobContext, *, scope: str) -> None:
        told.append(scope)

    schedules.schedule(NAME, "30 2 * * *", KIND, {"scope": "all"})
    with clock.fixed(NOON):
        schedules.synchronise()
    yield told
    jobs._kinds.pop(KIND)


def at(hours: float) -> int:
    """Look for due schedules some hours after noon, and run what they start."""
    with clock.fixed(NOON + timedelta(hours=hours)):
        started = schedules.start_due()
        jobs.run_queued()
    return started


def test_times_are_business_times(declared: list[str]) -> None:
    """02:30 is 02:30 in Shanghai, whatever zone the server keeps."""
    assert schedules.get(NAME).next_at == datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    assert at(14.4) == 0
    assert at(14.6) == 1
    assert declared == ["all"]
    found = schedules.get(NAME)
    assert (found.state, found.next_at) == ("done", datetime(2026, 3, 3, 18, 30, tzinfo=UTC))
    assert jobs.get(found.job_id or 0).started_by == "schedule"


def test_missed_runs_are_caught_up_once(declared: list[str]) -> None:
    """EC-19: no worker for five days: one run, then the next at its time."""
    assert at(24 * 5) == 1
    assert at(24 * 5) == 0
    assert declared == ["all"]


def test_a_run_waits_for_the_last_one(declared: list[str]) -> None:
    """Never two at once: the next starts when the last is over."""
    with clock.fixed(NOON + timedelta(hours=15)):
        assert schedules.start_due() == 1
    with clock.fixed(NOON + timedelta(hours=40)):
        assert schedules.start_due() == 0
        jobs.run_queued()
        assert schedules.start_due() == 1
        jobs.run_queued()
    assert declared == ["all", "all"]


def test_many_lookers_start_it_once(declared: list[str]) -> None:
    """EC-19: any number of workers look at the same moment; one starts it."""
    started: list[int] = []
    ready = threading.Barrier(8)

    def look() -> None:
        ready.wait()
        with clock.fixed(NOON + timedelta(hours=15)):
            started.append(schedules.start_due())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [0] * 7 + [1]
    assert len(jobs.recent(kind=KIND)) == 1


def test_people_change_times_and_a_new_release_does_not_change_them_back(declared: list[str]) -> None:
    """What an operator set stays; what nobody touched follows the code."""
    with clock.fixed(NOON):
        schedules.change(NAME, cron=" 0  13 * * * ", by="user:7")
        found = schedules.get(NAME)
        assert (found.cron, found.changed_by) == ("0 13 * * *", "user:7")
        schedules.schedule(NAME, "0 4 * * *", KIND, {"scope": "some"})
        schedules.synchronise()
        found = schedules.get(NAME)
    assert (found.cron, found.declared_cron, found.args) == ("0 13 * * *", "0 4 * * *", {"scope": "some"})
    assert found.next_at == NOON + timedelta(hours=1)
    with clock.fixed(NOON):
        schedules.change(NAME, cron="0 4 * * *", by="user:7")
        schedules.schedule(NAME, "0 5 * * *", KIND, {"scope": "some"})
        schedules.synchronise()
    assert schedules.get(NAME).cron == "0 5 * * *"


def test_off_means_off_and_on_again_does_not_catch_up(declared: list[str]) -> None:
    """Switched off it misses its runs on purpose; run now runs it all the same."""
    with clock.fixed(NOON):
        schedules.change(NAME, enabled=False, by="user:7")
    assert at(100) == 0
    schedules.run_now(NAME, "user:7")
    jobs.run_queued()
    assert declared == ["all"]
    with clock.fixed(NOON + timedelta(hours=101)):
        schedules.change(NAME, enabled=True, by="user:7")
        assert schedules.start_due() == 0
        assert schedules.get(NAME).next_at > clock.now()


@pytest.mark.parametrize("cron", ["", "daily", "61 2 * * *", "0 0 31 2 *", "* * * * * *", "0 2 * *", "@daily"])
def test_times_that_never_come_are_refused(declared: list[str], cron: str) -> None:
    with pytest.raises(Invalid):
        schedules.change(NAME, cron=cron, by="user:7")


def test_schedules_made_by_people(declared: list[str]) -> None:
    """An export's own time: set, moved, taken away; a job that does not exist is refused."""
    with clock.fixed(NOON), live.begin("platform") as conn:
        schedules.put(conn, "platform.mine", "0 13 * * *", KIND, {"scope": "mine"}, by="user:7")
        schedules.put(conn, "platform.mine", "0 14 * * *", KIND, {"scope": "mine"}, by="user:7")
        with pytest.raises(NotFound):
            schedules.put(conn, "platform.other", "0 13 * * *", "platform.no_such_job", by="user:7")
    assert at(1.5) == 0
    assert at(2) == 1
    assert declared == ["mine"]
    with live.begin("platform") as conn:
        schedules.remove(conn, ["platform.mine"])
    with pytest.raises(NotFound):
        schedules.get("platform.mine")


def test_a_schedule_that_cannot_start_says_why_and_stops_no_other(declared: list[str]) -> None:
    """A job that a release took away."""
    with live.begin("platform") as conn:
        query = "UPDATE platform.schedule SET job = 'platform.gone', name = 'platform.a' WHERE name = :name"
        conn.execute(text(query), {"name": NAME})
    with clock.fixed(NOON):
        schedules.synchronise()
    assert at(15) == 1
    assert "platform.gone" in (schedules.get("platform.a").error or "")
    assert declared == ["all"]


def test_workers_start_what_is_due(declared: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-19: two workers running: it starts by itself, once."""
    monkeypatch.setitem(periodic.DECLARED, "platform.schedules", ("* * * * * *", schedules.start_due))
    stop = threading.Event()
    workers = [threading.Thread(target=job_runner.run_worker, args=(stop, ["platform"])) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        jobs.wait(_first_job(), 60)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert declared == ["all"]


def _first_job() -> int:
    for _ in range(600):
        if found := jobs.recent(kind=KIND):
            return found[0].id
        threading.Event().wait(0.1)
    raise AssertionError("nothing was started")
