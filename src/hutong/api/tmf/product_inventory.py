"""TMF637 Product Inventory v4 (read): what customers hold.

A product instance is a Product under its number; an offer instance is a bundle of them, with the id `offer-<number>`.
`GET /product` lists product instances; with `isBundle=true` offer instances.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request

from hutong import catalog
from hutong.api.tmf import openapi
from hutong.api.tmf.listing import Page, Wanted, fields_of, list_answer, wanted
from hutong.api.tmf.product_order_body import OFFER_PREFIX
from hutong.api.tmf.product_order_view import CATALOG, INVENTORY, account, characteristics, customer
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, identified, instant, key_of, reference
from hutong.catalog import Catalog
from hutong.identity import Principal
from hutong.identity.http import Caller
from hutong.inventory import listing
from hutong.inventory.states import TMF637_STATUS
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of

TAGS: list[str | Enum] = ["TMF637 Product Inventory"]
router = APIRouter(prefix=INVENTORY, tags=TAGS)
STATUS = {state.value: text for state, text in TMF637_STATUS.items()} | {"ending": "pendingTerminate"}
OURS = {text: state for state, text in STATUS.items()}
BOTH = {
    "id": "id",
    "status": "status",
    "relatedParty.id": "customer_id",
    "billingAccount.id": "account_id",
    "productOffering.id": "offer_code",
    "isBundle": "bundle",
}
SINGLE = {
    "productSerialNumber": "number",
    "realizingResource.id": "number",
    "productSpecification.id": "product_code",
    "productRelationship.product.id": "offer_instance_id",
}


@router.get("/product", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists({**BOTH, **SINGLE}))
def find(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find products, newest first."""
    asked = wanted(request, {**BOTH, **SINGLE})
    return list_answer(page(viewer, asked, locale_of(request)), asked)


def page(viewer: Principal, asked: Wanted, locale: str) -> Page:
    """The page of products that a request asks for."""
    filters = {name: list(values) for name, values in asked.filters.items()}
    bundles = filters.pop("bundle", ["false"])
    if "status" in filters:
        filters["status"] = [OURS[text] for text in filters["status"] if text in OURS]
    if "offer_instance_id" in filters:
        filters["offer_instance_id"] = [key.removeprefix(OFFER_PREFIX) for key in filters["offer_instance_id"]]
    named = filters.get("id", [])
    whole = bundles == ["true"] or (bool(named) and all(key.startswith(OFFER_PREFIX) for key in named))
    if whole and set(filters) & set(SINGLE.values()):
        return Page([], 0)
    offers = catalog.load()
    if whole:
        if named:
            filters["id"] = [key.removeprefix(OFFER_PREFIX) for key in named]
        found = listing.offers(viewer, filters, asked.offset, asked.limit)
        return Page([bundle(offers, row, locale) for row in found.rows], found.total)
    found = listing.products(viewer, filters, asked.offset, asked.limit)
    return Page([product(offers, row, locale) for row in found.rows], found.total)


@router.get("/product/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One product instance, or one offer instance (`offer-<number>`)."""
    number = key_of(key.removeprefix(OFFER_PREFIX))
    name = f"{OFFER_PREFIX}{number}" if key.startswith(OFFER_PREFIX) else str(number)
    found = page(viewer, Wanted({"id": [name]}, 0, 1, None), locale_of(request))
    if not found.resources:
        raise NotFound("api-resource-unknown")
    return JsonAnswer(chosen_fields(found.resources[0], fields_of(request)))


def product(offers: Catalog, row: Mapping[str, Any], locale: str) -> Resource:
    """A row of `inventory.listing.products` as Product."""
    related = []
    if row["offer_instance_id"]:
        whole = reference(f"{INVENTORY}/product", f"{OFFER_PREFIX}{row['offer_instance_id']}", "Product")
        related.append({"relationshipType": "isPartOf", "product": whole})
    if row["attached_to"]:
        main = reference(f"{INVENTORY}/product", row["attached_to"], "Product")
        related.append({"relationshipType": "reliesOn", "product": main})
    code, number = row["product_code"], row["number"]
    return identified(
        INVENTORY,
        "product",
        "Product",
        row["id"],
        isBundle=False,
        name=offers.product(code, row["product_version"]).name(locale),
        productSerialNumber=number,
        realizingResource=[reference(None, number, "AccessNumber", value=number)] if number else None,
        productSpecification=reference(
            f"{CATALOG}/productSpecification", code, "ProductSpecification", version=str(row["product_version"])
        ),
        productOffering=_offering(row["offer_code"]),
        productRelationship=related or None,
        **_common(row),
    )


def bundle(offers: Catalog, row: Mapping[str, Any], locale: str) -> Resource:
    """A row of `inventory.listing.offers` as Product."""
    return identified(
        INVENTORY,
        "product",
        "Product",
        f"{OFFER_PREFIX}{row['id']}",
        isBundle=True,
        name=offers.offer(row["offer_code"], row["offer_version"]).name(locale),
        productOffering=_offering(row["offer_code"]),
        product=[reference(f"{INVENTORY}/product", part, "Product") for part in row["product_instance_ids"]],
        **_common(row),
    )


def _offering(code: str | None) -> Resource | None:
    return None if code is None else reference(f"{CATALOG}/productOffering", code, "ProductOffering")


def _common(row: Mapping[str, Any]) -> Resource:
    ended = row["status"] in ("ending", "terminated")
    return {
        "status": STATUS[row["status"]],
        "startDate": instant(row["started_at"]),
        "terminationDate": instant(row["valid_from"]) if ended else None,
        "billingAccount": account(row["account_id"]),
        "relatedParty": [customer(row["customer_id"])],
        "productCharacteristic": characteristics(row["attributes"]),
    }
