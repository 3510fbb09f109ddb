"""A file's rows shared out in parts to standardising processes, one for each core."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from hutong.party.columns import NAMES
from hutong.party.ingest import standardising
from hutong.party.ingest.files import check, pieces
from hutong.party.ingest.given import literal
from hutong.party.ingest.mapping import Mapping
from hutong.party.ingest.staging import Codes, conditions
from hutong.platform import clock
from hutong.platform.processes import Processes, Task
from hutong.platform.settings import settings

ROWS = 25_000
"""Rows of a part: what one process standardises at once, and one COPY stores."""


def sizes() -> Iterator[int]:
    """Rows of one part after the other: the first ones are smaller, so that there is soon something to store."""
    for share in (4, 4, 2, 2):
        yield max(ROWS // share, 1)
    yield from repeat(ROWS)


def divide(duck: duckdb.DuckDBPyConnection, folder: Path, path: Path, mapping: Mapping) -> Iterator[Path]:
    """Read a file and write its rows to a folder in parts, each given as soon as it is there. Afterwards `raw` is all
    of them, and what cannot be read is in `unreadable`. Raises Invalid when the file is not what the mapping says."""
    made: list[str] = []
    for _ in pieces(duck, path, mapping, sizes()):
        if duck.execute("SELECT count(*) FROM raw").fetchall() == [(0,)]:  # a piece in which nothing is
            continue
        part = folder / f"raw-{len(made):05}.parquet"
        duck.execute(f"COPY raw TO {literal(f'{part}.part')} (FORMAT parquet, COMPRESSION lz4)").fetchall()
        Path(f"{part}.part").replace(part)
        made.append(str(part))
        yield part
    if made:
        listed = ", ".join(literal(part) for part in made)
        duck.execute(f"DROP TABLE raw; CREATE VIEW raw AS FROM read_parquet([{listed}])")
    check(duck, path, mapping)


def tasks(raws: Iterable[Path], mapping: Mapping, codes: Codes, form: str) -> Iterator[Task]:
    """What processes are to do with parts, as these come."""
    common: dict[str, Any] = {
        "by": standardising.__name__, "mapping": mapping.model_dump_json(), "codes": codes,
        "conditions": conditions(mapping), "form": form,
        "zone": settings.business_timezone, "now": clock.now().isoformat(),
    }  # fmt: skip
    return ({**common, "raw": str(raw), "out": str(raw.with_name(f"made-{raw.stem[4:]}"))} for raw in raws)


def admitted(path: Path, mapping: Mapping, processes: Processes) -> pa.Table:
    """The admitted rows of a file, standardised, in their order: `source`, `row`, `key`, `kind`, attributes, when their
    source changed them. Nothing is stored."""
    listed = ", ".join(("row_number AS row", "key", "kind", *NAMES, "source_changed_at"))
    with TemporaryDirectory(prefix="hutong-parts-") as folder, duckdb.connect() as read, duckdb.connect() as duck:
        raws = divide(read, Path(folder), path, mapping)
        with closing(processes.answers(tasks(raws, mapping, {}, "parquet"))) as answers:
            made = [f"{answer['out']}.parquet" for answer in answers]
        if not made:
            return pa.table({})
        return duck.sql(
            f"""SELECT {literal(mapping.source.code)} AS source, {listed} FROM read_parquet(?)
                WHERE len(reasons) = 0 ORDER BY row_number""",  # noqa: S608
            params=[made],
        ).to_arrow_table()
