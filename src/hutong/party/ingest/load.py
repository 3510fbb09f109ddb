"""Taking in a source's file (EC-03): whole or not at all, each file once, rejected rows kept with their reasons.

    read into parts → standardised by a process for each core → stored in one transaction, part by part

Each part goes on as soon as it is there, while later ones are being read. Parts lie in the load's folder. A load that
was killed finds there what was read and standardised, and goes on from it; in the database nothing of it is seen before
all of it is.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

import duckdb
from sqlalchemy import Connection, select, text

from hutong import masterdata
from hutong.party.ingest import parts, reading, staging, standardising
from hutong.party.ingest.files import file_hash
from hutong.party.ingest.given import literal
from hutong.party.ingest.mapping import Document, Mapping
from hutong.party.ingest.store import Store, bytes_of, register_source
from hutong.party.tables import load
from hutong.platform import database
from hutong.platform.processes import Processes, Task, cores

SHARED_BYTES = 6 << 20
"""Files from this size on are standardised by several processes, started while the file is read."""
Progress = Callable[[int, int], None]
M = TypeVar("M", bound=Document)


@dataclass(frozen=True)
class LoadReport:
    """What became of a file's rows. `again`: the same file was taken in before, so nothing was done.

    `repeated`: rows whose key the file has in another row; `missing`: records of the source that a full file does not
    state; `withdrawn`: records ended by the file; `waiting`: statements of an area about parties not here yet.
    """

    load_id: int
    source: str
    rows: int
    admitted: int
    rejected: int
    unchanged: int
    unmapped: dict[str, dict[str, int]]
    reasons: dict[str, int]
    again: bool = False
    repeated: int = 0
    missing: int = 0
    withdrawn: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class Taking(Generic[M]):
    """One taking in, by a mapping of parties or of an area. `digest` tells it from others: of the file, or an
    interface's idempotency key. `folder`: where its parts lie, so that it can go on; none: they are not kept.
    `tell(done, total)` is called after each part, and may raise to stop."""

    path: Path
    mapping: M
    by: str
    digest: str
    name: str
    folder: Path | None = None
    corrected_by: str | None = None
    tell: Progress = lambda _done, _total: None


def load_file(
    path: Path, mapping: Mapping, by: str, *, folder: Path | None = None, tell: Progress = lambda _done, _total: None
) -> LoadReport:
    """Read, standardise, admit and store a file. The same file under the same mapping version changes nothing.

    Raises Invalid (what, where, how to mend it) when the file is not what the mapping says; then nothing is stored.
    """
    return take_in(Taking(path, mapping, by, file_hash(path), path.name, folder, tell=tell))


def take_in(taking: Taking[Mapping]) -> LoadReport:
    """`load_file` for what need not be a file somebody gave. The folder is left as it is; whoever gave it clears it."""
    mapping = taking.mapping
    with database.read("party") as conn:
        before = known(conn, taking)
    if before:
        return before
    with database.begin("masterdata") as conn:
        codes = masterdata.mapping_of(conn, mapping.source.code)
    with ExitStack() as stack:
        folder = taking.folder or Path(stack.enter_context(TemporaryDirectory(prefix="hutong-load-")))
        folder = folder / _signature(taking, codes)
        folder.mkdir(parents=True, exist_ok=True)
        shared = taking.path.is_file() and taking.path.stat().st_size >= SHARED_BYTES
        processes = stack.enter_context(Processes(cores() if shared else 0, [standardising.__name__]))
        read = reading.Reading(folder, taking.path, mapping)
        answers = stack.enter_context(closing(processes.answers(parts.tasks(read.parts(), mapping, codes, "csv"))))
        first = list(islice(answers, 1))  # nothing is begun before there is something to store
        with database.begin("party") as conn:
            report = _store(conn, taking, read, chain(first, answers))
    report_unmapped(report)
    return report


def _signature(taking: Taking[Mapping], codes: staging.Codes) -> str:
    """Tells what parts were made from: the file, the mapping, the codes, and how many rows each has."""
    known, sizes = sorted((k, sorted(v.items())) for k, v in codes.items()), list(islice(parts.sizes(), 5))
    told = f"{taking.digest} {taking.mapping.model_dump_json()} {known} {sizes}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _store(conn: Connection, taking: Taking[Mapping], read: reading.Reading, answers: Iterable[Task]) -> LoadReport:
    mapping = taking.mapping
    load_id = begin(conn, taking, delivery=mapping.delivery.form)
    if isinstance(load_id, LoadReport):
        return load_id
    store = Store(conn, mapping, load_id, taking.corrected_by)
    for done, answer in enumerate(answers, start=1):
        store.part(answer)
        taking.tell(done, max(read.known, done))
    store.refused(read.unreadable)
    store.finish()
    counts, found = store.counts, read.found
    return end(
        conn, taking, load_id, rows=found.rows + found.unreadable, repeated=found.repeated,
        admitted=counts.admitted, rejected=counts.rejected + found.unreadable,
        unchanged=counts.unchanged, unmapped=counts.unmapped, missing=counts.missing, withdrawn=counts.withdrawn,
    )  # fmt: skip


def begin(conn: Connection, taking: Taking[Any], **known_so_far: Any) -> int | LoadReport:
    """Wait for the source's turn, and open a load: its id; or what came of it, when it was taken in before."""
    mapping: Document = taking.mapping
    conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('party.load:' || :source, 0))"),
        {"source": mapping.source.code},
    )
    if before := known(conn, taking):
        return before
    register_source(conn, mapping)
    values = {
        "source": mapping.source.code, "mapping": mapping.mapping, "mapping_version": mapping.version,
        "file_name": taking.name, "file_hash": taking.digest, "loaded_by": taking.by,
        "rows": 0, "admitted": 0, "rejected": 0, "unchanged": 0, "unmapped": {}, **known_so_far,
    }  # fmt: skip
    return int(conn.execute(load.insert().returning(load.c.id), values).scalar_one())


def end(conn: Connection, taking: Taking[Any], load_id: int, **counts: Any) -> LoadReport:
    """Write down what a load came to; where it rejected rows, with the mapping by which they are to be read."""
    if counts["rejected"]:
        counts["document"] = taking.mapping.model_dump(mode="json", exclude_defaults=True)
    conn.execute(load.update().where(load.c.id == load_id).values(**counts))
    made = known(conn, taking, again=False)
    assert made is not None  # noqa: S101  (it was written above)
    return made


def known(conn: Connection, taking: Taking[Any], *, again: bool = True) -> LoadReport | None:
    """What came of a taking in before, by the same version of the mapping."""
    mapping: Document = taking.mapping
    row = conn.execute(
        select(load).where(
            load.c.source == mapping.source.code,
            load.c.mapping == mapping.mapping,
            load.c.mapping_version == mapping.version,
            load.c.file_hash == taking.digest,
        )
    ).one_or_none()
    if row is None:
        return None
    return LoadReport(
        row.id, row.source, row.rows, row.admitted, row.rejected, row.unchanged, row.unmapped,
        _reasons(conn, row.id), again, row.repeated, row.missing, row.withdrawn,
    )  # fmt: skip


def _reasons(conn: Connection, load_id: int) -> dict[str, int]:
    rows = conn.execute(
        text(
            """SELECT reason, count(*) FROM party.rejected_record, unnest(reasons) AS reason
               WHERE load_id = :load GROUP BY reason ORDER BY count(*) DESC, reason"""
        ),
        {"load": load_id},
    )
    return {row[0]: row[1] for row in rows}


def report_unmapped(report: LoadReport) -> None:
    """Tell the stewards of codes what nobody has mapped (EC-09), once for each file."""
    if report.again:
        return
    found = [
        masterdata.Unmapped(report.source, code_set, code, count)
        for code_set, entries in report.unmapped.items()
        for code, count in entries.items()
    ]
    if found:
        with database.begin("masterdata") as conn:
            masterdata.report_unmapped(conn, found)


def copy_out(duck: duckdb.DuckDBPyConnection, query: str) -> Iterator[bytes]:
    """A query's rows as CSV in pieces, for COPY."""
    with TemporaryDirectory(prefix="hutong-copy-") as folder:
        target = Path(folder) / "rows.csv"
        duck.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT csv, HEADER false)")
        yield from bytes_of(target)
