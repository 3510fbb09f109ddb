"""EC-13: what customers contribute, by the documented method, down to the customers."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from hutong.identity import SYSTEM, Principal
from hutong.insight import queries
from hutong.insight.reports import REPORTS
from hutong.insight.snapshots import take
from hutong.party import PartyData, find_or_create
from hutong.party.areas import people
from hutong.platform import clock, database

STEWARD = Principal(7, "user", "steward", frozenset({"party.*", "insight.*"}))
MONEY = 1_000_000


@pytest.mark.usefixtures("database")
def test_premiums_bills_claims_and_expense_make_the_contribution() -> None:
    ids = [find_or_create(SYSTEM, PartyData("person", f"王小{name}"), f"k{name}").party_id for name in "一二三四"]
    now = clock.now()
    first, second, third, fourth = ids
    state = {"state": "in_force", "valid_from": now - timedelta(days=40)}
    for number, party, premium, mode in (("P1", first, 1_000, "monthly"), ("P2", first, 5_000, "single"),
                                         ("P3", second, 300, "annual")):  # fmt: skip
        values = {"number": number, "premium_micros": premium * MONEY, "payment_mode": mode, **state}
        people.state(SYSTEM, party, "policy_summary", values)
    lapsed = {"number": "P4", "state": "lapsed", "premium_micros": 9_000 * MONEY, "valid_from": now - timedelta(days=9)}
    people.state(SYSTEM, fourth, "policy_summary", lapsed)
    claim = {"number": "C1", "state": "paid", "at": now - timedelta(days=5)}
    people.state(SYSTEM, first, "claim_summary", {**claim, "paid_micros": 400 * MONEY})
    old = {"number": "C0", "state": "paid", "at": now - timedelta(days=500), "paid_micros": 99_000 * MONEY}
    people.state(SYSTEM, first, "claim_summary", old)
    spent = {"kind": "commission", "amount_micros": 700 * MONEY, "at": now - timedelta(days=30)}
    people.state(SYSTEM, second, "expense", spent)
    with database.begin("billing") as conn:
        run = """INSERT INTO billing.bill_run (cycle, final, catalog_release, bills, lines, total_micros, run_by)
                 VALUES ('202601', true, 1, 1, 1, 0, 'x') RETURNING id"""
        bill = """INSERT INTO billing.bill (account_id, customer_id, cycle, state, charges_micros, discounts_micros,
                      total_micros, lines, run_id, made_at, final_at)
                  VALUES (1, :customer, '202601', 'final', :total, 0, :total, 1, :run, now(), now())"""
        given = {"run": conn.execute(text(run)).scalar_one(), "customer": third, "total": 123 * MONEY}
        conn.execute(text(bill), given)
    take(REPORTS["contribution"], clock.today())
    rows = {row["value_band"]: row for row in queries.figures(STEWARD, "contribution").rows}
    figures = {
        band: tuple(
            row[name] for name in ("parties", "policies", "revenue", "claims_paid", "acquisition", "contribution")
        )
        for band, row in rows.items()
    }
    assert figures == {
        "high": (1, 2, 12_500, 400, 0, 12_100),
        "loss": (1, 1, 300, 0, 700, -400),
        "low": (1, 0, 123, 0, 0, 123),
        "none": (1, 0, 0, 0, 0, 0),
    }
    for band, party in (("high", first), ("loss", second), ("low", third), ("none", fourth)):
        found = queries.records(STEWARD, "contribution", {"kind": "person", "value_band": band})
        assert [row["number"] for row in found] == [party]
