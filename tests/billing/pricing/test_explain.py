"""XP-02: why this price; the explanation is the kernel's own trace, and it adds up."""

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from tests.billing.pricing import test_kernel_against_reference as random_cases
from tests.billing.pricing.plans import WORDS, compiled, plan_of

from hutong.billing.pricing import kernel
from hutong.billing.pricing.explain import explain
from hutong.billing.pricing.run import State, price_batch


@settings(deadline=None, max_examples=40)
@given(random_cases.situations())
def test_lines_add_up_to_the_charge(situation: Any) -> None:
    """For every event of any run: amounts sum to the charge, covered parts to the free units, nothing is changed."""
    plan, uses, buckets = situation
    tariffs = compiled(plan)
    rows, state = random_cases.arrays(plan, uses, buckets)
    after = state.copy()
    results = price_batch(tariffs, random_cases.whole_group(rows, after), rows, after)
    for row in range(len(rows)):
        told = explain(tariffs, rows, state, row)
        assert told.charge == results[row, kernel.CHARGE] == sum(line.amount for line in told.lines)
        assert told.free == sum(line.until - line.since for line in told.lines if line.kind == "covered")
        parts = [(line.since, line.until) for line in told.lines if line.kind in ("covered", "charged")]
        assert [since for since, _ in parts] == [0, *(until for _, until in parts)][: len(parts)]
        assert len(told.sentences("zh-CN")) == len(told.sentences("en")) == len(told.lines)


def test_an_explanation_for_people() -> None:
    """A call that begins in the allowance and passes into the evening."""
    flat = {"model": "flat", "per": "60"}
    plan = plan_of(
        {
            "price": flat | {"amount": "0.3"},
            "by_band": {"evening": flat | {"amount": "0.1"}},
            "connection_fee": "0.05",
            "rounding": {"unit": "0.01"},
        },
        clock={"bands": [{"code": "evening", "since": "18:00"}]},
        allowances=[{"code": "FREE", "name": WORDS, "unit": "second", "quantity": "30", "covers": ["voice.*"]}],
    )
    state = State(np.array([[0, kernel.EVERYONE, 0, 2**40, 30]], dtype=np.int64))
    eighteen = 1_788_429_600  # 2026-09-03 18:00 in Shanghai
    rows = np.array([[0, eighteen - 90, 100, 0, 0, 0]], dtype=np.int64)
    told = explain(compiled(plan), rows, state, 0)
    assert (told.rate.plan, told.rate.section, told.rate.tariff, told.charge) == ("P", "use", "t", 370_000)
    assert told.sentences("en") == [
        "0–30 second from allowance FREE",
        "30–90 second: 0.3",
        "90–100 second in band evening: 0.01666667",
        "connection fee: 0.05",
        "rounding: 0.00333333",
    ]
    assert sum((line.amount for line in told.lines), Fraction(0)) == told.charge
