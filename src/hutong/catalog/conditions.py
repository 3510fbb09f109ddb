"""The variables each kind of condition may name; who evaluates a condition passes exactly these (BL-01, OC-03, OC-06).

ELIGIBILITY: who may buy an offer. PRICE: whether a one-off price is asked. STEP: whether an order step runs. PRICING:
the pricing reference objects (定价参考对象) of sections, allowances and discounts of price plans. Eligibility and price
also see the offer's own attributes as `offer.<code>`, typed as the offer declares them.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from hutong.catalog.attributes import AttributeType
from hutong.catalog.offer import Offer
from hutong.catalog.order_template import OrderTemplate
from hutong.catalog.price_plan import PricePlan
from hutong.platform.cel import Environment, ExpressionError, parse

CUSTOMER: dict[str, str] = {
    "kind": "string",  # individual, organization
    "grade": "string",  # of code set customer_grade; null where none
    "age": "int",  # in whole years; null where unknown
    "area": "string",  # GB/T 2260 code of the city; null where unknown
}
ELIGIBILITY: dict[str, Any] = {"channel": "string", "customer": CUSTOMER}
PRICE: dict[str, Any] = {"channel": "string", "action": "string", "customer": CUSTOMER}
STEP: dict[str, Any] = {
    "channel": "string",
    "action": "string",  # add, modify, suspend, resume, terminate
    "offer": "string",  # code
    "product": "string",  # code
    "number_class": "string",  # of the product; null where it has no access number
    "wanted_number": "string",  # asked for by the customer; null: any
    "one_off_micros": "money",  # one-off charges of the business order
    "attributes": "map<string>",  # of the offer and product, as text
}
HELD: dict[str, str] = {"code": "string", "attributes": "map<string>"}
PRICING: dict[str, Any] = {
    "event": {  # a usage event; all null for recurring and one-off charges
        "direction": "string",  # MO, MT; null for data
        "other_party": "string",
        "call_type": "string",  # voice: local, long, intl, roam, service; others: home, roam
        "home_area": "string",
        "visited_area": "string",  # area code; abroad the ISO country
        "start": "timestamp",
    },
    "offer": HELD,  # the offer instance the plan is priced under; attributes as text
    "product": HELD,
    "customer": CUSTOMER,
    "account": {"payment_mode": "string"},  # prepaid, postpaid
}
CHARGE_EVENTS = frozenset({"recurring", "one_off"})
"""Event types of a plan's strategies besides those that products emit: fees of a cycle, fees of an occasion."""
_CEL_TYPE = {
    AttributeType.TEXT: "string",
    AttributeType.CHOICE: "string",
    AttributeType.INTEGER: "int",
    AttributeType.BOOLEAN: "bool",
}


@lru_cache
def step_environment() -> Environment:
    """Variables of a step's `when`."""
    return Environment(STEP)


@lru_cache
def pricing_environment() -> Environment:
    """Variables of every condition in a price plan."""
    return Environment(PRICING)


def eligibility_environment(offer: Offer) -> Environment:
    """Variables of an offer's `eligibility`."""
    return _with_own("eligibility", _types(offer))


def price_environment(offer: Offer) -> Environment:
    """Variables of a one-off price's `when`."""
    return _with_own("price", _types(offer))


def _types(offer: Offer) -> tuple[tuple[str, str], ...]:
    return tuple((item.code, _CEL_TYPE[item.type]) for item in offer.attributes)


@lru_cache(maxsize=1024)
def _with_own(base: str, own: tuple[tuple[str, str], ...]) -> Environment:
    """One environment for all offers with the same attributes: it is made, and compared, once."""
    variables = ELIGIBILITY if base == "eligibility" else PRICE
    return Environment({**variables, "offer": dict(own)} if own else variables)


def refused_in_offer(offer: Offer) -> Iterator[tuple[str, ExpressionError]]:
    """Conditions of an offer that cannot be accepted: (path, error)."""
    if offer.eligibility:
        yield from _try("eligibility", offer.eligibility, eligibility_environment(offer))
    for number, price in enumerate(offer.one_off_prices):
        if price.when:
            yield from _try(f"one_off_prices[{number}].when", price.when, price_environment(offer))


def refused_in_template(template: OrderTemplate) -> Iterator[tuple[str, ExpressionError]]:
    """Conditions of a template that cannot be accepted: (path, error)."""
    for i, stage in enumerate(template.stages):
        for j, step in enumerate(stage.steps):
            if step.when:
                yield from _try(f"stages[{i}].steps[{j}].when", step.when, step_environment())


def refused_in_plan(plan: PricePlan) -> Iterator[tuple[str, ExpressionError]]:
    """Conditions of a price plan that cannot be accepted: (path, error)."""
    for section in plan.every_section():
        if section.when:
            yield from _try(f"section {section.code}.when", section.when, pricing_environment())
    for name in ("allowances", "discounts"):
        for number, item in enumerate(getattr(plan, name)):
            if item.when:
                yield from _try(f"{name}[{number}].when", item.when, pricing_environment())


def _try(path: str, source: str, environment: Environment) -> Iterator[tuple[str, ExpressionError]]:
    try:
        parse(source, environment)
    except ExpressionError as error:
        yield path, error
