"""What an order costs, before it is placed: one-off charges exactly, recurring fees as a preview. Pure; micros.

Billing is the one that charges: recurring fees here are those of a full cycle, by the same plans and conditions.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hutong.catalog.attributes import Value
from hutong.catalog.conditions import price_environment, pricing_environment
from hutong.catalog.offer import Offer
from hutong.catalog.price_plan import PricePlan, Section
from hutong.catalog.product import Action
from hutong.catalog.snapshot import Catalog
from hutong.catalog.tariff import RecurringTariff
from hutong.ordering.orders import Charge
from hutong.platform import money
from hutong.platform.cel import parse

RECURRING = "recurring"


def one_off(offer: Offer, action: Action, facts: Mapping[str, Any], attributes: Mapping[str, Value]) -> list[Charge]:
    """One-off charges of an action on an offer. `facts`: channel and customer, as catalog.conditions.PRICE says."""
    made = []
    for price in offer.one_off_prices:
        if action not in price.actions:
            continue
        values = {**facts, "action": action.value, "offer": attributes}
        if price.when is None or parse(price.when, price_environment(offer)).holds(values):
            made.append(Charge(price.code, price.amount_micros))
    return made


def recurring(
    catalog: Catalog,
    offer: Offer,
    attributes: Mapping[str, Value],
    products: Sequence[tuple[str, Mapping[str, Value]]],
    customer: Mapping[str, Any],
) -> int:
    """Fees of a full cycle, in micros. The offer's own plans come before those of its products (BL-07)."""
    packaged = catalog.package(offer.package).price_plans if offer.package else ()
    scope = {"offer": {"code": offer.code, "attributes": as_text(attributes)}, "customer": customer, "event": {}}
    own = [catalog.price_plan(code) for code in (*offer.price_plans, *packaged)]
    if any(strategy.event == RECURRING for plan in own for strategy in plan.strategies):
        return sum(fee for plan in own for fee in _fees(plan, {**scope, "product": {}}))
    total = 0
    for code, values in products:
        held = {"code": code, "attributes": as_text(values)}
        plans = [catalog.price_plan(plan) for plan in catalog.product(code).price_plans]
        total += sum(fee for plan in plans for fee in _fees(plan, {**scope, "product": held}))
    return total


def as_text(values: Mapping[str, Value]) -> dict[str, str]:
    """Attribute values as conditions see them in maps: text; true and false in small letters."""
    return {code: str(value).lower() if isinstance(value, bool) else str(value) for code, value in values.items()}


def _fees(plan: PricePlan, facts: Mapping[str, Any]) -> Iterator[int]:
    sections = {section.code: section for section in plan.sections}
    tariffs = {tariff.code: tariff for tariff in plan.tariffs}
    for strategy in plan.strategies:
        if strategy.event == RECURRING and strategy.phase == "regular":
            for code in strategy.sections:
                chosen = _first(sections[code], facts)
                for tariff in (tariffs[name] for name in chosen):
                    if isinstance(tariff, RecurringTariff):
                        yield money.to_micros(tariff.amount)


def _first(section: Section, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Tariffs of the first branch whose conditions hold; none if no branch does."""
    if section.when and not parse(section.when, pricing_environment()).holds(facts):
        return ()
    if section.tariff:
        return (section.tariff, *section.surcharges)
    for child in section.sections:
        if found := _first(child, facts):
            return found
    return ()
