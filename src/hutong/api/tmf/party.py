"""TMF632 Party Management v4: persons and organisations (EC-01, EC-14)."""

import uuid
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from hutong import party
from hutong.api.tmf import body, openapi
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.party_body import KINDS, PATCHES, IndividualUpdate, OrganizationUpdate, changes, party_data
from hutong.api.tmf.party_view import BASE
from hutong.api.tmf.party_view import party as shown
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, created, identified, key_of, patch_of
from hutong.identity import Principal
from hutong.identity.http import Caller
from hutong.party.lifecycle.changes import Applied, apply_change
from hutong.party.lifecycle.tombstones import check_tombstone
from hutong.party.reading import pages
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


def routes(kind: str) -> APIRouter:
    """The endpoints of `individual` or `organization`."""
    tags: list[str | Enum] = ["TMF632 Party"]
    router = APIRouter(prefix=BASE, tags=tags)
    filters, document = FILTERS[kind], PATCHES[kind]

    @router.get(f"/{kind}", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(filters))
    def find(request: Request, viewer: Caller) -> JsonAnswer:
        """List or find those in use, newest first."""
        asked = wanted(request, filters)
        found = pages.page(viewer, {**asked.filters, "kind": [KINDS[kind]]}, asked.offset, asked.limit)
        return list_answer(Page([shown(row) for row in found.rows], found.total), asked)

    @router.get(f"/{kind}/{{key}}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
    def retrieve(key: str, request: Request, viewer: Caller) -> JsonAnswer:
        """One of them; an id that was merged away gives its survivor."""
        return JsonAnswer(chosen_fields(one(viewer, kind, key_of(key)), fields_of(request)))

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
        responses=openapi.responses(200, 404, 422) | PENDING,
        openapi_extra=openapi.body(document, "application/merge-patch+json"),
    )
    async def patch(key: str, request: Request, viewer: Caller) -> JsonAnswer:
        """State attributes anew, as the caller's own word; survivorship decides what shows. null withdraws it.
        202: what the policy wants approved waits, and nothing of it shows yet."""
        given = await patch_of(request, FIXED)
        stated = body.converted(document, given)
        return await run_in_threadpool(_patched, viewer, kind, key_of(key), changes(stated, set(given)))

    @router.delete(f"/{kind}/{{key}}", status_code=204, responses=openapi.responses(204, 404) | PENDING)
    def delete(key: str, viewer: Caller) -> Response:
        """End its use; its history stays. 202: it waits for approval."""
        one(viewer, kind, key_of(key))
        return answer_of(apply_change(viewer, "deactivate", [key_of(key)]))

    return router


def one(viewer: Principal, kind: str, key: int) -> Resource:
    """One party. Raises NotFound; Gone for an erased one."""
    living = party.survivor_ids([key])[key]
    found = pages.page(viewer, {"id": [str(living)], "kind": [KINDS[kind]]}, limit=1)
    if not found.rows:
        check_tombstone(key)
        raise NotFound("api-resource-unknown")
    return shown(found.rows[0])


def _create(
    viewer: Principal, kind: str, content: IndividualUpdate | OrganizationUpdate, named: set[str]
) -> JsonAnswer:
    own = content.external_reference[0].name if content.external_reference else uuid.uuid4().hex
    found = party.find_or_create(viewer, party_data(content, named), f"{viewer.name}:{own}")
    try:
        resource = one(viewer, kind, found.party_id)
    except NotFound:  # made, but outside the rows this viewer sees
        resource = identified(BASE, kind, kind.capitalize(), found.party_id)
    return created(resource) if found.created else JsonAnswer(resource)


def _patched(viewer: Principal, kind: str, key: int, stated: dict[str, Any]) -> JsonAnswer:
    one(viewer, kind, key)
    applied = apply_change(viewer, "modify", [key], body={"attributes": stated})
    return JsonAnswer(one(viewer, kind, key), 202 if applied.state == "pending" else 200)


def answer_of(applied: Applied) -> Response:
    """204 where it is done, 202 where it waits for approval (EC-02)."""
    return Response(status_code=202 if applied.state == "pending" else 204)
