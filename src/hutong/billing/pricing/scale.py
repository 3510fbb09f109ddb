"""A tariff's prices as exact steps in base units: the form shared by the compiled tables and the proof of bounds."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any

from hutong.billing.pricing.units import CYCLES, MONEY, UNITS, base_units
from hutong.catalog.tariff import (
    Flat,
    Increment,
    OneOffTariff,
    Package,
    Percentage,
    Price,
    RecurringTariff,
    RoundingRule,
    Step,
    Stepped,
    Tariff,
    UsageTariff,
)
from hutong.platform.errors import Unprocessable

MICROS = 10**6


@dataclass(frozen=True)
class ExactStep:
    """Above `start` (base units): `price` micros for each (started) `size` base units, `flat` micros on entry."""

    start: int
    size: int
    price: Fraction
    flat: Fraction


@dataclass(frozen=True)
class Scale:
    """F(x) of a price: graduated, or by volume."""

    steps: tuple[ExactStep, ...]
    volume: bool = False

    def rows(self, denominator: int) -> list[tuple[int, int, int, int, int]]:
        """Kernel rows (from, origin, size, price, before) as numerators over `denominator`."""
        rows = []
        before = 0
        for step, following in zip(self.steps, (*self.steps[1:], None), strict=True):
            flat, price = int(step.flat * denominator), int(step.price * denominator)
            before = flat if self.volume else before + flat
            rows.append((step.start, 0 if self.volume else step.start, step.size, price, before))
            if following is not None:
                before += -(-(following.start - step.start) // step.size) * price
        return rows

    def denominators(self) -> list[int]:
        """Of all its amounts."""
        return [value.denominator for step in self.steps for value in (step.price, step.flat)]


@dataclass(frozen=True)
class ExactTariff:
    """A tariff in base units and micros. `scales[0]` is the price, the rest those of bands by code."""

    code: str
    dimension: str
    event_bound: int
    total_bound: int
    fee: Fraction
    fee_always: bool
    cap: Fraction | None
    increments: tuple[tuple[int, int], ...]
    scale: Scale
    by_band: dict[str, Scale]
    along: str
    counts_charged: bool
    rounding: RoundingRule

    @property
    def denominator(self) -> int:
        """Common denominator of every amount of the tariff, in micros."""
        scales = (self.scale, *self.by_band.values())
        amounts = [self.fee.denominator, (self.cap or Fraction(0)).denominator]
        return lcm(*amounts, *(number for scale in scales for number in scale.denominators()))

    @property
    def rounding_unit(self) -> int:
        """In micros."""
        return int(self.rounding.unit * MICROS)


def refused(reason: str, **where: Any) -> Unprocessable:
    """The problem of a plan that cannot be compiled."""
    return Unprocessable(f"billing-plan-{reason}", **where)


def exact_step(step: Step, start: int, unit: str) -> ExactStep:
    """A document's step in base units and micros."""
    amount, flat = Fraction(step.amount) * MICROS, Fraction(step.flat) * MICROS
    if step.started:
        return ExactStep(start, base_units(step.per, unit), amount, flat)
    return ExactStep(start, 1, amount / (Fraction(step.per) * UNITS[unit].size), flat)


def scale_of(price: Price, unit: str) -> Scale:
    """A document's price as steps."""
    match price:
        case Flat():
            return Scale((exact_step(Step(amount=price.amount, per=price.per), 0, unit),))
        case Percentage():
            return Scale((exact_step(Step(amount=price.percent / 100), 0, unit),))
        case Package():
            paid = Step(amount=price.amount, per=price.size, started=True)
            free = base_units(price.free, unit)
            gratis = exact_step(Step(amount=Decimal(0)), 0, unit)
            return Scale((gratis, exact_step(paid, free, unit)) if free else (exact_step(paid, 0, unit),))
        case Stepped():
            starts = [0, *(base_units(step.up_to, unit) for step in price.steps[:-1] if step.up_to is not None)]
            steps = tuple(exact_step(step, start, unit) for step, start in zip(price.steps, starts, strict=True))
            return Scale(steps, volume=price.model == "volume")


def increments_of(increments: tuple[Increment, ...], unit: str) -> tuple[tuple[int, int], ...]:
    """Blocks as (after, size) in base units; by default the base unit itself."""
    found = tuple((base_units(item.after, unit), base_units(item.size, unit)) for item in increments) or ((0, 1),)
    if found[0][0] != 0 or any(b[0] <= a[0] or (b[0] - a[0]) % a[1] for a, b in pairwise(found)):
        raise ValueError("increments")
    return found


def exact(tariff: Tariff, plan: str) -> ExactTariff:
    """A document's tariff in base units, checked by ADR 0003. Raises Unprocessable, naming the tariff."""
    where = {"plan": plan, "tariff": tariff.code}
    if (tariff.rounding.unit * MICROS) % 1 or tariff.rounding.unit <= 0:
        raise refused("rounding-unit", **where)
    if isinstance(tariff, RecurringTariff | OneOffTariff):
        unit = "cycle" if isinstance(tariff, RecurringTariff) else "item"
        tariff = UsageTariff(
            code=tariff.code, unit=unit, price=Flat(amount=tariff.amount), rounding=tariff.rounding
        )  # a fee for a cycle or an occasion is priced by the same steps as use (BL-08)
    try:
        increments = increments_of(tariff.increments, tariff.unit)
    except ValueError:
        raise refused("increments", **where) from None
    try:
        scale = scale_of(tariff.price, tariff.unit)
        by_band = {band: scale_of(price, tariff.unit) for band, price in tariff.by_band.items()}
    except ValueError:
        raise refused("not-whole", unit=tariff.unit, **where) from None
    check_forms(tariff, scale, by_band, where)
    unit_of = UNITS[tariff.unit]
    return ExactTariff(
        code=tariff.code,
        dimension=unit_of.dimension,
        event_bound=unit_of.event_bound,
        total_bound=unit_of.total_bound,
        fee=Fraction(tariff.connection_fee) * MICROS,
        fee_always=tariff.connection_fee_when == "always",
        cap=None if tariff.cap is None else Fraction(tariff.cap) * MICROS,
        increments=increments,
        scale=scale,
        by_band=by_band,
        along=tariff.scale,
        counts_charged=tariff.scale_counts == "charged",
        rounding=tariff.rounding,
    )


def check_forms(tariff: UsageTariff, scale: Scale, by_band: dict[str, Scale], where: dict[str, str]) -> None:
    """Forms that would not mean one thing are refused: volume or a cumulative rounding with prices by band, a
    cumulative rounding without accumulator or with a cap, a percentage of something that is not money."""
    prices = (tariff.price, *tariff.by_band.values())
    if any(isinstance(price, Percentage) for price in prices) and UNITS[tariff.unit].dimension != MONEY:
        raise refused("percentage", **where)
    if by_band and (scale.volume or any(other.volume for other in by_band.values())):
        raise refused("volume-by-band", **where)
    if tariff.rounding.at == "cumulative":
        fee_steps = Fraction(tariff.connection_fee) / Fraction(tariff.rounding.unit)
        if tariff.scale == "event" or by_band or tariff.cap is not None or fee_steps.denominator != 1:
            raise refused("cumulative", **where)
    if UNITS[tariff.unit].dimension == CYCLES and tariff.increments:
        raise refused("increments", **where)
