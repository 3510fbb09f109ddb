"""Taking in a system's file of an information area (EC-16): whole or not at all, each file once, rejected rows kept
with their reasons; rows about parties that are not here yet wait."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import Connection, text

from hutong import masterdata
from hutong.party.areas.mapping import AreaMapping
from hutong.party.areas.staging import literal, stage
from hutong.party.areas.write import merge_sql, shape, written
from hutong.party.ingest.files import file_hash, read
from hutong.party.ingest.load import copy_out
from hutong.party.ingest.store import register_source
from hutong.party.tables import load, rejected_record
from hutong.platform import database

_ARRAY = "'{{' || array_to_string(list_transform({0}, lambda item: '\"' || item || '\"'), ',') || '}}'"


@dataclass(frozen=True)
class AreaReport:
    """What became of a file's rows. `again`: the same file was taken in before, so nothing was done."""

    load_id: int
    source: str
    area: str
    rows: int
    admitted: int
    rejected: int
    unchanged: int
    waiting: int
    reasons: dict[str, int]
    unmapped: dict[str, dict[str, int]]
    again: bool = False


def load_area_file(path: Path, mapping: AreaMapping, by: str) -> AreaReport:
    """Read, type, admit and store a file. The same file under the same mapping version changes nothing.

    Raises Invalid (what, where, how to mend it) when the file is not what the mapping says; then nothing is stored.
    """
    digest = file_hash(path)
    with database.begin("masterdata") as conn:
        codes = masterdata.mapping_of(conn, mapping.source.code)
    with duckdb.connect() as duck:
        read(duck, path, mapping)  # type: ignore[arg-type]  # has what reading a file asks for
        stage(duck, mapping, codes)
        unmapped = [masterdata.Unmapped(mapping.source.code, *row) for row in duck.sql("FROM unmapped").fetchall()]
        with database.begin("party") as conn:
            report = _store(conn, duck, path.name, mapping, digest=digest, by=by)
    if unmapped and not report.again:
        with database.begin("masterdata") as conn:
            masterdata.report_unmapped(conn, unmapped)
    return report


def _store(
    conn: Connection, duck: duckdb.DuckDBPyConnection, file_name: str, mapping: AreaMapping, *, digest: str, by: str
) -> AreaReport:
    conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('party.load:' || :source, 0))"),
        {"source": mapping.source.code},
    )
    before = conn.execute(
        load.select().where(load.c.source == mapping.source.code, load.c.mapping == mapping.mapping,
                            load.c.mapping_version == mapping.version, load.c.file_hash == digest)
    ).one_or_none()  # fmt: skip
    if before:
        return AreaReport(before.id, before.source, mapping.area, before.rows, before.admitted, before.rejected,
                          before.unchanged, 0, {}, before.unmapped, again=True)  # fmt: skip
    register_source(conn, mapping)  # type: ignore[arg-type]  # names its source as every mapping does
    rows, admitted = duck.execute(
        """SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM unreadable),
                  (SELECT count(*) FROM staged WHERE len(reasons) = 0)"""
    ).fetchall()[0]
    unmapped: dict[str, dict[str, int]] = {}
    for code_set, code, count in duck.execute("SELECT * FROM unmapped ORDER BY ALL").fetchall():
        unmapped.setdefault(code_set, {})[code] = count
    load_id = conn.execute(
        load.insert().returning(load.c.id),
        {"source": mapping.source.code, "mapping": mapping.mapping, "mapping_version": mapping.version,
         "file_name": file_name, "file_hash": digest, "rows": rows, "admitted": admitted,
         "rejected": rows - admitted, "unchanged": 0, "unmapped": unmapped, "loaded_by": by},
    ).scalar_one()  # fmt: skip
    total, changed, waiting = _statements(conn, duck, mapping, by)
    conn.execute(load.update().where(load.c.id == load_id).values(unchanged=total - changed))
    _rejects(conn, duck, mapping, load_id)
    reasons = duck.execute(
        """SELECT reason, count(*) FROM (SELECT unnest(reasons) AS reason FROM staged
                                         UNION ALL SELECT reason FROM unreadable) GROUP BY ALL ORDER BY 2 DESC, 1"""
    ).fetchall()
    return AreaReport(load_id, mapping.source.code, mapping.area, rows, admitted, rows - admitted, total - changed,
                      waiting, dict(reasons), unmapped)  # fmt: skip


def _statements(
    conn: Connection, duck: duckdb.DuckDBPyConnection, mapping: AreaMapping, by: str
) -> tuple[int, int, int]:
    """Store admitted rows: how many keys, how many changed something, how many wait for their party. Of rows with one
    key the one changed last counts."""
    names = written(mapping.form)
    conn.execute(text(f"CREATE TEMPORARY TABLE given ({shape(mapping.form)}) ON COMMIT DROP"))
    listed = ", ".join(f'"{name}"' for name in names)
    query = f"""SELECT {listed} FROM staged WHERE len(reasons) = 0
                QUALIFY row_number() OVER (
                    PARTITION BY key ORDER BY source_changed_at DESC NULLS LAST, row_number DESC) = 1"""  # noqa: S608
    database.copy_csv(conn, "given", names, copy_out(duck, query))
    conn.execute(text("ANALYZE given"))
    changed = conn.execute(text(merge_sql(mapping.form, "given")), {"by": by}).rowcount
    total, waiting = conn.execute(
        text(
            """SELECT count(*), count(*) FILTER (WHERE x.record_id IS NULL) FROM given g
               LEFT JOIN party.xref x ON x.source = g.of_source AND x.key = g.of_key"""
        )
    ).one()
    return int(total), changed, int(waiting)


def _rejects(conn: Connection, duck: duckdb.DuckDBPyConnection, mapping: AreaMapping, load_id: int) -> None:
    columns = ("load_id", "source", "row_number", "key", "raw", "reasons")
    head = f"{load_id}, {literal(mapping.source.code)}"
    query = f"""
        SELECT {head}, row_number, key, raw, {_ARRAY.format("reasons")} FROM staged WHERE len(reasons) > 0
        UNION ALL
        SELECT {head}, row_number, NULL, to_json({{line: line}})::VARCHAR, '{{' || reason || '}}' FROM unreadable
        ORDER BY row_number"""  # noqa: S608
    database.copy_csv(conn, f"party.{rejected_record.name}", columns, copy_out(duck, query))
