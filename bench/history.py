"""Contiguous history at volume: seconds to insert, change, end and check N rows. `python -m bench.history [N]`.

Uses the configured database (HUTONG_DATABASE_URL), in a schema of its own that it drops again.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, MetaData, Select, Table, Text, literal, select, text

from hutong.platform import database, history

METADATA = MetaData(schema="bench_history")
HELD = history.historical(
    Table(
        "held",
        METADATA,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("offer", Text, nullable=False),
        Column("account_id", BigInteger, nullable=False, index=True),
        Column("state", Text, nullable=False),
    )
)


@contextmanager
def schema() -> Iterator[None]:
    with database.begin("platform") as conn:
        conn.execute(text("DROP SCHEMA IF EXISTS bench_history CASCADE"))
        conn.execute(text("CREATE SCHEMA bench_history"))
        METADATA.create_all(conn)
    try:
        yield
    finally:
        with database.begin("platform") as conn:
            conn.execute(text("DROP SCHEMA bench_history CASCADE"))


def timed(name: str, rows: int, work: Callable[[Any], Any]) -> None:
    begun = time.perf_counter()
    with database.begin("platform") as conn:
        result = work(conn)
    took = time.perf_counter() - begun
    print(f"{name:<44} {took:8.2f} s {rows / took:12,.0f} rows/s  -> {result}")


def made(rows: int) -> Select[Any]:
    sql = text(f"SELECT 'plan' || n % 9 AS offer, n AS account_id, 'active' AS state FROM generate_series(1, {rows}) n")
    source = sql.columns(offer=Text, account_id=BigInteger, state=Text).subquery()
    return select(source.c.offer, source.c.account_id, source.c.state)


def main(rows: int) -> None:
    month = [datetime(2026, number, 1, tzinfo=UTC) for number in range(1, 10)]
    moved = select(HELD.c.id, (HELD.c.offer + "+").label("offer"))
    with schema():
        timed("insert", rows, lambda conn: history.insert_from(conn, HELD, made(rows), effective_at=month[0]))
        change = history.change
        timed("change, latest", rows, lambda c: change(c, HELD, moved, columns=["offer"], effective_at=month[4]))
        other = select(HELD.c.id, literal("paused").label("state"))
        early = month[2]
        timed(
            "change, before a later one", rows, lambda c: change(c, HELD, other, columns=["state"], effective_at=early)
        )
        timed("end", rows, lambda conn: history.end(conn, HELD, select(HELD.c.id), effective_at=month[6]))
        timed("check", rows, lambda conn: history.check(conn, HELD))
        counted = history.as_of(HELD, month[3]).subquery()
        timed("as of", rows, lambda c: c.execute(select(text("count(*)")).select_from(counted)).scalar())
        one = [{"id": 17, "state": "active"}]
        timed(
            "1,000 changes of one row, a statement each",
            1000,
            lambda c: sum(change(c, HELD, one, columns=["state"]) for _ in range(1000)),
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
