"""DuckDB for batches, and the ways between it and PostgreSQL: COPY both ways, no row through Python."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from sqlalchemy import Connection

from hutong.billing.usage_store import folder
from hutong.platform import database

CHUNK = 1 << 20
PARQUET = "FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false"
"""How events are written: dictionaries for codes only, since making one of ids that hardly repeat costs more processor
time than all the rest of a file; no Bloom filters, for nothing looks for one value among many files."""


@contextmanager
def workshop() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB of its own, and a scratch folder on the disk of the usage folder; both are gone afterwards."""
    scratch = folder() / ".work"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as place, duckdb.connect() as duck:
        duck.execute(f"SET threads = {max(os.cpu_count() or 1, 1)}")
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute("SET temp_directory = '" + place.replace("'", "''") + "'")
        yield duck, Path(place)


def fetch(  # noqa: PLR0917  connection, engine and folder come first everywhere
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, name: str, select: str, columns: Mapping[str, str]
) -> None:
    """Make a DuckDB table of a PostgreSQL select. `columns`: name → DuckDB type, in the select's order. The select
    comes from code."""
    path = scratch / f"{name}.csv"
    statement = f"COPY ({select}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
    with path.open("wb") as file, database.driver(conn).cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for chunk in copy:
            file.write(chunk)
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
    duck.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM read_csv('{path}', header = false, auto_detect = false, "
        f"quote = '\"', escape = '\"', delim = ',', nullstr = '', columns = {{{types}}})"
    )
    path.unlink()


def store(  # noqa: PLR0917
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, table: str, columns: Sequence[str], select: str
) -> None:
    """Append the rows of a DuckDB select to a PostgreSQL table, within the transaction. Empty texts stay texts."""
    path = scratch / f"out-{table}.csv"
    duck.execute(f"COPY ({select}) TO '{path}' (FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '')")
    database.copy_csv(conn, table, columns, chunks(path))
    path.unlink()


def chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def count(duck: duckdb.DuckDBPyConnection, select: str) -> int:
    """The one number that a select gives; 0 for null."""
    rows = duck.execute(select).fetchall()  # to its end: an unfinished result blocks the connection
    return int(rows[0][0] or 0) if rows else 0
