"""Collection of usage (BL-05): files to accepted events, duplicates and quarantine. All or nothing.

For every file and for all of them, always: records = accepted + duplicates + quarantined.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
from sqlalchemy import Connection, text

from hutong import catalog
from hutong.billing import usage_store
from hutong.billing.columnar import PARQUET, count, fetch, store, workshop
from hutong.billing.events import usage_taken
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.terms import PERIOD
from hutong.billing.usage_events import EVENT, bounds, cycles_between, parts_of, read_parts
from hutong.billing.usage_lines import Given, header, readable, stage, stage_content
from hutong.platform import clock, database
from hutong.platform.errors import NotFound, Unprocessable
from hutong.platform.outbox import publish

COLLECTING = 0x42554C31  # 'BUL1': one collection at a time, for duplicates are found against what others accepted
NUMBERS = f"""
    SELECT number, product_instance_id, {PERIOD}
    FROM inventory.v1_access_number_period
"""
NUMBER_COLUMNS = {"number": "VARCHAR", "product_instance_id": "BIGINT", "valid_from": "BIGINT", "valid_to": "BIGINT"}
USABLE = """
    FROM line l JOIN given_file g ON g.file = l.file
    {join} JOIN number n ON n.number = l.access_number AND l.start >= n.valid_from AND l.start < n.valid_to
    WHERE l.kind = 'D' AND l.reason IS NULL
"""
NEW_IDS = text("SELECT nextval(pg_get_serial_sequence('billing.usage_file', 'id')) FROM generate_series(1, :count)")


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What came of a collection: records = accepted + duplicates + quarantined."""

    files: int
    repeated_files: int
    records: int
    accepted: int
    duplicates: int
    quarantined: int
    disagreeing_trailers: int
    reasons: dict[str, int]
    cycles: dict[str, int]


@dataclass(frozen=True, slots=True)
class Input:
    """A file to collect: the name it is known by, its digest, and a readable text of it."""

    name: str
    digest: str
    path: Path
    system: str
    zone: str


def collect(paths: Sequence[Path], by: str, *, single: bool = False) -> CollectReport:
    """Collect usage files (folders: all `*.csv` in them); each file once, however often it is given.

    `single`: one record sent by itself; of it, if accepted, others are told (`billing.usage_taken`).
    Raises NotFound for a path that is not there, Unprocessable for one that cannot be read as text lines.
    """
    files = [found for path in paths for found in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    for path in files:
        if not path.is_file():
            raise NotFound("billing-usage-no-file", name=path.name)
    with workshop() as (duck, scratch), database.begin("billing") as conn:
        lock(conn)
        inputs = unseen(conn, files, scratch)
        if not inputs:
            return CollectReport(0, len(files), 0, 0, 0, 0, 0, {}, {})
        given = [Given(number, str(item.path), item.system, item.zone) for number, item in enumerate(inputs)]
        try:
            stage(duck, given, sorted(catalog.load().event_types))
        except duckdb.Error as error:
            raise Unprocessable("billing-usage-unreadable", reason=str(error).splitlines()[0][:200]) from error
        name_files(duck, sorted(conn.execute(NEW_IDS, {"count": len(inputs)}).scalars()))
        judge(conn, duck, scratch)
        cycles = write_parts(conn, duck, scratch, by)
        record_files(conn, duck, inputs)
        hold(conn, duck, scratch, given)
        if single and cycles:
            batch = count(duck, "SELECT getvariable('batch')")
            publish(conn, "billing", [usage_taken(cycle, batch) for cycle in cycles])
        return report(duck, len(files) - len(inputs), cycles)


def lock(conn: Connection) -> None:
    """Collections happen one after the other: what one accepted is a duplicate to the next."""
    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": COLLECTING})


def again(
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, rows: Sequence[Any], by: str
) -> list[tuple[int, str, str | None]]:
    """Collect released records (id, file_id, content, system,
        zone; sorted by file) once more. Returns for each its id, its
    state (`accepted`, `duplicate`, `held`) and the reason of a held one."""
    given: list[Given] = []
    files: list[int] = []
    ids: list[int] = []
    for file_id, group in groupby(rows, key=lambda row: row.file_id):
        records = list(group)
        path = scratch / f"released-{file_id}.csv"
        path.write_text("".join(f"{row.content}\n" for row in records), encoding="utf-8", newline="")
        given.append(Given(len(given), str(path), records[0].system, records[0].zone))
        files.append(file_id)
        ids += [row.id for row in records]
    stage(duck, given, sorted(catalog.load().event_types))
    name_files(duck, files)
    judge(conn, duck, scratch)
    write_parts(conn, duck, scratch, by)
    judged = duck.execute("""
        SELECT l.rowid, CASE WHEN r.row IS NOT NULL THEN 'held' WHEN d.row IS NOT NULL THEN 'duplicate'
                             ELSE 'accepted' END, r.reason
        FROM line l LEFT JOIN refused r ON r.row = l.rowid LEFT JOIN duplicate d ON d.row = l.rowid ORDER BY l.rowid
    """).fetchall()
    return [(ids[row], state, reason) for row, state, reason in judged]


def unseen(conn: Connection, files: Sequence[Path], scratch: Path) -> list[Input]:
    """Those files whose content was not collected before, once each, in order of name."""

    def read(path: Path) -> Input:
        content = path.read_bytes()
        return Input(path.name, hashlib.sha256(content).hexdigest(), readable(path, content, scratch), *header(path))

    with ThreadPoolExecutor(2) as pool:
        found = {item.digest: item for item in sorted(pool.map(read, files), key=lambda item: item.name, reverse=True)}
    known = conn.execute(text("SELECT hash FROM billing.usage_file WHERE hash = ANY(:hashes)"), {"hashes": list(found)})
    for digest in known.scalars():
        del found[digest]
    return sorted(found.values(), key=lambda item: item.name)


def name_files(duck: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> None:
    """Table `given_file`: with each file its id and its first row among all lines."""
    duck.execute("CREATE OR REPLACE TABLE file_id (file INTEGER, file_id BIGINT)")
    duck.executemany("INSERT INTO file_id VALUES (?, ?)", list(enumerate(ids)))
    duck.execute("""
        CREATE OR REPLACE TABLE given_file AS
        SELECT g.file, g.system, g.zone, i.file_id, coalesce(f.first_row, 0) AS first_row
        FROM given g JOIN file_id i USING (file)
        LEFT JOIN (SELECT file, min(rowid) AS first_row FROM line GROUP BY file) f USING (file)
    """)


def judge(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Tables `refused` (row, reason) and `duplicate` (row): what of the lines is not accepted.

    A record is the same when its exporting system gave it the same id; the first one collected counts.
    """
    with database.read("inventory") as inventory:
        fetch(inventory, duck, scratch, "number", NUMBERS, NUMBER_COLUMNS)
    duck.execute(f"""
        CREATE OR REPLACE TABLE refused AS
        SELECT rowid AS row, reason FROM line l WHERE kind = 'D' AND reason IS NOT NULL
        UNION ALL SELECT l.rowid, 'unknown_number' {USABLE.format(join="ANTI")}
    """)
    duck.execute(f"""
        CREATE OR REPLACE TABLE repeated AS
        SELECT key FROM line WHERE kind = 'D' AND reason IS NULL GROUP BY key HAVING count(*) > 1;
        CREATE OR REPLACE TABLE candidate AS
        SELECT l.rowid AS row, g.system, l.record_id {USABLE.format(join="SEMI")} AND l.key IN (FROM repeated)
    """)
    duck.execute("""
        CREATE OR REPLACE TABLE duplicate AS
        SELECT row FROM candidate
        QUALIFY row_number() OVER (PARTITION BY system, record_id ORDER BY row) > 1
    """)
    cycles = cycles_of(duck)
    earlier = parts_of(conn, [str(cycle) for cycle in cycles])
    if earlier:
        duck.execute(f"""
            INSERT INTO duplicate
            SELECT l.rowid {USABLE.format(join="SEMI")}
              AND (g.system, l.record_id) IN (
                SELECT (system, record_id) FROM {read_parts(earlier)} WHERE key IN (SELECT key FROM line))
              AND l.rowid NOT IN (SELECT row FROM duplicate)
        """)


def cycles_of(duck: duckdb.DuckDBPyConnection) -> list[Cycle]:
    """The bill cycles that the lines may belong to."""
    [(first, last)] = duck.execute(
        "SELECT min(start), max(start) FROM line WHERE reason IS NULL AND kind = 'D'"
    ).fetchall()
    return [] if first is None else cycles_between(first, last)


def write_parts(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, by: str) -> dict[str, int]:
    """The accepted events as columnar files by cycle, in their place; and their rows. Returns events by cycle."""
    accepted = f"""
        SELECT {EVENT} {USABLE.format(join="")} AND l.rowid NOT IN (SELECT row FROM duplicate)
    """
    cycles = cycles_of(duck)
    written: dict[str, tuple[str, int]] = {}
    for cycle in cycles:
        found = write_part(duck, scratch, cycle, accepted)
        if found:
            written[str(cycle)] = found
    batch = conn.execute(
        text(
            "INSERT INTO billing.usage_batch (accepted, collected_by, collected_at) VALUES (:n, :by, :at) RETURNING id"
        ),
        {"n": sum(events for _, events in written.values()), "by": by, "at": clock.now()},
    ).scalar_one()
    duck.execute(f"SET VARIABLE batch = {batch}")
    if written:
        conn.execute(
            text(
                "INSERT INTO billing.usage_part (name, batch_id, cycle, events) VALUES (:name, :batch, :cycle, :events)"
            ),
            [{"name": name, "batch": batch, "cycle": cycle, "events": n} for cycle, (name, n) in written.items()],
        )
    return {cycle: events for cycle, (_, events) in written.items()}


def write_part(duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: Cycle, accepted: str) -> tuple[str, int] | None:
    """One cycle's events as a file in its place; its name and number of events, None for no events."""
    begin, end = bounds(cycle)
    temporary = scratch / f"{cycle}.parquet"
    where = f"{accepted} AND l.start >= {begin} AND l.start < {end}"
    events = count(duck, f"COPY ({where}) TO '{temporary}' ({PARQUET})")
    if not events:
        return None
    name = f"{cycle}/events-{uuid4()}.parquet"
    usage_store.settle(temporary, name)
    return name, events


FILE_COUNTS = """
    SELECT g.file, g.file_id, getvariable('batch'), g.system, g.zone, coalesce(l.records, 0) AS records,
           coalesce(d.records, 0) AS duplicates, coalesce(r.records, 0) AS quarantined, t.records AS said,
           coalesce(t.trailers = 1 AND (t.records, t.seconds, t.up, t.down) =
               (coalesce(l.records, 0), coalesce(l.seconds, 0), coalesce(l.up, 0), coalesce(l.down, 0)), false)
               AS agrees
    FROM given_file g
    LEFT JOIN (
        SELECT file, count(*) AS records, sum(seconds) FILTER (whole) AS seconds, sum(bytes_up) FILTER (whole) AS up,
               sum(bytes_down) FILTER (whole) AS down
        FROM (SELECT *, reason IS DISTINCT FROM 'column_count' AS whole FROM line WHERE kind = 'D') GROUP BY file
    ) l ON l.file = g.file
    LEFT JOIN (
        SELECT file, count(*) AS trailers, any_value(TRY_CAST(record_id AS BIGINT)) AS records,
               any_value(TRY_CAST(event_type AS HUGEINT)) AS seconds,
               any_value(TRY_CAST(access_number AS HUGEINT)) AS up,
               any_value(TRY_CAST(direction AS HUGEINT)) AS down
        FROM line WHERE kind = 'T' GROUP BY file
    ) t ON t.file = g.file
    LEFT JOIN (SELECT file, count(*) AS records FROM duplicate JOIN line ON line.rowid = row GROUP BY file) d
      ON d.file = g.file
    LEFT JOIN (SELECT file, count(*) AS records FROM refused JOIN line ON line.rowid = row GROUP BY file) r
      ON r.file = g.file
    ORDER BY g.file
"""
NEW_FILE = text("""
    INSERT INTO billing.usage_file (id, batch_id, name, hash, system, zone, records, accepted, duplicates, quarantined,
        trailer_records, trailer_agrees)
    VALUES (:id, :batch, :name, :hash, :system, :zone, :records, :accepted, :duplicates, :quarantined, :said, :agrees)
""")


def record_files(conn: Connection, duck: duckdb.DuckDBPyConnection, inputs: Sequence[Input]) -> None:
    """The file-level audit."""
    duck.execute(f"CREATE OR REPLACE TABLE file_count AS {FILE_COUNTS}")
    conn.execute(
        NEW_FILE,
        [
            {
                "id": file_id, "batch": batch, "name": inputs[file].name, "hash": inputs[file].digest, "system": system,
                "zone": zone, "records": records, "accepted": records - duplicates - quarantined,
                "duplicates": duplicates, "quarantined": quarantined, "said": said, "agrees": agrees,
            }
            for file, file_id, batch, system, zone, records, duplicates, quarantined, said, agrees in duck.execute(
                "SELECT * FROM file_count"
            ).fetchall()
        ],
    )  # fmt: skip


PLACED = """
    SELECT c.file, text, c.rowid - b.first_row AS place, c.rowid - b.first_row + 1 AS line
    FROM content c JOIN beginning b ON b.file = c.file
"""
PLACED_AMONG_GAPS = """
    SELECT c.file, text, c.rowid - b.first_row + 1 AS line,
           row_number() OVER (PARTITION BY c.file ORDER BY c.rowid) - 1 AS place
    FROM content c JOIN beginning b ON b.file = c.file WHERE text IS NOT NULL
"""
"""Lines with their number in the file; `place` counts those that are not empty, as the reader of events does."""


def hold(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, given: Sequence[Given]) -> None:
    """Put refused lines into quarantine, as they came."""
    numbers = {row[0] for row in duck.execute("SELECT file FROM file_count WHERE quarantined > 0").fetchall()}
    if not numbers:
        return
    stage_content(duck, [item for item in given if item.number in numbers])
    gaps = count(duck, "SELECT count(*) FROM content WHERE text IS NULL")
    duck.execute(f"""
        CREATE OR REPLACE TABLE refused_line AS
        SELECT g.file_id, r.reason, l.file, l.rowid - g.first_row AS place
        FROM refused r JOIN line l ON l.rowid = r.row JOIN given_file g ON g.file = l.file;
        CREATE OR REPLACE TABLE beginning AS
        SELECT file, min(rowid) AS first_row FROM content GROUP BY file;
        CREATE OR REPLACE VIEW placed AS {PLACED_AMONG_GAPS if gaps else PLACED}
    """)
    held = """
        SELECT r.file_id, c.line, r.reason, c.text FROM refused_line r
        JOIN placed c ON c.file = r.file AND c.place = r.place ORDER BY r.file_id, c.line
    """
    store(conn, duck, scratch, "billing.quarantine", ("file_id", "line", "reason", "content"), held)


def report(duck: duckdb.DuckDBPyConnection, repeated: int, cycles: dict[str, int]) -> CollectReport:
    """The numbers of this collection."""
    reasons = duck.execute("SELECT reason, count(*) FROM refused GROUP BY reason ORDER BY reason").fetchall()
    [(files, records, duplicates, quarantined, disagree)] = duck.execute(
        "SELECT count(*), sum(records), sum(duplicates), sum(quarantined), count(*) FILTER (NOT agrees) FROM file_count"
    ).fetchall()
    accepted = count(duck, "SELECT sum(records - duplicates - quarantined) FROM file_count")
    return CollectReport(
        files, repeated, int(records), accepted, int(duplicates), int(quarantined), disagree, dict(reasons), cycles
    )
