"""Bill discounts (账务优惠, BL-07, BL-09): on a cycle's charges, stacked product → package → agreement → account.

Each discount sees what those before it left, never makes a line negative, and is shared out over its lines so that the
parts add up to the whole, to the last unit of its rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from hutong.billing.pricing.cycle import Cycle
from hutong.billing.pricing.proration import Presence
from hutong.billing.pricing.units import CYCLE
from hutong.catalog.price_plan import Discount
from hutong.catalog.tariff import RoundingRule

LEVELS = ("product", "package", "agreement", "account")


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A charge of the cycle. `holders` names, by level, the instance, agreement or account it belongs to."""

    number: int
    tariff: str
    amount: int
    holders: dict[str, int]


@dataclass(frozen=True, slots=True)
class Held:
    """A discount as a holder of its level has it this cycle; `part` of the cycle in 1/377,580 (see `part_due`)."""

    discount: Discount
    holder: int
    part: int = CYCLE


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a discount takes off a line: negative micros."""

    line: int
    discount: str
    level: str
    holder: int
    amount: int


def part_due(discount: Discount, presence: Presence, in_use: date | None) -> int:
    """The part of the cycle for which an instance has the discount, 0 for none.

    `in_use` is the day on which the customer took a pre-activated instance into use (None: not yet). Conditions on its
    life: counted cycles, in effect at the start of the cycle, whether days before its use count.
    """
    number = presence.cycle.since(Cycle.of(presence.began)) + 1
    if number < discount.first_cycle or (discount.last_cycle is not None and number > discount.last_cycle):
        return 0
    days = presence.days
    if not discount.pre_activated:
        days = frozenset(day for day in days if in_use is not None and day >= in_use)
    if not days or (discount.at_start and presence.cycle.first_day not in days):
        return 0
    return len(days) * CYCLE // presence.cycle.days if discount.per_day else CYCLE


def stack(lines: Sequence[ChargeLine], held: Sequence[Held]) -> list[Adjustment]:
    """Applies discounts level by level; within a level in the order given."""
    left = {line.number: line.amount for line in lines}
    adjustments: list[Adjustment] = []
    for level in LEVELS:
        for item in held:
            if item.discount.level == level:
                for taken in apply(item, lines, left):
                    left[taken.line] += taken.amount
                    adjustments.append(taken)
    return adjustments


def apply(held: Held, lines: Sequence[ChargeLine], left: dict[int, int]) -> list[Adjustment]:
    """One discount on what is left of its holder's lines."""
    discount = held.discount
    own = [
        line.number
        for line in lines
        if line.holders.get(discount.level) == held.holder
        and (not discount.charges or line.tariff in discount.charges)
        and left[line.number] > 0
    ]
    base = sum(left[number] for number in own)
    total = min(rounded(reduction(discount, base, held.part), discount.rounding), base)
    shares = shared_out(total, [left[number] for number in own], int(discount.rounding.unit * 10**6))
    return [
        Adjustment(number, discount.code, discount.level, held.holder, -share)
        for number, share in zip(own, shares, strict=True)
        if share
    ]


def reduction(discount: Discount, base: int, part: int) -> Fraction:
    """What a discount takes off a base, exact micros, for a part of the cycle."""
    share, value = Fraction(part, CYCLE), Fraction(discount.value)
    match discount.form:
        case "percent_off":
            return base * min(value, Fraction(100)) / 100 * share
        case "amount_off":
            return min(value * 10**6 * share, Fraction(base))
        case "at_most":
            return max(base - value * 10**6 * share, Fraction(0)) if part else Fraction(0)


def rounded(amount: Fraction, rule: RoundingRule) -> int:
    """Non-negative exact micros, rounded by the rule."""
    unit = Fraction(rule.unit) * 10**6
    whole, rest = divmod(amount, unit)
    up = {
        "up": rest > 0,
        "down": False,
        "half_up": rest * 2 >= unit,
        "half_even": rest * 2 > unit or (rest * 2 == unit and whole % 2 == 1),
    }
    return int((whole + up[rule.mode]) * unit)


def shared_out(total: int, bases: Sequence[int], unit: int) -> list[int]:
    """Shares of `total` in proportion to `bases`, adding up to it, none above its base: differences of the rounded
    running total. In whole `unit` where all bases and the total are, else in micros."""
    if total == 0 or any(amount % unit for amount in (total, *bases)):
        unit = 1
    whole, running, given, shares = sum(bases), 0, 0, []
    for base in bases:
        running += base
        reached = total * running // whole // unit * unit
        shares.append(reached - given)
        given = reached
    return shares
