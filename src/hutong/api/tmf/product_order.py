"""TMF622 Product Ordering v4: take orders, find them, amend and cancel them (OC-01, OC-10, OC-14)."""

from enum import Enum

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from hutong.api.tmf import body, openapi
from hutong.api.tmf.direct import DirectRoute
from hutong.api.tmf.intake import Submission, gathering
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.product_order_body import (
    CAMEL,
    Cancellation,
    ProductOrderCreate,
    ProductOrderPatch,
    amendments,
    cancellation_decoder,
    channel_of,
    decoder,
    number,
)
from hutong.api.tmf.product_order_view import BASE, cancellation, prices, product_order
from hutong.api.tmf.resource import (
    JsonAnswer,
    Resource,
    chosen_fields,
    created,
    identified,
    instant,
    key_of,
    patch_of,
    reference,
)
from hutong.identity import SYSTEM, Principal, require
from hutong.identity.http import Caller, quick_caller
from hutong.ordering import amend, change, listing
from hutong.ordering.intake import Accepted, Refused
from hutong.platform.errors import Conflict, Invalid, NotFound

TAGS: list[str | Enum] = ["TMF622 Product Ordering"]
router = APIRouter(prefix=BASE, tags=TAGS)
direct = APIRouter(prefix=BASE, tags=TAGS, route_class=DirectRoute)
FILTERS = {
    "id": "id",
    "state": "state",
    "externalId": "external_id",
    "category": "category",
    "priority": "priority",
    "channel": "channel",
    "channel.id": "channel",
    "relatedParty.id": "customer_id",
    "billingAccount.id": "account_id",
    "productOrderItem.productOffering.id": "offer",
}
"""Filters in the API's words → filters of the order center."""
CANCEL_FILTERS = {"id": "id", "productOrder.id": "order_id"}
ANY_CHANNEL = "ordering.any_channel"
COUNTER = "counter"
GREATEST_KEY = 200
SHOWN = [(name, spelt) for name, spelt in CAMEL.items() if not spelt.startswith("@")]


@direct.post(
    "/productOrder",
    status_code=201,
    responses=openapi.responses(201, 409, 422) | {200: {"description": "Known under its key: the order as it is now"}},
    openapi_extra=openapi.body(ProductOrderCreate)
    | {"parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}, "required": False}]},
)
async def create(request: Request) -> JsonAnswer:
    """Take an order. Channel and externalId (or the header Idempotency-Key) make it idempotent: the same content gives
    the first order again (200), other content is refused (409)."""
    viewer = await quick_caller(request)
    require(viewer, "ordering.write")
    order = await body.structure(request, decoder)
    channel = _channel(viewer, order)
    answer = await gathering().submit(Submission(order, channel, _key(request), viewer.actor))
    if isinstance(answer, Refused):
        raise answer.problem
    if answer.repeated:
        return JsonAnswer(await run_in_threadpool(_one, SYSTEM, answer.order_id))
    return created(_taken(order, channel, answer))


def _channel(viewer: Principal, order: ProductOrderCreate) -> str:
    """The channel an order comes by: a calling system's own, unless it may speak for others."""
    own = viewer.name if viewer.kind == "client" else COUNTER
    named = channel_of(order) or own
    if viewer.kind == "client" and named != own:
        require(viewer, ANY_CHANNEL)
    return named


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (key.isprintable() and 0 < len(key) <= GREATEST_KEY):
        raise Invalid("api-key-invalid", greatest=GREATEST_KEY)
    return key


def _taken(order: ProductOrderCreate, channel: str, accepted: Accepted) -> Resource:
    """The order as it was sent, with what was made of it."""
    for item in order.product_order_item:
        item.state = accepted.state.value
    amounts = {"one_off_micros": accepted.one_off_micros, "recurring_micros": accepted.recurring_micros}
    sent = {spelt: value for name, spelt in SHOWN if (value := getattr(order, name))}
    return identified(
        BASE, "productOrder", "ProductOrder", accepted.order_id, state=accepted.state.value,
        orderDate=instant(accepted.accepted_at), orderTotalPrice=prices(amounts),
    ) | sent | {"channel": [reference(None, channel, "Channel")]}  # fmt: skip


@router.get("/productOrder", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(FILTERS))
def find(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find orders, newest first."""
    asked = wanted(request, FILTERS)
    found = listing.orders(viewer, asked.filters, asked.offset, asked.limit)
    return list_answer(Page([product_order(row) for row in found.rows], found.total), asked)


@router.get("/productOrder/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One order."""
    return JsonAnswer(chosen_fields(_one(viewer, key_of(key)), fields_of(request)))


def _one(viewer: Principal, key: int) -> Resource:
    found = listing.orders(viewer, {"id": [str(key)]})
    if not found.rows:
        raise NotFound("api-resource-unknown")
    return product_order(found.rows[0])


@router.patch(
    "/productOrder/{key}",
    responses=openapi.responses(200, 404, 409, 422),
    openapi_extra=openapi.body(ProductOrderPatch, "application/merge-patch+json"),
)
async def patch(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """Amend what an order says of itself, while its state allows it. What was ordered is not amended."""
    document = await patch_of(request, FIXED)
    changes = amendments(body.converted(ProductOrderPatch, document), set(document))
    return JsonAnswer(await run_in_threadpool(_amended, viewer, key_of(key), changes))


FIXED = frozenset(
    {"id", "href", "state", "externalId", "orderDate", "completionDate", "channel", "relatedParty", "billingAccount"}
    | {"productOrderItem", "orderTotalPrice", "cancellationDate", "cancellationReason", "expectedCompletionDate"}
)


def _amended(viewer: Principal, key: int, changes: Resource) -> Resource:
    _one(viewer, key)
    amend.amend(viewer, key, changes)
    return _one(viewer, key)


@router.delete("/productOrder/{key}", status_code=204, responses=openapi.responses(204, 404, 409))
def delete(key: str, viewer: Caller) -> None:
    """Refused: orders are cancelled (cancelProductOrder), never deleted."""
    require(viewer, "ordering.write")
    _one(viewer, key_of(key))
    raise Conflict("api-order-kept")


@router.post(
    "/cancelProductOrder",
    status_code=201,
    responses=openapi.responses(201, 404, 409, 422),
    openapi_extra=openapi.body(Cancellation),
)
async def cancel(request: Request, viewer: Caller) -> JsonAnswer:
    """Cancel an order: what is done and not complete is undone. Refused (409) where its state does not allow it."""
    asked = await body.structure(request, cancellation_decoder)
    return created(await run_in_threadpool(_cancelled, viewer, asked))


def _cancelled(viewer: Principal, asked: Cancellation) -> Resource:
    key = number(asked.product_order.id, "productOrder")
    _one(viewer, key)
    change.cancel_order(viewer, key, asked.cancellation_reason or "")
    return cancellation(listing.cancellations(viewer, {"order_id": [str(key)]}, limit=1).rows[0])


@router.get(
    "/cancelProductOrder", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(CANCEL_FILTERS)
)
def find_cancellations(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find requests to cancel."""
    asked = wanted(request, CANCEL_FILTERS)
    found = listing.cancellations(viewer, asked.filters, asked.offset, asked.limit)
    return list_answer(Page([cancellation(row) for row in found.rows], found.total), asked)


@router.get("/cancelProductOrder/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve_cancellation(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One request to cancel."""
    found = listing.cancellations(viewer, {"id": [str(key_of(key))]})
    if not found.rows:
        raise NotFound("api-resource-unknown")
    return JsonAnswer(chosen_fields(cancellation(found.rows[0]), fields_of(request)))
