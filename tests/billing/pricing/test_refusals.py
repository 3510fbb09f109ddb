"""What is refused: plans without one meaning or beyond int64 when they are compiled, events when they are priced."""

from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.billing.pricing import reference
from tests.billing.pricing.plans import SHANGHAI, WORDS, compiled, plan_of

from hutong.billing.pricing import kernel
from hutong.billing.pricing.compile import check
from hutong.billing.pricing.run import State, price_one
from hutong.billing.pricing.units import UNITS, base_units
from hutong.catalog.tariff import UsageTariff
from hutong.platform.errors import Unprocessable

FLAT = {"model": "flat", "amount": "0.1"}
VOLUME = {"model": "volume", "steps": [{"amount": "1"}]}
MONTH = {"code": "month", "unit": "second"}
NIGHT = {"bands": [{"code": "night", "since": "21:00", "until": "07:00"}]}
START = int(datetime(2026, 9, 3, 20, 59, 50, tzinfo=SHANGHAI).timestamp())

REFUSED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("overflow", {"price": FLAT | {"amount": "999999999999"}}, {}),
    ("overflow", {"price": FLAT | {"per": "999999999989"}, "connection_fee": "100"}, {}),
    ("increments", {"price": FLAT, "increments": [{"after": "1", "size": "2"}]}, {}),
    ("increments", {"price": FLAT, "increments": [{"size": "30"}, {"after": "45", "size": "1"}]}, {}),
    ("increments", {"price": FLAT, "increments": [{"size": "0.5"}]}, {}),
    ("not-whole", {"price": {"model": "package", "amount": "1", "size": "0.5"}}, {}),
    ("percentage", {"price": {"model": "percentage", "percent": "5"}}, {}),
    ("volume-by-band", {"price": VOLUME, "by_band": {"night": FLAT}, "scale_counts": "charged"}, {"clock": NIGHT}),
    ("volume-counts", {"price": VOLUME}, {}),
    ("volume-counts", {"price": VOLUME, "scale": "month"}, {"accumulators": [MONTH]}),
    ("cumulative", {"price": FLAT, "rounding": {"at": "cumulative"}}, {}),
    (
        "cumulative",
        {"price": FLAT, "scale": "month", "cap": "1", "rounding": {"at": "cumulative"}},
        {"accumulators": [MONTH]},
    ),
    (
        "cumulative",
        {"price": FLAT, "scale": "month", "connection_fee": "0.005", "rounding": {"at": "cumulative", "unit": "0.01"}},
        {"accumulators": [MONTH]},
    ),
    ("rounding-unit", {"price": FLAT, "rounding": {"unit": "0.0000001"}}, {}),
    ("accumulator-unit", {"price": FLAT, "scale": "month"}, {"accumulators": [MONTH | {"unit": "item"}]}),
    (
        "accumulator-unit",
        {"price": FLAT, "unit": "item"},
        {"accumulators": [MONTH], "section": {"accumulates": ["month"]}},
    ),
    (
        "counted-twice",
        {"price": FLAT, "scale": "month"},
        {"accumulators": [MONTH], "section": {"surcharges": ["t"]}},
    ),
    (
        "allowance-whole",
        {"price": FLAT},
        {"allowances": [{"code": "a", "name": WORDS, "unit": "second", "quantity": "0.5", "covers": ["voice.*"]}]},
    ),
]


@pytest.mark.parametrize(("reason", "tariff", "parts"), REFUSED)
def test_plans_without_one_meaning_are_refused(reason: str, tariff: dict[str, Any], parts: dict[str, Any]) -> None:
    """Each refusal names the plan and says in both languages how to mend it."""
    with pytest.raises(Unprocessable) as refusal:
        check(plan_of(tariff, **parts))
    assert refusal.value.message_id == f"billing-plan-{reason}"
    for locale in ("zh-CN", "en"):
        assert "P" in refusal.value.message(locale)


@pytest.mark.parametrize(
    "body",
    [
        {"price": FLAT | {"amount": 0.1}},
        {"price": FLAT | {"amount": "-1"}},
        {"price": FLAT | {"amount": "NaN"}},
        {"price": FLAT | {"per": "0"}},
        {"price": FLAT, "unknown": 1},
        {"price": FLAT, "scale": "nowhere"},
        {"price": FLAT, "by_band": {"nowhere": FLAT}},
        {"price": {"model": "graduated", "steps": [{"up_to": "5", "amount": "1"}]}},
        {"price": {"model": "graduated", "steps": [{"up_to": "5", "amount": "1"}] * 2 + [{"amount": "1"}]}},
    ],
)
def test_documents_are_strict(body: dict[str, Any]) -> None:
    """A binary fraction, a negative amount, an unknown word, a dangling reference, steps out of order."""
    with pytest.raises(ValidationError):
        plan_of(body)


def test_events_that_cannot_be_priced_change_nothing() -> None:
    """No rate, a negative or absurd quantity, a day off the calendar: a status, no charge, same state."""
    allowance = {"code": "a", "name": WORDS, "unit": "second", "quantity": "100", "covers": ["voice.*"]}
    plan = plan_of(
        {"price": FLAT, "by_band": {"night": FLAT}, "scale": "month"},
        clock=NIGHT | {"holidays": "CN"},
        accumulators=[MONTH],
        allowances=[allowance],
    )
    state = State(
        np.array([[0, kernel.EVERYONE, 0, 2**40, 100]], dtype=np.int64), np.array([[10**9 - 5, 1]], dtype=np.int64)
    )
    tariffs, before = compiled(plan), state.copy()
    beyond = int(datetime(2050, 1, 1, tzinfo=SHANGHAI).timestamp())
    long_ago = int(datetime(2001, 1, 1, tzinfo=SHANGHAI).timestamp())
    cases = [
        (-1, START, 1, kernel.NO_RATE),
        (0, START, -1, kernel.OUT_OF_BOUNDS),
        (0, START, UNITS["second"].event_bound + 1, kernel.OUT_OF_BOUNDS),
        (0, START, 6, kernel.OUT_OF_BOUNDS),  # the accumulator would pass its bound
        (0, beyond, 1, kernel.OUTSIDE_CALENDAR),
        (0, long_ago, 1, kernel.OUTSIDE_CALENDAR),
    ]
    for rate, start, quantity, status in cases:
        priced = price_one(tariffs, state, rate=rate, start=start, quantity=quantity)
        assert (priced.status, priced.charge, priced.billed, priced.free) == (status, 0, 0, 0)
        assert np.array_equal(state.buckets, before.buckets)
        assert np.array_equal(state.accumulators, before.accumulators)
    assert price_one(tariffs, state, rate=0, start=START, quantity=5).status == kernel.PRICED


amounts = st.integers(0, 10).flatmap(lambda digits: st.integers(1, 10**digits)).map(lambda n: f"{n / 10**6:.6f}")


@settings(deadline=None)
@given(
    st.sampled_from(["second", "KB", "GB", "item", "unit", "currency"]),
    st.lists(st.tuples(amounts, st.sampled_from([1, 7, 60, 1000, 99_991]), st.booleans()), min_size=1, max_size=3),
    st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(999, 1000)]),
)
def test_accepted_plans_do_not_overflow(unit: str, prices: list[tuple[str, int, bool]], fullness: Fraction) -> None:
    """At the bounds of events and accumulators the kernel still agrees with exact fractions."""
    steps: list[dict[str, Any]] = [
        {"amount": amount, "per": str(per), "started": started, "flat": amount} for amount, per, started in prices
    ]
    for number, step in enumerate(steps[:-1], start=1):
        step["up_to"] = str(number * 1000)
    tariff = {"unit": unit, "scale": "month", "price": {"model": "graduated", "steps": steps}}
    plan = plan_of(tariff, accumulators=[{"code": "month", "unit": unit}])
    try:
        tariffs = compiled(plan)
    except Unprocessable as refusal:
        assert refusal.message_id == "billing-plan-overflow"
        return
    quantity = int(UNITS[unit].event_bound * fullness)
    held = UNITS[unit].total_bound - quantity
    state = State(accumulators=np.array([[held, 1]], dtype=np.int64))
    priced = price_one(tariffs, state, rate=0, start=START, quantity=quantity)
    made = plan.tariffs[0]
    assert isinstance(made, UsageTariff)
    size = base_units(1, unit)
    exact = reference.total_price(made.price, held + quantity, size) - reference.total_price(made.price, held, size)
    assert priced.charge == reference.round_money(exact, made.rounding) * 10**6
