"""The price plan document (定价计划, BL-01): the selection tree that leads to tariffs, the clock, allowances,
accumulators and bill discounts. Billing compiles published plans (`hutong.billing.pricing.compile`).
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hutong.catalog.document import Code, Document, Kind, Part, Source, Words
from hutong.catalog.tariff import Amount, Quantity, RoundingRule, Tariff, UnitName, UsageTariff

Level = Literal["agreement", "package", "product"]
Phase = Literal["regular", "transition"]
DayKind = Literal["workday", "weekend", "holiday", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
UsageClass = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", description="`voice.local`")]
Coverage = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$", description="`voice.*`")]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Band(Part):
    """A band of the clock: on these kinds of day, between these times; a band may pass midnight (it then belongs to the
    day on which it starts). Where bands overlap, the first listed holds."""

    code: Code
    days: tuple[DayKind, ...] = ()
    since: TimeOfDay = "00:00"
    until: TimeOfDay = "24:00"


class Clock(Part):
    """Time-of-day, weekday and holiday bands in business time. `holidays: CN` follows the State Council's calendar."""

    holidays: Literal["none", "CN"] = "none"
    bands: tuple[Band, ...] = Field((), max_length=30)


class Accumulator(Part):
    """Counted use within a bill cycle: of each member, or shared by the group."""

    code: Code
    unit: UnitName
    shared: bool = False
    counts: Literal["used", "charged"] = "used"


class Allowance(Part):
    """Free units granted for each cycle. Several are used by ascending priority, then earliest expiry: so units carried
    over are used before fresh ones."""

    code: Code
    name: Words
    when: Source | None = Field(None, description="granted only if it holds at the start of the cycle; none: always")
    unit: UnitName
    quantity: Quantity
    covers: tuple[Coverage, ...] = Field(min_length=1, description="usage classes of sections, or families of them")
    during: tuple[Code, ...] = Field((), description="only in these bands of the clock")
    priority: int = Field(100, ge=0, le=1000)
    shared: bool = True
    carry_over_cycles: int = Field(0, ge=0, le=36)
    prorated: bool = Field(False, description="a part of a cycle grants its part, rounded up to a whole base unit")


class Section(Part):
    """A node of the selection tree (定价段落): children are tried in order; one without a match lets the next try."""

    code: Code
    when: Source | None = Field(None, description="CEL over pricing reference objects; none: always")
    sections: tuple["Section", ...] = ()
    tariff: Code | None = None
    surcharges: tuple[Code, ...] = Field((), description="tariffs priced beside the first; never covered by allowances")
    usage: UsageClass | None = Field(None, description="usage class that allowances may cover")
    accumulates: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def leads_somewhere(self) -> Self:
        """A node either has children or leads to a tariff."""
        if bool(self.sections) == (self.tariff is not None):
            raise ValueError(f"section {self.code}: give either sections or a tariff")
        if self.sections and (self.surcharges or self.usage or self.accumulates):
            raise ValueError(
                f"section {self.code}: surcharges, usage and accumulates belong to a section with a tariff"
            )
        return self


class Discount(Part):
    """Bill discount (账务优惠, BL-09) on the cycle's charges. Levels stack: product, package, agreement, account; each
    sees what the ones before it left."""

    code: Code
    name: Words
    level: Literal["product", "package", "agreement", "account"]
    form: Literal["percent_off", "amount_off", "at_most"]
    value: Amount = Field(description="percent, or currency units for a whole cycle")
    charges: tuple[Code, ...] = Field((), description="tariffs whose charges it lowers; none: all")
    when: Source | None = Field(None, description="CEL over pricing reference objects")
    per_day: bool = Field(False, description="in proportion to the days on which the instance was in effect")
    at_start: bool = Field(False, description="only for an instance in effect at the start of the cycle")
    first_cycle: int = Field(1, ge=1, description="from this cycle of the instance's life on")
    last_cycle: int | None = Field(None, ge=1, description="up to and including this cycle of its life")
    pre_activated: bool = Field(False, description="also before the instance is taken into use")
    rounding: RoundingRule = RoundingRule(unit=Decimal("0.01"))


class Strategy(Part):
    """Event pricing strategy (事件定价策略): which sections price a type of event in a phase of the instance's life."""

    event: Code
    phase: Phase = "regular"
    sections: tuple[Code, ...] = Field(min_length=1)


class PricePlan(Document):
    """A price plan as published. Rating takes one plan: agreement before package before product (BL-07)."""

    kind: Literal[Kind.PRICE_PLAN]
    level: Level = "product"
    clock: Clock = Clock()
    accumulators: tuple[Accumulator, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    strategies: tuple[Strategy, ...] = ()
    sections: tuple[Section, ...] = ()
    tariffs: tuple[Tariff, ...] = ()

    discounts: tuple[Discount, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what in ("accumulators", "allowances", "tariffs", "discounts"):
            unique(what, (item.code for item in getattr(self, what)))
        unique("bands", (band.code for band in self.clock.bands))
        unique("sections", (section.code for section in self.every_section()))
        bands = {band.code for band in self.clock.bands}
        accumulators = {item.code for item in self.accumulators}
        tariffs = {tariff.code for tariff in self.tariffs}
        for strategy in self.strategies:
            known(f"strategy {strategy.event}", strategy.sections, {section.code for section in self.sections})
        for section in self.every_section():
            known(f"section {section.code}", [section.tariff] if section.tariff else [], tariffs)
            known(f"section {section.code}", section.surcharges, tariffs)
            known(f"section {section.code}", section.accumulates, accumulators)
        for allowance in self.allowances:
            known(f"allowance {allowance.code}", allowance.during, bands)
        for tariff in self.tariffs:
            if isinstance(tariff, UsageTariff):
                known(f"tariff {tariff.code}", tariff.by_band, bands)
                known(f"tariff {tariff.code}", [tariff.scale], accumulators | {"event"})
        for discount in self.discounts:
            known(f"discount {discount.code}", discount.charges, tariffs)
        return self

    def every_section(self) -> Iterator[Section]:
        """All nodes of the trees, parents first."""
        waiting = list(reversed(self.sections))
        while waiting:
            section = waiting.pop()
            yield section
            waiting.extend(reversed(section.sections))


def unique(what: str, codes: Iterable[str]) -> None:
    """Raises ValueError when a code is used twice."""
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise ValueError(f"{what}: code {code} is used twice")
        seen.add(code)


def known(where: str, codes: Iterable[str], defined: set[str]) -> None:
    """Raises ValueError when a reference is not defined in the document."""
    for code in codes:
        if code not in defined:
            raise ValueError(f"{where}: {code} is not defined in this plan")
