"""TMF620 Product Catalog Management v4.1 (read): what is sold, of what it is made, what it costs."""

from collections.abc import Mapping
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
from hutong.catalog.offer import Component, Lifecycle, Offer, OneOffPrice
from hutong.catalog.product import ProductSpec
from hutong.catalog.selling import Price, prices_of
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


def resources(snapshot: Catalog, kind: str, locale: str) -> Mapping[str, Resource]:
    """All resources of a kind in a catalog, by id. Raises NotFound for another kind."""
    if kind not in KINDS:
        raise NotFound("api-resource-unknown")
    return _rendered(snapshot, kind, locale)


@lru_cache(maxsize=24)
def _rendered(snapshot: Catalog, kind: str, locale: str) -> Mapping[str, Resource]:
    match kind:
        case "productOffering":
            made = [offering(snapshot, offer, locale) for offer in snapshot.offers]
        case "productSpecification":
            made = [specification(snapshot, product, locale) for product in snapshot.products]
        case _:
            made = [price(one, locale) for offer in snapshot.offers for one in prices_of(snapshot, offer)]
    return {resource["id"]: resource for resource in made}


@router.get(
    "/{kind}",
    responses=openapi.responses(200, 404, many=True),
    openapi_extra=openapi.lists(["id", "name", "lifecycleStatus"]),
)
def find(kind: str, request: Request, viewer: Caller) -> JsonAnswer:
    """List or find productOffering, productSpecification or productOfferingPrice."""
    require(viewer, "catalog.read")
    return list_answer(*page_of(request, tuple(resources(catalog.load(), kind, locale_of(request)).values())))


@router.get("/{kind}/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve(kind: str, key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One of them by its id (the document's code)."""
    require(viewer, "catalog.read")
    found = resources(catalog.load(), kind, locale_of(request)).get(key)
    if found is None:
        raise NotFound("api-resource-unknown")
    return JsonAnswer(chosen_fields(found, fields_of(request)))


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
            reference(f"{BASE}/productOfferingPrice", one.id, "ProductOfferingPrice", name=_price_name(one, locale))
            for one in prices_of(snapshot, offer)
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


def price(one: Price, locale: str) -> Resource:
    """A one-off price, or a tariff of a price plan, as ProductOfferingPrice."""
    head = {"name": _price_name(one, locale)}
    if isinstance(one.what, OneOffPrice):
        body: Resource = {"priceType": "oneTime", "price": money(one.what.amount_micros)}
        if one.what.when:
            body["constraint"] = [{"id": one.what.code, "name": one.what.when}]
        return identified(BASE, "productOfferingPrice", "ProductOfferingPrice", one.id, **head, **body)
    tariff, plan = one.what, one.plan.code if one.plan else ""
    recurring = tariff.kind == "recurring"
    return identified(
        BASE,
        "productOfferingPrice",
        "ProductOfferingPrice",
        one.id,
        **head,
        priceType={"one_off": "oneTime"}.get(tariff.kind, tariff.kind),
        price=None if tariff.kind == "usage" else money(to_micros(tariff.amount)),
        recurringChargePeriodType="month" if recurring else None,
        recurringChargePeriodLength=1 if recurring else None,
        pricingLogicAlgorithm=[{"name": plan, "plaSpecId": tariff.code, "@type": "PricingLogicAlgorithm"}],
    )


def _price_name(one: Price, locale: str) -> str:
    return f"{one.name(locale)} / {one.what.code}" if one.plan else one.name(locale)


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
