"""Standardising a part of a file, in a process of its own (`platform.processes`).

A part is done when its `.json` exists, written last; so a load that was killed goes on with the parts not done.
"""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

from hutong.party.columns import ATTRIBUTES
from hutong.party.ingest import staging
from hutong.party.ingest.given import as_array, literal
from hutong.party.ingest.mapping import Mapping
from hutong.party.ingest.values import Standardiser
from hutong.platform import clock
from hutong.platform.processes import Task
from hutong.platform.settings import settings

STORED = ("row_number", "key", "kind", *(attribute.name for attribute in ATTRIBUTES), "attributes", "issues",
          "source_created_at", "source_changed_at", "content_hash", "operation", "last", "raw")  # fmt: skip
"""The columns of a part as COPY takes them."""
REJECTED = ("row_number", "key", "raw", "reasons")
_LAST = """
WITH repeated AS (SELECT key FROM staged WHERE len(reasons) = 0 GROUP BY key HAVING count(*) > 1),
ranked AS (
    SELECT row_number, key, source_changed_at,
           row_number >= coalesce(max(row_number) FILTER (source_changed_at IS NULL) OVER (PARTITION BY key), -1)
               AS since
    FROM staged SEMI JOIN repeated USING (key) WHERE len(reasons) = 0)
SELECT row_number FROM ranked
QUALIFY row_number() OVER (
    PARTITION BY key ORDER BY since DESC, source_changed_at DESC NULLS LAST, row_number DESC) > 1"""
"""Rows that a row of the same key replaces, as if one came after the other: a row replaces what is there unless its
source changed it earlier; a row without that time always does, and is always replaced."""


@lru_cache(maxsize=4)
def _mapping(document: str) -> Mapping:
    return Mapping.model_validate_json(document)


@lru_cache(maxsize=4)
def _standardiser(region: str) -> Standardiser:
    return Standardiser(region)


def ready() -> None:
    """Load the tables that standardising looks up, while the file is still being read."""
    row = {"kind": "person", "name": "張三", "id_type": "resident_id", "id_number": "1", "mobile": "1", "phone": "1",
           "email": "a", "bank_card": "1", "address": "杭州市", "contact_name": "李", "postcode": "1"}  # fmt: skip
    _standardiser("CN")(pa.table({name: [value] for name, value in row.items()}))


def work(task: Task) -> Task:
    """Standardise one part. Task: `raw` (Parquet), `out` (path without ending), `mapping` (JSON), `codes`, `conditions`
    `zone`, `now`, `form`: `parquet` for a table, `csv` for COPY. Answers what `out.json` holds: rows, admitted,
    unmapped."""
    out = Path(task["out"])
    done = out.with_suffix(".json")
    if done.is_file():
        answer: Task = json.loads(done.read_text())
        return answer
    mapping = _mapping(task["mapping"])
    settings.business_timezone = task["zone"]
    with clock.fixed(datetime.fromisoformat(task["now"])), duckdb.connect(config={"threads": 1}) as duck:
        duck.execute(f"CREATE VIEW raw AS FROM read_parquet({literal(task['raw'])})")
        staging.stage_rows(duck, mapping, task["codes"], task["conditions"], _standardiser(mapping.region))
        (_copy_form if task["form"] == "csv" else _table_form)(duck, out)
        row = duck.execute("SELECT count(*), count(*) FILTER (len(reasons) = 0) FROM staged").fetchone()
        assert row is not None  # noqa: S101  (an aggregate has a row)
        unmapped = duck.execute("SELECT * FROM unmapped ORDER BY ALL").fetchall()
    answer = {"rows": row[0], "admitted": row[1], "unmapped": unmapped, "out": str(out)}
    written = done.with_suffix(".part")
    written.write_text(json.dumps(answer))
    written.replace(done)
    return answer


def _table_form(duck: duckdb.DuckDBPyConnection, out: Path) -> None:
    target = literal(str(out.with_suffix(".parquet")))
    duck.execute(f"COPY staged TO {target} (FORMAT parquet, COMPRESSION uncompressed)")


def _copy_form(duck: duckdb.DuckDBPyConnection, out: Path) -> None:
    def write(query: str, ending: str) -> None:
        duck.execute(f"COPY ({query}) TO {literal(str(out.with_suffix(ending)))} (FORMAT csv, HEADER false)")

    duck.execute(f"CREATE TABLE replaced AS {_LAST}")
    row = duck.execute("SELECT count(*) FROM replaced").fetchone()
    columns, rows, order = {"issues": as_array("issues"), "last": "true"}, "staged", ""
    if row and row[0]:  # seldom, and putting the rows in order again costs
        columns |= {"last": "r.row_number IS NULL", "row_number": "s.row_number"}
        rows, order = "staged s LEFT JOIN replaced r ON r.row_number = s.row_number", "ORDER BY s.row_number"
    listed = ", ".join(f'{columns.get(name, name)} AS "{name}"' for name in STORED)
    write(f"SELECT {listed} FROM {rows} WHERE len(reasons) = 0 {order}", ".csv")  # noqa: S608
    reasons = as_array("reasons")
    write(
        f"SELECT row_number, key, raw, {reasons} FROM staged WHERE len(reasons) > 0 ORDER BY row_number",  # noqa: S608
        ".rejected.csv",
    )
