"""Operations in one place: the exception centre, schedules, log search (EC-19)."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.engine import URL
from tests.web import sample_site

from hutong.platform import clock, database, jobs, schedules, troubles, worker
from hutong.platform import log_files as files
from hutong.platform.i18n import LOCALES, has_message
from hutong.platform.jobs import JobContext, job
from hutong.platform.outbox import Delivered, Event, publish
from hutong.platform.settings import settings
from hutong.platform.subscriptions import subscriber, unsubscribe
from hutong.web.platform.schedules import in_words

SignIn = Callable[[str], TestClient]
KIND = "party.trouble_of_pages"


@pytest.fixture(scope="module")
def site(module_database: URL) -> None:
    """People with roles; nothing else is needed here."""
    sample_site.identity()


@pytest.fixture
def failing() -> Iterator[list[bool]]:
    """A kind of job that fails until its cause is mended."""
    mended: list[bool] = []

    @job(KIND)
    def work(ctx: JobContext, *, number: int) -> None:
        if not mended:
            raise ValueError(f"cause {number}")

    yield mended
    jobs._kinds.pop(KIND)


def test_failed_jobs_are_counted_and_tried_again_together(sign_in: SignIn, site: None, failing: list[bool]) -> None:
    """EC-19: with age, owner and link; what succeeded since is no trouble any more."""
    ids = [jobs.start(KIND, {"number": number}, by="user:1") for number in range(3)]
    jobs.run_queued()
    steward = sign_in("steward")
    page = steward.get("/exception-centre", headers={"accept-language": "en"}).text
    assert "Failed jobs" in page
    assert all(f'href="/jobs/{job_id}"' in page for job_id in ids)
    failing.append(True)
    jobs.start(KIND, {"number": 0})
    jobs.run_queued()
    assert [one.id for one in jobs.unmended(10)[0]] == [ids[2], ids[1]], "the first was made good by a later one"
    answer = steward.post("/exception-centre/platform.failed_jobs/again", data={"keys": [str(one) for one in ids[1:]]})
    assert answer.status_code == 204
    jobs.run_queued()
    assert jobs.unmended(10)[1].count == 0
    assert "Failed jobs" in steward.get("/exception-centre", headers={"accept-language": "en"}).text
    assert f'href="/jobs/{ids[1]}"' not in steward.get("/exception-centre").text


def test_who_may_not_run_a_centers_jobs_retries_none(sign_in: SignIn, site: None, failing: list[bool]) -> None:
    """EC-17: a billing officer sees that it failed, and cannot start it."""
    job_id = jobs.start(KIND, {"number": 9})
    jobs.run_queued()
    billing = sign_in("billing")
    assert f'href="/jobs/{job_id}"' in billing.get("/exception-centre").text
    billing.post("/exception-centre/platform.failed_jobs/again", data={"keys": [str(job_id)]})
    assert jobs.get(job_id).state == "failed"
    assert sign_in("clerk").get("/jobs").status_code == 403
    assert sign_in("clerk").get("/exception-centre").status_code == 403, "the page goes with its place in the menu"
    for gone in ("platform.no_such/again", "platform.stalled_jobs/again"):
        assert billing.post(f"/exception-centre/{gone}", data={"keys": ["1"]}).status_code == 404
    assert billing.post("/exception-centre/platform.failed_jobs/again").status_code == 400


def test_jobs_that_stand_still_are_found(site: None, failing: list[bool]) -> None:
    """Waiting while nobody serves the lane, or running without a word for five minutes."""
    with database.begin("platform") as conn:
        conn.execute(text("DELETE FROM platform.job"))
    waiting = jobs.start(KIND, {"number": 1})
    assert jobs.silent(10, 300)[1].count == 0
    with clock.fixed(clock.now() + timedelta(minutes=6)):
        assert [one.id for one in jobs.silent(10, 300)[0]] == [waiting]
    with database.begin("platform") as conn:
        query = "UPDATE platform.job SET state = 'running', attempt = 1, started_at = :at, told_at = :told"
        conn.execute(text(query), {"at": clock.now() - timedelta(hours=1), "told": clock.now()})
    assert jobs.silent(10, 300)[1].count == 0, "it told of itself"
    with clock.fixed(clock.now() + timedelta(minutes=6)):
        assert jobs.silent(10, 300)[1].count == 1
    with database.begin("platform") as conn:
        conn.execute(text("DELETE FROM platform.job"))


def test_dead_letters_are_replayed_from_the_centre(sign_in: SignIn, site: None) -> None:
    """The same events as on their own page."""
    mended: list[str] = []

    @subscriber(name="party.probe_of_centre", events=["catalog.probe"], max_attempts=1)
    def probe(conn: object, events: list[Delivered]) -> None:
        if not mended:
            raise ValueError("not yet")
        mended.extend(event.aggregate for event in events)

    try:
        worker.drain(["party", "catalog"])
        with database.begin("catalog") as conn:
            publish(conn, "catalog", [Event("catalog.probe", "probe:1"), Event("catalog.probe", "probe:2")])
        worker.drain(["party", "catalog"])
        admin = sign_in("administrator")
        kind = next(kind for kind in troubles.kinds() if kind.name == "platform.dead_letters")
        keys = [item.key for item in kind.look(None, 10).items]
        assert len(keys) == 2
        assert "/dead-letters/party.probe_of_centre/catalog/" in admin.get("/exception-centre").text
        mended.append("cause")
        admin.post("/exception-centre/platform.dead_letters/again", data={"keys": keys})
        worker.drain(["party", "catalog"])
        assert mended[1:] == ["probe:1", "probe:2"]
        assert kind.look(None, 10).count == 0
    finally:
        unsubscribe("party.probe_of_centre")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_has_words_and_can_be_looked_up(site: None, locale: str) -> None:
    """A center that adds a kind says what it is and what to do; none fails on an empty database."""
    names = [kind.name for kind in troubles.kinds()]
    assert {"platform.failed_jobs", "platform.dead_letters", "party.rejected", "ordering.exceptions",
            "billing.quarantine"} <= set(names)  # fmt: skip
    for name in names:
        message = f"platform-trouble-{name.replace('.', '-').replace('_', '-')}"
        assert has_message(message, locale) and has_message(f"{message}-hint", locale), message


# Schedules


@pytest.fixture
def scheduled(site: None, failing: list[bool]) -> Iterator[str]:
    """A schedule of the customer master."""
    name = "party.probe_of_pages"
    failing.append(True)
    schedules.schedule(name, "30 2 * * *", KIND, {"number": 5})
    schedules.synchronise()
    yield name
    schedules._declared.pop(name)
    with database.begin("platform") as conn:
        schedules.remove(conn, [name])


def test_schedules_are_seen_moved_switched_and_run(sign_in: SignIn, scheduled: str) -> None:
    """EC-19: what runs when, the last and the next run; on, off, now."""
    steward = sign_in("steward")
    english = {"accept-language": "en"}
    page = steward.get("/schedules", headers=english).text
    assert scheduled in page and "every day at 02:30" in page
    assert steward.post("/schedules/time", data={"name": scheduled, "cron": "0 6 * * 1"}).status_code == 204
    assert "every Monday at 06:00" in steward.get("/schedules", headers=english).text
    refused = steward.post("/schedules/time", data={"name": scheduled, "cron": "never"})
    assert refused.status_code == 400 and schedules.get(scheduled).cron == "0 6 * * 1"
    steward.post("/schedules/switch", data={"name": scheduled, "enabled": "false"})
    assert not schedules.get(scheduled).enabled
    answer = steward.post("/schedules/run", data={"name": scheduled})
    jobs.run_queued()
    found = schedules.get(scheduled)
    assert answer.headers["hx-redirect"] == f"/jobs/{found.job_id}" and found.state == "done"
    assert f'href="/jobs/{found.job_id}"' in steward.get("/schedules").text


def test_only_those_who_may_run_the_job_change_its_time(sign_in: SignIn, scheduled: str) -> None:
    """EC-17: others look."""
    billing = sign_in("billing")
    assert scheduled in billing.get("/schedules").text
    for path, more in (("time", {"cron": "0 1 * * *"}), ("switch", {"enabled": "false"}), ("run", {})):
        assert billing.post(f"/schedules/{path}", data={"name": scheduled, **more}).status_code == 403
    assert schedules.get(scheduled).cron == "30 2 * * *" and schedules.get(scheduled).enabled
    assert sign_in("clerk").get("/schedules").status_code == 403


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("5 * * * *", "every hour at :05"),
        ("0 6 * * 0", "every Sunday at 06:00"),
        ("0 6 * * 7", "every Sunday at 06:00"),
        ("0 6 1 * *", "on day 1 of each month at 06:00"),
        ("0 6 1 1 *", "0 6 1 1 *"),
        ("0 6 1 * 1", "0 6 1 * 1"),
    ],
)
def test_times_in_words(cron: str, words: str) -> None:
    """The usual forms; what is rarer is shown as it is."""
    assert in_words(cron, "en") == words


# Logs


def test_logs_are_searched_and_a_problems_number_leads_to_them(sign_in: SignIn, site: None, tmp_path: Path) -> None:
    """EC-19: by level, event, request and text; only for those with the right."""
    line = {"event": "request failed", "level": "error", "request_id": "abc123", "timestamp": clock.now().isoformat(),
            "exception": "Traceback\nValueError: <b>wrong</b>"}  # fmt: skip
    files.folder().mkdir(parents=True, exist_ok=True)
    kept = files.folder() / f"hutong-{clock.now().date()}.000.jsonl"
    kept.write_text(json.dumps(line) + "\n" + json.dumps({**line, "event": "other", "request_id": "x"}) + "\n")
    admin = sign_in("administrator")
    found = admin.get("/logs?request=abc123").text
    assert "request failed" in found and "other" not in found
    assert "&lt;b&gt;wrong&lt;/b&gt;" in found and "<b>wrong" not in found
    assert "other" in admin.get("/logs?text=OTHER&level=error").text
    assert "request failed" not in admin.get("/logs?level=critical").text
    assert admin.get("/logs?until=yesterday").status_code == 400
    assert sign_in("steward").get("/logs").status_code == 403
    missing = admin.get("/no-such-page", headers={"x-request-id": "page-7"})
    assert "/logs?request=page-7" in missing.text
    assert "/logs?" not in sign_in("steward").get("/no-such-page").text
    assert settings.data_dir in kept.parents
