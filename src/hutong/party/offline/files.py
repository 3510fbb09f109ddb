"""Reading CSV and Parquet files as columns of text."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from hutong.party.ingest.headers import quoted
from hutong.party.ingest.quotes import require_closed
from hutong.party.offline.encodings import decoded
from hutong.party.offline.mapping import FileMapping
from hutong.platform.errors import Invalid

_PARQUET = b"PAR1"
_PLAIN = FileMapping.model_validate({"columns": {"name": "name"}})
"""A mapping that says nothing of how the file is written."""


def read_columns(path: Path, mapping: FileMapping) -> pa.Table:
    """The columns that the mapping names, as text: trimmed, empty ones null. Raises Invalid naming what is missing."""
    table = _read(path, mapping, lambda found: _names(path, found, mapping))
    if table.num_rows == 0:
        raise Invalid("party-file-empty", file=path.name)
    return table


def read_text(path: Path) -> pa.Table:
    """All columns of a file with a header, as `read_columns` gives those of a mapping. Raises Invalid."""
    return _read(path, _PLAIN, lambda found: {name.strip(): name for name in found})


def _read(path: Path, mapping: FileMapping, names: Callable[[list[str]], dict[str, str]]) -> pa.Table:
    with duckdb.connect() as duck, TemporaryDirectory(prefix="hutong-resolve-") as folder:
        copy = None if _is_parquet(path) else _utf8(path, mapping, Path(folder))
        scan = _csv(copy, mapping, header=mapping.header) if copy else f"read_parquet({_literal(str(path))})"
        try:
            if copy and mapping.header and mapping is not _PLAIN:
                _once(duck, path, mapping, _csv(copy, mapping, header=False))
            types = {row[0]: row[1] for row in duck.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()}  # noqa: S608
            listed = ", ".join(
                f"nullif(trim({_text(theirs, types[theirs])}), '') AS {quoted(ours)}"
                for ours, theirs in names(list(types)).items()
            )
            return duck.sql(f"SELECT {listed} FROM {scan}").to_arrow_table()  # noqa: S608
        except duckdb.Error as problem:
            why = re.sub(r'"?[^"\s]*/utf8\.csv"?', path.name, str(problem).splitlines()[0])[:200]
            raise Invalid("party-offline-file", file=path.name, why=why) from problem


def _once(duck: duckdb.DuckDBPyConnection, path: Path, mapping: FileMapping, scan: str) -> None:
    """Raise Invalid where a name the mapping uses is the header's of several columns: DuckDB would rename all but the
    first, and that one would be taken. `scan` takes the header for a row."""
    first = duck.execute(f"SELECT * FROM {scan} LIMIT 1").fetchone()  # noqa: S608
    cells = [str(cell or "").strip().casefold() for cell in first or ()]
    repeated = [name for name in mapping.needed() if cells.count(name.strip().casefold()) > 1]
    if repeated:
        raise Invalid("party-offline-repeated", file=path.name, columns=", ".join(repeated))


def _utf8(path: Path, mapping: FileMapping, folder: Path) -> Path:
    copy = decoded(path, mapping.encoding, folder)
    if not copy.stat().st_size:
        raise Invalid("party-file-empty", file=path.name)
    require_closed(copy, path.name, mapping.delimiter)
    return copy


def _csv(copy: Path, mapping: FileMapping, *, header: bool) -> str:
    delimiter = f", delim = {_literal(mapping.delimiter)}" if mapping.delimiter else ""
    return (
        f"read_csv({_literal(str(copy))}, header = {str(header).lower()}, all_varchar = true, "
        f"null_padding = true, quote = '\"', escape = '\"', parallel = false, max_line_size = 8388608{delimiter})"
    )


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq") or _begins(path, _PARQUET)


def _begins(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def _text(name: str, kind: str) -> str:
    """A column as text: whole numbers that became floats, as columns with gaps do, without their `.0`; lists with
    semicolons between."""
    column = quoted(name)
    if kind.endswith("[]"):
        return f"array_to_string({column}, ';')"
    if kind not in ("DOUBLE", "FLOAT"):
        return f"CAST({column} AS VARCHAR)"
    whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
    return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _names(path: Path, found: list[str], mapping: FileMapping) -> dict[str, str]:
    """For each column that the mapping names the file's own name of it; capitals do not matter, as to DuckDB."""
    plain = found if mapping.header else [str(place) for place in range(1, len(found) + 1)]
    by_name = {name.strip().casefold(): theirs for name, theirs in zip(plain, found, strict=True)}
    known = {name: by_name.get(name.strip().casefold()) for name in mapping.needed()}
    missing = [name for name, theirs in known.items() if theirs is None]
    if missing:
        listed = ", ".join(name.strip() for name in plain)[:500]
        raise Invalid("party-offline-columns", file=path.name, missing=", ".join(missing), found=listed)
    return {name: theirs for name, theirs in known.items() if theirs is not None}
