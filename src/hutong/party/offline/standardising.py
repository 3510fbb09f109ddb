"""Files read and standardised in parts, by a process for each core (`platform.processes`); tables go to and fro as
Arrow files, which are mapped, not copied."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.ingest import parts
from hutong.party.ingest import standardising as of_sources
from hutong.party.ingest.mapping import Mapping as SourceMapping
from hutong.party.offline.files import read_columns
from hutong.party.offline.mapping import FileMapping
from hutong.party.offline.records import birth_forms, standardised
from hutong.platform import arrow_files
from hutong.platform.processes import Processes, Task

ROWS = 100_000
"""Rows of a part: enough that most values met again are met within it."""
ready = of_sources.ready


def read_all(inputs: Sequence[tuple[Path, FileMapping | SourceMapping]], processes: Processes) -> list[pa.Table]:
    """The records of each file: `source`, `key`, `kind`, `row` (from 1) and attributes. The next files are read while
    others are standardised."""
    with ThreadPoolExecutor(processes.count) as pool:
        return list(pool.map(lambda given: _read(given[0], given[1], processes), inputs))


def _read(path: Path, mapping: FileMapping | SourceMapping, processes: Processes) -> pa.Table:
    if isinstance(mapping, SourceMapping):
        return _with_document(parts.admitted(path, mapping, processes))
    raw = read_columns(path, mapping)
    common = {
        "by": __name__,
        "mapping": mapping.model_dump_json(),
        "name": path.stem,
        "forms": birth_forms(raw, mapping),
    }
    with TemporaryDirectory(prefix="hutong-parts-") as folder:
        given = Path(folder) / "raw.arrow"
        batches = arrow_files.write(raw, given, ROWS)
        tasks = [
            {**common, "raw": str(given), "part": part, "out": str(Path(folder) / f"made-{part:05}.arrow")}
            for part in range(batches)
        ]
        del raw
        made = [arrow_files.mapped(Path(answer["out"])) for answer in processes.answers(tasks)]
        return pa.concat_tables(made, promote_options="default")  # a second phone may be in one part only


def _with_document(records: pa.Table) -> pa.Table:
    """With the valid document of which a party has only one: its organisation code, or its resident ID."""
    if not records.num_rows:
        return records
    resident = pc.and_(records["id_valid"], pc.equal(records["id_type"], "resident_id"))
    number = pc.if_else(resident, _named("resident_id:", records["id_number"]), pa.scalar(None, pa.string()))
    return records.append_column(
        "document", pc.coalesce(_named("organisation_code:", records["organisation_code"]), number)
    )


def _named(kind: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(kind, values, "")


def work(task: Task) -> Task:
    """Standardise one part. Task: `raw` (Arrow file), `part` (number of its batch), `mapping` (JSON), `name` of the
    file, `forms` of dates, `out`."""
    mapping = FileMapping.model_validate_json(task["mapping"])
    rows = arrow_files.batch(Path(task["raw"]), task["part"])
    made = standardised(rows, mapping, task["name"], task["forms"], task["part"] * ROWS)
    arrow_files.write(made, Path(task["out"]))
    return {"out": task["out"]}
