"""Reading a sheet of an XLSX file, which is a ZIP archive that may be a trap."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from hutong.party.ingest.headers import MOST_COLUMNS, REPLACED, broken, listed, named, quoted, require
from hutong.party.ingest.mapping import Tabular
from hutong.platform.errors import Invalid

LARGEST_BYTES = 2 << 30
"""What unpacks to more than this is refused before anything is unpacked."""
LARGEST_RATIO = 200
"""Nothing that people write shrinks more than this when packed; asked of archives above `HARMLESS_BYTES`."""
HARMLESS_BYTES = 64 << 20
MOST_ENTRIES = 10_000
PROGRAM = "hutong.party.ingest.sheet_program"
_NO_WORKBOOK = 3
"""`sheet_program.NO_WORKBOOK`, without loading the parser into this process."""


def read_sheet(
    duck: duckdb.DuckDBPyConnection, path: Path, mapping: Tabular, sizes: Iterator[int] | None
) -> Iterator[None]:
    """Make the table `raw` of a sheet: of all its rows, or anew of each so many. Raises Invalid when the file is none,
    or unpacks to more than it may."""
    rows = _rows(path, mapping)
    if sizes is None:
        _make(duck, rows, 0)
        yield
        return
    before = 0
    _make(duck, rows.slice(0, 0), 0)
    while before < rows.num_rows:
        piece = rows.slice(before, next(sizes))
        _make(duck, piece, before)
        before += piece.num_rows
        yield


def _rows(path: Path, mapping: Tabular) -> pa.Table:
    """The rows below the first, by the columns that the first one names."""
    sheets, cells = _parsed(path, mapping.file.sheet)
    wanted = mapping.file.sheet
    if wanted is not None and wanted not in sheets:
        raise Invalid("party-file-sheet", file=path.name, sheet=wanted, found=", ".join(sheets))
    first = [str(cell or "") for cell in next(iter(cells.slice(0, 1).to_pylist()), {}).values()]
    while first and not first[-1].strip():
        first.pop()
    header = named(first)
    require(path, header, mapping)
    return cells.slice(1).select(range(len(header))).rename_columns(header)


def _parsed(path: Path, sheet: str | None) -> tuple[list[str], pa.Table]:
    """The names of a workbook's sheets, and the cells of one of them as text."""
    with _program(path, sheet) as program:
        inspect(path)  # while the program starts and parses, which harms nobody but itself
        try:
            with pa.ipc.open_stream(program.stdout) as stream:
                cells = stream.read_all()
        except (pa.ArrowInvalid, OSError) as problem:  # nothing or half of it came
            if program.wait() == _NO_WORKBOOK:
                raise Invalid("party-file-form", file=path.name, format="xlsx", rows=0) from problem
            raise Invalid("party-file-spread", file=path.name) from problem
    return json.loads(cells.schema.metadata[b"sheets"]), cells


@contextmanager
def _program(path: Path, sheet: str | None) -> Iterator[subprocess.Popen[bytes]]:
    """The program that parses, ended if nobody waits for it any more. What it says as it fails is nobody's concern."""
    command = [sys.executable, "-m", PROGRAM, str(path), str(MOST_COLUMNS + 1), *([sheet] if sheet else [])]
    with subprocess.Popen(  # noqa: S603  (our own program)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def _make(duck: duckdb.DuckDBPyConnection, rows: pa.Table, before: int) -> None:
    """The table `raw` of rows that come after so many, without those in which nothing is."""
    header = rows.schema.names
    duck.register("sheet", rows)
    cells = ", ".join(f"{_cell(column)} AS {quoted(column)}" for column in header)
    filled = " OR ".join(f"{quoted(column)} IS NOT NULL" for column in header)
    duck.execute(
        f"""CREATE OR REPLACE TABLE raw AS
            SELECT row_number, {broken(header)} AS broken, {listed(header)}
            FROM (SELECT {before} + row_number() OVER () AS row_number, {cells} FROM sheet)
            WHERE {filled}"""  # noqa: S608
    )
    duck.unregister("sheet")


def _cell(column: str) -> str:
    """A cell's text as SQL: days without the midnight and times without the day that the parser gives them."""
    text = quoted(column)
    return (
        f"CASE WHEN {text} = '' THEN NULL WHEN starts_with({text}, '1899-12-31 ') THEN substr({text}, 12) "
        rf"WHEN ends_with({text}, ' 00:00:00') THEN regexp_replace({text}, '^(\d{{4}}-\d\d-\d\d) 00:00:00$', '\1') "
        f"WHEN contains({text}, chr(0)) THEN replace({text}, chr(0), '{REPLACED}') ELSE {text} END"
    )


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
