"""What of the catalog others sell by: offers, products and prices; and how two releases differ in them. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hutong.catalog.document import Kind, Words
from hutong.catalog.offer import Offer, OneOffPrice
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.snapshot import Catalog
from hutong.catalog.tariff import Tariff
from hutong.platform.outbox import Event


class Price(NamedTuple):
    """A price of an offer: a one-off price of its own, or a tariff of a plan that rates or bills what it contains."""

    id: str
    name: Words
    what: OneOffPrice | Tariff
    plan: PricePlan | None


def prices_of(snapshot: Catalog, offer: Offer) -> Iterator[Price]:
    """The prices of an offer, each once. Ids: `<offer>.<price>` and `<offer>.<plan>.<tariff>`."""
    for price in offer.one_off_prices:
        yield Price(f"{offer.code}.{price.code}", price.name, price, None)
    for code in dict.fromkeys(snapshot.price_plan_codes(offer)):
        plan = snapshot.price_plan(code)
        for tariff in plan.tariffs:
            yield Price(f"{offer.code}.{code}.{tariff.code}", plan.name, tariff, plan)


def changes(before: Catalog, after: Catalog) -> list[Event]:
    """One event for each offer, product and price that differs: {release, id}, of type

    `catalog.<offer|product|price>_<created|changed|withdrawn>`, and `catalog.offer_state_changed` for its lifecycle.
    An offer changes with its package; a price plan's prices are those of each offer that has it.
    """
    told = [*_differing("product", _products(before), _products(after))]
    told += _differing("price", _prices(before), _prices(after))
    told += _differing("offer", _offers(before), _offers(after))
    for offer in after.offers:
        if before.has(Kind.OFFER, offer.code) and before.offer(offer.code).lifecycle is not offer.lifecycle:
            told.append(("offer", "state_changed", offer.code))
    return [
        Event(f"catalog.{what}_{change}", f"{what}:{key}", {"release": after.release, "id": key})
        for what, change, key in told
    ]


def _differing(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, content in after.items():
        if key not in before:
            yield what, "created", key
        elif before[key] != content:
            yield what, "changed", key
    for key in before.keys() - after.keys():
        yield what, "withdrawn", key


def _products(catalog: Catalog) -> dict[str, Any]:
    return {product.code: product for product in catalog.products}


def _prices(catalog: Catalog) -> dict[str, Any]:
    return {price.id: (price.name, price.what) for offer in catalog.offers for price in prices_of(catalog, offer)}


def _offers(catalog: Catalog) -> dict[str, Any]:
    return {
        offer.code: (
            offer.model_dump(exclude={"lifecycle"}),
            catalog.package(offer.package) if offer.package else None,
        )
        for offer in catalog.offers
    }
