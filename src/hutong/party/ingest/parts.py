"""A file's rows shared out in parts to standardising processes, one for each core."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from hutong.party.columns import NAMES
from hutong.party.ingest import standardising
from hutong.party.ingest.files import read
from hutong.party.ingest.given import literal
from hutong.party.ingest.mapping import Mapping
from hutong.party.ingest.staging import Codes, conditions
from hutong.platform import clock
from hutong.platform.processes import Processes, Task
from hutong.platform.settings import settings

ROWS = 25_000
"""Rows of a part: what one process standardises at once, and one COPY stores."""


def divide(duck: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write `raw` in parts to a folder, and drop it."""
    row = duck.execute("SELECT min(row_number), max(row_number) FROM raw").fetchone()
    made: list[Path] = []
    if row is not None and row[0] is not None:
        for number, first in enumerate(range(row[0], row[1] + 1, ROWS)):
            path = folder / f"raw-{number:05}.parquet"
            duck.execute(
                f"""COPY (SELECT * FROM raw WHERE row_number BETWEEN {first} AND {first + ROWS - 1})
                    TO {literal(str(path))} (FORMAT parquet, COMPRESSION lz4)"""  # noqa: S608
            )
            made.append(path)
    duck.execute("DROP TABLE raw")
    return made


def tasks(raws: Sequence[Path], mapping: Mapping, codes: Codes, form: str) -> list[Task]:
    """What processes are to do with parts."""
    common: dict[str, Any] = {
        "by": standardising.__name__, "mapping": mapping.model_dump_json(), "codes": codes,
        "conditions": conditions(mapping), "form": form,
        "zone": settings.business_timezone, "now": clock.now().isoformat(),
    }  # fmt: skip
    return [{**common, "raw": str(raw), "out": str(raw.with_name(f"made-{raw.stem[4:]}"))} for raw in raws]


def admitted(path: Path, mapping: Mapping, processes: Processes) -> pa.Table:
    """The admitted rows of a file, standardised, in their order: `source`, `row`, `key`, `kind`, attributes, when their
    source changed them. Nothing is stored."""
    with TemporaryDirectory(prefix="hutong-parts-") as folder, duckdb.connect() as duck:
        read(duck, path, mapping)
        raws = divide(duck, Path(folder))
        if not raws:
            return pa.table({})
        made = [f"{answer['out']}.parquet" for answer in processes.answers(tasks(raws, mapping, {}, "parquet"))]
        listed = ", ".join(("row_number AS row", "key", "kind", *NAMES, "source_changed_at"))
        return duck.sql(
            f"""SELECT {literal(mapping.source.code)} AS source, {listed} FROM read_parquet(?)
                WHERE len(reasons) = 0 ORDER BY row_number""",  # noqa: S608
            params=[made],
        ).to_arrow_table()
