"""Compiling published price plans into the kernel's dense tables (BL-01, BL-06, ADR 0003).

Everything that could go wrong in a plan goes wrong here, once, with a sentence: references, units, forms without one
meaning, and bounds that int64 could not hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from hutong.billing.pricing import bounds, kernel
from hutong.billing.pricing.clock import FIRST_DAY, day_number, days_of, offsets_of
from hutong.billing.pricing.compiled import (
    Choice,
    CompiledTariffs,
    Granted,
    Leaf,
    PlanKey,
    Published,
    Rate,
    Slots,
)
from hutong.billing.pricing.kernel import Plan, Table
from hutong.billing.pricing.scale import ExactTariff, exact, refused
from hutong.billing.pricing.units import UNITS, base_units
from hutong.catalog.price_plan import Allowance, Clock, PricePlan, Section
from hutong.catalog.tariff import UsageTariff
from hutong.platform.settings import settings

ROUNDINGS = {"half_up": kernel.HALF_UP, "half_even": kernel.HALF_EVEN, "up": kernel.UP, "down": kernel.DOWN}


@dataclass(frozen=True)
class Coverage:
    """A class of use that allowances distinguish: usage class, dimension, and the plan's band."""

    usage: str
    dimension: str
    plan: PlanKey
    band: str


@dataclass
class Building:
    """The tables while they grow; numbers of rows are list lengths."""

    rates: list[tuple[int, ...]] = field(default_factory=list)
    prices: list[tuple[int, ...]] = field(default_factory=list)
    steps: list[tuple[int, ...]] = field(default_factory=list)
    increments: list[tuple[int, ...]] = field(default_factory=list)
    counters: list[tuple[int, ...]] = field(default_factory=list)
    counted: list[tuple[int, ...]] = field(default_factory=list)
    borders: list[tuple[int, int]] = field(default_factory=list)
    clocks: dict[Clock, int] = field(default_factory=dict)
    days: list[Table] = field(default_factory=list)
    coverages: dict[Coverage, int] = field(default_factory=dict)
    named_rates: list[Rate] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    allowances: list[Granted] = field(default_factory=list)

    def clock(self, clock: Clock) -> int:
        """The number of a clock; equal clocks of different plans are one."""
        if clock not in self.clocks:
            self.clocks[clock] = len(self.days)
            self.days.append(days_of(clock, self.borders))
        return self.clocks[clock]


def compile_plans(plans: Sequence[Published], zone: ZoneInfo) -> CompiledTariffs:
    """Compiles plans for pricing in a business time zone. Raises Unprocessable for a plan that may not be used."""
    building = Building()
    choices: dict[tuple[PlanKey, str, str], tuple[Choice, ...]] = {}
    slots: dict[PlanKey, Slots] = {}
    for published in plans:
        compiling = PlanCompiling(building, published.plan, (published.plan.code, published.version))
        slots[compiling.key] = compiling.add_counters()
        compiling.add_allowances()
        choices.update(compiling.add_strategies())
    tables = Plan(
        rates=as_table(building.rates, kernel.RATE_COLUMNS),
        prices=as_table(building.prices, 3),
        steps=as_table(building.steps, 5),
        increments=as_table(building.increments, 2),
        counters=as_table(building.counters, 4),
        counted=as_table(building.counted, 1),
        covers=covers(building),
        days=np.vstack(building.days) if building.days else np.empty((0, 0), dtype=np.int64),
        borders=as_table(building.borders, 2),
        offsets=as_table(offsets_of(zone), 2),
        first_day=day_number(FIRST_DAY),
    )
    levels = {(plan.code, version): plan.level for plan, version in plans}
    return CompiledTariffs(
        tables=tables,
        rates=tuple(building.named_rates),
        leaves=tuple(building.leaves),
        choices=choices,
        levels=dict(levels),
        slots=slots,
        allowances=tuple(building.allowances),
    )


def check(plan: PricePlan) -> None:
    """Raises a Problem when the plan may not be used; for the catalog to call before it publishes."""
    compile_plans([Published(plan)], settings.zone)


def as_table(rows: Sequence[tuple[int, ...]], columns: int) -> Table:
    """Rows as a contiguous int64 table."""
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)


def covers(building: Building) -> Table:
    """Which allowance (row) may cover which class of use (column)."""
    found = np.zeros((len(building.allowances), max(len(building.coverages), 1)), dtype=np.int64)
    for row, granted in enumerate(building.allowances):
        for coverage, column in building.coverages.items():
            found[row, column] = may_cover(granted, coverage)
    return found


def may_cover(granted: Granted, coverage: Coverage) -> bool:
    """An allowance covers use of its unit's dimension and of its classes, whichever plan prices it; one that is limited
    to bands covers use that its own plan prices, for bands are the plan's own."""
    allowance = granted.allowance
    if UNITS[allowance.unit].dimension != coverage.dimension or not covers_class(allowance, coverage.usage):
        return False
    if not allowance.during:
        return True
    return (granted.plan, granted.version) == coverage.plan and coverage.band in allowance.during


def covers_class(allowance: Allowance, usage: str) -> bool:
    """Whether a usage class is one of the allowance's, or in a family of them (`voice.*`)."""
    return any(
        usage == pattern or (pattern.endswith(".*") and usage.startswith(pattern[:-1])) for pattern in allowance.covers
    )


@dataclass
class PlanCompiling:
    """One plan's turn: adds its rows to the tables."""

    building: Building
    plan: PricePlan
    key: PlanKey
    counters: dict[str, int] = field(default_factory=dict)
    exact_tariffs: dict[str, ExactTariff] = field(default_factory=dict)

    def add_counters(self) -> Slots:
        """Accumulators become counters with consecutive slots of the member or the group."""
        names: dict[bool, list[str]] = {False: [], True: []}
        for item in self.plan.accumulators:
            self.counters[item.code] = len(self.building.counters)
            slot, bound = len(names[item.shared]), UNITS[item.unit].total_bound
            self.building.counters.append((item.shared, slot, item.counts == "charged", bound))
            names[item.shared].append(item.code)
        return Slots(member=tuple(names[False]), shared=tuple(names[True]))

    def add_allowances(self) -> None:
        """Allowances become rows of `covers`."""
        for allowance in self.plan.allowances:
            try:
                quantity = base_units(allowance.quantity, allowance.unit)
            except ValueError:
                where = {"plan": self.plan.code, "allowance": allowance.code, "unit": allowance.unit}
                raise refused("allowance-whole", **where) from None
            self.building.allowances.append(Granted(*self.key, allowance, quantity))

    def add_strategies(self) -> Iterator[tuple[tuple[PlanKey, str, str], tuple[Choice, ...]]]:
        """Each strategy becomes its choices: every way through its sections' trees, in order."""
        roots = {section.code: section for section in self.plan.sections}
        made: dict[str, tuple[Choice, ...]] = {}
        for strategy in self.plan.strategies:
            for code in strategy.sections:
                if code not in made:
                    made[code] = tuple(self.ways(roots[code], (), ()))
            ways = tuple(choice for code in strategy.sections for choice in made[code])
            yield (self.key, strategy.event, strategy.phase), ways

    def ways(self, section: Section, above: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Choice]:
        """The choices below a section, depth first: a branch without a match falls through to the next."""
        conditions = (*above, section.when) if section.when else above
        path = (*path, section.code)
        if section.tariff is not None:
            yield Choice(conditions, self.add_leaf(section, section.tariff, path))
        for child in section.sections:
            yield from self.ways(child, conditions, path)

    def add_leaf(self, section: Section, tariff: str, path: tuple[str, ...]) -> int:
        """A section with tariffs becomes a leaf with one rate for each; the first counts and may be covered."""
        main = self.add_rate(section, self.exact(tariff), section.accumulates, section.usage)
        others = (self.add_rate(section, self.exact(code), (), None) for code in section.surcharges)
        self.check_counted_once(section, tariff)
        self.building.leaves.append(Leaf(*self.key, path, section.usage, (main, *others)))
        return len(self.building.leaves) - 1

    def check_counted_once(self, section: Section, tariff: str) -> None:
        """The same use may not advance an accumulator twice, by the main tariff and by a surcharge."""
        scales = [self.exact(code).along for code in section.surcharges]
        counted = [*{*section.accumulates, self.exact(tariff).along}, *scales]
        for code in scales:
            if code != "event" and counted.count(code) > 1:
                raise refused("counted-twice", plan=self.plan.code, section=section.code, accumulator=code)

    def exact(self, code: str) -> ExactTariff:
        """The tariff in base units, proved to stay in bounds."""
        if code not in self.exact_tariffs:
            tariff = next(item for item in self.plan.tariffs if item.code == code)
            made = exact(tariff, self.plan.code)
            self.check_accumulator(made)
            bounds.prove(made, self.plan.code)
            self.exact_tariffs[code] = made
        return self.exact_tariffs[code]

    def check_accumulator(self, tariff: ExactTariff) -> None:
        """A scale along an accumulator counts the same kind of unit; a volume price counts charged units."""
        item = next((item for item in self.plan.accumulators if item.code == tariff.along), None)
        counts_charged = item.counts == "charged" if item else tariff.counts_charged
        if item and UNITS[item.unit].dimension != tariff.dimension:
            raise refused("accumulator-unit", plan=self.plan.code, tariff=tariff.code, accumulator=item.code)
        if tariff.scale.volume and not counts_charged:
            raise refused("volume-counts", plan=self.plan.code, tariff=tariff.code)

    def add_rate(self, section: Section, tariff: ExactTariff, accumulates: tuple[str, ...], usage: str | None) -> int:
        """A row of `rates` with its increments, prices and counted accumulators."""
        building, denominator = self.building, tariff.denominator
        along = None if tariff.along == "event" else self.counters[tariff.along]
        counted = sorted({self.counters[code] for code in accumulates} | ({along} if along is not None else set()))
        for number in counted:
            self.check_counter(tariff, number)
        clocked = bool(tariff.by_band) or self.limited_to_bands(usage, tariff)
        bands = ("", *(band.code for band in self.plan.clock.bands)) if clocked else ()
        row = [0] * kernel.RATE_COLUMNS
        row[kernel.DENOMINATOR] = denominator
        row[kernel.FEE] = int(tariff.fee * denominator)
        row[kernel.FEE_ALWAYS] = tariff.fee_always
        row[kernel.CAP] = kernel.NONE if tariff.cap is None else int(tariff.cap * denominator)
        row[kernel.INCREMENT_FIRST], row[kernel.INCREMENT_END] = extend(building.increments, tariff.increments)
        row[kernel.COUNTED_FIRST], row[kernel.COUNTED_END] = extend(building.counted, [(item,) for item in counted])
        row[kernel.PRICE_FIRST] = len(building.prices)
        row[kernel.CLOCK] = building.clock(self.plan.clock) if clocked else kernel.NONE
        row[kernel.TIMED] = tariff.dimension == "time"
        row[kernel.SCALE] = kernel.NONE if along is None else along
        row[kernel.SCALE_COUNTS_CHARGED] = (
            tariff.counts_charged if along is None else building.counters[along][kernel.CHARGED_ONLY]
        )
        row[kernel.ROUNDING] = ROUNDINGS[tariff.rounding.mode]
        row[kernel.ROUNDING_UNIT] = tariff.rounding_unit
        row[kernel.CUMULATIVE] = tariff.rounding.at == "cumulative"
        row[kernel.BOUND] = tariff.event_bound
        for band in bands or ("",):
            first, end = extend(building.steps, tariff.by_band.get(band, tariff.scale).rows(denominator))
            building.prices.append((first, end, self.coverage(usage, tariff, band)))
        building.rates.append(tuple(row))
        building.named_rates.append(Rate(*self.key, section.code, tariff.code, self.unit(tariff.code), bands))
        return len(building.rates) - 1

    def check_counter(self, tariff: ExactTariff, number: int) -> None:
        """What a section accumulates is of its tariff's kind of unit."""
        code = next(code for code, counter in self.counters.items() if counter == number)
        item = next(item for item in self.plan.accumulators if item.code == code)
        if UNITS[item.unit].dimension != tariff.dimension:
            raise refused("accumulator-unit", plan=self.plan.code, tariff=tariff.code, accumulator=code)

    def unit(self, code: str) -> str:
        """The unit in which the document speaks of a tariff."""
        tariff = next(item for item in self.plan.tariffs if item.code == code)
        if isinstance(tariff, UsageTariff):
            return tariff.unit
        return "cycle" if tariff.kind == "recurring" else "item"

    def limited_to_bands(self, usage: str | None, tariff: ExactTariff) -> bool:
        """Whether an allowance of this plan covers the use in some bands only."""
        return usage is not None and any(
            item.during and UNITS[item.unit].dimension == tariff.dimension and covers_class(item, usage)
            for item in self.plan.allowances
        )

    def coverage(self, usage: str | None, tariff: ExactTariff, band: str) -> int:
        """The column of `covers` for a class of use, NONE where no allowance ever covers."""
        if usage is None:
            return kernel.NONE
        classes = self.building.coverages
        return classes.setdefault(Coverage(usage, tariff.dimension, self.key, band), len(classes))


def extend(rows: list[tuple[int, ...]], more: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Appends rows; returns their half-open range."""
    rows.extend(more)
    return len(rows) - len(more), len(rows)
