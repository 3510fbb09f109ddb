"""EC-02: of an erased customer's usage nothing personal stays in files or decided quarantine; amounts stay."""

from pathlib import Path

import duckdb
import pytest
from sqlalchemy import text
from tests.billing.telecom import NUMBER, account, create, day, mobile, rows, usage_file, voice

from hutong.billing import bill_run, erasure, rating, usage_queries, usage_store
from hutong.billing.collect import collect
from hutong.identity import SYSTEM
from hutong.platform import database
from hutong.platform.jobs import run_queued
from hutong.platform.outbox import Event

pytestmark = pytest.mark.usefixtures("telecom")
AT = day(2026, 9, 15, 12)
MINE, OTHERS, FRIEND = NUMBER.format(0), NUMBER.format(1), "13877776666"


def erased(customer: int) -> None:
    """As the customer master leaves it."""
    with database.begin("party") as conn:
        conn.execute(
            text(
                """INSERT INTO party.tombstone (party_id, kind, erased_at, erased_by, reason, request_id, counts)
                   VALUES (:id, 'person', now(), 'user:1', 'asked', 1, '{}')"""
            ),
            {"id": customer},
        )


def on_disk() -> str:
    """All there is in usage files, as text."""
    found = [str(path) for path in usage_store.folder().rglob("*.parquet")]
    return str(duckdb.connect().execute("SELECT * FROM read_parquet($1, union_by_name = true)", [found]).fetchall())


def test_numbers_and_cells_go_amounts_stay(tmp_path: Path) -> None:
    for place, customer in ((0, 7), (1, 8)):
        create(mobile(f"m{place}", place, account_id=account(customer), customer=customer, effective=day(2026, 8, 1)))
    wrong = voice(9, 0, AT, 60).replace("local", "no-such-type").replace(",60,", ",-60,")
    lines = [voice(1, 0, AT, 600, other=FRIEND), voice(2, 1, AT, 600, other=MINE), voice(3, 1, AT, 60), wrong]
    lines += [voice(4, 0, day(2026, 10, 2, 12), 600, other=FRIEND)]
    collect([usage_file(tmp_path, "f1", lines)], "test")
    with database.begin("billing") as conn:
        conn.execute(text("UPDATE billing.quarantine SET state = 'discarded'"))
    for cycle in ("202609", "202610"):
        rating.rate(cycle, "test")
    bill_run.run("202609", "test", final=True)
    bills = rows("SELECT * FROM billing.bill ORDER BY id")
    erased(7)
    assert erasure.waiting([7, 99]) == {7: ["202610"]}, "said: October's usage waits for its final run"
    assert erasure.forget_usage() == 1, "October is not billed: its usage is still needed"
    held = on_disk()
    assert held.count(MINE) == 1 and held.count(FRIEND) == 1, "only October's"
    assert held.count(OTHERS) == 2, "what is others' stays theirs"
    assert rows("SELECT content FROM billing.quarantine") == [(erasure.ERASED,)]
    page = usage_queries.usage_page(SYSTEM, cycle="202609")
    assert [row["other_party"] for row in page] == [erasure.ERASED, erasure.ERASED, "13811112222"]
    assert page[0]["seconds"] == 600 and page[0]["cell"] is None
    assert erasure.forget_usage() == 0, "nothing left to do"
    again = collect([usage_file(tmp_path, "f2", lines)], "test")
    assert (again.accepted, again.duplicates) == (0, 4), "records stay known as collected"
    rating.rate("202609", "test")
    assert rows("SELECT * FROM billing.bill ORDER BY id") == bills
    bill_run.run("202610", "test", final=True)
    assert erasure.forget_usage("202610") == 1
    assert MINE not in on_disk() and FRIEND not in on_disk()
    assert erasure.waiting([7]) == {}


def test_it_is_queued_when_told_and_run_as_a_job() -> None:
    with database.begin("billing") as conn:
        erasure.on_party_erased(conn, [Event("party.erased", "party:7", {"party_ids": [7]})])
    assert rows("SELECT kind, state FROM platform.job") == [(erasure.JOB, "queued")]
    assert run_queued() == 1
    assert rows("SELECT state FROM platform.job") == [("done",)]
