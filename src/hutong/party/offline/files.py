"""Reading CSV and Parquet files as columns of text."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from hutong.party.ingest.headers import quoted
from hutong.party.offline.mapping import FileMapping
from hutong.platform.errors import Invalid

_ENCODINGS = ("utf-8-sig", "gb18030", "cp1252")


def read_columns(path: Path, mapping: FileMapping) -> pa.Table:
    """The columns that the mapping names, as text: trimmed, empty ones null. Raises Invalid naming what is missing."""
    with duckdb.connect() as duck, TemporaryDirectory(prefix="hutong-resolve-") as folder:
        if path.suffix.lower() in (".parquet", ".pq"):
            scan = f"read_parquet({_literal(str(path))})"
        else:
            copy = _decoded(path, mapping, Path(folder))
            delimiter = f", delim = {_literal(mapping.delimiter)}" if mapping.delimiter else ""
            scan = (
                f"read_csv({_literal(str(copy))}, header = true, all_varchar = true, null_padding = true, "
                f"quote = '\"', escape = '\"', parallel = false, max_line_size = 8388608{delimiter})"
            )
        try:
            found = [row[0] for row in duck.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()]  # noqa: S608
            names = _names(path, found, mapping)
            listed = ", ".join(
                f"nullif(trim(CAST({quoted(theirs)} AS VARCHAR)), '') AS {quoted(ours)}"
                for ours, theirs in names.items()
            )
            table: pa.Table = duck.sql(f"SELECT {listed} FROM {scan}").to_arrow_table()  # noqa: S608
        except duckdb.Error as problem:
            raise Invalid("party-offline-file", file=path.name, why=str(problem).splitlines()[0][:200]) from problem
    if table.num_rows == 0:
        raise Invalid("party-file-empty", file=path.name)
    return table


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _names(path: Path, found: list[str], mapping: FileMapping) -> dict[str, str]:
    by_name = {name.strip(): name for name in found}
    missing = [name for name in mapping.needed() if name.strip() not in by_name]
    if missing:
        listed = ", ".join(by_name)[:500]
        raise Invalid("party-file-columns", file=path.name, missing=", ".join(missing), found=listed)
    return {name: by_name[name.strip()] for name in mapping.needed()}


def _decoded(path: Path, mapping: FileMapping, folder: Path) -> Path:
    """The file in UTF-8: as the mapping says, else by the first encoding in which it reads."""
    encodings = (mapping.encoding,) if mapping.encoding else _ENCODINGS
    target = folder / "utf8.csv"
    for encoding in encodings:
        try:
            with (
                path.open(encoding=encoding, newline="") as source,
                target.open("w", encoding="utf-8", newline="") as copy,
            ):
                while part := source.read(1 << 22):
                    copy.write(part.replace("\0", ""))
        except UnicodeDecodeError:
            continue
        except LookupError as problem:
            raise Invalid("party-mapping-encoding", encoding=encoding) from problem
        return target
    raise Invalid("party-file-encoding", file=path.name, encoding=", ".join(encodings), rows=0)
