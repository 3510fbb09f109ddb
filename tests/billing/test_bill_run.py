"""BL-07 to BL-11: fees by the day, the transition, stacked discounts, bills that add up, repeatable, final."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.billing.telecom import account, create, day, family, fusion, mobile, rows, usage_file, voice
from typer.testing import CliRunner

from hutong import inventory
from hutong.billing import audit, bill_run, queries, rating, usage_queries
from hutong.billing.collect import collect
from hutong.billing.explain import explain_usage
from hutong.cli.billing import app
from hutong.cli.words import language
from hutong.identity import SYSTEM, Principal
from hutong.inventory.requests import NewProduct, TerminateInstances
from hutong.platform import database
from hutong.platform.errors import Forbidden, Invalid, NotFound

pytestmark = pytest.mark.usefixtures("telecom")
LINES = """
    SELECT kind, plan, tariff, amount_micros FROM billing.bill_line l JOIN billing.bill b ON b.id = l.bill_id
    WHERE b.cycle = :cycle ORDER BY b.account_id, l.line
"""


def fees(cycle: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(plan, phase) → days, micros."""
    found = rows(
        "SELECT plan, phase, sum(days), sum(charge_micros) FROM billing.recurring_charge "
        "WHERE cycle = :c GROUP BY 1, 2",
        c=cycle,
    )
    return {(plan, phase): (int(days), int(micros)) for plan, phase, days, micros in found}


def test_fees_by_the_day(tmp_path: Path) -> None:
    """BL-08: 59 a month from the 10th of September (21 of 30 days), whole in October, ended on the 20th of November."""
    [made] = create(mobile("m", 0, account_id=account(), effective=day(2026, 9, 10)))
    inventory.terminate_instances(
        [TerminateInstances("t", offer_instance_id=made.offer_instance_id, effective=day(2026, 11, 20))]
    )
    for cycle in ("202609", "202610", "202611", "202612"):
        bill_run.run(cycle, "test")
    assert fees("202609") == {("mobile-5g", "regular"): (21, 41_300_000)}
    assert fees("202610") == {("mobile-5g", "regular"): (31, 59_000_000)}
    assert fees("202611") == {("mobile-5g", "regular"): (19, 37_370_000)}  # 37.3667, to fen
    assert fees("202612") == {}


def test_no_fee_in_the_transition() -> None:
    """BL-10: the package's fee begins when it takes effect, not when the first product is ready; with its discount
    of the first year: 199 less 20."""
    create(fusion("f", account(), effective=day(2026, 9, 10, 9), places=[0]))
    for cycle in ("202609", "202610"):
        bill_run.run(cycle, "test")
    assert fees("202609") == {}
    assert rows(LINES, cycle="202609") == []
    assert rows(LINES, cycle="202610") == [
        ("recurring", "fusion-199", "fee", 199_000_000), ("discount", "fusion-199", "first-year", -20_000_000),
    ]  # fmt: skip


def test_one_fee_for_a_package_of_several_products() -> None:
    """A package is paid once,
    for the days on which any of its products was in effect in it; attached products pay their own."""
    account_id = account()
    [made] = create(fusion("f", account_id, effective=day(2026, 8, 20), places=[0, 1]))
    display = NewProduct("CALLER-DISPLAY", attached_to=made.product_instance_ids[0])
    create(inventory_request("d", account_id, "CALLER-DISPLAY", (display,), day(2026, 8, 25)))
    bill_run.run("202609", "test")
    assert fees("202609") == {
        ("fusion-199", "regular"): (30, 199_000_000),
        ("caller-display-monthly", "regular"): (30, 6_000_000),
    }


def inventory_request(
    key: str, account_id: int, offer: str, products: tuple[NewProduct, ...], effective: object
) -> object:
    from hutong.inventory.requests import CreateInstances

    return CreateInstances(key, 7, account_id, f"item-{key}", offer, products=products, effective=effective)  # type: ignore[arg-type]


def billed(tmp_path: Path) -> int:
    """A mobile with usage that does not come to whole fen; rated. Returns the account."""
    account_id = account()
    create(mobile("m", 0, account_id=account_id, effective=day(2026, 8, 1)))
    lines = [voice(n, 0, day(2026, 9, 3, n % 24), 0, kind="data", up=(2**30 * 21) // 3 + n * 7777) for n in range(4)]
    lines += [voice(n, 0, day(2026, 9, 4), 61 * n, call_type="intl") for n in range(1, 4)]
    collect([usage_file(tmp_path, "f", lines)], "test")
    rating.rate("202609", "test")
    return account_id


def test_lines_add_up_to_the_total(tmp_path: Path) -> None:
    """Each line is whole fen, the lines add up to the rounded exact sum, fees keep their amount."""
    billed(tmp_path)
    report = bill_run.run("202609", "test")
    [bill] = queries.bills_page(SYSTEM, cycle="202609")
    items = queries.bill(SYSTEM, bill["id"])["items"]
    assert sum(item["amount_micros"] for item in items) == bill["total_micros"] == report.total_micros
    assert all(item["amount_micros"] % 10_000 == 0 for item in items)
    assert abs(sum(item["exact_micros"] for item in items) - bill["charges_micros"]) <= 5_000
    assert [(i["amount_micros"], i["exact_micros"]) for i in items if i["kind"] == "recurring"] == [
        (59_000_000, 59_000_000)
    ]
    assert all(item["version"] and item["section"] and item["tariff"] for item in items)


def test_pro_forma_is_replaced_and_final_is_final(tmp_path: Path) -> None:
    """BL-11: a pro-forma run replaces; a final bill stays; a late event goes into the next bill as a line of its own
    cycle, once; a final run repeated does nothing; the audits hold in between and at the end."""
    billed(tmp_path)
    first = bill_run.run("202609", "test")
    [before] = queries.bills_page(SYSTEM)
    again = bill_run.run("202609", "test")
    [after] = queries.bills_page(SYSTEM)
    assert (first.total_micros, first.lines) == (again.total_micros, again.lines)
    assert before["id"] == after["id"], "made anew under its id"
    assert rows("SELECT run_id FROM billing.bill") == [(again.run_id,)]
    bill_run.run("202609", "test", final=True)
    [final] = queries.bills_page(SYSTEM)
    assert final["state"] == "final"
    assert all(row.holds for row in audit.audit(SYSTEM))
    collect([usage_file(tmp_path, "late", [voice(99, 0, day(2026, 9, 30, 12), 60, call_type="intl")])], "test")
    rating.rate("202609", "test")
    assert not all(row.holds for row in audit.audit(SYSTEM)), "due, but not billed yet"
    assert bill_run.run("202609", "test", final=True).bills == 0
    for _ in range(2):
        bill_run.run("202610", "test")
    bill_run.run("202610", "test", final=True)
    [october, september] = queries.bills_page(SYSTEM)
    assert september == final
    late = [item for item in queries.bill(SYSTEM, october["id"])["items"] if item["source_cycle"] == "202609"]
    assert [(item["kind"], item["tariff"], item["events"], item["amount_micros"]) for item in late] == [
        ("usage", "international", 1, 1_090_000)
    ]
    assert all(row.holds for row in audit.audit(SYSTEM))


def test_one_off_charges_are_billed_and_taken_back() -> None:
    """A charge of an order is billed once; taken back before its bill it never shows, afterwards it is a credit."""
    account_id = account()
    add = text("""INSERT INTO billing.one_off_charge (business_order_id, kind, code, customer_id, account_id,
        amount_micros, cycle, occurred_at)
                  VALUES (:order, :kind, 'sim-card', 7, :account, :amount, :cycle, now())""")

    def charge(order: int, kind: str, amount: int, cycle: str) -> None:
        with database.begin("billing") as conn:
            conn.execute(add, {"order": order, "kind": kind, "account": account_id, "amount": amount, "cycle": cycle})

    charge(1, "charge", 10_000_000, "202609")
    charge(2, "charge", 50_000_000, "202609")
    charge(2, "reversal", -50_000_000, "202609")
    bill_run.run("202609", "test", final=True)
    assert rows(LINES, cycle="202609") == [("one_off", "", "sim-card", 10_000_000)]
    charge(1, "reversal", -10_000_000, "202610")
    bill_run.run("202610", "test", final=True)
    assert rows(LINES, cycle="202610") == [("one_off", "", "sim-card", -10_000_000)]
    assert bill_run.run("202611", "test", final=True).bills == 0
    assert all(row.holds for row in audit.audit(SYSTEM))


def test_why_this_price(tmp_path: Path) -> None:
    """XP-02: an event tells its plan, its way through it in both languages, and its parts."""
    billed(tmp_path)
    found = [row for row in usage_queries.usage_page(SYSTEM, cycle="202609") if row["event_type"] == "data"]
    assert [row["status"] for row in found] == ["rated"] * 4
    told = explain_usage(SYSTEM, found[-1]["id"], "en")
    assert told["rates"][0]["charge_micros"] == found[-1]["charge_micros"] > 0
    ways = [
        (rate["plan"], [step["section"] for step in rate["path"]], rate["path"][-1]["condition"])
        for row in usage_queries.usage_page(SYSTEM, cycle="202609")
        for rate in explain_usage(SYSTEM, row["id"], "en")["rates"]
    ]
    [abroad, *_] = [way for way in ways if "voice-intl" in way[1]]
    assert abroad[:2] == ("Mobile standard tariff", ["voice", "voice-intl"]) and "intl" in abroad[2]
    assert any("allowance" in sentence or "GB" in sentence for sentence in told["rates"][0]["sentences"])
    said = CliRunner().invoke(app, ["why", found[-1]["id"]])
    [rate] = explain_usage(SYSTEM, found[-1]["id"], language())["rates"]
    assert said.exit_code == 0 and all(words in said.output for words in (rate["plan"], *rate["sentences"]))


def test_bills_are_for_those_who_may(tmp_path: Path) -> None:
    """Rights first, then row scope: a bill out of scope is not there."""
    account_id = billed(tmp_path)
    bill_run.run("202609", "test")
    [found] = queries.bills_page(SYSTEM, account_id=account_id)
    with pytest.raises(Forbidden):
        queries.bills_page(Principal(1, "user", "x", frozenset()))
    narrow = Principal(1, "user", "x", frozenset({"billing.read"}), scopes={"bill": "row.customer_id == 8"})
    assert queries.bills_page(narrow) == []
    with pytest.raises(NotFound):
        queries.bill(narrow, found["id"])
    wide = Principal(1, "user", "x", frozenset({"billing.read"}), scopes={"bill": "row.customer_id == 7"})
    assert queries.bill(wide, found["id"])["total_micros"] == found["total_micros"]
    with pytest.raises(Invalid):
        bill_run.run("2026-09", "test")


def test_family_fee() -> None:
    """A group offer without products of its own is paid by its members' days."""
    account_id = account()
    made = create(*(mobile(f"m{n}", n, account_id=account_id, effective=day(2026, 8, 1)) for n in range(2)))
    create(family("family", account_id, [item.product_instance_ids[0] for item in made], effective=day(2026, 9, 20)))
    bill_run.run("202609", "test")
    assert fees("202609")["family-share", "regular"] == (11, 10_000_000)
