"""Offers (销售品), the only thing that is sold, and the packages (产品包) they wrap (BL-01, OC-03)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from hutong.catalog.attributes import Attribute
from hutong.catalog.document import Amount, Code, Document, Kind, Part, Source, Words
from hutong.catalog.product import Action
from hutong.platform import money
from hutong.platform.settings import settings


class Lifecycle(StrEnum):
    """Lifecycle (after TMF620 v4). Only a launched offer is sold; a retired one is still used and billed."""

    IN_DESIGN = "in_design"
    IN_TEST = "in_test"
    LAUNCHED = "launched"
    RETIRED = "retired"
    OBSOLETE = "obsolete"


class Start(StrEnum):
    """When the relation between offer and product takes effect after the product's completion. Until then the
    transition tariff applies (过渡期, BL-10)."""

    IMMEDIATELY = "immediately"
    NEXT_CYCLE = "next_cycle"


class Component(Part):
    """A product inside an offer or package: between `minimum` and `maximum` of it."""

    code: Code = Field(description="name of the place inside the offer, e.g. in order items")
    product: Code
    minimum: int = Field(1, ge=0, le=1000)
    maximum: int = Field(1, ge=1, le=1000)
    start: Start = Start.IMMEDIATELY

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        return self


class OneOffPrice(Part):
    """A one-off charge of an order item (业务受理费), asked at the order in `actions` while `when` holds."""

    code: Code
    name: Words
    amount: Amount
    actions: tuple[Action, ...] = (Action.ADD,)
    when: Source | None = Field(None, description="variables: see catalog.conditions.PRICE")

    @property
    def amount_micros(self) -> int:
        """The charge in micros."""
        return money.to_micros(self.amount)


class Members(Part):
    """Who may join a group offer (family numbers, shared allowance): holders of these products, so many of them."""

    products: tuple[Code, ...] = Field(min_length=1)
    minimum: int = Field(1, ge=1, le=100_000)
    maximum: int = Field(10, ge=1, le=100_000)


class Package(Document):
    """Products sold and priced together."""

    kind: Literal[Kind.PACKAGE]
    components: tuple[Component, ...] = Field(min_length=1)
    price_plans: tuple[Code, ...] = Field((), description="price plans at package level")


class Offer(Document):
    """An offer: what it contains, what may vary, to whom and with what it is sold, what it costs at once."""

    kind: Literal[Kind.OFFER]
    lifecycle: Lifecycle
    sold_from: date | None = None
    sold_until: date | None = Field(None, description="first business day on which it is not sold any more")
    package: Code | None = None
    components: tuple[Component, ...] = ()
    members: Members | None = None
    attributes: tuple[Attribute, ...] = ()
    requires: tuple[Code, ...] = Field((), description="offers the customer must hold or order with it")
    excludes: tuple[Code, ...] = Field((), description="offers the customer must not hold with it; holds both ways")
    limit_per_customer: int | None = Field(None, ge=1)
    eligibility: Source | None = Field(None, description="variables: see catalog.conditions.ELIGIBILITY")
    one_off_prices: tuple[OneOffPrice, ...] = ()
    price_plans: tuple[Code, ...] = Field((), description="price plans at offer level")

    @model_validator(mode="after")
    def _contains_something(self) -> Self:
        if not (self.package or self.components or self.members):
            raise ValueError("an offer contains a package, components or members")
        return self

    def sold_at(self, instant: datetime) -> bool:
        """Whether it is sold at an instant: launched, and inside its selling days."""
        day = instant.astimezone(settings.zone).date()
        return (
            self.lifecycle is Lifecycle.LAUNCHED
            and (self.sold_from is None or self.sold_from <= day)
            and (self.sold_until is None or day < self.sold_until)
        )
