"""Usage events a second from files to consolidated totals, and each part's share; then a bill run.

    python bench/rating.py SAMPLE    # a folder made by `hutong sample telecom`

Uses a database of its own (the settings' one must be empty or hold this sample). The kernel alone:
    bench/pricing_kernel.py.
"""

import sys
import time
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import text

from hutong import catalog, inventory
from hutong.billing import bill_run, collect, rating
from hutong.catalog.documents import read_pack
from hutong.cli.journey.holdings import Line, as_request, parts
from hutong.cli.journey.preparation import fill_pools
from hutong.inventory.requests import OpenAccount
from hutong.platform import clock, database, migrations

PACK = Path(__file__).parents[1] / "packs" / "telecom"


def load(sample: Path) -> None:
    """Customers by their number in the list; what they hold as the sample says, all of it."""
    migrations.upgrade_all()
    catalog.publish(read_pack(PACK), by="bench", effective_from=datetime(2015, 1, 1, tzinfo=UTC))
    fill_pools(sample)
    rows = [line.rstrip("\n").split(",") for line in (sample / "subscriptions.csv").open(encoding="utf-8")][1:]
    customers = {key: number for number, key in enumerate(dict.fromkeys((row[2], row[3]) for row in rows), start=1)}
    lines = [
        Line(unit or alone, customers[source, key], *held, clock.start_of_day(date.fromisoformat(start)), tier)
        for alone, unit, source, key, *held, start, tier, via in rows
        if via == "load"
    ]
    lines.sort(key=lambda line: line.unit)
    first = {line.customer_id: line.start for line in sorted(lines, key=lambda line: line.start, reverse=True)}
    asked = [OpenAccount(f"bench:{customer}", customer, opened_at=start) for customer, start in first.items()]
    accounts = {
        request.customer_id: made.account_id or 0
        for part in parts(asked)
        for request, made in zip(part, inventory.open_accounts(part), strict=True)
    }
    requests = [as_request(list(unit), accounts) for _, unit in groupby(lines, key=lambda line: line.unit)]
    for part in parts(requests):
        assert all(made.problem is None for made in inventory.create_instances(part))


def empty() -> None:
    """No usage, no bills; files of events are left behind as strays."""
    with database.begin("billing") as conn:
        names = conn.execute(
            text(
                "SELECT string_agg(format('billing.%I', tablename), ', ') FROM pg_tables "
                "WHERE schemaname = 'billing' AND tablename NOT IN ('alembic_version', 'relay') "
                "AND tablename NOT LIKE 'event_log%'"
            )
        ).scalar_one()
        conn.execute(text(f"TRUNCATE {names}"))


def main() -> None:
    """Prints events a second by part and end to end."""
    sample = Path(sys.argv[1])
    migrations.upgrade_all()
    with database.read("inventory") as conn:
        loaded = conn.execute(text("SELECT count(*) FROM inventory.account")).scalar_one()
    if not loaded:
        load(sample)
    for _ in range(2):
        empty()
        began = time.perf_counter()
        collected = collect.collect([sample / "usage"], "bench")
        seconds = [time.perf_counter() - began]
        for cycle in sorted(collected.cycles):
            began = time.perf_counter()
            rating.rate(cycle, "bench")
            seconds.append(time.perf_counter() - began)
        shares = ", ".join(f"{part:.2f} s" for part in seconds)
        rate = collected.records / sum(seconds)
        print(f"{collected.records} records: collect, rate by cycle: {shares}; end to end {rate:,.0f} events/s")
    for cycle in sorted(collected.cycles):
        began = time.perf_counter()
        report = bill_run.run(cycle, "bench", final=True)
        print(f"bill run {cycle}: {report.bills} bills, {report.lines} lines in {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
