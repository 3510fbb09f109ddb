"""BL-08: recurring fees by named policy, prorated exactly and priced by the same kernel as use; allowances granted."""

from datetime import date, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.billing.pricing.plans import SHANGHAI, WORDS, compiled, plan_of
from tests.billing.pricing.reference import round_money

from hutong.billing.pricing import kernel
from hutong.billing.pricing.allowance_grants import granted_units, valid_span
from hutong.billing.pricing.cycle import Cycle, Days
from hutong.billing.pricing.proration import POLICIES, Presence
from hutong.billing.pricing.run import State, bucket_order, price_one
from hutong.billing.pricing.units import CYCLE
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.tariff import RoundingRule

SEPTEMBER = Cycle.parse("202609")
cycles = st.builds(Cycle, st.integers(2016, 2048), st.integers(1, 12))


def fee_plan(amount: str) -> PricePlan:
    """A monthly fee, rounded to fen."""
    body = {
        "kind": "price_plan",
        "code": "FEE",
        "name": WORDS,
        "tariffs": [{"kind": "recurring", "code": "monthly", "amount": amount}],
        "sections": [{"code": "fee", "tariff": "monthly"}],
        "strategies": [{"event": "recurring", "sections": ["fee"]}],
    }
    return PricePlan.model_validate(body)


FEES = {amount: compiled(fee_plan(amount)) for amount in ("99", "0.01", "58.80", "199.99")}


@pytest.mark.parametrize(
    ("policy", "since", "until", "began", "due"),
    [
        ("daily", date(2026, 9, 23), None, date(2026, 9, 23), Fraction(8, 30)),
        ("daily", date(2026, 9, 1), None, date(2026, 1, 1), Fraction(1)),
        ("daily", date(2026, 9, 5), date(2026, 9, 6), date(2026, 9, 5), Fraction(1, 30)),
        ("daily", date(2026, 9, 5), date(2026, 9, 5), date(2026, 9, 5), Fraction(0)),
        ("full_cycle", date(2026, 9, 30), None, date(2026, 9, 30), Fraction(1)),
        ("full_cycle", date(2026, 10, 1), None, date(2026, 10, 1), Fraction(0)),
        ("start_of_cycle", date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 1), Fraction(1)),
        ("start_of_cycle", date(2026, 9, 2), None, date(2026, 9, 2), Fraction(0)),
        ("half_cycle", date(2026, 9, 15), None, date(2026, 9, 15), Fraction(1)),
        ("half_cycle", date(2026, 9, 16), None, date(2026, 9, 16), Fraction(1, 2)),
        ("half_cycle", date(2026, 8, 1), date(2026, 9, 1), date(2026, 8, 1), Fraction(0)),
        ("free_first_cycle", date(2026, 9, 2), None, date(2026, 9, 2), Fraction(0)),
        ("free_first_cycle", date(2026, 8, 31), None, date(2026, 8, 31), Fraction(1)),
    ],
)
def test_policies(policy: str, since: date, until: date | None, began: date, due: Fraction) -> None:
    """Each policy by example, September 2026."""
    presence = Presence.of(SEPTEMBER, began, [Days(since, until)])
    assert Fraction(POLICIES[policy](presence), CYCLE) == due


@given(cycles, st.integers(0, 31), st.integers(0, 31), st.integers(0, 31))
def test_contiguous_periods_share_out_the_month(cycle: Cycle, one: int, two: int, three: int) -> None:
    """Cut anywhere, daily parts of contiguous periods add up to the part of the whole; a month is a whole cycle."""
    first, middle, last = (cycle.first_day + timedelta(days=number) for number in sorted((one, two, three)))

    def part(since: date, until: date | None) -> int:
        return POLICIES["daily"](Presence.of(cycle, since, [Days(since, until)]))

    assert part(first, middle) + part(middle, last) == part(first, last)
    assert part(cycle.first_day, None) == CYCLE
    assert part(cycle.first_day, first) + part(first, None) == CYCLE


def test_a_day_belongs_to_the_version_at_its_end() -> None:
    """A change at noon: the day counts once, for what follows."""
    noon = datetime(2026, 9, 10, 12, tzinfo=SHANGHAI)
    before = Days.between(datetime(2026, 9, 1, tzinfo=SHANGHAI), noon, SHANGHAI).within(SEPTEMBER)
    after = Days.between(noon, None, SHANGHAI).within(SEPTEMBER)
    assert (len(before), len(after), before & after) == (9, 21, frozenset())


@given(cycles, st.integers(1, 31), st.sampled_from(sorted(FEES)))
def test_the_kernel_prices_a_prorated_fee_exactly(cycle: Cycle, from_day: int, amount: str) -> None:
    """amount · days / days of the month, rounded half up to fen, by the function that prices calls."""
    since = cycle.first_day + timedelta(days=min(from_day, cycle.days) - 1)
    presence = Presence.of(cycle, since, [Days(since)])
    tariffs = FEES[amount]
    start = int(cycle.begins(SHANGHAI).timestamp())
    priced = price_one(tariffs, State(), rate=0, start=start, quantity=POLICIES["daily"](presence))
    exact = Fraction(amount) * len(presence.days) / cycle.days
    assert priced.charge == round_money(exact, RoundingRule.model_validate({"unit": "0.01"})) * 10**6


def test_carried_over_units_go_first() -> None:
    """BL-06: 100 minutes a month carried over once: October uses September's rest before its own; November lost it."""
    allowance = {"code": "FREE", "name": WORDS, "unit": "minute", "quantity": "100", "covers": ["voice.*"]}
    tariffs = compiled(
        plan_of(
            {"price": {"model": "flat", "amount": "0.01"}},
            allowances=[allowance | {"carry_over_cycles": 1, "prorated": True}],
        )
    )
    granted = tariffs.allowances[0]
    assert granted_units(granted, CYCLE // 2) == 3000
    assert granted_units(granted, CYCLE // 31) == 194  # 193.55 s, rounded up
    spans = [valid_span(granted, SEPTEMBER.plus(number), SHANGHAI) for number in (1, 0)]
    buckets = np.array([[0, kernel.EVERYONE, *span, granted_units(granted)] for span in spans], dtype=np.int64)
    same = np.zeros(2, dtype=np.int64)
    order = bucket_order(same, same, buckets[:, kernel.VALID_TO], buckets[:, kernel.VALID_FROM], same)
    state = State(buckets[order])
    october = int(datetime(2026, 10, 5, tzinfo=SHANGHAI).timestamp())
    november = int(datetime(2026, 11, 5, tzinfo=SHANGHAI).timestamp())
    assert price_one(tariffs, state, rate=0, start=october, quantity=4000).free == 4000
    assert state.buckets[:, kernel.REMAINING].tolist() == [2000, 6000]
    assert price_one(tariffs, state, rate=0, start=november, quantity=9000).free == 6000
    assert state.buckets[:, kernel.REMAINING].tolist() == [2000, 0]


@given(cycles, st.integers(-30, 30))
def test_cycles_count(cycle: Cycle, number: int) -> None:
    """Adding and counting agree; a cycle ends where the next begins."""
    later = cycle.plus(number)
    assert later.since(cycle) == number
    assert cycle.ends(SHANGHAI) == cycle.plus(1).begins(SHANGHAI)
    assert Cycle.parse(str(cycle)) == cycle
