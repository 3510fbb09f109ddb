"""Lists written as CSV, Parquet and XLSX straight from the database (EC-14): no row passes through the program.

PostgreSQL makes each line by COPY; DuckDB turns it into Parquet; of an XLSX file the database makes the rows' XML.
In CSV, what a spreadsheet would take for a formula gets a leading apostrophe; in XLSX every value is text, in Parquet
typed, so nothing is taken for one.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import duckdb
from psycopg.sql import SQL
from sqlalchemy import Connection

from hutong.party.sharing import workbook
from hutong.platform import cel, database
from hutong.platform.errors import Unprocessable

XLSX_MOST = 1_048_575
"""Rows a sheet holds below its heading."""


MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Format → media type."""
DECIMAL = cel.Type("decimal")
"""Amounts in units of the currency, to two places."""


class Shown(NamedTuple):
    """A column of a list: heading, SQL (trusted, masked already), type."""

    heading: str
    sql: str
    type: cel.Type


class Written(NamedTuple):
    """What a file holds."""

    rows: int
    bytes: int
    sha256: str


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


def write(conn: Connection, path: Path, form: str, columns: Sequence[Shown], source: str) -> Written:
    """Write a list. `source`: the SQL from FROM on (trusted). Raises Unprocessable for more rows than XLSX holds."""
    rows = {"csv": _csv, "parquet": _parquet, "xlsx": _xlsx}[form](conn, path, columns, source)
    with path.open("rb") as made:
        digest = hashlib.file_digest(made, "sha256").hexdigest()
    return Written(rows, path.stat().st_size, digest)


def text_of(column: Shown) -> str:
    """A column's value as text, the same in every format that has no types."""
    name = column.type.name
    if name == "timestamp":
        return f"""to_char({column.sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
    if name == "list":
        return f"array_to_string({column.sql}, ' ')"
    return f"CAST({column.sql} AS text)"


def _harmless(value: str) -> str:
    """Text that no spreadsheet runs: an apostrophe before a leading = + - @ tab or return, but of (masked) numbers."""
    return (
        f"CASE WHEN {value} ~ '^[=+@\\t\\r\\n-]' AND {value} !~ '^[+-]?[0-9*]+([.][0-9]+)?$' "
        f"THEN '''' || {value} ELSE {value} END"
    )


def _copy(conn: Connection, statement: str, sink: _Sink) -> int:
    with database.driver(conn).cursor() as cursor:
        with cursor.copy(SQL(statement)) as copy:
            for block in copy:
                sink.write(bytes(block))
        return cursor.rowcount


def _lines(columns: Sequence[Shown], source: str, *, harmless: bool) -> str:
    shown = ", ".join(
        f"{_harmless(value) if harmless and column.type.name == 'string' else value} AS {_quoted(column)}"
        for column in columns
        for value in (text_of(column),)
    )
    return f"COPY (SELECT {shown} {source}) TO STDOUT (FORMAT csv, HEADER)"


def _quoted(column: Shown) -> str:
    return '"' + column.heading.replace('"', '""') + '"'


def _csv(conn: Connection, path: Path, columns: Sequence[Shown], source: str) -> int:
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        return _copy(conn, _lines(columns, source, harmless=True), file)


_DUCK = {"int": "BIGINT", "bool": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMPTZ", "decimal": "DECIMAL(18, 2)"}


def _parquet(conn: Connection, path: Path, columns: Sequence[Shown], source: str) -> int:
    lines = path.with_suffix(".lines")
    try:
        with lines.open("wb") as file:
            rows = _copy(conn, _lines(columns, source, harmless=False), file)
        types = {column.heading: _DUCK.get(column.type.name, "VARCHAR") for column in columns}
        with duckdb.connect() as duck:
            found = duck.sql(
                """SELECT * FROM read_csv($lines, columns = $types, header = true, auto_detect = false, delim = ',',
                          quote = '"', escape = '"', strict_mode = true, allow_quoted_nulls = false, parallel = false,
                          max_line_size = 16000000)""",
                params={"lines": str(lines), "types": types},
            )
            found.write_parquet(str(path), compression="zstd")
    finally:
        lines.unlink(missing_ok=True)
    return rows


def _xlsx(conn: Connection, path: Path, columns: Sequence[Shown], source: str) -> int:
    row = " || ".join(["'<row>'", *(workbook.cell(text_of(one), one.type.name) for one in columns), "'</row>'"])
    # each line is one column that holds neither the quote nor the delimiter, so COPY writes it as it is
    statement = (
        f"COPY (SELECT {row} {source} LIMIT {XLSX_MOST + 1}) TO STDOUT "
        r"(FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', ENCODING 'UTF8')"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as book:
        workbook.begin(book)
        with book.open(workbook.SHEET, "w", force_zip64=True) as sheet:
            sheet.write(workbook.head(column.heading for column in columns))
            rows = _copy(conn, statement, sheet)
            sheet.write(workbook.TAIL)
    if rows > XLSX_MOST:
        raise Unprocessable("party-export-too-long", most=XLSX_MOST)
    return rows
