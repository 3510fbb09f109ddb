"""Kept logs: JSON lines below `data_dir/logs`, by day and size; found again by time, level, event, request, job, text.

All processes of a machine append to the same file, each line in one write. Files older than `HUTONG_LOG_DAYS` days, and
the oldest beyond `HUTONG_LOG_MEGABYTES`, are deleted by the worker's upkeep.
"""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from hutong.platform import clock
from hutong.platform.settings import settings

LARGEST_FILE = 32 << 20
MOST_SCANNED = 256 << 20
"""Bytes that one search reads at most."""
NAME = re.compile(r"^hutong-(\d{4}-\d\d-\d\d)\.(\d{3})\.jsonl$")
LEVELS = ("debug", "info", "warning", "error", "critical")


def folder() -> Path:
    """Where logs are kept."""
    return settings.data_dir / "logs"


def kept() -> list[Path]:
    """The files, oldest first."""
    there = folder()
    return sorted(path for path in there.iterdir() if NAME.match(path.name)) if there.is_dir() else []


class Appender:
    """A text stream that passes lines to another and keeps them in today's file. A full disk stops no work."""

    def __init__(self, other: TextIO) -> None:
        self._other = other
        self._guard = threading.Lock()

    def write(self, line: str) -> int:
        """Take one line, whole."""
        self._other.write(line)
        if line.strip():
            try:
                self._keep(line.rstrip("\n").encode() + b"\n")
            except OSError:
                self._other.write('{"event": "log not kept", "level": "warning"}\n')
        return len(line)

    def flush(self) -> None:
        """Pass on what the other stream holds back."""
        self._other.flush()

    def _keep(self, line: bytes) -> None:
        day = clock.now().date().isoformat()
        with self._guard:
            place = folder()
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            parts = sorted(place.glob(f"hutong-{day}.*.jsonl"))
            number = int(parts[-1].name.split(".")[1]) if parts else 0
            if parts and parts[-1].stat().st_size > LARGEST_FILE:
                number += 1
            with (place / f"hutong-{day}.{number:03d}.jsonl").open("ab", buffering=0) as file:
                file.write(line)


def forget_old() -> list[str]:
    """Delete what is older or more than the settings allow, never today's. Returns the names."""
    oldest = (clock.now() - timedelta(days=settings.log_days)).date().isoformat()
    today = clock.now().date().isoformat()
    room, gone = settings.log_megabytes << 20, []
    for path in reversed(kept()):
        day = path.name.removeprefix("hutong-")[:10]
        room -= path.stat().st_size
        if day < oldest or (room < 0 and day != today):
            path.unlink(missing_ok=True)
            gone.append(path.name)
    return gone


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty fields match all. `text` is found anywhere in the line, in any case."""

    since: datetime | None = None
    until: datetime | None = None
    level: str = ""
    event: str = ""
    request: str = ""
    job: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Line:
    """One log line: `more` holds the fields that have no place of their own."""

    at: datetime
    level: str
    event: str
    request: str | None
    job: int | None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lines:
    """What was found, newest first. `whole` is false where the limit or the bound of reading ended the search."""

    lines: list[Line]
    read: int
    whole: bool


def search(wanted: Wanted, limit: int = 200) -> Lines:
    """Lines that match, newest first; `level` finds that level and graver ones."""
    found: list[Line] = []
    read = 0
    for path in reversed(kept()):
        day = path.name.removeprefix("hutong-")[:10]
        if wanted.since and day < wanted.since.astimezone(UTC).date().isoformat():
            break
        if wanted.until and day > wanted.until.astimezone(UTC).date().isoformat():
            continue
        content = path.read_bytes()
        read += len(content)
        for line in _matching(content, wanted):
            if len(found) == limit:
                return Lines(found, read, False)
            found.append(line)
        if read > MOST_SCANNED:
            return Lines(found, read, False)
    return Lines(found, read, True)


def _matching(content: bytes, wanted: Wanted) -> Iterator[Line]:
    marks = [mark.encode() for mark in (wanted.request, wanted.event) if mark]
    sought = wanted.text.casefold()
    grave = LEVELS[LEVELS.index(wanted.level) :] if wanted.level in LEVELS else ()
    for raw in reversed(content.splitlines()):
        if any(mark not in raw for mark in marks) or (sought and sought not in raw.decode(errors="replace").casefold()):
            continue
        line = _read(raw)
        if line is not None and _fits(line, wanted, grave):
            yield line


def _fits(line: Line, wanted: Wanted, grave: tuple[str, ...]) -> bool:
    return (
        (not grave or line.level in grave)
        and (wanted.event in line.event)
        and (not wanted.request or line.request == wanted.request)
        and (wanted.job is None or line.job == wanted.job)
        and (wanted.since is None or line.at >= wanted.since)
        and (wanted.until is None or line.at <= wanted.until)
    )


def _read(raw: bytes) -> Line | None:
    """A line; None for what is none, such as the rest of a write that a crash cut off. A time without zone, which only
    foreign lines have, is read as UTC, as all our times are."""
    try:
        fields = json.loads(raw)
        at = datetime.fromisoformat(fields.pop("timestamp"))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        level, event = str(fields.pop("level")), str(fields.pop("event"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    job = fields.pop("job", None)
    return Line(at, level, event, fields.pop("request_id", None), job if isinstance(job, int) else None, fields)
