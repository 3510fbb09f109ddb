"""BL-06: amounts established by other systems' public tests or by arithmetic (shared/reference/rating-goldens.md)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.billing.pricing.plans import SHANGHAI, compiled, plan_of

from hutong.billing.pricing import kernel
from hutong.billing.pricing.run import State, price_one
from hutong.billing.pricing.units import base_units
from hutong.platform.money import to_decimal

THURSDAY = datetime(2026, 9, 3, 17, 30, tzinfo=SHANGHAI)

FLAT = {"model": "flat"}
PER_MINUTE = FLAT | {"per": "60"}
CASE_7 = {
    "connection_fee": "0.8",
    "increments": [{"after": "0", "size": "30"}, {"after": "60", "size": "10"}],
    "price": {
        "model": "graduated",
        "steps": [{"up_to": "60", "amount": "0.4", "per": "60"}, {"amount": "0.2", "per": "60"}],
    },
}
CASE_14 = {
    "unit": "unit",
    "price": {
        "model": "graduated",
        "steps": [
            {"up_to": "10", "amount": "10", "flat": "2"},
            {"up_to": "20", "amount": "5", "flat": "3"},
            {"amount": "5", "flat": "3"},
        ],
    },
}
CASE_15 = {
    "unit": "unit",
    "scale_counts": "charged",
    "price": {
        "model": "volume",
        "steps": [
            {"up_to": "100", "amount": "2", "flat": "10"},
            {"up_to": "200", "amount": "1"},
            {"amount": "0.5", "flat": "50"},
        ],
    },
}
TIERS = [{"up_to": "10", "amount": "1.5"}, {"up_to": "110", "amount": "1.0"}, {"amount": "0.5"}]
CASE_5 = {
    "increments": [{"after": "0", "size": "30"}, {"after": "30", "size": "6"}],
    "price": PER_MINUTE | {"amount": "0.006"},
}

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "1",
        {
            "connection_fee": "0.2",
            "increments": [{"after": "0", "size": "60"}, {"after": "60", "size": "1"}],
            "price": PER_MINUTE | {"amount": "1.2"},
        },
        "45",
        "1.40",
    ),
    ("2", {"connection_fee": "0.1", "price": FLAT | {"amount": "0.01"}}, "45", "0.55"),
    (
        "3",
        {
            "connection_fee": "1",
            "price": FLAT | {"amount": "1"},
            "by_band": {"evening": FLAT | {"amount": "0.5"}},
        },
        "3600",
        "2701",
    ),
    ("5", CASE_5, "32", "0.0036"),
    ("5", CASE_5, "57", "0.0060"),
    ("5", CASE_5, "75", "0.0078"),
    ("6", {"connection_fee": "0.15", "price": PER_MINUTE | {"amount": "0.05"}}, "24", "0.17"),
    ("7", CASE_7, "90", "1.30"),
    ("8", {"price": FLAT | {"amount": "0.01"}, "cap": "0.62"}, "70", "0.62"),
    ("9", {"price": PER_MINUTE | {"amount": "0.1"}}, "180", "0.30"),
    *(("14", CASE_14, *pair) for pair in [("0", "2"), ("1", "12"), ("10", "102")]),
    *(("14", CASE_14, *pair) for pair in [("11", "110"), ("12", "115"), ("21", "163")]),
    *(("15", CASE_15, *pair) for pair in [("100", "210"), ("100.5", "100.5"), ("101", "101"), ("300", "200")]),
    ("16", {"unit": "unit", "price": {"model": "package", "amount": "100", "size": "10"}}, "121", "1300"),
    ("16", {"unit": "unit", "price": {"model": "package", "amount": "100", "size": "10", "free": "10"}}, "121", "1200"),
    ("18", {"unit": "unit", "price": {"model": "graduated", "steps": TIERS}}, "111", "115.5"),
    ("18", {"unit": "unit", "scale_counts": "charged", "price": {"model": "volume", "steps": TIERS}}, "111", "55.5"),
]


@pytest.mark.parametrize(("case", "tariff", "quantity", "expected"), CASES, ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_golden_amount(case: str, tariff: dict[str, Any], quantity: str, expected: str) -> None:
    """One event, priced as a stranger's system or arithmetic says, exactly."""
    tariffs = compiled(plan_of(tariff, clock={"bands": [{"code": "evening", "since": "18:00"}]}))
    units = base_units(quantity, tariff.get("unit", "second"))
    priced = price_one(tariffs, State(), rate=0, start=int(THURSDAY.timestamp()), quantity=units)
    assert priced.status == kernel.PRICED
    assert to_decimal(priced.charge) == Decimal(expected)


@pytest.mark.parametrize("form", ["allowance of the group", "free step of the tariff"])
def test_golden_13_allowance_then_charge(form: str) -> None:
    """Allowance 50 units, then 0.5 per unit: 24 units cost 0; 50 more take 26 and cost 12.00."""
    if form == "allowance of the group":
        allowance = {"code": "free", "name": {"zh": "免费", "en": "free"}, "unit": "unit", "quantity": "50"}
        plan = plan_of(
            {"unit": "unit", "price": FLAT | {"amount": "0.5"}}, allowances=[allowance | {"covers": ["voice.*"]}]
        )
        state = State(buckets=np.array([[0, kernel.EVERYONE, 0, 2**40, 50_000]], dtype=np.int64))
    else:
        steps = [{"up_to": "50", "amount": "0"}, {"amount": "0.5"}]
        plan = plan_of(
            {"unit": "unit", "scale": "month", "price": {"model": "graduated", "steps": steps}},
            accumulators=[{"code": "month", "unit": "unit"}],
        )
        state = State(accumulators=np.zeros((1, 2), dtype=np.int64))
    tariffs = compiled(plan)
    first = price_one(tariffs, state, rate=0, start=1_788_000_000, quantity=24_000)
    second = price_one(tariffs, state, rate=0, start=1_788_000_100, quantity=50_000)
    assert (first.charge, to_decimal(second.charge)) == (0, Decimal("12.00"))
    if form == "allowance of the group":
        assert (first.free, second.free, state.buckets[0, kernel.REMAINING]) == (24_000, 26_000, 0)


def test_golden_16_with_an_allowance() -> None:
    """100 per started 10 units, 10 units from an allowance: 121 units cost 1200."""
    allowance = {"code": "free", "name": {"zh": "免费", "en": "free"}, "unit": "unit", "quantity": "10"}
    plan = plan_of(
        {"unit": "unit", "scale_counts": "charged", "price": {"model": "package", "amount": "100", "size": "10"}},
        allowances=[allowance | {"covers": ["voice.local"]}],
    )
    state = State(buckets=np.array([[0, kernel.EVERYONE, 0, 2**40, 10_000]], dtype=np.int64))
    priced = price_one(compiled(plan), state, rate=0, start=1_788_000_000, quantity=121_000)
    assert to_decimal(priced.charge) == 1200
