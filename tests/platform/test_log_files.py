"""Kept logs: found again, bounded, rotated, without people in them (EC-19, EC-17)."""

import io
import json
import logging
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from hutong.platform import clock, log_files, logs
from hutong.platform.log_files import Appender, Wanted, search
from hutong.platform.settings import settings

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path) -> Iterator[None]:
    """A data folder of the test's own, and logging as it was."""
    before, handlers = settings.data_dir, logging.getLogger().handlers
    settings.data_dir = tmp_path
    yield
    settings.data_dir = before
    logging.getLogger().handlers = handlers
    structlog.reset_defaults()
    logs.log.cache_clear()


def told(event: str, *, at: datetime = NOON, level: str = "info", **more: object) -> None:
    """Write one line as of a moment."""
    line = json.dumps({"event": event, "level": level, "timestamp": at.isoformat(), **more}, ensure_ascii=False)
    with clock.fixed(at):
        Appender(io.StringIO()).write(line + "\n")


def events(**wanted: object) -> list[str]:
    """The events a search finds."""
    return [line.event for line in search(Wanted(**wanted)).lines]  # type: ignore[arg-type]


def test_lines_are_found_newest_first_by_every_field() -> None:
    """EC-19: by time, level, event, request, job and text, together."""
    told("http", at=NOON - timedelta(days=2), level="error", request_id="r1", status=500)
    told("job started", at=NOON, job=7)
    told("http", at=NOON + timedelta(seconds=1), request_id="r2", status=404, route="/客户")
    told("slow", at=NOON + timedelta(seconds=2), level="warning", request_id="r2")
    assert events() == ["slow", "http", "job started", "http"]
    assert events(request="r2") == ["slow", "http"]
    assert events(request="r") == []
    assert events(job=7) == ["job started"]
    assert events(level="warning") == ["slow", "http"]
    assert events(text="/客户") == ["http"]
    assert events(since=NOON, until=NOON + timedelta(seconds=1)) == ["http", "job started"]
    assert events(event="http", level="error", text="500") == ["http"]


def test_a_search_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says when there is more: by number of lines, and by bytes read."""
    for number in range(30):
        told("x", at=NOON + timedelta(days=number % 3))
    found = search(Wanted(), limit=10)
    assert (len(found.lines), found.whole) == (10, False)
    assert search(Wanted(), limit=30).whole
    monkeypatch.setattr(log_files, "MOST_SCANNED", 100)
    assert (len(search(Wanted()).lines), search(Wanted()).whole) == (10, False)


def test_broken_lines_are_passed_by() -> None:
    """What a crash cut off hides nothing else."""
    told("before")
    with log_files.kept()[0].open("ab") as file:
        file.write(b'{"event": "cut\n[1]\n\xff\n')
    told("after")
    assert events() == ["after", "before"]


def test_a_time_without_zone_is_read_as_utc() -> None:
    """EC-19: a foreign line without zone does not break a search by time."""
    told("ours")
    with log_files.kept()[0].open("a") as file:
        file.write('{"event": "foreign", "level": "info", "timestamp": "2026-05-04T13:00:00"}\n')
    found = search(Wanted(since=NOON, until=NOON + timedelta(hours=2))).lines
    assert [(line.event, line.at) for line in found] == [("foreign", NOON + timedelta(hours=1)), ("ours", NOON)]
    assert [line.event for line in search(Wanted(until=NOON)).lines] == ["ours"]


def test_files_turn_by_day_and_size_and_old_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings say how long and how much; today's stays in any case."""
    monkeypatch.setattr(log_files, "LARGEST_FILE", 200)
    for _ in range(10):
        told("a line of some length")
    told("tomorrow", at=NOON + timedelta(days=1))
    names = [path.name for path in log_files.kept()]
    assert len(names) == len(set(names)) > 3
    assert names[0] == "hutong-2026-05-04.000.jsonl"
    assert len(events()) == 11
    with clock.fixed(NOON + timedelta(days=settings.log_days + 1)):
        log_files.forget_old()
    assert events() == ["tomorrow"]
    monkeypatch.setattr(settings, "log_megabytes", 0)
    with clock.fixed(NOON + timedelta(days=1)):
        assert log_files.forget_old() == []
    with clock.fixed(NOON + timedelta(days=2)):
        assert len(log_files.forget_old()) == 1


def _write_many(folder: Path, number: int) -> None:
    settings.data_dir = folder
    for count in range(200):
        told(f"{number}-{count}", text="x" * 300)


def test_processes_share_a_file_without_mixing_lines(tmp_path: Path) -> None:
    """Each line is one write."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len({line.event for line in search(Wanted(), 1000).lines}) == 600


def test_nothing_personal_is_kept() -> None:
    """EC-17: numbers, addresses and quoted values in messages and tracebacks are hidden; our own ids stay."""
    logs.configure()
    number = "110101199003071233"
    try:
        raise ValueError("duplicate key 13812345678\nDETAIL: Key (name)=(欧阳若兰) exists, mail li.lei@example.com")
    except ValueError:
        logs.log().exception("failed", what=f"id {number}", request_id="20261122123456789")
    logging.getLogger("library").error("refused %s", f"{number[:-1]}X")
    kept = log_files.kept()[0].read_text()
    for personal in (number, "13812345678", "欧阳若兰", "example.com", f"{number[:-1]}X"):
        assert personal not in kept
    assert [line.event for line in search(Wanted(request="20261122123456789")).lines] == ["failed"]
    assert "ValueError" in kept
    assert events(text="refused") == ["refused ***"]


def test_a_full_disk_stops_no_work(tmp_path: Path) -> None:
    """Where nothing can be kept, standard error still has the line."""
    settings.data_dir = tmp_path / "file"
    settings.data_dir.write_text("no folder")
    shown = io.StringIO()
    Appender(shown).write('{"event": "x"}\n')
    assert '{"event": "x"}' in shown.getvalue()
    assert "log not kept" in shown.getvalue()
