"""What billing drops when a customer is erased (EC-02): telephone numbers, cells and places in usage files and in
decided quarantine. What was charged, when and for how much stays, as the law wants it.

Usage of a cycle whose bills are not final is still needed to price it: it is rewritten after the cycle's final run. A
record keeps its place in its file and its key, by which it stays known as collected.
"""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import duckdb
from sqlalchemy import Connection, text

from hutong.billing import usage_store
from hutong.billing.collect import lock
from hutong.billing.columnar import PARQUET, count, fetch, workshop
from hutong.billing.usage_events import EventPart, parts_of
from hutong.platform import database, jobs
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

JOB = "billing.forget_usage"
ERASED = "erased"
_FINAL = text("""SELECT DISTINCT cycle FROM billing.bill_run
                 WHERE final AND (CAST(:cycle AS text) IS NULL OR cycle = :cycle) ORDER BY cycle""")
_INSTANCES = """
    SELECT DISTINCT p.id FROM inventory.v1_product_instance_period p
    JOIN party.v1_tombstone t ON t.party_id = p.customer_id"""
_OWN = "product_instance_id IN (SELECT id FROM erased_instance)"
_REPLACED = f"""* REPLACE (
    CASE WHEN {_OWN} THEN '{ERASED}' ELSE access_number END AS access_number,
    CASE WHEN {_OWN} OR {{other}} THEN '{ERASED}' ELSE other_party END AS other_party,
    CASE WHEN {_OWN} THEN NULL ELSE cell END AS cell)"""
_DECIDED = text("""
    UPDATE billing.quarantine q SET content = :erased
    WHERE q.state IN ('accepted', 'duplicate', 'discarded') AND EXISTS (
        SELECT FROM unnest(CAST(:numbers AS text[])) AS n WHERE strpos(q.content, ',' || n || ',') > 0)""")


@subscriber(name="billing.on_party_erased", events=["party.erased"])
def on_party_erased(_conn: Connection, _events: Sequence[Delivered]) -> None:
    """Queue the rewriting of usage: it reads files, and may take long."""
    jobs.start(JOB, exclusive=JOB)


_WAITING = text("""
    SELECT DISTINCT cycle FROM billing.usage_part
    WHERE cycle NOT IN (SELECT cycle FROM billing.bill_run WHERE final) ORDER BY cycle""")
_HOLD = text(
    "SELECT DISTINCT customer_id FROM inventory.v1_product_instance_period WHERE customer_id = ANY(:customers)"
)


def waiting(customers: Sequence[int]) -> dict[int, list[str]]:
    """Customer → the cycles with usage whose bills are not final: what such a customer used then is rewritten only
    after the final run, since until then it must be priced. Customers who hold nothing are left out."""
    with database.read("billing") as conn:
        cycles = list(conn.execute(_WAITING).scalars())
    if not cycles:
        return {}
    with database.read("inventory") as conn:
        holders = conn.execute(_HOLD, {"customers": list(customers)}).scalars()
        return dict.fromkeys(holders, cycles)


def forget_usage(cycle: str | None = None) -> int:
    """Take erased customers' personal data out of the usage of finally billed cycles (one, or all). Returns how many
    files were written anew; run again, it finds nothing to do."""
    with workshop() as (duck, scratch), database.begin("billing") as conn:
        lock(conn)
        parts = parts_of(conn, list(conn.execute(_FINAL, {"cycle": cycle}).scalars()))
        with database.read("inventory") as inventory:
            fetch(inventory, duck, scratch, "erased_instance", _INSTANCES, {"id": "BIGINT"})
        duck.execute("CREATE TABLE own (number VARCHAR, first BIGINT, last BIGINT)")
        held = [part for part in parts if _numbers(duck, part)]
        replaced = [part for part in parts if part in held or _told(duck, part)]
        for part in replaced:
            name = _rewritten(duck, scratch, part)
            conn.execute(
                text("UPDATE billing.usage_part SET name = :name WHERE id = :id"), {"name": name, "id": part.id}
            )
        numbers = [row[0] for row in duck.execute("SELECT DISTINCT number FROM own").fetchall()]
        conn.execute(_DECIDED, {"erased": ERASED, "numbers": numbers})
    for part in replaced:  # no row names them any more
        usage_store.path_of(part.name).unlink(missing_ok=True)
    return len(replaced)


def _rows(part: EventPart) -> str:
    return "read_parquet('" + str(usage_store.path_of(part.name)).replace("'", "''") + "', file_row_number = true)"


def _numbers(duck: duckdb.DuckDBPyConnection, part: EventPart) -> int:
    """Note the numbers that erased customers used in a file, and from when to when. Returns how many."""
    return count(
        duck,
        f"""INSERT INTO own SELECT access_number, min(start), max(start) FROM {_rows(part)}
            WHERE {_OWN} AND access_number <> '{ERASED}' GROUP BY 1""",
    )


_OTHER = "EXISTS (SELECT 1 FROM own WHERE own.number = other_party AND start BETWEEN own.first AND own.last)"


def _told(duck: duckdb.DuckDBPyConnection, part: EventPart) -> int:
    """In how many records of a file others spoke with an erased customer."""
    return count(duck, f"SELECT count(*) FROM {_rows(part)} WHERE {_OTHER}")


def _rewritten(duck: duckdb.DuckDBPyConnection, scratch: Path, part: EventPart) -> str:
    """A file without them, in its place; its name. Every record keeps its place."""
    temporary = scratch / f"{part.id}.parquet"
    columns = _REPLACED.format(other=_OTHER)
    select = f"SELECT {columns} FROM {_rows(part)} ORDER BY file_row_number"
    duck.execute(f"COPY (SELECT * EXCLUDE (file_row_number) FROM ({select})) TO '{temporary}' ({PARQUET})")
    name = f"{Path(part.name).parent}/events-{uuid4()}.parquet"
    usage_store.settle(temporary, name)
    return name
