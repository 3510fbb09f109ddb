"""TMF629 Customer Management v4: parties in the role of customer; a customer's id is its party's."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from msgspec import Meta

from hutong import inventory, party
from hutong.api.tmf import body, openapi
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.party_body import Contact, Line, contacts
from hutong.api.tmf.party_view import CUSTOMERS, customer
from hutong.api.tmf.product_order_body import Reference, Typed, number
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, created, key_of, patch_of
from hutong.identity import Principal
from hutong.identity.http import Caller
from hutong.inventory import listing
from hutong.party.lifecycle.changes import apply_change
from hutong.party.reading import pages
from hutong.party.realtime import statements
from hutong.platform.errors import Conflict, NotFound, Unprocessable

ROLE = "customer"
FILTERS = {
    "id": "id",
    "engagedParty.id": "id",
    "name": "name",
    "contactMedium.characteristic.emailAddress": "email",
    "contactMedium.characteristic.phoneNumber": "phone",
    "contactMedium.characteristic.city": "city",
}
FIXED = frozenset({"id", "href", "status", "engagedParty", "account", "validFor"})
TAGS: list[str | Enum] = ["TMF629 Customer"]
router = APIRouter(prefix=CUSTOMERS, tags=TAGS)


class CustomerCreate(Typed, kw_only=True):
    """TMF629 Customer_Create: the party that becomes a customer."""

    engaged_party: Reference
    name: Line | None = None


class CustomerUpdate(Typed, kw_only=True):
    """TMF629 Customer_Update: what is stated about the party."""

    name: Line | None = None
    contact_medium: Annotated[list[Contact], Meta(max_length=20)] | None = None


@router.get("/customer", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(FILTERS))
def find(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find customers, newest first."""
    asked = wanted(request, FILTERS)
    return list_answer(page(viewer, asked.filters, asked.offset, asked.limit), asked)


def page(viewer: Principal, filters: Mapping[str, Sequence[str]], offset: int, limit: int) -> Page:
    """A page of customers with their accounts."""
    found = pages.page(viewer, {**filters, "role": [ROLE]}, offset, limit)
    accounts = listing.accounts_of([row["id"] for row in found.rows])
    return Page([customer(row, accounts.get(row["id"], [])) for row in found.rows], found.total)


@router.get("/customer/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One customer; an id that was merged away gives its survivor."""
    return JsonAnswer(chosen_fields(one(viewer, key_of(key)), fields_of(request)))


def one(viewer: Principal, key: int) -> Resource:
    """One customer. Raises NotFound."""
    living = party.survivor_ids([key])[key]
    found = page(viewer, {"id": [str(living)]}, 0, 1)
    if not found.resources:
        raise NotFound("api-resource-unknown")
    return dict(found.resources[0])


@router.post(
    "/customer", status_code=201, responses=openapi.responses(201, 422), openapi_extra=openapi.body(CustomerCreate)
)
async def create(request: Request, viewer: Caller) -> JsonAnswer:
    """Give a party the role of customer."""
    content, _ = await body.named(request, CustomerCreate)
    return created(await run_in_threadpool(_created, viewer, number(content.engaged_party.id, "engagedParty")))


def _created(viewer: Principal, key: int) -> Resource:
    living = party.survivor_ids([key])[key]
    if not pages.page(viewer, {"id": [str(living)]}, limit=1).rows:
        raise Unprocessable("api-reference-unknown", field="engagedParty", name="engagedParty")
    statements.take_role(viewer, living, ROLE)
    return one(viewer, living)


@router.patch(
    "/customer/{key}",
    responses=openapi.responses(200, 404, 422) | {202: {"description": "Waits for approval"}},
    openapi_extra=openapi.body(CustomerUpdate, "application/merge-patch+json"),
)
async def patch(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """State name or contacts anew, as the caller's own word; survivorship decides what shows."""
    given = await patch_of(request, FIXED)
    stated = body.converted(CustomerUpdate, given)
    changes: dict[str, Any] = {"name": stated.name or ""} if "name" in given else {}
    if "contactMedium" in given:
        changes |= contacts(stated.contact_medium or [])
    return await run_in_threadpool(_patched, viewer, key_of(key), changes)


def _patched(viewer: Principal, key: int, changes: dict[str, Any]) -> JsonAnswer:
    one(viewer, key)
    applied = apply_change(viewer, "modify", [key], body={"attributes": changes})
    return JsonAnswer(one(viewer, key), 202 if applied.state == "pending" else 200)


@router.delete("/customer/{key}", status_code=204, responses=openapi.responses(204, 404, 409))
def delete(key: str, viewer: Caller) -> None:
    """Take the role from the party; refused (409) while it holds products."""
    found = one(viewer, key_of(key))
    if inventory.held([int(found["id"])]):
        raise Conflict("api-customer-holds")
    statements.leave_role(viewer, int(found["id"]), ROLE)
