"""XP-06, BL-05: kill -9 of the biller and of PostgreSQL while usage is collected, rated and billed: the bills are those
of a month in which nothing happened."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from tests.billing.telecom import account, create, day, mobile, publish, usage_file, voice
from tests.crash.installation import ROOT, Installation, eventually, own_server, supervised

from hutong.billing import audit, usage_store
from hutong.identity import SYSTEM
from hutong.platform import clock, database, migrations
from hutong.platform.settings import settings

FILES = 24
LINES = 120
PHONES = 40
KILLS = 30
TARGETS = {"biller": 5, "postgres": 1}
RESULTS = {
    "files": "SELECT name, records, accepted, duplicates, quarantined, trailer_agrees FROM billing.usage_file",
    "quarantine": """SELECT f.name, q.line, q.reason, q.content
                     FROM billing.quarantine q JOIN billing.usage_file f ON f.id = q.file_id""",
    "parts": "SELECT cycle, sum(events) FROM billing.usage_part GROUP BY cycle",
    "totals": "SELECT * FROM billing.usage_total",
    "unpriced": "SELECT cycle, product_instance_id, record_id, event_type, reason FROM billing.unpriced",
    "allowances": """SELECT cycle, offer_instance_id, product_instance_id, allowance, valid_from, granted, remaining
                     FROM billing.allowance_state""",
    "fees": "SELECT cycle, account_id, plan, days, charge_micros FROM billing.recurring_charge",
    "bills": """SELECT cycle, account_id, state, charges_micros, discounts_micros, total_micros, lines
                FROM billing.bill""",
    "lines": """SELECT b.cycle, b.account_id, l.line, l.kind, l.source_cycle, l.plan, l.tariff, l.events, l.quantity,
                       l.exact_micros, l.amount_micros, l.level, l.reduces
                FROM billing.bill_line l JOIN billing.bill b ON b.id = l.bill_id""",
}


@pytest.mark.crash
def test_bills_survive_kills(seed: int, kills: int | None, tmp_path: Path) -> None:
    """XP-06: equal totals, no file or event counted twice, every audit holds."""
    wanted, chance = kills or KILLS, random.Random(f"{seed} billing")
    usage = tmp_path / "usage"
    write_usage(usage, random.Random(f"{seed} usage"), max(FILES, wanted))
    with own_server() as folder:
        with clock.fixed(day(2015, 1, 1)):
            migrations.upgrade_all()
            publish(PHONES)
        for one in range(PHONES):
            held = account(one + 1)
            create(
                mobile(
                    f"m{one}", one, account_id=held, customer=one + 1, effective=day(2026, 8 + one % 2, 1 + one % 28)
                )
            )
        calm = calm_month(folder, usage)
        assert calm["bills"] and calm["lines"] and calm["quarantine"]
        steps, killed = folder / "steps", folder / "kills"
        steps.touch()
        killed.touch()
        program = ["-m", "tests.crash.billing_work", str(usage), str(steps), "--stay"]
        begun = time.monotonic()
        with supervised(folder, {"biller": program}, {}) as installation:
            havoc(installation, steps, wanted, chance)
            killed.write_bytes(bytes(10 * wanted))  # it may go on alone
            eventually(lambda: steps.read_text().endswith("."), installation.logs)
            print(f"seed {seed}: {dict(installation.kills)} in {time.monotonic() - begun:.0f} s; {installation.ended}")
            print(f"{len(steps.read_text())} steps")
        found = results()
        for name, rows in calm.items():
            assert found[name] == rows, f"seed {seed}: {name}"
        assert audits() == [], f"seed {seed}"
        assert sum(installation.kills.values()) == wanted, "the biller was done before the last kill"
        strays_do_not_count()


def write_usage(folder: Path, chance: random.Random, files: int) -> None:
    """Usage files of two months, some records repeated in later files, some broken."""
    folder.mkdir()
    given: list[str] = []
    for file in range(files):
        lines = []
        for record in range(LINES):
            start = day(2026, 9 + file % 2, chance.randint(1, 28), chance.randrange(24))
            kind = chance.choice(["voice", "voice", "sms", "data"])
            amounts = (
                {"messages": 1} if kind == "sms" else {"down": chance.randrange(50_000_000)} if kind == "data" else {}
            )
            seconds = chance.randrange(900) if kind == "voice" else 0
            lines.append(voice(file * LINES + record, chance.randrange(PHONES), start, seconds, kind=kind, **amounts))
        lines += chance.sample(given, min(len(given), 5))
        lines += [voice(10**6 + file, 0, day(2026, 9, 20), 60, number="17000000001"), "D,broken"]
        given += lines[:LINES]
        usage_file(folder, f"usage-{file:04}", lines)


def calm_month(folder: Path, usage: Path) -> dict[str, list[tuple[object, ...]]]:
    """The results of a biller nobody disturbs, on a copy of the database."""
    url = database.primary_url()
    database.dispose()
    admin = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE calm TEMPLATE {url.database}")
    place = folder / "calm"
    place.mkdir()
    with elsewhere(url.set(database="calm"), place):
        subprocess.run(
            [sys.executable, "-m", "tests.crash.billing_work", str(usage), str(place / "steps")],
            check=True,
            cwd=ROOT,
            env=os.environ | {"HUTONG_DATABASE_URL": settings.database_url or "", "HUTONG_DATA_DIR": str(place)},
        )
        assert audits() == []
        found = results()
    shutil.rmtree(place)
    return found


@contextmanager
def elsewhere(url: URL, place: Path) -> Iterator[None]:
    """This process's settings point at another database and folder."""
    before = settings.database_url, settings.data_dir
    settings.database_url, settings.data_dir = url.render_as_string(hide_password=False), place
    try:
        yield
    finally:
        database.dispose()
        settings.database_url, settings.data_dir = before


def havoc(installation: Installation, steps: Path, kills: int, chance: random.Random) -> None:
    """Kill as the seed says: within this step or the next."""
    while sum(installation.kills.values()) < kills and not steps.read_text().endswith("."):
        (target,) = chance.choices(list(TARGETS), list(TARGETS.values()))
        more, pause = chance.choice([0, 0, 1, 1]), chance.uniform(0, 0.6)
        wanted, deadline = steps.stat().st_size + more, time.monotonic() + 60
        while steps.stat().st_size < wanted and not steps.read_text().endswith("w") and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(pause)
        eventually(lambda target=target: installation.kill(target), installation.logs)
        steps.with_name("kills").write_bytes(bytes(sum(installation.kills.values())))


def results() -> dict[str, list[tuple[object, ...]]]:
    """What billing came to, without ids that runs number."""
    with database.read("billing") as conn:
        return {
            name: sorted((tuple(row) for row in conn.execute(text(query))), key=repr) for name, query in RESULTS.items()
        }


def audits() -> list[str]:
    """Audits that do not hold."""
    return [f"{row.name} {row.cycle}: {row.expected} {row.found}" for row in audit.audit(SYSTEM) if not row.holds]


def strays_do_not_count() -> None:
    """Columnar files that killed runs left behind are named by nothing; without them all is as before."""
    with database.read("billing") as conn:
        named = conn.execute(
            text("SELECT name FROM billing.usage_part UNION SELECT part FROM billing.rating_run WHERE part IS NOT NULL")
        ).scalars()
        kept = set(named)
    strays = usage_store.remove_strays(kept, time.time() + 1)
    print(f"{len(strays)} columnar files left behind by killed runs")
    assert all(usage_store.path_of(name).is_file() for name in kept)
    assert audits() == []
