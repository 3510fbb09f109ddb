"""TMF629 Customer Management v4: parties in the role of customer; a customer's id is its party's."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from msgspec import Meta

from hutong import inventory, party
from hutong.api.tmf import body, openapi, party_beside
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.party_beside import Stated, Statement, current, elsewhere, modify, others_of
from hutong.api.tmf.party_body import Contact, Line, Named, Period, Related
from hutong.api.tmf.party_contacts import Contacts, instant_of, period_of, split
from hutong.api.tmf.party_specification import told
from hutong.api.tmf.party_stated import characteristics
from hutong.api.tmf.party_view import CUSTOMERS, RISKS, customer
from hutong.api.tmf.product_order_body import Reference, Typed, number
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, created, key_of, patch_of
from hutong.identity import Principal
from hutong.identity.http import Caller
from hutong.inventory import listing
from hutong.party.reading import pages
from hutong.party.realtime import statements
from hutong.party.sharing.around import around
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
FIXED = frozenset({"id", "href", "status", "statusReason", "engagedParty", "account", "agreement", "validFor"})
GRADES = {risk: grade for grade, risk in RISKS.items() if len(grade) == 1}
"""TMF's risk rating → grade of an evaluation."""
_INSTANT = r"^(19|20)\d\d-(0[1-9]|1[0-2])-([01][1-9]|10|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$"
Instant = Annotated[str, Meta(pattern=_INSTANT, max_length=40)]
TAGS: list[str | Enum] = ["TMF629 Customer"]
openapi.described["TMF629 Customer"] = told()
router = APIRouter(prefix=CUSTOMERS, tags=TAGS)


class Profile(Typed, kw_only=True):
    """TMF629 CreditProfile: kept as an evaluation of the party's credit."""

    credit_profile_date: Instant
    valid_for: Period | None = None
    credit_risk_rating: Annotated[int, Meta(ge=1, le=4)] | None = None
    credit_score: Annotated[int, Meta(ge=-(2**31), le=2**31)] | None = None


class CustomerUpdate(Typed, kw_only=True):
    """TMF629 Customer_Update: what is stated about the party. Accounts and agreements are the inventory's own."""

    name: Line | None = None
    contact_medium: Annotated[list[Contact], Meta(max_length=20)] | None = None
    characteristic: Annotated[list[Named], Meta(max_length=100)] | None = None
    credit_profile: Annotated[list[Profile], Meta(max_length=10)] | None = None
    payment_method: Annotated[list[Reference], Meta(max_length=1)] | None = None
    related_party: Annotated[list[Related], Meta(max_length=50)] | None = None


class CustomerCreate(CustomerUpdate, kw_only=True):
    """TMF629 Customer_Create: the party that becomes a customer, and what is stated about it."""

    engaged_party: Reference


@router.get("/customer", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(FILTERS))
def find(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find customers, newest first."""
    asked = wanted(request, FILTERS)
    return list_answer(page(viewer, asked.filters, asked.offset, asked.limit), asked)


def page(viewer: Principal, filters: Mapping[str, Sequence[str]], offset: int, limit: int) -> Page:
    """A page of customers with their accounts."""
    found = pages.page(viewer, {**filters, "role": [ROLE]}, offset, limit)
    accounts = listing.accounts_of([row["id"] for row in found.rows])
    beside = around(viewer, [row["id"] for row in found.rows])
    shown = [customer(row, accounts.get(row["id"], []), beside[row["id"]]) for row in found.rows]
    return Page(shown, found.total)


@router.get(
    "/customer/{key}",
    responses=openapi.responses(200, 404, 410) | openapi.moved(301),
    openapi_extra=openapi.fields(),
)
def retrieve(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One customer. An id that was merged away leads to its survivor (301); one that was erased is gone (410)."""
    living = current(viewer, key_of(key))
    if living != key_of(key):
        return elsewhere(f"{CUSTOMERS}/customer", living, 301)
    return JsonAnswer(chosen_fields(one(viewer, living), fields_of(request)))


def one(viewer: Principal, key: int) -> Resource:
    """One customer. Raises NotFound."""
    found = page(viewer, {"id": [str(key)]}, 0, 1)
    if not found.resources:
        raise NotFound("api-resource-unknown")
    return dict(found.resources[0])


@router.post(
    "/customer", status_code=201, responses=openapi.responses(201, 422), openapi_extra=openapi.body(CustomerCreate)
)
async def create(request: Request, viewer: Caller) -> JsonAnswer:
    """Give a party the role of customer."""
    content, named = await body.named(request, CustomerCreate)
    return created(await run_in_threadpool(_created, viewer, content, named))


def _created(viewer: Principal, content: CustomerCreate, named: set[str]) -> Resource:
    key = number(content.engaged_party.id, "engagedParty")
    living = party.survivor_ids([key])[key]
    found = pages.page(viewer, {"id": [str(living)]}, limit=1).rows
    if not found:
        raise Unprocessable("api-reference-unknown", field="engagedParty", name="engagedParty")
    contacts = split(content.contact_medium or [])
    beside = _beside(viewer, living, content, contacts)
    party_beside.check(viewer, beside, found[0]["kind"], living)
    statements.take_role(viewer, living, ROLE)
    _state(viewer, living, _changes(content, named - {"name"}, contacts), beside)
    return one(viewer, living)


def _changes(content: CustomerCreate | CustomerUpdate, named: set[str], contacts: Contacts) -> dict[str, Any]:
    """What a document states of the party's own attributes: name, contacts, characteristics."""
    made: dict[str, Any] = {"name": content.name or ""} if "name" in named else {}
    if "contactMedium" in named:
        made |= contacts.main
    if "characteristic" in named:
        made |= characteristics(content.characteristic or [])
    return made


def _beside(viewer: Principal, key: int, content: CustomerCreate | CustomerUpdate, contacts: Contacts) -> Stated:
    """What a document states beside them: further contacts, relations, credit and payment."""
    rows = []
    for profile in content.credit_profile or []:
        begun, ended = period_of(profile.valid_for)
        values = {"kind": "credit", "score": profile.credit_score, "grade": GRADES.get(profile.credit_risk_rating or 0),
                  "valid_from": begun or instant_of(profile.credit_profile_date), "valid_to": ended}  # fmt: skip
        rows.append(Statement("evaluation", values, f"{viewer.actor}/{key}/credit/{profile.credit_profile_date}"))
    for method in content.payment_method or []:
        values = {"kind": "payment", "value": method.id}
        rows.append(Statement("preference", values, f"{viewer.actor}/{key}/payment"))
    return Stated(contacts.beside, others_of(content.related_party or []), rows)


def _state(viewer: Principal, key: int, changes: dict[str, Any], beside: Stated) -> int:
    """Returns the status to answer: 202 while a change waits for approval."""
    status = modify(viewer, key, changes) if changes else 200
    party_beside.state(viewer, key, beside)
    return status


@router.patch(
    "/customer/{key}",
    responses=openapi.responses(200, 404, 410, 422) | openapi.moved(308) | {202: {"description": "Waits for approval"}},
    openapi_extra=openapi.body(CustomerUpdate, "application/merge-patch+json"),
)
async def patch(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """State name, contacts, characteristics, credit or payment anew, as the caller's own word."""
    given = await patch_of(request, FIXED)
    stated = body.converted(CustomerUpdate, given)
    return await run_in_threadpool(_patched, viewer, key_of(key), stated, set(given))


def _patched(viewer: Principal, key: int, stated: CustomerUpdate, named: set[str]) -> JsonAnswer:
    living = current(viewer, key)
    if living != key:
        return elsewhere(f"{CUSTOMERS}/customer", living, 308)
    found = pages.page(viewer, {"id": [str(key)], "role": [ROLE]}, limit=1).rows
    if not found:
        raise NotFound("api-resource-unknown")
    contacts = split(stated.contact_medium or [])
    beside = _beside(viewer, key, stated, contacts)
    party_beside.check(viewer, beside, found[0]["kind"], key)
    status = _state(viewer, key, _changes(stated, named, contacts), beside)
    return JsonAnswer(one(viewer, key), status)


@router.delete("/customer/{key}", status_code=204, responses=openapi.responses(204, 404, 409, 410) | openapi.moved(308))
def delete(key: str, viewer: Caller) -> Response:
    """Take the role from the party; refused (409) while it holds products."""
    living = current(viewer, key_of(key))
    if living != key_of(key):
        return elsewhere(f"{CUSTOMERS}/customer", living, 308)
    one(viewer, living)
    if inventory.held([living]):
        raise Conflict("api-customer-holds")
    statements.leave_role(viewer, living, ROLE)
    return Response(status_code=204)
