"""Taking in a source's file (EC-03): whole or not at all, each file once, rejected rows kept with their reasons."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from hutong import masterdata
from hutong.party.columns import ATTRIBUTES
from hutong.party.ingest import staging
from hutong.party.ingest.files import file_hash, read
from hutong.party.ingest.mapping import Mapping
from hutong.party.tables import load, rejected_record, source
from hutong.platform import database
from hutong.platform.errors import NotFound

_STANDARD = tuple(attribute.name for attribute in ATTRIBUTES)
_STAGED = ("row_number", "key", "kind", *_STANDARD, "attributes", "issues", "source_created_at", "source_changed_at",
           "content_hash", "last", "raw")  # fmt: skip
_CONTENT = ("kind", *_STANDARD, "attributes", "issues", "source_created_at", "source_changed_at", "content_hash")
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class LoadReport:
    """What became of a file's rows. `again`: the same file was taken in before, so nothing was done."""

    load_id: int
    source: str
    rows: int
    admitted: int
    rejected: int
    unchanged: int
    unmapped: dict[str, dict[str, int]]
    reasons: dict[str, int]
    again: bool = False


def load_file(path: Path, mapping: Mapping, by: str) -> LoadReport:
    """Read, standardise, admit and store a file. The same file under the same mapping version changes nothing.

    Raises Invalid (what, where, how to mend it) when the file is not what the mapping says; then nothing is stored.
    """
    digest = file_hash(path)
    with database.read("party") as conn:
        before = _known(conn, mapping, digest)
    if before:
        return before
    with database.begin("masterdata") as conn:
        codes = masterdata.mapping_of(conn, mapping.source.code)
    with duckdb.connect() as duck:
        read(duck, path, mapping)
        staging.stage(duck, mapping, codes)
        with database.begin("party") as conn:
            report = _store(conn, duck, path, mapping, digest=digest, by=by)
    found = [
        masterdata.Unmapped(mapping.source.code, code_set, code, count)
        for code_set, entries in report.unmapped.items()
        for code, count in entries.items()
    ]
    if found and not report.again:
        with database.begin("masterdata") as conn:
            masterdata.report_unmapped(conn, found)
    return report


def _known(conn: Connection, mapping: Mapping, digest: str) -> LoadReport | None:
    row = conn.execute(
        select(load).where(
            load.c.source == mapping.source.code,
            load.c.mapping == mapping.mapping,
            load.c.mapping_version == mapping.version,
            load.c.file_hash == digest,
        )
    ).one_or_none()
    if row is None:
        return None
    return LoadReport(
        row.id,
        row.source,
        row.rows,
        row.admitted,
        row.rejected,
        row.unchanged,
        row.unmapped,
        _reasons(conn, row.id),
        True,
    )


def _reasons(conn: Connection, load_id: int) -> dict[str, int]:
    rows = conn.execute(
        text(
            """SELECT reason, count(*) FROM party.rejected_record, unnest(reasons) AS reason
               WHERE load_id = :load GROUP BY reason ORDER BY count(*) DESC, reason"""
        ),
        {"load": load_id},
    )
    return {row[0]: row[1] for row in rows}


def _store(
    conn: Connection, duck: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping, *, digest: str, by: str
) -> LoadReport:
    conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('party.load:' || :source, 0))"),
        {"source": mapping.source.code},
    )
    if before := _known(conn, mapping, digest):
        return before
    register_source(conn, mapping)
    counts = duck.execute(
        """SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM unreadable),
                  (SELECT count(*) FROM staged WHERE len(reasons) = 0)"""
    ).fetchone()
    assert counts is not None  # noqa: S101  (an aggregate has a row)
    rows, admitted = counts
    unmapped: dict[str, dict[str, int]] = {}
    for code_set, code, count in duck.execute("SELECT * FROM unmapped ORDER BY ALL").fetchall():
        unmapped.setdefault(code_set, {})[code] = count
    load_id = conn.execute(
        load.insert().returning(load.c.id),
        {
            "source": mapping.source.code, "mapping": mapping.mapping, "mapping_version": mapping.version,
            "file_name": path.name, "file_hash": digest, "rows": rows, "admitted": admitted,
            "rejected": rows - admitted, "unchanged": 0, "unmapped": unmapped, "loaded_by": by,
        },
    ).scalar_one()  # fmt: skip
    unchanged = _records(conn, duck, mapping, load_id)
    conn.execute(load.update().where(load.c.id == load_id).values(unchanged=unchanged))
    _rejects(conn, duck, mapping, load_id)
    return LoadReport(
        load_id, mapping.source.code, rows, admitted, rows - admitted, unchanged, unmapped, _reasons(conn, load_id)
    )


def register_source(conn: Connection, mapping: Mapping) -> None:
    """Make the source system known, with the trust its mapping gives it."""
    values = {"name_zh": mapping.source.zh, "name_en": mapping.source.en, "trust": mapping.source.trust}
    statement = insert(source).values(code=mapping.source.code, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))


def copy_out(duck: duckdb.DuckDBPyConnection, query: str) -> Iterator[bytes]:
    """A query's rows as CSV in pieces, for COPY."""
    with TemporaryDirectory(prefix="hutong-copy-") as folder:
        target = Path(folder) / "rows.csv"
        duck.execute(f"COPY ({query}) TO {staging.literal(str(target))} (FORMAT csv, HEADER false)")
        with target.open("rb") as file:
            while part := file.read(CHUNK_BYTES):
                yield part


_ARRAY = "'{{' || array_to_string(list_transform({0}, lambda item: '\"' || item || '\"'), ',') || '}}'"


def _records(conn: Connection, duck: duckdb.DuckDBPyConnection, mapping: Mapping, load_id: int) -> int:
    """Store admitted rows; returns how many equal what was known. Of rows with one key the last is the record."""
    columns = ", ".join(_ARRAY.format("issues") + " AS issues" if name == "issues" else f'"{name}"' for name in _STAGED)
    query = f"""SELECT {columns} FROM (
        SELECT *, md5(raw || {staging.literal(f"{mapping.mapping}/{mapping.version}")}) AS content_hash,
               row_number() OVER (PARTITION BY key ORDER BY row_number DESC) = 1 AS last
        FROM staged WHERE len(reasons) = 0 ORDER BY row_number)"""  # noqa: S608
    conn.execute(
        text(
            """CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
               SELECT 0::bigint AS row_number, key, kind, {standard}, attributes, issues, source_created_at,
                      source_changed_at, content_hash, true AS last, ''::text AS raw
               FROM party.source_record WITH NO DATA""".format(standard=", ".join(_STANDARD))  # noqa: S608
        )
    )
    database.copy_csv(conn, "staged", _STAGED, copy_out(duck, query))
    conn.execute(text("ANALYZE staged"))
    parameters = {"source": mapping.source.code, "load": load_id}
    written = conn.execute(text(_UPSERT), parameters).rowcount
    conn.execute(text(_VERSIONS), parameters)
    total = conn.execute(text("SELECT count(*) FILTER (WHERE last) FROM staged")).scalar_one()
    return int(total) - written


_UPSERT = f"""
WITH written AS (
    INSERT INTO party.source_record AS r (source, key, load_id, {", ".join(_CONTENT)})
    SELECT :source, key, :load, {", ".join(_CONTENT)} FROM staged WHERE last ORDER BY row_number
    ON CONFLICT (source, key) DO UPDATE SET load_id = excluded.load_id,
        {", ".join(f"{name} = excluded.{name}" for name in _CONTENT)}
    WHERE r.content_hash <> excluded.content_hash
      AND coalesce(excluded.source_changed_at >= r.source_changed_at, TRUE)
    RETURNING id
)
INSERT INTO party.changed_record (record_id) SELECT id FROM written"""  # noqa: S608
"""A record that its source changed earlier than what is known does not overwrite it: order of arrival is nothing.
What was written waits for the next resolution run (`changed_record`)."""

_VERSIONS = """
INSERT INTO party.source_version (record_id, load_id, row_number, raw)
SELECT r.id, :load, s.row_number, s.raw::jsonb
FROM staged s JOIN party.source_record r ON r.source = :source AND r.key = s.key
WHERE r.load_id = :load OR r.content_hash <> s.content_hash
ORDER BY s.row_number"""


def _rejects(conn: Connection, duck: duckdb.DuckDBPyConnection, mapping: Mapping, load_id: int) -> None:
    columns = ("load_id", "source", "row_number", "key", "raw", "reasons")
    head = f"{load_id}, {staging.literal(mapping.source.code)}"
    query = f"""
        SELECT {head}, row_number, key, raw, {_ARRAY.format("reasons")} FROM staged WHERE len(reasons) > 0
        UNION ALL
        SELECT {head}, row_number, NULL, to_json({{line: line}})::VARCHAR, '{{' || reason || '}}' FROM unreadable
        ORDER BY row_number"""  # noqa: S608
    database.copy_csv(conn, f"party.{rejected_record.name}", columns, copy_out(duck, query))


def export_rejects(conn: Connection, load_id: int) -> Iterator[str]:
    """A load's rejected rows as CSV lines, with their reasons first, to be mended at the source and sent again."""
    found = conn.execute(select(load.c.id).where(load.c.id == load_id)).one_or_none()
    if found is None:
        raise NotFound("party-load-unknown", id=load_id)
    names = list(
        conn.execute(
            text(
                """SELECT name FROM (SELECT k.name, min(k.position) AS place FROM party.rejected_record r,
                       json_object_keys(r.raw) WITH ORDINALITY AS k (name, position)
                   WHERE r.load_id = :load GROUP BY k.name) AS names ORDER BY place, name"""
            ),
            {"load": load_id},
        ).scalars()
    )
    yield csv_line(["row", "reasons", *names])
    rows = conn.execute(
        select(rejected_record.c.row_number, rejected_record.c.reasons, rejected_record.c.raw)
        .where(rejected_record.c.load_id == load_id)
        .order_by(rejected_record.c.id)
        .execution_options(yield_per=5000)
    )
    for row in rows:
        yield csv_line([row.row_number, " ".join(row.reasons), *(row.raw.get(name) for name in names)])


def csv_line(values: list[Any]) -> str:
    """One line of CSV that no spreadsheet takes for formulas."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_harmless(value) for value in values])
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is exported as text."""
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "@", "\t", "\r") else value
