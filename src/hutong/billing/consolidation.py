"""Consolidation (合账): what a rating run leaves in PostgreSQL, and what the next one begins with.

Totals are by account, product instance, offer instance, plan, version, section and tariff of a cycle. Postings are
differences, so the sum of a cycle's postings is the cycle's total, whatever was rated how often.
"""

from datetime import UTC
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.billing.columnar import count, fetch, store
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.sharing import Ids
from hutong.platform.settings import settings

KEY = (
    "customer_id", "account_id", "product_instance_id", "offer_instance_id", "plan", "version", "section", "tariff",
    "unit",
)  # fmt: skip
KEY_TYPES = dict(
    zip(
        KEY,
        ("BIGINT", "BIGINT", "BIGINT", "BIGINT", "VARCHAR", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR"),
        strict=True,
    )
)
SUMS = ("events", "quantity", "free", "charge_micros")
NAMES = ", ".join(KEY)


def load_rated(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: str) -> None:
    """Table `rated` (product_instance_id, terms): what was rated in the cycle, on which terms."""
    select = f"SELECT product_instance_id, terms FROM billing.rated_instance WHERE cycle = '{int(cycle)}'"
    fetch(conn, duck, scratch, "rated", select, {"product_instance_id": "BIGINT", "terms": "VARCHAR"})
    duck.execute("UPDATE rated SET terms = '' WHERE terms IS NULL")


def load_carried(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: Cycle) -> None:
    """Table `carried`: allowances of earlier cycles that are still valid in this one, with what is left."""
    begins = cycle.begins(settings.zone).astimezone(UTC).isoformat()
    epoch = "extract(epoch FROM {})::bigint"
    select = f"""
        SELECT offer_instance_id, product_instance_id, plan, version, allowance, {epoch.format("valid_from")},
               {epoch.format("valid_to")}, granted, remaining
        FROM billing.allowance_state WHERE cycle = '{cycle.plus(-1)}' AND valid_to > '{begins}' AND remaining > 0
    """
    columns = {
        "offer_instance_id": "BIGINT", "product_instance_id": "BIGINT", "plan": "VARCHAR", "version": "INTEGER",
        "allowance": "VARCHAR", "valid_from": "BIGINT", "valid_to": "BIGINT", "granted": "BIGINT",
        "remaining": "BIGINT",
    }  # fmt: skip
    fetch(conn, duck, scratch, "carried", select, columns)


def post(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, run_id: int, cycle: str) -> int:
    """Post the differences between the affected groups' totals and what was posted for them. Returns their sum,
    micros."""
    duck.execute(f"""
        CREATE OR REPLACE TABLE total AS
        SELECT s.customer_id, s.account_id, e.product_instance_id, e.offer_instance_id, n.plan, n.version, n.section,
               n.tariff, n.unit, e.events, e.quantity, e.free, e.charge_micros
        FROM (SELECT span, any_value(product_instance_id) AS product_instance_id, offer_instance_id, rate,
            count(*) AS events,
                     sum(billed) AS quantity, sum(free) AS free, sum(charge) AS charge_micros
              FROM rated_event WHERE status = 0 GROUP BY span, offer_instance_id, rate) e
        JOIN span s ON s.span = e.span JOIN rate_name n USING (rate);
        CREATE OR REPLACE TABLE posted AS SELECT {NAMES}, {", ".join(SUMS)} FROM total WHERE false;
    """)
    if count(duck, "SELECT count(*) FROM rated"):
        select = f"SELECT {NAMES}, {', '.join(SUMS)} FROM billing.usage_total WHERE cycle = '{int(cycle)}'"
        fetch(conn, duck, scratch, "posted", select, KEY_TYPES | dict.fromkeys(SUMS, "BIGINT"))
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in SUMS)
    back = ", ".join(f"-{name}" for name in SUMS)
    duck.execute(f"""
        CREATE OR REPLACE TABLE posting AS
        SELECT {NAMES}, {sums}
        FROM (SELECT {NAMES}, {", ".join(SUMS)} FROM total
              UNION ALL SELECT {NAMES}, {back} FROM posted SEMI JOIN affected USING (product_instance_id))
        GROUP BY {NAMES} HAVING {" OR ".join(f"sum({name}) <> 0" for name in SUMS)}
    """)
    store(
        conn, duck, scratch, "billing.usage_posting", ("run_id", "cycle", *KEY, *SUMS),
        f"SELECT {run_id}, '{int(cycle)}', {NAMES}, {', '.join(SUMS)} FROM posting ORDER BY account_id",
    )  # fmt: skip
    return count(duck, "SELECT sum(charge_micros) FROM posting")


def keep_unpriced(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, run_id: int, cycle: str) -> None:
    """The list of events without a price is brought up to date for the affected groups."""
    forget(
        conn,
        duck,
        table="unpriced",
        column="product_instance_id",
        select="SELECT product_instance_id FROM affected",
        cycle=cycle,
    )
    if not count(duck, "SELECT count(*) FROM rated_event WHERE status <> 0"):
        return
    from_parts = "(SELECT * FROM part_file)"
    paths = ", ".join(
        "'" + row[0].replace("'", "''") + "'" for row in duck.execute("SELECT filename FROM part_file").fetchall()
    )
    store(
        conn, duck, scratch, "billing.unpriced",
        ("cycle", "run_id", "product_instance_id", "part_id", "part_row", "record_id", "event_type", "started_at",
         "reason"),
        f"""SELECT '{int(cycle)}', {run_id}, r.product_instance_id, r.part_id, r.part_row, e.record_id, e.event_type,
                   to_timestamp(e.start), any_value(n.reason)
            FROM rated_event r JOIN reason n USING (status) JOIN {from_parts} f USING (part_id)
            JOIN read_parquet([{paths}], filename = true, file_row_number = true) e
              ON e.filename = f.filename AND e.file_row_number = r.part_row
            WHERE r.status <> 0 GROUP BY ALL""",
    )  # fmt: skip


def keep_allowances(  # noqa: PLR0917
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, run_id: int, cycle: Cycle, remaining: Ids
) -> None:
    """What each allowance of the affected groups has left after the cycle's events: shown, and carried over."""
    gone = "SELECT group_id FROM affected UNION SELECT product_instance_id FROM affected"
    forget(conn, duck, table="allowance_state", column="group_id", select=gone, cycle=str(cycle))
    if not len(remaining):
        return
    duck.register(
        "left_over", pa.table({"number": pa.array(range(len(remaining)), pa.int64()), "rest": remaining.copy()})
    )
    store(
        conn, duck, scratch, "billing.allowance_state",
        ("cycle", "run_id", "group_id", "offer_instance_id", "product_instance_id", "plan", "version", "allowance",
         "unit",
         "valid_from", "valid_to", "granted", "remaining"),
        f"""SELECT '{cycle}', {run_id}, k.group_id, b.offer_instance_id, b.product_instance_id, a.plan, a.version,
            a.code,
                   a.unit, to_timestamp(b.valid_from), to_timestamp(b.valid_to), b.units, l.rest
            FROM own_bucket b JOIN left_over l USING (number) JOIN allowance_number a ON a.number = b.allowance
            JOIN (SELECT DISTINCT grp, group_id FROM affected) k USING (grp)""",
    )  # fmt: skip
    duck.unregister("left_over")


def keep_instances(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, run_id: int, cycle: str) -> None:
    """From now on this run's result is in force for the affected groups' product instances."""
    forget(
        conn,
        duck,
        table="rated_instance",
        column="product_instance_id",
        select="SELECT product_instance_id FROM affected",
        cycle=cycle,
    )
    store(
        conn, duck, scratch, "billing.rated_instance",
        ("cycle", "product_instance_id", "run_id", "group_id", "terms"),
        f"SELECT '{int(cycle)}', product_instance_id, {run_id}, group_id, terms FROM affected ORDER BY 2",
    )  # fmt: skip


def forget(
    conn: Connection, duck: duckdb.DuckDBPyConnection, *, table: str, column: str, select: str, cycle: str
) -> None:
    """Remove a cycle's rows of some keys from a table; nothing where the cycle was never rated."""
    if not count(duck, "SELECT count(*) FROM rated"):
        return
    keys = [row[0] for row in duck.execute(select).fetchall()]
    conn.execute(
        text(f"DELETE FROM billing.{table} WHERE cycle = :cycle AND {column} = ANY(:keys)"),
        {"cycle": cycle, "keys": keys},
    )
