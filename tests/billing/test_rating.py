"""Rating on real instances: precedence, allowances, transition, re-rating (BL-06, BL-07, BL-10, BL-13)."""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.billing.telecom import account, create, day, family, fusion, mobile, rows, usage_file, voice
from tests.thorough import examples

from hutong import inventory
from hutong.billing import audit, queries, rating, usage_queries
from hutong.billing.collect import collect
from hutong.identity import SYSTEM
from hutong.inventory.requests import ChangeInstance
from hutong.platform import database

pytestmark = pytest.mark.usefixtures("telecom")
NOON = day(2026, 9, 15, 12)  # a Tuesday
EMPTY = """
    TRUNCATE billing.usage_file, billing.usage_batch, billing.usage_part, billing.quarantine, billing.rating_run,
        billing.rated_instance, billing.usage_posting, billing.allowance_state, billing.unpriced CASCADE
"""
TOTAL = """
    SELECT product_instance_id, plan, tariff, events, quantity, free, charge_micros FROM billing.usage_total
    WHERE cycle = :cycle ORDER BY 1, 2, 3
"""


def rate_files(folder: Path, lines: Sequence[str], name: str = "f", cycle: str = "202609") -> rating.RatingReport:
    collect([usage_file(folder, name, lines)], "test")
    return rating.rate(cycle, "test")


def charges(cycle: str = "202609") -> dict[tuple[int, str, str], tuple[int, int, int]]:
    """(product instance, plan, tariff) → events, free units, micros."""
    return {(p, plan, tariff): (n, free, micros) for p, plan, tariff, n, _, free, micros in rows(TOTAL, cycle=cycle)}


def audits_hold() -> bool:
    return all(row.holds for row in audit.audit(SYSTEM))


def test_package_before_product(tmp_path: Path) -> None:
    """BL-07: the package's tariff prices local calls, 200 minutes of it free; what it has no way for falls to the
    product's own: SMS, international."""
    [made] = create(mobile("m", 0, account_id=account(), effective=day(2026, 8, 1)))
    [product] = made.product_instance_ids
    lines = [
        voice(1, 0, NOON, 150 * 60), voice(2, 0, day(2026, 9, 16, 12), 100 * 60 + 1),
        voice(3, 0, NOON, 0, kind="sms", messages=2), voice(4, 0, NOON, 61, call_type="intl"),
    ]  # fmt: skip
    report = rate_files(tmp_path, lines)
    assert (report.events, report.unpriced) == (4, 0)
    assert charges() == {
        (product, "mobile-5g", "call"): (2, 200 * 60, 51 * 150_000),  # 150 + 101 minutes begun, 200 free
        (product, "mobile-standard", "message"): (1, 0, 200_000),
        (product, "mobile-standard", "international"): (1, 0, 100_000 + 2 * 990_000),
    }
    assert audits_hold()


def test_two_relations_of_the_transition(tmp_path: Path) -> None:
    """BL-10, first scenario: package from next month; the mobile is usable on the 10th,
        the broadband on the 23rd. Until
    the 1st the products' own tariffs apply without the package's allowances, from then on the package."""
    account_id = account()
    [first] = create(fusion("f", account_id, effective=day(2026, 9, 10, 9), places=[0]))
    [card] = first.product_instance_ids
    lines = [
        voice(1, 0, day(2026, 9, 10, 10), 60),
        voice(2, 0, day(2026, 9, 30, 21), 60),
        voice(3, 0, day(2026, 10, 1), 60),
    ]
    collect([usage_file(tmp_path, "f", lines)], "test")
    rating.rate("202609", "test")
    rating.rate("202610", "test")
    assert charges("202609") == {(card, "mobile-standard", "call"): (2, 0, 250_000 + 250_000)}
    assert charges("202610") == {(card, "fusion-usage", "call"): (1, 60, 0)}


def test_second_card_joins_next_month(tmp_path: Path) -> None:
    """BL-10, second scenario: the package is in effect for the first card; the second card, ready on the 12th, is in
    transition until the 1st, and uses nothing of the package's allowances before."""
    account_id = account()
    [one] = create(fusion("f", account_id, effective=day(2026, 8, 20), places=[0]))
    [two] = create(fusion("g", account_id, effective=day(2026, 9, 12, 11), places=[1], offer="f"))
    [first], [second] = one.product_instance_ids, two.product_instance_ids
    lines = [
        voice(n, place, day(2026, month, 20, 12), 60)
        for n, (place, month) in enumerate([(0, 9), (1, 9), (0, 10), (1, 10)])
    ]
    collect([usage_file(tmp_path, "f", lines)], "test")
    rating.rate("202609", "test")
    rating.rate("202610", "test")
    assert charges("202609") == {
        (first, "fusion-usage", "call"): (1, 60, 0),
        (second, "mobile-standard", "call"): (1, 0, 250_000),
    }  # a make-up workday
    assert charges("202610") == {
        (first, "fusion-usage", "call"): (1, 60, 0),
        (second, "fusion-usage", "call"): (1, 60, 0),
    }
    [shared] = [
        row
        for row in queries.allowances(SYSTEM, cycle="202610", offer_instance_ids=[one.offer_instance_id or 0])
        if row["allowance"] == "voice"
    ]
    assert (shared["granted"], shared["remaining"]) == (60_000, 60_000 - 120)


def test_family_shares(tmp_path: Path) -> None:
    """A family group's 30 GB serve its members before each member's own (priority 60 before 100), never others; each
    member's own 20 GB serve that member alone."""
    account_id = account()
    made = create(*(mobile(f"m{place}", place, account_id=account_id, effective=day(2026, 8, 1)) for place in range(3)))
    ids = [item.product_instance_ids[0] for item in made]
    create(family("family", account_id, ids[:2], effective=day(2026, 8, 1)))
    gigabyte = 2**30
    lines = [
        voice(1, 0, day(2026, 9, 2), 1, kind="data", up=25 * gigabyte),
        voice(2, 1, day(2026, 9, 3), 1, kind="data", down=25 * gigabyte + 1),
        voice(3, 2, day(2026, 9, 4), 1, kind="data", down=21 * gigabyte),
        voice(4, 0, day(2026, 9, 5), 1, kind="data", up=20 * gigabyte),
    ]  # fmt: skip
    rate_files(tmp_path, lines)
    kb, found = 2**20, charges()
    assert found[ids[0], "mobile-5g", "data"] == (2, 45 * kb, 0)
    assert found[ids[1], "mobile-5g", "data"] == (1, 25 * kb, 5)  # 1 KB at 5.00 a GB: 4.77 micros
    assert found[ids[2], "mobile-5g", "data"] == (1, 20 * kb, 5_000_000)


def test_carried_over(tmp_path: Path) -> None:
    """Data left from September is used in October before October's own; late September use is re-rated,
    and October too."""
    [made] = create(mobile("m", 0, account_id=account(), effective=day(2026, 9, 1)))
    [product], gigabyte = made.product_instance_ids, 2**30
    lines = [
        voice(1, 0, day(2026, 9, 2), 1, kind="data", up=5 * gigabyte),
        voice(2, 0, day(2026, 10, 2), 1, kind="data", up=36 * gigabyte),
    ]
    collect([usage_file(tmp_path, "f", lines)], "test")
    for cycle in ("202609", "202610"):
        rating.rate(cycle, "test")
    assert charges("202610")[product, "mobile-5g", "data"] == (1, 35 * 2**20, 5_000_000)
    collect([usage_file(tmp_path, "late", [voice(3, 0, day(2026, 9, 20), 1, kind="data", up=gigabyte)])], "test")
    assert [rating.rate(cycle, "test").groups for cycle in ("202609", "202610")] == [1, 1]
    assert charges("202610")[product, "mobile-5g", "data"] == (1, 34 * 2**20, 10_000_000)
    assert audits_hold()


def test_unpriced_is_listed(tmp_path: Path) -> None:
    """An accepted event that no plan prices is listed with its reason and counted; nothing is charged for it."""
    create(mobile("m", 0, account_id=account(), effective=day(2026, 8, 1)))
    report = rate_files(tmp_path, [voice(1, 0, NOON, 60), voice(2, 0, NOON, 10**7 + 60, call_type="intl")])
    assert (report.events, report.unpriced) == (2, 1)
    [found] = queries.unpriced_page(SYSTEM, cycle="202609")
    assert (found["record_id"], found["reason"]) == ("V000000000002", "out_of_bounds")
    assert audits_hold()


def test_a_change_of_the_archive_is_rated_again(tmp_path: Path) -> None:
    """A retroactive change of tier re-rates its group alone; what it posts is the difference."""
    account_id = account()
    made = create(*(mobile(f"m{place}", place, account_id=account_id, effective=day(2026, 8, 1)) for place in range(2)))
    lines = [voice(place, place, NOON, 300 * 60) for place in range(2)]
    assert rate_files(tmp_path, lines).charge_micros == 2 * 100 * 150_000
    inventory.change_instances(
        [
            ChangeInstance(
                "c", offer_instance_id=made[0].offer_instance_id, attributes={"tier": "99"}, effective=day(2026, 9, 1)
            )
        ]
    )
    report = rating.rate("202609", "test")
    assert (report.groups, report.events, report.charge_micros) == (1, 1, -100 * 150_000)
    assert audits_hold()


def test_rerun_changes_nothing(tmp_path: Path) -> None:
    """BL-13: rating again without anything new is no run, and posts nothing."""
    create(mobile("m", 0, account_id=account(), effective=day(2026, 8, 1)))
    rate_files(tmp_path, [voice(1, 0, NOON, 60)])
    before = rows("SELECT * FROM billing.usage_posting")
    assert rating.rate("202609", "test").run_id is None
    assert rows("SELECT * FROM billing.usage_posting") == before


def test_killed_before_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies between its columnar file and its commit leaves nothing but a stray; the next one does the
    work."""
    create(mobile("m", 0, account_id=account(), effective=day(2026, 8, 1)))
    collect([usage_file(tmp_path, "f", [voice(1, 0, NOON, 60)])], "test")

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rating, "mark_read", die)
        with pytest.raises(KeyboardInterrupt):
            rating.rate("202609", "test")
    for table in ("rating_run", "usage_posting", "rated_instance", "allowance_state"):
        assert rows(f"SELECT count(*) FROM billing.{table}") == [(0,)]
    assert rating.rate("202609", "test").events == 1
    assert audits_hold()


calls = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["voice", "data"]), st.integers(0, 20 * 86400), st.integers(0, 20_000)
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls, st.integers(1, 3), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(
    tmp_path: Path, found: list[Any], deliveries: int, order: random.Random
) -> None:
    """BL-13: events delivered in any order over several collections, each rated at once, give the totals,
    allowances and single charges of rating them all at once."""
    with database.begin("billing") as conn:
        conn.execute(text(EMPTY))
    ids = rows("SELECT DISTINCT product_instance_id FROM inventory.v1_access_number_period")
    if not ids:
        account_id = account()
        made = create(*(mobile(f"m{n}", n, account_id=account_id, effective=day(2026, 8, 1)) for n in range(3)))
        create(
            family("family", account_id, [item.product_instance_ids[0] for item in made[:2]], effective=day(2026, 8, 1))
        )
    lines = [
        voice(
            n, place, day(2026, 9, 2) + timedelta(seconds=at), amount if kind == "voice" else 9, kind=kind,
            up=amount * 2**20,
        )
        for n, (place, kind, at, amount) in enumerate(found)
    ]  # fmt: skip
    results = []
    for shuffled in (False, True):
        with database.begin("billing") as conn:
            conn.execute(text(EMPTY))
        mixed = list(lines)
        if shuffled:
            order.shuffle(mixed)
        for part in range(deliveries if shuffled else 1):
            rate_files(tmp_path, mixed[part::deliveries] if shuffled else mixed, f"f{shuffled}{part}")
        events = {
            row["record_id"]: (row["charge_micros"], row["free"])
            for row in usage_queries.usage_page(SYSTEM, cycle="202609")
        }
        left = rows(
            "SELECT offer_instance_id, allowance, granted, remaining FROM billing.allowance_state ORDER BY 1, 2"
        )
        results.append((rows(TOTAL, cycle="202609"), left, events))
        assert audits_hold()
    assert results[0] == results[1]
