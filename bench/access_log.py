"""The access log with ten million entries: every search of it, writing it, and forgetting what is too old.

./dev bench access_log [ENTRIES]    # default 10000000, over three years

Entries are made by SQL: reads by 200 people and systems of a million customers, a fiftieth of orders, one in a thousand
with a reason. Each search is asked 40 times with other values; written is one request's entry at a time, each durable.
HUTONG_BENCH_KEEP=FOLDER keeps the database, so that it is filled once; that of the console's measurement will do.
"""

import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from bench.wakings import quantile
from hutong.identity import SYSTEM, Principal, queries, record_read
from hutong.identity.tables import sensitive_read
from hutong.platform import clock, database, jobs

ACTORS, CUSTOMERS, DAYS = 200, 1_000_000, 1095
TIMES = 40
FILL = text("""
    INSERT INTO identity.sensitive_read (at, actor, entity, entity_ids, kinds, fields, reason)
    SELECT now() - make_interval(secs => (:entries - n) * (86400.0 * :days / :entries)),
           'user:' || 1 + (n * 31) % :actors, CASE WHEN n % 50 = 0 THEN 'order' ELSE 'party' END,
           ARRAY[1 + n * 7919 % :customers], CASE WHEN n % 7 = 0 THEN ARRAY['phone'] WHEN n % 100003 = 0
           THEN ARRAY['bank_card'] ELSE ARRAY['name', 'phone'] END,
           ARRAY['name', 'mobile'], CASE WHEN n % 1000 = 0 THEN '回访 call back ' || n END
    FROM generate_series(CAST(1 AS bigint), CAST(:entries AS bigint)) AS n""")


def fill(entries: int, *, days: int, actors: int, customers: int) -> None:
    """Entries of so many days until now; indexes are made afterwards, as a load would."""
    given = {"entries": entries, "days": days, "actors": actors, "customers": customers}
    with database.begin("identity") as conn:
        conn.execute(text("SELECT identity.part_reads(now() - make_interval(days => :days), now())"), {"days": days})
        for index in sensitive_read.indexes:
            index.drop(conn)
        conn.execute(FILL, given)
        for index in sensitive_read.indexes:
            index.create(conn)
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE identity.sensitive_read"))


def searches(entries: int, span: int) -> dict[str, Callable[[random.Random], dict[str, Any]]]:
    """What is asked of entries of so many days → makes its filters."""
    now = clock.now()

    def days(dice: random.Random, count: int) -> dict[str, Any]:
        since = now - timedelta(days=dice.randrange(count, span))
        return {"since": since, "until": since + timedelta(days=count)}

    return {
        "newest": lambda _: {},
        "deep": lambda r: {"before": r.randrange(1, entries)},
        "of a person": lambda r: {"actor": f"user:{r.randrange(1, ACTORS)}"},
        "of nobody": lambda _: {"actor": "user:4711"},
        "of a customer": lambda r: {"entity": "party", "entity_id": r.randrange(1, CUSTOMERS)},
        "of a person and a customer": lambda r: {"actor": f"user:{r.randrange(1, ACTORS)}",
                                                 "entity_id": r.randrange(1, CUSTOMERS)},
        "of orders": lambda _: {"entity": "order"},
        "of orders, deep": lambda r: {"entity": "order", "before": r.randrange(1, entries)},
        "of a rare kind": lambda _: {"kind": "bank_card"},
        "of a kind nobody saw": lambda _: {"kind": "email"},
        "of a day": lambda r: days(r, 1),
        "of a day, of a person": lambda r: {**days(r, 1), "actor": f"user:{r.randrange(1, ACTORS)}"},
        "of a month, of orders": lambda r: {**days(r, 30), "entity": "order"},
        "with a reason": lambda _: {"reason": ""},
        "a reason's word": lambda r: {"reason": f"back {r.randrange(9)}"},
        "a rare word": lambda _: {"reason": "投诉"},
    }  # fmt: skip


def timed(name: str, act: Callable[[], object], times: int = TIMES) -> None:
    """Print how long something takes."""
    act()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    took.sort()
    print(f"{name:28} p50 {quantile(took, 0.5) * 1e3:7.1f}  p95 {quantile(took, 0.95) * 1e3:7.1f}  "
          f"most {took[-1] * 1e3:7.1f} ms", flush=True)  # fmt: skip


def main(entries: int) -> None:
    """Fill unless an earlier run did; search, write, forget."""
    with database.read("identity") as conn:
        held = conn.execute(text("SELECT coalesce(max(id), 0) FROM identity.sensitive_read")).scalar_one()
    if held < entries:
        began = time.perf_counter()
        fill(entries, days=DAYS, actors=ACTORS, customers=CUSTOMERS)
        print(f"{entries:,} entries in {time.perf_counter() - began:.0f} s", flush=True)
    with database.read("identity") as conn:
        first = conn.execute(text("SELECT min(at) FROM identity.sensitive_read")).scalar_one()
    dice = random.Random(5)
    for name, made in searches(entries, (clock.now() - first).days).items():
        timed(name, lambda made=made: queries.sensitive_reads(SYSTEM, **made(dice)))  # type: ignore[misc]
    clerk = Principal(3, "user", "clerk", frozenset())
    timed("writing one", lambda: record_read(clerk, "party", [7], ["name"], fields=["name"]), 200)
    began = time.perf_counter()
    with clock.fixed(clock.now() + timedelta(days=31)):
        job = jobs.start("identity.forget_reads")
        print(f"forgetting a month: {jobs.run(job)}, {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
