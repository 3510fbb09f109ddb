"""TMF622 v4 ProductOrder as it is sent to us, decoded straight from the bytes, and what it asks of the order center.

An item orders an offer of the catalog. Its `product` carries characteristics of the offer and, where the offer has one
component, of that product; nested items name components of a bundle (`productOffering.id` is the component's code).
`product.id` names what the customer holds (TMF637): a product, or an offer instance as `offer-<id>`. The wanted access
number is `product.realizingResource[0].value` (or its id). Suspension and resumption are `modify` with
`product.status` suspended or active. Attributes we could not honour are refused by name, not dropped.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hutong.catalog.attributes import Value
from hutong.catalog.document import Kind
from hutong.catalog.product import Action
from hutong.catalog.snapshot import Catalog
from hutong.ordering.orders import ComponentRequest, ItemRequest, OrderRequest
from hutong.platform.errors import Invalid, Unprocessable

OFFER_PREFIX = "offer-"
Words = Annotated[str, Meta(max_length=2000)]
Key = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]
YEARS = range(1900, 9000)


class Typed(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """What every TMF object may say of itself."""

    type: str | None = msgspec.field(default=None, name="@type")
    base_type: str | None = msgspec.field(default=None, name="@baseType")
    schema_location: str | None = msgspec.field(default=None, name="@schemaLocation")


class Reference(Typed, kw_only=True):
    """A reference to something that is elsewhere."""

    id: Key
    href: str | None = None
    name: str | None = None
    role: str | None = None
    value: str | None = None
    version: str | None = None
    referred_type: str | None = msgspec.field(default=None, name="@referredType")


class Characteristic(Typed, kw_only=True):
    """A named value."""

    name: Key
    value: str | int | float | bool
    value_type: str | None = None
    id: str | None = None


class Product(Typed, kw_only=True):
    """The product of an item: what it is to be, or which one it is."""

    id: Key | None = None
    href: str | None = None
    name: str | None = None
    is_bundle: bool | None = None
    status: Literal["active", "suspended"] | None = None
    product_characteristic: list[Characteristic] = []
    product_specification: Reference | None = None
    product_offering: Reference | None = None
    realizing_resource: Annotated[list[Reference], Meta(max_length=1)] = []
    referred_type: str | None = msgspec.field(default=None, name="@referredType")


class Relationship(Typed, kw_only=True):
    """That an item is delivered with another one of the order."""

    id: Key
    relationship_type: str = "reliesOn"


class Item(Typed, kw_only=True):
    """One item; `product_order_item` names components of its offer."""

    id: Key
    action: Literal["add", "modify", "delete"]
    quantity: Annotated[int, Meta(ge=1, le=1000)] = 1
    product_offering: Reference | None = None
    product: Product | None = None
    billing_account: Reference | None = None
    product_order_item: Annotated[list["Item"], Meta(max_length=200)] = []
    product_order_item_relationship: list[Relationship] = []
    state: str | None = None


class ProductOrderCreate(Typed, kw_only=True):
    """TMF622 ProductOrder_Create."""

    product_order_item: Annotated[list[Item], Meta(min_length=1, max_length=500)]
    related_party: list[Reference] = []
    external_id: Key | None = None
    channel: Annotated[list[Reference], Meta(max_length=1)] = []
    billing_account: Reference | None = None
    category: Annotated[str, Meta(max_length=200)] | None = None
    description: Words | None = None
    notification_contact: Annotated[str, Meta(max_length=200)] | None = None
    priority: Literal["0", "1", "2", "3", "4"] = "4"
    requested_completion_date: Instant | None = None
    requested_start_date: Instant | None = None
    note: list[Any] | None = None
    agreement: list[Any] | None = None
    payment: list[Any] | None = None
    quote: list[Any] | None = None
    product_offering_qualification: list[Any] | None = None


class ProductOrderPatch(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What can be amended of ProductOrder_Update; null removes."""

    category: Annotated[str, Meta(max_length=200)] | None = None
    description: Words | None = None
    notification_contact: Annotated[str, Meta(max_length=200)] | None = None
    priority: Literal["0", "1", "2", "3", "4"] | None = None
    requested_completion_date: Instant | None = None
    requested_start_date: Instant | None = None
    note: list[Any] | None = None
    agreement: list[Any] | None = None
    payment: list[Any] | None = None
    quote: list[Any] | None = None
    product_offering_qualification: list[Any] | None = None


class Cancellation(Typed, kw_only=True):
    """TMF622 CancelProductOrder_Create."""

    product_order: Reference
    cancellation_reason: Words | None = None
    requested_cancellation_date: Instant | None = None


KEPT = ("requested_start_date", "note", "agreement", "payment", "quote", "product_offering_qualification")
"""Attributes that are kept, shown and handed to peer centers as they came."""
CAMEL = {field.name: field.encode_name for field in msgspec.structs.fields(ProductOrderCreate)}
decoder = msgspec.json.Decoder(ProductOrderCreate)
cancellation_decoder = msgspec.json.Decoder(Cancellation)


def channel_of(order: ProductOrderCreate) -> str | None:
    """The channel the order names."""
    return order.channel[0].id if order.channel else None


def order_request(order: ProductOrderCreate, channel: str, key: str | None, offers: Catalog) -> OrderRequest:
    """What the order asks of the order center. `key`: where the order has no externalId. Raises Unprocessable."""
    buyers = [party for party in order.related_party if party.role in (None, "customer", "Customer")]
    if len(buyers) != 1:
        raise Unprocessable("api-order-customer", field="relatedParty")
    account = order.billing_account
    extra = {CAMEL[name]: _plain(value) for name in KEPT if (value := getattr(order, name)) is not None}
    if others := [party for party in order.related_party if party is not buyers[0]]:
        extra["relatedParty"] = msgspec.to_builtins(others)
    return OrderRequest(
        channel=channel,
        customer_id=number(buyers[0].id, "relatedParty"),
        items=tuple(_item(item, offers) for item in order.product_order_item),
        external_id=order.external_id or key,
        account_id=None if account is None else number(account.id, "billingAccount"),
        category=order.category,
        priority=int(order.priority),
        description=order.description,
        notification_contact=order.notification_contact,
        requested_completion_at=_plain(order.requested_completion_date),
        extra=extra,
    )


def _plain(value: Any) -> Any:
    """Instants as text, within the years the database and every reader of it can hold."""
    if not isinstance(value, datetime):
        return value
    if value.year not in YEARS:
        raise Invalid("api-instant-invalid", first=YEARS.start, last=YEARS.stop - 1)
    return value.isoformat()


def number(key: str, field: str) -> int:
    """The bigint behind an id. Raises Unprocessable: nothing has such an id."""
    if key.isascii() and key.isdigit() and len(key) < 19:
        return int(key)
    raise Unprocessable("api-reference-unknown", field=field, name=field)


def _item(item: Item, offers: Catalog) -> ItemRequest:
    if item.product_offering is None:
        raise Unprocessable("api-order-offering", field="productOffering", item=item.id)
    code = item.product_offering.id
    product = Product() if item.product is None else item.product
    offer_instance, instance = _held(product)
    known = offers.offer(code) if offers.has(Kind.OFFER, code) else None
    declared = {attribute.code for attribute in known.attributes} if known else set()
    places = offers.components(known) if known else ()
    values = _values(product)
    single = places[0].code if len(places) == 1 else None
    own = {name: value for name, value in values.items() if name in declared or single is None}
    components = tuple(_component(part) for part in item.product_order_item)
    rest = {name: value for name, value in values.items() if name not in own}
    if single and not components and (rest or instance or product.realizing_resource or item.action != "add"):
        components = (ComponentRequest(single, rest, _wanted(product), instance),)
    elif rest or instance or product.realizing_resource:
        raise Unprocessable("api-order-component", field="productOrderItem", item=item.id)
    account = item.billing_account
    return ItemRequest(
        item_no=item.id,
        offer=code,
        action=_action(item, product),
        quantity=item.quantity,
        attributes=own,
        components=components,
        account_id=None if account is None else number(account.id, "billingAccount"),
        offer_instance_id=offer_instance,
        relies_on=tuple(other.id for other in item.product_order_item_relationship),
    )


def _component(item: Item) -> ComponentRequest:
    if item.product_offering is None or item.quantity != 1 or item.product_order_item:
        raise Unprocessable("api-order-component", field="productOrderItem", item=item.id)
    product = Product() if item.product is None else item.product
    return ComponentRequest(item.product_offering.id, _values(product), _wanted(product), _held(product)[1])


def _action(item: Item, product: Product) -> Action:
    if item.action == "add":
        return Action.ADD
    if item.action == "delete":
        return Action.TERMINATE
    states = {"suspended": Action.SUSPEND, "active": Action.RESUME}
    return states[product.status] if isinstance(product.status, str) else Action.MODIFY


def _held(product: Product) -> tuple[int | None, int | None]:
    """Offer instance and product instance that `product.id` names."""
    if product.id is None:
        return None, None
    if product.id.startswith(OFFER_PREFIX):
        return number(product.id.removeprefix(OFFER_PREFIX), "product"), None
    return None, number(product.id, "product")


def _wanted(product: Product) -> str | None:
    if not product.realizing_resource:
        return None
    resource = product.realizing_resource[0]
    return resource.value or resource.id


def _values(product: Product) -> dict[str, Value]:
    made: dict[str, Value] = {}
    for characteristic in product.product_characteristic:
        value = characteristic.value
        if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**63):
            raise Unprocessable("api-order-value", field="productCharacteristic", name=characteristic.name)
        made[characteristic.name] = value
    return made


def amendments(patch: ProductOrderPatch, named: set[str]) -> dict[str, Any]:
    """What a patch changes, in the order center's words. `named`: attributes the document names, in TMF's spelling."""
    plain: dict[str, Any] = {
        "category": patch.category,
        "description": patch.description,
        "notification_contact": patch.notification_contact,
        "priority": int(patch.priority or 4),
        "requested_completion_date": _plain(patch.requested_completion_date),
    }
    made = {name: value for name, value in plain.items() if CAMEL[name] in named}
    if "requested_completion_date" in made:
        made["requested_completion_at"] = made.pop("requested_completion_date")
    if extra := {CAMEL[name]: _plain(getattr(patch, name)) for name in KEPT if CAMEL[name] in named}:
        made["extra"] = extra
    return made
