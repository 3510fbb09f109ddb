"""TMF632 Party Management v4: persons and organisations (EC-01, EC-14)."""

import uuid
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from hutong import party
from hutong.api.tmf import body, openapi, party_beside
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.party_beside import BESIDE, current, elsewhere, modify, of_party
from hutong.api.tmf.party_body import KINDS, PATCHES, IndividualUpdate, OrganizationUpdate
from hutong.api.tmf.party_contacts import split
from hutong.api.tmf.party_specification import told
from hutong.api.tmf.party_stated import changes, kind_of, party_data
from hutong.api.tmf.party_view import BASE
from hutong.api.tmf.party_view import party as shown
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, created, identified, key_of, patch_of
from hutong.identity import Principal
from hutong.identity.http import Caller
from hutong.party.lifecycle.changes import Applied, apply_change
from hutong.party.lifecycle.tombstones import check_tombstone
from hutong.party.reading import pages
from hutong.party.sharing.around import around
from hutong.platform.errors import NotFound

PENDING: dict[int | str, dict[str, Any]] = {202: {"description": "Waits for approval"}}
BOTH = {
    "id": "id",
    "contactMedium.characteristic.emailAddress": "email",
    "contactMedium.characteristic.phoneNumber": "phone",
    "contactMedium.characteristic.city": "city",
    "externalReference.name": "reference",
}
FILTERS = {
    "individual": BOTH
    | {
        "fullName": "name",
        "familyName": "family_name",
        "gender": "gender",
        "individualIdentification.identificationId": "identifier",
    },
    "organization": BOTH
    | {"name": "name", "tradingName": "name", "organizationIdentification.identificationId": "identifier"},
}
FIXED = frozenset({"id", "href", "status", "externalReference"})


openapi.described["TMF632 Party"] = told()


def routes(kind: str) -> APIRouter:
    """The endpoints of `individual` or `organization`."""
    tags: list[str | Enum] = ["TMF632 Party"]
    router = APIRouter(prefix=BASE, tags=tags)
    _reading(router, kind)
    _writing(router, kind)
    return router


def _reading(router: APIRouter, kind: str) -> None:
    filters = FILTERS[kind]

    @router.get(f"/{kind}", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(filters))
    def find(request: Request, viewer: Caller) -> JsonAnswer:
        """List or find those in use, newest first."""
        asked = wanted(request, filters)
        found = pages.page(viewer, {**asked.filters, "kind": [KINDS[kind]]}, asked.offset, asked.limit)
        return list_answer(Page(_all(viewer, found.rows), found.total), asked)

    @router.get(
        f"/{kind}/{{key}}",
        responses=openapi.responses(200, 404, 410) | openapi.moved(301),
        openapi_extra=openapi.fields(),
    )
    def retrieve(key: str, request: Request, viewer: Caller) -> Response:
        """One of them. An id that was merged away leads to its survivor (301); one that was erased is gone (410)."""
        living = current(viewer, key_of(key), kind)
        if living != key_of(key):
            return elsewhere(f"{BASE}/{kind}", living, 301)
        return JsonAnswer(chosen_fields(one(viewer, kind, living), fields_of(request)))


def _writing(router: APIRouter, kind: str) -> None:
    document = PATCHES[kind]

    @router.post(
        f"/{kind}",
        status_code=201,
        responses=openapi.responses(201, 422) | {200: {"description": "Known already: the party as it is"}},
        openapi_extra=openapi.body(document),
    )
    async def create(request: Request, viewer: Caller) -> JsonAnswer:
        """Find or create: who is known by a strong rule is not made twice (200). externalReference: own key."""
        content, named = await body.named(request, document)
        return await run_in_threadpool(_create, viewer, kind, content, named)

    @router.patch(
        f"/{kind}/{{key}}",
        responses=openapi.responses(200, 404, 410, 422) | openapi.moved(308) | PENDING,
        openapi_extra=openapi.body(document, "application/merge-patch+json"),
    )
    async def patch(key: str, request: Request, viewer: Caller) -> JsonAnswer:
        """State attributes anew, as the caller's own word; survivorship decides what shows. null withdraws it.
        202: what the policy wants approved waits, and nothing of it shows yet. relatedParty and creditRating add
        relations and evaluations; those that are there stay until they are ended."""
        given = await patch_of(request, FIXED)
        stated = body.converted(document, given)
        return await run_in_threadpool(_patched, viewer, kind, key_of(key), stated, set(given))

    @router.delete(
        f"/{kind}/{{key}}",
        status_code=204,
        responses=openapi.responses(204, 404, 410) | openapi.moved(308) | PENDING,
    )
    def delete(key: str, viewer: Caller) -> Response:
        """End its use; its history stays. 202: it waits for approval."""
        living = current(viewer, key_of(key), kind)
        if living != key_of(key):
            return elsewhere(f"{BASE}/{kind}", living, 308)
        return answer_of(apply_change(viewer, "deactivate", [living]))


def _all(viewer: Principal, rows: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """Rows of a page with what stands around them."""
    beside = around(viewer, [row["id"] for row in rows])
    return [shown(row, beside[row["id"]]) for row in rows]


def one(viewer: Principal, kind: str, key: int) -> Resource:
    """One party in use. Raises NotFound; Gone for an erased one."""
    found = pages.page(viewer, {"id": [str(key)], "kind": [KINDS[kind]]}, limit=1)
    if not found.rows:
        check_tombstone(key)
        raise NotFound("api-resource-unknown")
    return _all(viewer, found.rows)[0]


def _create(
    viewer: Principal, kind: str, content: IndividualUpdate | OrganizationUpdate, named: set[str]
) -> JsonAnswer:
    contacts = split(content.contact_medium or [])
    party_beside.check(viewer, of_party(viewer, content, contacts.beside), kind_of(content))
    own = content.external_reference[0].name if content.external_reference else uuid.uuid4().hex
    found = party.find_or_create(viewer, party_data(content, named, contacts.main), f"{viewer.name}:{own}")
    try:
        resource = one(viewer, kind, found.party_id)
        if named & BESIDE:
            party_beside.state(viewer, found.party_id, of_party(viewer, content, contacts.beside, found.party_id))
            resource = one(viewer, kind, found.party_id)
    except NotFound:  # made, but outside the rows this viewer sees
        resource = identified(BASE, kind, kind.capitalize(), found.party_id)
    return created(resource) if found.created else JsonAnswer(resource)


def _patched(
    viewer: Principal, kind: str, key: int, stated: IndividualUpdate | OrganizationUpdate, named: set[str]
) -> JsonAnswer:
    living = current(viewer, key, kind)
    if living != key:
        return elsewhere(f"{BASE}/{kind}", living, 308)
    contacts = split(stated.contact_medium or [])
    made, status = changes(stated, named, contacts.main), 200
    beside = of_party(viewer, stated, contacts.beside, key)
    party_beside.check(viewer, beside, kind_of(stated), key)
    if made or not named & BESIDE:
        status = modify(viewer, key, made)
    party_beside.state(viewer, key, beside)
    return JsonAnswer(one(viewer, kind, key), status)


def answer_of(applied: Applied) -> Response:
    """204 where it is done, 202 where it waits for approval (EC-02)."""
    return Response(status_code=202 if applied.state == "pending" else 204)
