"""Reading a source's file into DuckDB: one table of text columns, and the rows that cannot be read, with the reason.

CSV and JSON lines are decoded here, since a row with a broken character must be told from its neighbours.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from hutong.party.ingest.mapping import Mapping
from hutong.platform.errors import Invalid

LARGEST_SHEET_BYTES = 4 << 30
"""An XLSX that unpacks to more than this is refused unopened."""
_REPLACED = "�"


def file_hash(path: Path) -> str:
    """SHA-256 of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping) -> None:
    """Make the tables `raw` (row_number, broken, and the file's columns as text) and `unreadable` (row_number, line,
    reason). Raises Invalid when the file as a whole is not what the mapping says."""
    if not path.is_file():
        raise Invalid("party-file-missing", file=path.name)
    duck.execute("CREATE TABLE unreadable (row_number BIGINT, line VARCHAR, reason VARCHAR)")
    {"csv": _csv, "xlsx": _xlsx, "jsonl": _jsonl}[mapping.file.format](duck, path, mapping)
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


def _decoded(path: Path, mapping: Mapping, folder: str) -> Path:
    """The file in UTF-8, broken characters marked."""
    target = Path(folder) / "utf8"
    try:
        with (
            path.open(encoding=mapping.file.encoding, errors="replace", newline="") as source,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            while part := source.read(1 << 22):
                copy.write(part.replace("\0", _REPLACED))
    except LookupError as problem:
        raise Invalid("party-mapping-encoding", encoding=mapping.file.encoding) from problem
    return target


def _require(path: Path, found: Sequence[str], mapping: Mapping) -> None:
    missing = [column for column in mapping.needed() if column not in found]
    if missing:
        raise Invalid(
            "party-file-columns", file=path.name, missing=", ".join(missing), found=", ".join(found)[:500] or "-"
        )


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _csv(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping) -> None:
    with TemporaryDirectory(prefix="hutong-import-") as folder:
        target = _decoded(path, mapping, folder)
        options = (
            "header = true, all_varchar = true, quote = '\"', escape = '\"', auto_detect = false, parallel = false"
        )
        options += ", delim = ?, strict_mode = true, null_padding = false, max_line_size = 4194304"
        header = _header(target, mapping.file.delimiter)
        _require(path, header, mapping)
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
    duck.execute(
        f"""CREATE TABLE raw AS
            SELECT r.position + coalesce(f.rank, 0) AS row_number, {_broken(header)} AS broken, {_names(header)}
            FROM csv_rows r ASOF LEFT JOIN (SELECT rank, line - rank AS after FROM csv_failed) f
                 ON r.position >= f.after
            ORDER BY r.position"""  # noqa: S608
    )
    duck.execute("DROP TABLE csv_rows")


def _header(path: Path, delimiter: str) -> list[str]:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.reader(file, delimiter=delimiter), [])
    names: list[str] = []
    for place, name in enumerate(first):
        bare = name.strip() or f"column {place + 1}"
        names.append(bare if bare not in names else f"{bare} ({place + 1})")
    return names


def _text(value: str) -> str:
    return value.replace("'", "''")


def _names(columns: Sequence[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


def _broken(columns: Sequence[str]) -> str:
    return "contains(concat(" + ", ".join(quoted(column) for column in columns) + f"), '{_REPLACED}')"


def _xlsx(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping) -> None:
    from python_calamine import CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as problem:
        raise Invalid("party-file-form", file=path.name, format="xlsx", rows=0) from problem
    if size > LARGEST_SHEET_BYTES:
        raise Invalid("party-file-too-large", file=path.name, bytes=size)
    book = CalamineWorkbook.from_path(str(path))
    sheet = mapping.file.sheet or book.sheet_names[0]
    if sheet not in book.sheet_names:
        raise Invalid("party-file-sheet", file=path.name, sheet=sheet, found=", ".join(book.sheet_names))
    cells = book.get_sheet_by_name(sheet).to_python()
    header = [str(cell).strip() for cell in cells[0]] if cells else []
    _require(path, header, mapping)
    columns = list(zip(*cells[1:], strict=True)) if len(cells) > 1 else [()] * len(header)
    table = pa.table(
        {name: pa.array(_cells(column), pa.string()) for name, column in zip(header, columns, strict=True) if name}
    )
    duck.register("sheet", table)
    names = [name for name in header if name]
    duck.execute(
        f"CREATE TABLE raw AS SELECT row_number() OVER () AS row_number, false AS broken, {_names(names)} FROM sheet"  # noqa: S608
    )
    duck.unregister("sheet")


def _cells(column: Sequence[Any]) -> list[str | None]:
    """Cells as text: whole numbers without a fraction, days and instants in ISO form."""
    return [cell if cell.__class__ is str else _cell(cell) for cell in column]


def _cell(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)


def _jsonl(duck: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping) -> None:
    text = path.read_bytes().decode(mapping.file.encoding, errors="replace")
    duck.register("lines", pa.table({"line": pa.array(text.removeprefix("\ufeff").split("\n"), pa.large_string())}))
    duck.execute(
        """CREATE TABLE json_lines AS
           SELECT row_number() OVER () AS row_number, line,
                  CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END AS fine
           FROM lines WHERE trim(line) <> ''"""
    )
    duck.unregister("lines")
    duck.execute("INSERT INTO unreadable SELECT row_number, line, 'not_a_record' FROM json_lines WHERE NOT fine")
    found = duck.execute(
        "SELECT DISTINCT unnest(json_keys(line)) AS name FROM json_lines WHERE fine ORDER BY 1"
    ).fetchall()
    names = list(dict.fromkeys([*mapping.needed(), *(name for (name,) in found)]))
    known = {name for (name,) in found}
    if mapping.key not in known:
        _require(path, sorted(known), mapping)
    fields = ", ".join(f"json_extract_string(line, '{_pointer(name)}') AS {quoted(name)}" for name in names)
    duck.execute(
        f"CREATE TABLE raw AS SELECT row_number, contains(line, '{_REPLACED}') AS broken, {fields} "  # noqa: S608
        "FROM json_lines WHERE fine ORDER BY row_number"
    )
    duck.execute("DROP TABLE json_lines")


def _pointer(name: str) -> str:
    return "/" + _text(name.replace("~", "~0").replace("/", "~1"))
