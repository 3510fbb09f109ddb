"""Taking in a system's file of an information area (EC-16): whole or not at all, each file once, rejected rows kept
with their reasons; rows about parties that are not here yet wait."""

from dataclasses import replace
from pathlib import Path

import duckdb
from sqlalchemy import Connection, text

from hutong import masterdata
from hutong.party.ingest.areas import relation_admission
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.areas.staging import stage
from hutong.party.ingest.areas.write import merge_sql, shape, written
from hutong.party.ingest.files import file_hash, read
from hutong.party.ingest.given import as_array, literal
from hutong.party.ingest.headers import listed
from hutong.party.ingest.load import LoadReport, Taking, begin, copy_out, end, report_unmapped
from hutong.party.tables import rejected_record
from hutong.platform import database


def load_area_file(path: Path, mapping: AreaMapping, by: str) -> LoadReport:
    """Read, type, admit and store a file. The same file under the same mapping version changes nothing.

    Raises Invalid (what, where, how to mend it) when the file is not what the mapping says; then nothing is stored.
    """
    return take_in_area(Taking(path, mapping, by, file_hash(path), path.name))


def take_in_area(taking: Taking[AreaMapping]) -> LoadReport:
    """`load_area_file` for what need not be a file somebody gave."""
    with database.begin("masterdata") as conn:
        codes = masterdata.mapping_of(conn, taking.mapping.source.code)
    with duckdb.connect() as duck:
        read(duck, taking.path, taking.mapping)
        stage(duck, taking.mapping, codes)
        with database.begin("party") as conn:
            report = _store(conn, duck, taking)
    report_unmapped(report)
    return report


def _store(conn: Connection, duck: duckdb.DuckDBPyConnection, taking: Taking[AreaMapping]) -> LoadReport:
    mapping = taking.mapping
    load_id = begin(conn, taking)
    if isinstance(load_id, LoadReport):
        return load_id
    fill(conn, duck, mapping)
    changed = conn.execute(text(merge_sql(mapping.form, "given")), {"by": taking.by}).rowcount
    total, waiting = conn.execute(text(_COUNTED)).one()
    rows, admitted = duck.execute(
        """SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM unreadable),
                  (SELECT count(*) FROM staged WHERE len(reasons) = 0)"""
    ).fetchall()[0]
    unmapped: dict[str, dict[str, int]] = {}
    for code_set, code, count in duck.execute("SELECT * FROM unmapped ORDER BY ALL").fetchall():
        unmapped.setdefault(code_set, {})[code] = count
    _rejects(conn, duck, mapping, load_id)
    made = end(
        conn, taking, load_id, rows=rows, admitted=admitted, rejected=rows - admitted, unchanged=total - changed,
        unmapped=unmapped,
    )  # fmt: skip
    return replace(made, waiting=int(waiting))


_COUNTED = """
SELECT count(*), count(*) FILTER (WHERE x.record_id IS NULL) FROM given g
LEFT JOIN party.xref x ON x.source = g.of_source AND x.key = g.of_key"""


def fill(conn: Connection, duck: duckdb.DuckDBPyConnection, mapping: AreaMapping) -> None:
    """Admitted statements as the temporary table `given` of the database; of rows with one key the one changed last.

    Relations that cannot hold beside what is known are not among them: `staged` has the reason.
    """
    names = ["row_number", *written(mapping.form)]
    conn.execute(text(f"CREATE TEMPORARY TABLE given (row_number bigint, {shape(mapping.form)}) ON COMMIT DROP"))
    query = f"""SELECT {listed(names)} FROM staged WHERE len(reasons) = 0
                QUALIFY row_number() OVER (
                    PARTITION BY key ORDER BY source_changed_at DESC NULLS LAST, staged.row_number DESC) = 1"""  # noqa: S608
    database.copy_csv(conn, "given", names, copy_out(duck, query))
    conn.execute(text("ANALYZE given"))
    if mapping.area == "party_relation" and (refused := relation_admission.refuse(conn, mapping.source.code)):
        duck.execute("CREATE TABLE refused (row_number BIGINT, reason VARCHAR)")
        duck.executemany("INSERT INTO refused VALUES (?, ?)", refused)
        duck.execute(
            """UPDATE staged SET reasons = list_append(reasons, r.reason) FROM refused r
               WHERE r.row_number = staged.row_number"""
        )


def _rejects(conn: Connection, duck: duckdb.DuckDBPyConnection, mapping: AreaMapping, load_id: int) -> None:
    columns = ("load_id", "source", "row_number", "key", "raw", "reasons")
    head = f"{load_id}, {literal(mapping.source.code)}"
    query = f"""
        SELECT {head}, row_number, key, raw, {as_array("reasons")} FROM staged WHERE len(reasons) > 0
        UNION ALL
        SELECT {head}, row_number, NULL, to_json({{line: line}})::VARCHAR, '{{' || reason || '}}' FROM unreadable
        ORDER BY row_number"""  # noqa: S608
    database.copy_csv(conn, f"party.{rejected_record.name}", columns, copy_out(duck, query))
