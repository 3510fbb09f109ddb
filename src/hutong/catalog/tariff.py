"""Tariffs (资费标准, BL-01, BL-06, BL-08): what a use, a cycle or an occasion costs. Parts of the price plan document.

Amounts and quantities are decimal texts (whole numbers may be numbers): amounts in currency units, quantities in the
tariff's unit. What the numbers mean to the last digit is ADR 0003.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hutong.catalog.document import Code, Part

UnitName = Literal["second", "minute", "hour", "KB", "MB", "GB", "TB", "item", "unit", "currency", "cycle"]
RoundingMode = Literal["half_up", "half_even", "up", "down"]
Proration = Literal["daily", "full_cycle", "start_of_cycle", "half_cycle", "free_first_cycle"]


def _exact(value: Any) -> Any:
    if isinstance(value, float | bool):
        raise ValueError("write decimals as text, e.g. '0.15': a binary fraction is not exact")
    if isinstance(value, str | int):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is not a decimal number") from None
    return value


Exact = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, max_digits=24, allow_inf_nan=False)]
Amount = Annotated[Exact, Field(description="currency units")]
Quantity = Annotated[Exact, Field(gt=0)]


class RoundingRule(Part):
    """Where and how an exact price becomes money.

    `at: event` rounds each event's charge. `at: cumulative` rounds the running total of the tariff's accumulator and
    posts the difference, so that the posted parts always add up to the rounded total.
    """

    mode: RoundingMode = "half_up"
    unit: Amount = Decimal("0.000001")
    at: Literal["event", "cumulative"] = "event"


class Increment(Part):
    """After this position in the event, use is billed in started blocks of `size` (in the tariff's unit)."""

    after: Exact = Decimal(0)
    size: Quantity


class Flat(Part):
    """One price: `amount` for each `per` units."""

    model: Literal["flat"] = "flat"
    amount: Amount
    per: Quantity = Decimal(1)


class Package(Part):
    """`amount` for each started `size` units, after `free` units."""

    model: Literal["package"]
    amount: Amount
    size: Quantity
    free: Exact = Decimal(0)


class Percentage(Part):
    """`percent` of the event's amount; only in tariffs whose unit is `currency`."""

    model: Literal["percentage"]
    percent: Amount


class Step(Part):
    """A step of the scale up to and including `up_to` (none: without end), with a `flat` due once it is entered."""

    up_to: Quantity | None = None
    amount: Amount
    per: Quantity = Decimal(1)
    flat: Amount = Decimal(0)
    started: bool = Field(False, description="each started `per` counts whole")


class Stepped(Part):
    """`graduated`: each part at the price of its own step; `volume`: everything at the price of the step reached."""

    model: Literal["graduated", "volume"]
    steps: tuple[Step, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def ascending(self) -> Self:
        """Steps ascend and only the last is open."""
        borders = [step.up_to for step in self.steps[:-1]]
        known = [border for border in borders if border is not None]
        if len(known) < len(borders) or self.steps[-1].up_to is not None:
            raise ValueError("every step but the last needs up_to, and the last has none")
        if known != sorted(set(known)):
            raise ValueError("steps must ascend")
        return self


Price = Annotated[Flat | Package | Percentage | Stepped, Field(discriminator="model")]


class UsageTariff(Part):
    """The price of a use (BL-06). Precision and order of the computation are given in ADR 0003."""

    code: Code
    kind: Literal["usage"] = "usage"
    unit: UnitName
    connection_fee: Amount = Decimal(0)
    connection_fee_when: Literal["charged", "always"] = Field(
        "charged", description="charged: waived for a use that allowances cover whole"
    )
    increments: tuple[Increment, ...] = ()
    price: Price
    by_band: dict[Code, Price] = Field(default_factory=dict, description="other prices in bands of the plan's clock")
    scale: Code = Field("event", description="what steps count along: the event itself, or an accumulator")
    scale_counts: Literal["used", "charged"] = Field("used", description="for scale event")
    cap: Amount | None = Field(None, description="most that one event costs, connection fee included")
    rounding: RoundingRule = RoundingRule()


class RecurringTariff(Part):
    """A fee for each bill cycle (BL-08), prorated by a named policy of `hutong.billing.pricing.proration`."""

    code: Code
    kind: Literal["recurring"]
    amount: Amount
    proration: Proration = "daily"
    rounding: RoundingRule = RoundingRule(unit=Decimal("0.01"))


class OneOffTariff(Part):
    """A fee due once."""

    code: Code
    kind: Literal["one_off"]
    amount: Amount
    rounding: RoundingRule = RoundingRule(unit=Decimal("0.01"))


Tariff = Annotated[UsageTariff | RecurringTariff | OneOffTariff, Field(discriminator="kind")]
