"""Reading usage files: lines to typed events, set-wise in DuckDB. The form is described in packs/telecom/usage.

`stage` leaves two tables: `given` (the files, in order) and `line` (each line once,
    `row` is its place among all lines).
A D line with `reason` null is usable. Starts are UTC seconds, so that no row passes through a time zone library.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

FIELDS = 15
ZONES = ("explicit", "UTC", "Asia/Shanghai")
EARLIEST, LATEST = 1_420_041_600, 2_524_579_200
"""Starts in use: from 2015 to 2049, the years of the pricing calendar."""
GREATEST = 2**50
"""No use is longer or larger (base units of the kernel are far below)."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file to read: `number` names it in the staged tables, `path` is a UTF-8 text of it."""

    number: int
    path: str
    system: str
    zone: str


GIVEN = "CREATE OR REPLACE TABLE given (file INTEGER, path VARCHAR, system VARCHAR, zone VARCHAR, ahead INTEGER)"
TEXT = "quote = '', escape = '', comment = '', header = false, auto_detect = false, strict_mode = false"
IN_ORDER = "SET disabled_optimizers = 'join_order,build_side_probe_side'"
"""Lines stream past the short list of files, so that row numbers are line order."""
READ = """
CREATE OR REPLACE TABLE line AS
SELECT file, kind, key, record_id, event_type, access_number, direction, other_party, start, seconds,
       bytes_up, bytes_down,
       messages, home_area, visited_area, cell, call_type,
       CASE WHEN kind <> 'D' THEN NULL
            WHEN zone = '' THEN 'no_header'
            WHEN call_type IS NULL OR beyond IS NOT NULL THEN 'column_count'
            WHEN record_id = '' THEN 'missing_record_id'
            WHEN access_number = '' THEN 'missing_number'
            WHEN event_type NOT IN {event_types} THEN 'event_type'
            WHEN start IS NULL OR start NOT BETWEEN {earliest} AND {latest} THEN 'bad_time'
            WHEN least(seconds, bytes_up, bytes_down, messages) < 0 THEN 'negative_duration'
            WHEN seconds IS NULL OR bytes_up IS NULL OR bytes_down IS NULL OR messages IS NULL
              OR greatest(seconds, bytes_up, bytes_down, messages) > {greatest} THEN 'bad_quantity' END AS reason
FROM (
    SELECT g.file, g.zone, kind, hash(g.system, record_id) AS key, record_id, event_type, access_number,
           direction, other_party,
           CASE WHEN g.zone = 'explicit' THEN
                    CASE WHEN length(start_text) = 25 AND start_text[20] IN ('+', '-')
                         THEN epoch(TRY_CAST(start_text AS TIMESTAMPTZ))::BIGINT END
                ELSE epoch(TRY_STRPTIME(start_text, '%Y%m%d%H%M%S'))::BIGINT - g.ahead END AS start,
           TRY_CAST(seconds AS BIGINT) AS seconds, TRY_CAST(up AS BIGINT) AS bytes_up,
           TRY_CAST(down AS BIGINT) AS bytes_down, TRY_CAST(messages AS BIGINT) AS messages,
           home_area, visited_area, cell, call_type, beyond
    FROM read_csv($paths, delim = ',', nullstr = '\x01', {text}, null_padding = true, filename = true, columns = {{
        'kind': 'VARCHAR', 'record_id': 'VARCHAR', 'event_type': 'VARCHAR', 'access_number': 'VARCHAR',
        'direction': 'VARCHAR', 'other_party': 'VARCHAR', 'start_text': 'VARCHAR', 'seconds': 'VARCHAR',
        'up': 'VARCHAR', 'down': 'VARCHAR', 'messages': 'VARCHAR', 'home_area': 'VARCHAR', 'visited_area': 'VARCHAR',
        'cell': 'VARCHAR', 'call_type': 'VARCHAR', 'beyond': 'VARCHAR'}}) r
    JOIN given g ON g.path = r.filename
)
"""
CONTENT = f"""
CREATE OR REPLACE TABLE content AS
SELECT g.file, text FROM read_csv($paths, delim = '\x01', {TEXT}, filename = true, columns = {{'text': 'VARCHAR'}}) r
JOIN given g ON g.path = r.filename
"""


def header(path: Path) -> tuple[str, str]:
    """Exporting system and zone of a file, from its first line; empty where it has no header we know."""
    with path.open(encoding="utf-8", errors="replace") as file:
        parts = file.readline(1000).rstrip("\r\n").split(",")
    known = len(parts) >= 6 and parts[0] == "H" and parts[1] == "1" and parts[5] in ZONES
    return (parts[3], parts[5]) if known else ("", "")


def readable(path: Path, text: bytes, folder: Path) -> Path:
    """The file itself, or a copy that says as escapes what is not UTF-8 or not text."""
    try:
        if b"\0" not in text and (text.isascii() or text.decode()):
            return path
    except UnicodeDecodeError:
        pass
    copy = folder / path.name
    copy.write_text(text.decode(errors="backslashreplace").replace("\0", "\\0"), newline="")
    return copy


def ahead_of_utc(zone: str) -> int:
    """Seconds that a file's zone is ahead of UTC (mainland China keeps one offset since 1991)."""
    if zone in ("explicit", ""):
        return 0
    offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def stage(duck: duckdb.DuckDBPyConnection, files: Sequence[Given], event_types: Sequence[str]) -> None:
    """Read, parse and validate files. A file without a header we know has all its records refused."""
    duck.execute(GIVEN)
    rows = [(item.number, item.path, item.system, item.zone, ahead_of_utc(item.zone)) for item in files]
    duck.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?)", rows)
    types = "(" + ", ".join("'" + name.replace("'", "''") + "'" for name in event_types) + ")"
    duck.execute(IN_ORDER)
    statement = READ.format(text=TEXT, event_types=types, earliest=EARLIEST, latest=LATEST, greatest=GREATEST)
    duck.execute(statement, {"paths": [item.path for item in files]})
    duck.execute("RESET disabled_optimizers")


def stage_content(duck: duckdb.DuckDBPyConnection, files: Sequence[Given]) -> None:
    """Leaves table `content` (file, text): whole lines of these files in order, as they came; empty ones are null."""
    duck.execute(IN_ORDER)
    duck.execute(CONTENT, {"paths": [item.path for item in files]})
    duck.execute("RESET disabled_optimizers")
