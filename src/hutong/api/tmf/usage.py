"""TMF635 Usage Management v4: single usage events sent in, and found again (BL-05).

The kind of use is `usageType`; everything else is a usageCharacteristic: accessNumber, recordId (of the sender; made
where absent), direction, otherParty, duration (seconds), bytesUp, bytesDown, messages, homeArea, visitedArea, cell,
callType. A record sent twice is taken once. Volume comes as files. Listeners at
`/hub` are told of records sent here, one by one; of those in files, which come by the million, they are not.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from msgspec import Meta

from hutong.api.tmf import body, openapi
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.product_order_body import YEARS, Characteristic, Instant, Reference, Typed
from hutong.api.tmf.product_order_view import characteristics
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, created, identified, instant
from hutong.billing import usage_listing
from hutong.identity import Principal
from hutong.identity.http import Caller
from hutong.platform.errors import Forbidden, Invalid, NotFound, Unprocessable

BASE = "/tmf-api/usageManagement/v4"
TAGS: list[str | Enum] = ["TMF635 Usage"]
router = APIRouter(prefix=BASE, tags=TAGS)
NAMES = {
    "recordId": "record_id",
    "accessNumber": "access_number",
    "direction": "direction",
    "otherParty": "other_party",
    "duration": "seconds",
    "bytesUp": "bytes_up",
    "bytesDown": "bytes_down",
    "messages": "messages",
    "homeArea": "home_area",
    "visitedArea": "visited_area",
    "cell": "cell",
    "callType": "call_type",
}
COUNTS = frozenset({"seconds", "bytes_up", "bytes_down", "messages"})
FILTERS = {
    "id": "id",
    "usageType": "event_type",
    "usageCharacteristic.accessNumber": "access_number",
    "ratedProductUsage.productRef.id": "product_instance_id",
}


class UsageCreate(Typed, kw_only=True):
    """TMF635 Usage_Create."""

    usage_date: Instant
    usage_type: Annotated[str, Meta(min_length=1, max_length=50)]
    usage_characteristic: Annotated[list[Characteristic], Meta(min_length=1, max_length=50)]
    usage_specification: Reference | None = None


decoder = msgspec.json.Decoder(UsageCreate)


@router.post(
    "/usage",
    status_code=201,
    responses=openapi.responses(201, 422) | {200: {"description": "Known already: taken once"}},
    openapi_extra=openapi.body(UsageCreate),
)
async def create(request: Request, viewer: Caller) -> JsonAnswer:
    """Take one usage record. What cannot be used is quarantined, and answered with the reason (422)."""
    sent = await body.structure(request, decoder)
    return await run_in_threadpool(_taken, viewer, record(sent))


def record(sent: UsageCreate) -> dict[str, Any]:
    """The fields of a usage line. Raises Invalid, Unprocessable."""
    if sent.usage_date.year not in YEARS:
        raise Invalid("api-instant-invalid", first=YEARS.start, last=YEARS.stop - 1)
    made: dict[str, Any] = {name: 0 if name in COUNTS else "" for name in NAMES.values()}
    for one in sent.usage_characteristic:
        if one.name not in NAMES:
            raise Unprocessable("api-reference-unknown", field="usageCharacteristic", name=one.name)
        made[NAMES[one.name]] = one.value
    made["event_type"] = sent.usage_type
    made["start"] = sent.usage_date.astimezone(UTC).replace(microsecond=0).isoformat()
    made["record_id"] = made["record_id"] or uuid.uuid4().hex
    for name, value in made.items():
        if any(sign in ',"' or not sign.isprintable() for sign in str(value)):
            raise Unprocessable("api-usage-text", field=name, name=name)
    return made


def _taken(viewer: Principal, sent: dict[str, Any]) -> JsonAnswer:
    if any(sign in ',"' or not sign.isprintable() for sign in viewer.name):
        raise Unprocessable("api-usage-text", field="name", name="name")
    report = usage_listing.take(viewer, sent)
    if report.quarantined:
        raise Unprocessable("api-usage-refused", reason=", ".join(report.reasons))
    start = int(datetime.fromisoformat(sent["start"]).timestamp())
    sent |= {"system": viewer.name, "start": start, "cycle": usage_listing.cycle_of(start), "rated": False}
    resource = shown({"product_instance_id": None, **sent})
    return created(resource) if report.accepted else JsonAnswer(resource)


@router.get("/usage", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(FILTERS))
def find(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find usage, latest first."""
    asked = wanted(request, FILTERS)
    filters = dict(asked.filters)
    if keys := filters.pop("id", None):
        if len(keys) > 1:
            raise Invalid("api-filter-unknown", field="id", name="id (several)", known=", ".join(sorted(FILTERS)))
        filters |= place(keys[0])
    return list_answer(page(viewer, filters, asked.offset, asked.limit), asked)


@router.get("/usage/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One usage record."""
    found = page(viewer, place(key), 0, 1)
    if not found.resources:
        raise NotFound("api-resource-unknown")
    return JsonAnswer(chosen_fields(found.resources[0], fields_of(request)))


def place(key: str) -> dict[str, list[str]]:
    """Where a record is, by its id `<cycle>~<system>~<record>`."""
    cycle, _, rest = key.partition("~")
    system, _, number = rest.partition("~")
    return {"cycle": [cycle], "system": [system], "record_id": [number]}


def page(viewer: Principal, filters: Mapping[str, Any], offset: int, limit: int) -> Page:
    """A page of usage records. Raises Forbidden for viewers limited to some rows."""
    if {"usage", "product_instance"} & set(viewer.scopes):
        raise Forbidden("api-usage-scoped")
    found = usage_listing.usage(viewer, filters, offset, limit)
    return Page([shown(row) for row in found.rows], found.total)


def shown(row: Mapping[str, Any]) -> Resource:
    """A row of `billing.usage_listing.usage` as Usage."""
    product = row["product_instance_id"]
    given = {name: row[column] for name, column in NAMES.items() if row[column] not in (None, "", 0)}
    return identified(
        BASE,
        "usage",
        "Usage",
        f"{row['cycle']}~{row['system']}~{row['record_id']}",
        usageDate=instant(datetime.fromtimestamp(row["start"], UTC)),
        usageType=row["event_type"],
        status="rated" if row["rated"] else "guided",
        usageCharacteristic=characteristics(given),
        ratedProductUsage=[{"productRef": {"id": str(product)}}] if product else None,
    )
