"""Reading usage files: lines to typed events, set-wise in DuckDB. The form is described in packs/telecom/usage.

`stage` leaves three tables: `file` (one row per file: header, trailer, counts), `event` (usable events) and
`refused` (file, line, reason, content). Every D line is in exactly one of `event` and `refused`.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

FIELDS = 15
WIDEST = 24
ZONES = ("explicit", "UTC", "Asia/Shanghai")
GIVEN = "CREATE OR REPLACE TABLE given (file INTEGER, path VARCHAR, system VARCHAR, zone VARCHAR)"
READ = """
CREATE OR REPLACE TABLE line AS
SELECT g.file, row_number() OVER () AS row, p1 AS kind, p{beyond} IS NOT NULL OR p{fields} IS NULL AS odd_columns,
       p2 AS record_id, p3 AS event_type, p4 AS access_number, p5 AS direction, p6 AS other_party, p7 AS start_text,
       CASE g.zone WHEN 'explicit' THEN TRY_CAST(p7 AS TIMESTAMPTZ)
                   ELSE timezone(g.zone, TRY_STRPTIME(p7, '%Y%m%d%H%M%S')) END AS start,
       TRY_CAST(p8 AS BIGINT) AS seconds, TRY_CAST(p9 AS BIGINT) AS bytes_up, TRY_CAST(p10 AS BIGINT) AS bytes_down,
       TRY_CAST(p11 AS BIGINT) AS messages, p12 AS home_area, p13 AS visited_area, p14 AS cell, p15 AS call_type,
       CASE WHEN p1 <> 'D' OR p{beyond} IS NOT NULL OR p{fields} IS NULL OR start IS NULL OR p4 = ''
                 OR least(seconds, bytes_up, bytes_down, messages) < 0
                 OR seconds IS NULL OR bytes_up IS NULL OR bytes_down IS NULL OR messages IS NULL
            THEN concat_ws(',', {parts}) END AS content
FROM read_csv($paths, delim = ',', quote = '', escape = '', header = false, columns = {columns}, nullstr = '\x01',
              null_padding = true, filename = true, auto_detect = false) r
JOIN given g ON g.path = r.filename
""".format(
    fields=FIELDS,
    beyond=FIELDS + 1,
    parts=", ".join(f"p{number}" for number in range(1, WIDEST + 1)),
    columns="{" + ", ".join(f"'p{number}': 'VARCHAR'" for number in range(1, WIDEST + 1)) + "}",
)
FILES = """
CREATE OR REPLACE TABLE file AS
SELECT g.file, any_value(g.path) AS path, any_value(g.system) AS system, any_value(g.zone) AS zone,
       coalesce(min(row), 1) AS first_row, count(*) FILTER (kind = 'D') AS records,
       any_value(TRY_CAST(record_id AS BIGINT)) FILTER (kind = 'T') AS trailer_records,
       any_value(TRY_CAST(event_type AS BIGINT)) FILTER (kind = 'T') AS trailer_seconds,
       coalesce(sum(seconds) FILTER (kind = 'D' AND NOT odd_columns), 0) AS seconds
FROM given g LEFT JOIN line ON line.file = g.file GROUP BY g.file
"""
REASON = """
CASE WHEN zone NOT IN {zones} THEN 'no_header'
     WHEN odd_columns THEN 'column_count'
     WHEN record_id = '' THEN 'missing_record_id'
     WHEN access_number = '' THEN 'missing_number'
     WHEN event_type NOT IN {event_types} THEN 'event_type'
     WHEN start IS NULL THEN 'bad_time'
     WHEN least(seconds, bytes_up, bytes_down, messages) < 0 THEN 'negative_duration'
     WHEN seconds IS NULL OR bytes_up IS NULL OR bytes_down IS NULL OR messages IS NULL THEN 'bad_quantity' END
"""
JUDGED = """
CREATE OR REPLACE TABLE refused AS
SELECT file, row, {reason} AS reason,
       coalesce(content, concat_ws(',', kind, record_id, event_type, access_number, direction, other_party, start_text,
                seconds, bytes_up, bytes_down, messages, home_area, visited_area, cell, call_type)) AS content
FROM line JOIN given USING (file) WHERE kind = 'D' AND reason IS NOT NULL;
CREATE OR REPLACE TABLE event AS
SELECT line.* EXCLUDE (kind, odd_columns, start_text, content), system
FROM line JOIN given USING (file) WHERE kind = 'D' AND {reason} IS NULL;
DROP TABLE line
"""


def header(path: Path) -> tuple[str, str]:
    """Exporting system and zone of a file, from its first line; empty where it has no header we know."""
    with path.open(encoding="utf-8", errors="replace") as file:
        parts = file.readline().rstrip("\n").split(",")
    known = len(parts) >= 6 and parts[0] == "H" and parts[1] == "1" and parts[5] in ZONES
    return (parts[3], parts[5]) if known else ("", "")


def stage(duck: duckdb.DuckDBPyConnection, files: Sequence[Path], event_types: Sequence[str]) -> None:
    """Read, parse and validate files. A file without a header we know has all its records refused."""
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(GIVEN)
    rows = [(number, str(path), *header(path)) for number, path in enumerate(files)]
    duck.executemany("INSERT INTO given VALUES (?, ?, ?, ?)", rows)
    duck.execute(READ, {"paths": [str(path) for path in files]})
    duck.execute(FILES)
    types = "(" + ", ".join("'" + name.replace("'", "''") + "'" for name in event_types) + ")"
    duck.execute(JUDGED.format(reason=REASON.format(zones=ZONES, event_types=types)))
