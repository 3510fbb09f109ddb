"""Reading a source's file into DuckDB: one table of text columns, and the rows that cannot be read, with the reason.

CSV and JSON lines are decoded here, since a row with a broken character must be told from its neighbours.
"""

import codecs
import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import duckdb
import pyarrow as pa

from hutong.party.ingest.headers import MOST_COLUMNS, REPLACED, broken, listed, named, quoted, require
from hutong.party.ingest.mapping import Tabular
from hutong.party.ingest.quotes import require_closed
from hutong.party.ingest.sheets import read_sheet
from hutong.platform.errors import Invalid

LONGEST_LINE = 4 << 20
"""Bytes of a CSV row, or characters of a JSON line; a longer one cannot be read."""


def file_hash(path: Path) -> str:
    """SHA-256 of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular) -> None:
    """Make the tables `raw` (row_number, broken, and the file's columns as text) and `unreadable` (row_number, line,
    reason). Raises Invalid when the file as a whole is not what the mapping says."""
    for _ in pieces(duck, path, mapping, None):
        pass
    check(duck, path, mapping)


def pieces(
    duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular, sizes: Iterator[int] | None
) -> Iterator[None]:
    """Make `raw` and `unreadable` for piece after piece of a file in its order, each time anew: of so many rows as
    `sizes` say, or of all. Raises Invalid when the file is not what the mapping says; only `check` tells whether it is
    so as a whole."""
    if not path.is_file():
        raise Invalid("party-file-missing", file=path.name)
    duck.execute("CREATE TABLE unreadable (row_number BIGINT, line VARCHAR, reason VARCHAR)")
    yield from {"csv": _csv, "jsonl": _jsonl, "xlsx": read_sheet}[mapping.file.format](duck, path, mapping, sizes)


def _each(duck: duckdb.DuckDBPyConnection, query: str, count: str, sizes: Iterator[int] | None) -> Iterator[None]:
    """Make `raw` of the rows `$first` to `$last` of a query, piece after piece of so many as `count` tells."""
    end, first = _one(duck, count)[0], 1
    make = f"CREATE OR REPLACE TABLE raw AS {query}"
    duck.execute(make, {"first": 0, "last": 0})
    while first <= end:
        last = first + next(sizes) - 1 if sizes else end
        duck.execute(make, {"first": first, "last": last})
        yield
        first = last + 1


def check(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular) -> None:
    """Raise Invalid when too much of a file is not what the mapping says, by `raw` and `unreadable` of all of it."""
    rows, broken = _one(duck, "SELECT count(*), count(*) FILTER (broken) FROM raw")
    failed = _one(duck, "SELECT count(*) FROM unreadable")[0]
    if rows + failed == 0:
        raise Invalid("party-file-empty", file=path.name)
    if broken > max(rows // 3, 1):
        raise Invalid("party-file-encoding", file=path.name, encoding=mapping.file.encoding, rows=broken)
    if failed > max((rows + failed) // 2, 1):
        raise Invalid("party-file-form", file=path.name, format=mapping.file.format, rows=failed)


def _one(duck: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = duck.execute(sql).fetchone()
    assert row is not None  # noqa: S101  (an aggregate has a row)
    return row


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (b"\x84\x31\x95\x33", "gb18030"),
)  # fmt: skip
"""Byte order marks: a file that begins with one says itself how it is written."""


@contextmanager
def _text_of(path: Path, mapping: Tabular) -> Iterator[TextIO]:
    """The file as text: line ends of all kinds as one, broken characters marked, no byte order mark."""
    with path.open("rb") as file:
        start = file.read(4)
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), mapping.file.encoding)
    try:
        with path.open(encoding=encoding, errors="replace") as text:
            if text.read(1) != "\ufeff":
                text.seek(0)
            yield text
    except (LookupError, UnicodeError) as problem:
        raise Invalid("party-mapping-encoding", encoding=mapping.file.encoding) from problem


def _decoded(path: Path, mapping: Tabular, folder: str) -> Path:
    """The file in UTF-8, broken characters marked."""
    target = Path(folder) / "utf8"
    with _text_of(path, mapping) as source, target.open("w", encoding="utf-8", newline="") as copy:
        while part := source.read(1 << 22):
            copy.write(part.replace("\0", REPLACED))
    return target


def _csv(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular, sizes: Iterator[int] | None) -> Iterator[None]:
    with TemporaryDirectory(prefix="hutong-import-") as folder:
        target = _decoded(path, mapping, folder)
        require_closed(target, path.name, mapping.file.delimiter)
        options = (
            "header = true, all_varchar = true, quote = '\"', escape = '\"', auto_detect = false, parallel = false"
        )
        options += f", delim = ?, strict_mode = true, null_padding = false, max_line_size = {LONGEST_LINE}"
        header = _header(target, mapping.file.delimiter)
        require(path, header, mapping)
        columns = "{" + ", ".join(f"'{_text(name)}': 'VARCHAR'" for name in header) + "}"
        scan = f"read_csv(?, {options}, columns = {columns}, store_rejects = true)"
        duck.execute(
            f"CREATE TABLE csv_rows AS SELECT row_number() OVER () AS position, * FROM {scan}",  # noqa: S608
            [str(target), mapping.file.delimiter],
        )
    duck.execute(
        """CREATE TABLE csv_failed AS
           SELECT row_number() OVER (ORDER BY line) AS rank, line, csv_line, reason FROM (
               SELECT line, any_value(csv_line) AS csv_line, lower(min(error_type::VARCHAR)) AS reason
               FROM reject_errors GROUP BY line)"""
    )
    duck.execute(
        "INSERT INTO unreadable SELECT line - 1, csv_line, "
        "CASE WHEN reason LIKE '%column%' THEN 'columns' ELSE 'quotes' END FROM csv_failed"
    )
    # the n-th row read is row n of the file plus the rows before it that could not be read
    rows = f"""SELECT r.position + coalesce(f.rank, 0) AS row_number, {broken(header)} AS broken, {listed(header)}
               FROM csv_rows r ASOF LEFT JOIN (SELECT rank, line - rank AS after FROM csv_failed) f
                    ON r.position >= f.after
               WHERE r.position BETWEEN $first AND $last ORDER BY r.position"""  # noqa: S608
    yield from _each(duck, rows, "SELECT count(*) FROM csv_rows", sizes)
    duck.execute("DROP TABLE csv_rows")


def _header(path: Path, delimiter: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return named(next(csv.reader(file, delimiter=delimiter), []))
        except csv.Error:  # one cell as large as a file
            return []


def _text(value: str) -> str:
    return value.replace("'", "''")


def _jsonl(
    duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular, sizes: Iterator[int] | None
) -> Iterator[None]:
    with _text_of(path, mapping) as source:
        batches = pa.RecordBatchReader.from_batches(_LINE, _lines(source))
        duck.register("lines", batches)
        duck.execute(
            f"""CREATE TABLE json_lines AS
                SELECT row_number() OVER () AS row_number, left(line, {LONGEST_LINE}) AS line,
                       length(line) <= {LONGEST_LINE} AND json_valid(line)
                           AND coalesce(json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT', false)
                           AND NOT {_UNSTORABLE} AS fine,
                       CASE WHEN length(line) > {LONGEST_LINE} THEN 'too_long' WHEN {_UNSTORABLE} THEN 'encoding'
                            ELSE 'not_a_record' END AS reason
                FROM lines"""  # noqa: S608
        )
        duck.unregister("lines")
    duck.execute("INSERT INTO unreadable SELECT row_number, line, reason FROM json_lines WHERE NOT fine")
    found = duck.execute(
        "SELECT DISTINCT unnest(json_keys(line)) AS name FROM json_lines WHERE fine ORDER BY 1"
    ).fetchall()
    names = list(dict.fromkeys([*mapping.needed(), *(name for (name,) in found)]))
    known = {name for (name,) in found}
    if mapping.key not in known:
        require(path, sorted(known), mapping)
    if len(names) > MOST_COLUMNS:
        require(path, names, mapping)
    fields = ", ".join(f"json_extract_string(line, '{_pointer(name)}') AS {quoted(name)}" for name in names)
    rows = f"""SELECT row_number, contains(line, '{REPLACED}') AS broken, {fields} FROM json_lines
               WHERE fine AND row_number BETWEEN $first AND $last ORDER BY row_number"""  # noqa: S608
    yield from _each(duck, rows, "SELECT count(*) FROM json_lines", sizes)
    duck.execute("DROP TABLE json_lines")


_LINE = pa.schema([("line", pa.large_string())])
_UNSTORABLE = r"regexp_matches(line, '(^|[^\\])(\\\\)*\\u0000')"
"""NUL written as an escape: no database stores it. (Halves of pairs are not valid JSON.)"""


def _lines(source: TextIO) -> Iterator[pa.RecordBatch]:
    """Lines that are not empty, in batches."""
    while part := source.readlines(1 << 24):
        kept = [line.replace("\0", REPLACED) for line in part if not line.isspace()]
        yield pa.record_batch([pa.array(kept, pa.large_string())], schema=_LINE)


def _pointer(name: str) -> str:
    return "/" + _text(name.replace("~", "~0").replace("/", "~1"))
