"""Reading a sheet of an XLSX file, which is a ZIP archive that may be a trap."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hutong.party.ingest.headers import REPLACED, broken, listed, named, quoted, require
from hutong.party.ingest.mapping import Tabular
from hutong.platform.errors import Invalid

LARGEST_BYTES = 2 << 30
"""What unpacks to more than this is refused before anything is unpacked."""
LARGEST_RATIO = 200
"""Nothing that people write shrinks more than this when packed; asked of archives above `HARMLESS_BYTES`."""
HARMLESS_BYTES = 64 << 20
MOST_ENTRIES = 10_000
_BATCH = 20_000


def read_sheet(
    duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular, sizes: Iterator[int] | None
) -> Iterator[None]:
    """Make the table `raw` of a sheet: of all its rows, or anew of each so many. Raises Invalid when the file is none,
    or unpacks to more than it may."""
    schema, rows = _opened(path, mapping)
    if sizes is None:
        _make(duck, schema, _batches(rows, schema, repeat(_BATCH)), 0)
        yield
        return
    _make(duck, schema, iter(()), 0)
    before = 0
    for batch in _batches(rows, schema, sizes):
        _make(duck, schema, iter([batch]), before)
        before += batch.num_rows
        yield


def _opened(path: Path, mapping: Tabular) -> tuple[pa.Schema, Iterator[Sequence[Any]]]:
    """The columns and the rows below them."""
    from python_calamine import CalamineError, CalamineWorkbook

    inspect(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        name = mapping.file.sheet or book.sheet_names[0]
        if name not in book.sheet_names:
            raise Invalid("party-file-sheet", file=path.name, sheet=name, found=", ".join(book.sheet_names))
        sheet = book.get_sheet_by_name(name)
        rows = iter(sheet.iter_rows())
    except (CalamineError, IndexError, ValueError) as problem:
        raise Invalid("party-file-form", file=path.name, format="xlsx", rows=0) from problem
    first = [_cell(cell) or "" for cell in next(rows, [])]
    while first and not first[-1].strip():
        first.pop()
    header = named(first)
    require(path, header, mapping)
    return pa.schema([(column, pa.string()) for column in header]), rows


def _make(duck: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterator[pa.RecordBatch], before: int) -> None:
    """The table `raw` of batches that come after so many rows, without rows in which nothing is."""
    header = schema.names
    duck.register("sheet", pa.RecordBatchReader.from_batches(schema, batches))
    filled = " OR ".join(f"{quoted(column)} IS NOT NULL" for column in header)
    duck.execute(
        f"""CREATE OR REPLACE TABLE raw AS SELECT * FROM (
                SELECT {before} + row_number() OVER () AS row_number, {broken(header)} AS broken, {listed(header)}
                FROM sheet)
            WHERE {filled}"""  # noqa: S608
    )
    duck.unregister("sheet")


def inspect(path: Path) -> None:
    """Refuse an archive that unpacks to too much, by what it says and by what it does (EC-03)."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in archive.infolist())
            packed = max(path.stat().st_size, 1)
            swollen = size > HARMLESS_BYTES and size > LARGEST_RATIO * packed
            if size > LARGEST_BYTES or swollen or len(entries) > MOST_ENTRIES:
                raise Invalid("party-file-too-large", file=path.name, bytes=size)
            for entry in entries:  # what lies about its size fails its checksum here
                with archive.open(entry) as content:
                    while content.read(1 << 20):
                        pass
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as problem:
        raise Invalid("party-file-form", file=path.name, format="xlsx", rows=0) from problem


def _batches(rows: Iterator[Sequence[Any]], schema: pa.Schema, sizes: Iterator[int]) -> Iterator[pa.RecordBatch]:
    width = len(schema)
    while part := list(islice(rows, next(sizes))):
        columns = zip(*(row if len(row) == width else row[:width] for row in part), strict=True)
        yield pa.record_batch([pa.array(_cells(column), pa.string()) for column in columns], schema=schema)


def _cells(column: Sequence[Any]) -> list[str | None]:
    return [(cell or None) if cell.__class__ is str and "\0" not in cell else _cell(cell) for cell in column]


def _cell(cell: Any) -> str | None:
    """A cell as text: whole numbers without a fraction, days and instants in ISO form."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell).replace("\0", REPLACED)
