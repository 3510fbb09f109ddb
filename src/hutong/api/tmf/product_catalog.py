"""TMF620 Product Catalog Management v4.1 (read): what is sold, of what it is made, what it costs."""

from collections.abc import Iterator
from datetime import UTC, date
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request

from hutong import catalog
from hutong.api.tmf import openapi
from hutong.api.tmf.in_memory import page_of
from hutong.api.tmf.listing import fields_of, list_answer
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, identified, instant, money, reference
from hutong.catalog import Catalog
from hutong.catalog.attributes import Attribute
from hutong.catalog.document import Kind
from hutong.catalog.offer import Component, Lifecycle, Offer
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.product import ProductSpec
from hutong.identity import require
from hutong.identity.http import Caller
from hutong.platform import clock
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.platform.money import to_micros

BASE = "/tmf-api/productCatalogManagement/v4"
STATUS = {
    Lifecycle.IN_DESIGN: "In design",
    Lifecycle.IN_TEST: "In test",
    Lifecycle.LAUNCHED: "Launched",
    Lifecycle.RETIRED: "Retired",
    Lifecycle.OBSOLETE: "Obsolete",
}
KINDS = frozenset({"productOffering", "productSpecification", "productOfferingPrice"})
router = APIRouter(prefix=BASE, tags=["TMF620 Product Catalog"])


def _resources(kind: str, locale: str) -> tuple[Resource, ...]:
    """All resources of a kind in the catalog in effect now."""
    if kind not in KINDS:
        raise NotFound("api-resource-unknown")
    return _rendered(catalog.load(), kind, locale)


@lru_cache(maxsize=24)
def _rendered(snapshot: Catalog, kind: str, locale: str) -> tuple[Resource, ...]:
    match kind:
        case "productOffering":
            return tuple(offering(snapshot, offer, locale) for offer in snapshot.offers)
        case "productSpecification":
            return tuple(specification(snapshot, product, locale) for product in snapshot.products)
        case _:
            return tuple(prices(snapshot, locale))


@router.get(
    "/{kind}",
    responses=openapi.responses(200, 404, many=True),
    openapi_extra=openapi.lists(["id", "name", "lifecycleStatus"]),
)
def find(kind: str, request: Request, viewer: Caller) -> JsonAnswer:
    """List or find productOffering, productSpecification or productOfferingPrice."""
    require(viewer, "catalog.read")
    return list_answer(*page_of(request, _resources(kind, locale_of(request))))


@router.get("/{kind}/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve(kind: str, key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One of them by its id (the document's code)."""
    require(viewer, "catalog.read")
    for resource in _resources(kind, locale_of(request)):
        if resource["id"] == key:
            return JsonAnswer(chosen_fields(resource, fields_of(request)))
    raise NotFound("api-resource-unknown")


def offering(snapshot: Catalog, offer: Offer, locale: str) -> Resource:
    """An offer as ProductOffering; one with several components is a bundle of them."""
    parts = snapshot.components(offer)
    single = parts[0] if len(parts) == 1 and parts[0].maximum == 1 else None
    return identified(
        BASE,
        "productOffering",
        "ProductOffering",
        offer.code,
        name=offer.name(locale),
        version=str(snapshot.version(Kind.OFFER, offer.code)),
        lastUpdate=instant(snapshot.effective_from),
        lifecycleStatus=STATUS[offer.lifecycle],
        isBundle=single is None,
        isSellable=offer.sold_at(clock.now()),
        validFor=_period(offer.sold_from, offer.sold_until),
        productSpecification=_specification(snapshot, single.product, locale) if single else None,
        bundledProductOffering=None if single else [_bundled(part) for part in parts],
        prodSpecCharValueUse=[_characteristic(attribute, locale) for attribute in offer.attributes],
        productOfferingPrice=[
            reference(f"{BASE}/productOfferingPrice", price["id"], "ProductOfferingPrice", name=price["name"])
            for price in prices_of(snapshot, offer, locale)
        ],
        productOfferingRelationship=[
            reference(f"{BASE}/productOffering", code, "ProductOffering", relationshipType=kind)
            for kind, codes in (("requires", offer.requires), ("excludes", offer.excludes))
            for code in codes
        ],
    )


def specification(snapshot: Catalog, product: ProductSpec, locale: str) -> Resource:
    """A product as ProductSpecification."""
    return identified(
        BASE,
        "productSpecification",
        "ProductSpecification",
        product.code,
        name=product.name(locale),
        version=str(snapshot.version(Kind.PRODUCT, product.code)),
        lastUpdate=instant(snapshot.effective_from),
        lifecycleStatus="Launched",
        isBundle=False,
        productSpecCharacteristic=[_characteristic(attribute, locale) for attribute in product.attributes],
        productSpecificationRelationship=[
            reference(f"{BASE}/productSpecification", code, "ProductSpecification", relationshipType=kind)
            for kind, codes in (("dependency", product.requires), ("attachesTo", product.attaches_to))
            for code in codes
        ],
    )


def prices(snapshot: Catalog, locale: str) -> Iterator[Resource]:
    """Every price of every offer."""
    for offer in snapshot.offers:
        yield from prices_of(snapshot, offer, locale)


def prices_of(snapshot: Catalog, offer: Offer, locale: str) -> Iterator[Resource]:
    """One-off prices of an offer, and the price plans that rate and bill what it contains."""
    for price in offer.one_off_prices:
        yield identified(
            BASE,
            "productOfferingPrice",
            "ProductOfferingPrice",
            f"{offer.code}.{price.code}",
            name=price.name(locale),
            priceType="oneTime",
            price=money(price.amount_micros),
            constraint=[{"id": price.code, "name": price.when}] if price.when else None,
        )
    for code in snapshot.price_plan_codes(offer):
        yield from _plan_prices(snapshot.price_plan(code), offer.code, locale)


def _plan_prices(plan: PricePlan, offer: str, locale: str) -> Iterator[Resource]:
    for tariff in plan.tariffs:
        yield identified(
            BASE,
            "productOfferingPrice",
            "ProductOfferingPrice",
            f"{offer}.{plan.code}.{tariff.code}",
            name=f"{plan.name(locale)} / {tariff.code}",
            priceType={"one_off": "oneTime"}.get(tariff.kind, tariff.kind),
            price=None if tariff.kind == "usage" else money(to_micros(tariff.amount)),
            recurringChargePeriodType="month" if tariff.kind == "recurring" else None,
            recurringChargePeriodLength=1 if tariff.kind == "recurring" else None,
            pricingLogicAlgorithm=[{"name": plan.code, "plaSpecId": tariff.code, "@type": "PricingLogicAlgorithm"}],
        )


def _specification(snapshot: Catalog, code: str, locale: str) -> Resource:
    name = snapshot.product(code).name(locale)
    return reference(f"{BASE}/productSpecification", code, "ProductSpecification", name=name)


def _bundled(part: Component) -> Resource:
    return {
        "id": part.code,
        "name": part.product,
        "@type": "BundledProductOffering",
        "bundledProductOfferingOption": {
            "numberRelOfferLowerLimit": part.minimum,
            "numberRelOfferUpperLimit": part.maximum,
        },
    }


def _characteristic(attribute: Attribute, locale: str) -> Resource:
    return {
        "id": attribute.code,
        "name": attribute.code,
        "description": attribute.name(locale),
        "valueType": attribute.type.value,
        "minCardinality": int(attribute.mandatory),
        "maxCardinality": 1,
        "productSpecCharacteristicValue": [
            {"value": choice.value, "isDefault": choice.value == attribute.default} for choice in attribute.choices
        ],
    }


def _period(start: date | None, end: date | None) -> dict[str, Any] | None:
    made = {
        name: instant(clock.start_of_day(day).astimezone(UTC))
        for name, day in (("startDateTime", start), ("endDateTime", end))
        if day
    }
    return made or None
