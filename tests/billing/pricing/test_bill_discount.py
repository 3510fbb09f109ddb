"""BL-07, BL-09: bill discounts stack by level, never overdraw a line, and add up to the last fen."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.billing.pricing.plans import WORDS

from hutong.billing.pricing.bill_discount import LEVELS, ChargeLine, Held, part_due, reduction, shared_out, stack
from hutong.billing.pricing.cycle import Cycle, Days
from hutong.billing.pricing.proration import Presence
from hutong.billing.pricing.units import CYCLE
from hutong.catalog.price_plan import Discount

YUAN = 1_000_000
SEPTEMBER = Cycle.parse("202609")


def discount(code: str, level: str, form: str, value: str, **more: Any) -> Discount:
    """A discount document."""
    body = {"code": code, "name": WORDS, "level": level, "form": form, "value": value}
    return Discount.model_validate(body | more)


def line(number: int, amount: int, tariff: str = "t", **holders: int) -> ChargeLine:
    """A charge of product instance `number` in one package, agreement and account."""
    return ChargeLine(number, tariff, amount, {"product": number, "package": 1, "agreement": 1, "account": 1} | holders)


def test_levels_stack_in_order() -> None:
    """100: product 10 % → 90; package 20 off → 70; agreement 50 % → 35; account at most 30 → 30; whatever the order in
    which the discounts are given."""
    held = [
        Held(discount("D", "account", "at_most", "30"), 1),
        Held(discount("C", "agreement", "percent_off", "50"), 1),
        Held(discount("B", "package", "amount_off", "20"), 1),
        Held(discount("A", "product", "percent_off", "10"), 1),
    ]
    for order in (held, held[::-1]):
        taken = stack([line(1, 100 * YUAN)], order)
        assert [(item.discount, -item.amount // YUAN) for item in taken] == [("A", 10), ("B", 20), ("C", 35), ("D", 5)]


def test_a_discount_reaches_only_its_lines() -> None:
    """Another instance, another package, another tariff stay whole."""
    lines = [line(1, YUAN), line(2, YUAN), line(3, YUAN, "other"), line(4, YUAN, package=9)]
    assert {a.line for a in stack(lines, [Held(discount("A", "product", "percent_off", "100"), 2)])} == {2}
    package = discount("B", "package", "percent_off", "100", charges=["t"])
    assert {a.line for a in stack(lines, [Held(package, 1)])} == {1, 2}


def test_shares_of_an_indivisible_amount_add_up() -> None:
    """1.00 off three equal lines: 0.33, 0.33, 0.34."""
    taken = stack([line(n, 5 * YUAN) for n in (1, 2, 3)], [Held(discount("A", "account", "amount_off", "1"), 1)])
    assert [-item.amount for item in taken] == [330_000, 330_000, 340_000]


forms = st.sampled_from(["percent_off", "amount_off", "at_most"])
discounts = st.builds(
    lambda level, form, value, mode, part: Held(
        discount("X", level, form, str(value), rounding={"mode": mode, "unit": "0.01"}), 1, part
    ),
    st.sampled_from(LEVELS),
    forms,
    st.integers(0, 120),
    st.sampled_from(["half_up", "half_even", "up", "down"]),
    st.sampled_from([0, CYCLE // 3, CYCLE // 30, CYCLE]),
)


@given(st.lists(st.integers(-5 * YUAN, 90 * YUAN), max_size=5), st.lists(discounts, max_size=5))
def test_no_line_goes_below_zero_and_levels_ascend(amounts: list[int], held: list[Held]) -> None:
    """Discounts only lower, never below zero (a credit stays as it is); levels come in order."""
    lines = [line(number, amount) for number, amount in enumerate(amounts)]
    taken = stack(lines, held)
    assert all(item.amount < 0 for item in taken)
    for one in lines:
        left = one.amount + sum(item.amount for item in taken if item.line == one.number)
        assert left == one.amount if one.amount <= 0 else 0 <= left <= one.amount
    order = [LEVELS.index(item.level) for item in taken]
    assert order == sorted(order)


@given(st.lists(st.integers(1, 90 * YUAN), min_size=1, max_size=6), discounts)
def test_one_discount_takes_what_it_says(amounts: list[int], held: Held) -> None:
    """The parts add up to the exact reduction, rounded: within one fen, and to the whole where it takes everything."""
    held = Held(held.discount.model_copy(update={"level": "account"}), 1, held.part)
    taken = -sum(item.amount for item in stack([line(n, a) for n, a in enumerate(amounts)], [held]))
    exact = reduction(held.discount, sum(amounts), held.part)
    assert abs(taken - exact) < 10_000
    assert taken % 10_000 == 0 or taken == sum(amounts)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8), st.data())
def test_shares_fit(bases: list[int], data: st.DataObject) -> None:
    """Shares add up, stay within their bases, and keep to whole units where the bases do."""
    unit = data.draw(st.sampled_from([1, 10, 10_000]))
    scaled = [base * unit for base in bases]
    total = data.draw(st.integers(0, sum(bases))) * unit
    shares = shared_out(total, scaled, unit)
    assert sum(shares) == total
    assert all(0 <= share <= base and share % unit == 0 for share, base in zip(shares, scaled, strict=True))


@pytest.mark.parametrize(
    ("conditions", "since", "began", "in_use", "due"),
    [
        ({}, date(2026, 9, 21), date(2026, 9, 21), date(2026, 9, 21), Fraction(1)),
        ({"per_day": True}, date(2026, 9, 21), date(2026, 9, 21), date(2026, 9, 21), Fraction(10, 30)),
        ({"per_day": True}, date(2026, 9, 1), date(2026, 8, 1), date(2026, 9, 21), Fraction(10, 30)),
        ({"at_start": True}, date(2026, 9, 2), date(2026, 9, 2), date(2026, 9, 2), Fraction(0)),
        ({"at_start": True}, date(2026, 9, 1), date(2026, 8, 2), date(2026, 8, 2), Fraction(1)),
        ({"first_cycle": 2}, date(2026, 9, 1), date(2026, 9, 1), date(2026, 9, 1), Fraction(0)),
        ({"first_cycle": 2}, date(2026, 9, 1), date(2026, 8, 31), date(2026, 8, 31), Fraction(1)),
        ({"last_cycle": 1}, date(2026, 9, 1), date(2026, 8, 31), date(2026, 8, 31), Fraction(0)),
        ({}, date(2026, 9, 1), date(2026, 8, 1), None, Fraction(0)),
        ({"pre_activated": True}, date(2026, 9, 1), date(2026, 8, 1), None, Fraction(1)),
    ],
)
def test_conditions_on_life(
    conditions: dict[str, Any], since: date, began: date, in_use: date | None, due: Fraction
) -> None:
    """Per day, at the start of the cycle, from and to a cycle of its life, before it is taken into use."""
    presence = Presence.of(SEPTEMBER, began, [Days(since)])
    found = part_due(discount("A", "product", "percent_off", "10", **conditions), presence, in_use)
    assert Fraction(found, CYCLE) == due
