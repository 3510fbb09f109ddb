"""How events look to those who registered at a `/hub`: TM Forum's event form, with the resource as it is now.

The resource is shown as the registration's owner would get it by asking: with its rights and masks of this moment. An
owner that is no longer active, has lost the right, or came to be limited to some rows is told nothing.
"""

from collections.abc import Callable
from typing import Any

from hutong import catalog
from hutong.api.tmf import (
    customer,
    customer_bill,
    party_view,
    product_catalog,
    product_inventory,
    product_order_view,
    usage,
)
from hutong.api.tmf.hub import Hub
from hutong.api.tmf.listing import Wanted
from hutong.api.tmf.product_order_body import OFFER_PREFIX
from hutong.api.tmf.resource import Resource, identified
from hutong.api.webhook_hubs import BILLS, CUSTOMERS, OFFERS, ORDERS, PARTIES, PRODUCTS, USAGE
from hutong.billing import queries as bills
from hutong.identity import Principal
from hutong.identity.actors import viewer_of
from hutong.ordering import listing
from hutong.party.reading import pages
from hutong.party.sharing.around import around
from hutong.platform.outbox import Delivered
from hutong.platform.settings import settings
from hutong.platform.webhooks import form

Telling = Callable[[Principal, Delivered], dict[str, Any] | None]
HUBS = (
    (ORDERS, "TMF622 Product Ordering"),
    (PRODUCTS, "TMF637 Product Inventory"),
    (PARTIES, "TMF632 Party"),
    (CUSTOMERS, "TMF629 Customer"),
    (OFFERS, "TMF620 Product Catalog"),
    (USAGE, "TMF635 Usage"),
    (BILLS, "TMF678 Customer Bill"),
)
"""The hubs, each with the title of its API."""
KINDS = {
    "offer": ("productOffering", "ProductOffering"),
    "product": ("productSpecification", "ProductSpecification"),
    "price": ("productOfferingPrice", "ProductOfferingPrice"),
}


def telling(hub: Hub) -> Callable[[Telling], Telling]:
    """Declare how an API's events look to a viewer."""

    def register(tell: Telling) -> Telling:
        @form(hub.form)
        def body(event: Delivered, owner: str) -> dict[str, Any] | None:
            viewer = viewer_of(owner)
            return tell(viewer, event) if viewer is not None and hub.tells(viewer) else None

        return tell

    return register


def told(hub: Hub, event: Delivered, name: str, resource: Resource | None) -> dict[str, Any] | None:
    """The event in TMF's form; None when there is nothing to tell of."""
    if resource is None:
        return None
    kind = next(
        found
        for found, ours in hub.events.items()
        if event.type in ours and found.casefold().startswith(name.casefold())
    )
    return {"eventId": event.id, "eventTime": event.occurred_at, "eventType": kind, "event": {name: resource}}


@telling(ORDERS)
def order_event(viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """An event of an order, or of the request to cancel it."""
    key = str(event.payload["order_id"])
    if event.type.startswith("ordering.cancellation"):
        asked = listing.cancellations(viewer, {"order_id": [key]}, limit=1).rows
        shown = product_order_view.cancellation(asked[0]) if asked else None
        return told(ORDERS, event, "cancelProductOrder", shown)
    found = listing.orders(viewer, {"id": [key]}, limit=1).rows
    return told(ORDERS, event, "productOrder", product_order_view.product_order(found[0]) if found else None)


@telling(PRODUCTS)
def product_event(viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """An event of what customers hold: of an offer instance the bundle, else the product."""
    whole = event.aggregate.startswith("offer_instance:")
    key = event.aggregate.partition(":")[2]
    name = f"{OFFER_PREFIX}{key}" if whole else key
    if event.type == "inventory.instances_removed":
        return told(PRODUCTS, event, "product", identified(PRODUCTS.base, "product", "Product", name))
    page = product_inventory.page(viewer, Wanted({"id": [name]}, 0, 1, None), settings.default_locale)
    return told(PRODUCTS, event, "product", page.resources[0] if page.resources else None)


@telling(PARTIES)
def party_event(viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """An event of a party; of one no longer in use, its id alone."""
    key = event.payload["party_id"]
    found = pages.page(viewer, {"id": [str(key)]}, limit=1).rows
    told_kind = event.payload.get("kind") or (found[0]["kind"] if found else None)
    if told_kind is None:
        return None
    kind, type_name = party_view.TYPES[told_kind]
    beside = around(viewer, [key])[key] if found else party_view.NOTHING
    resource = party_view.party(found[0], beside) if found else identified(party_view.BASE, kind, type_name, key)
    return told(PARTIES, event, kind, resource)


@telling(CUSTOMERS)
def customer_event(viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """An event of a customer; nothing of parties that are none."""
    key = event.payload["party_id"]
    if event.type.startswith("party.role") and event.payload["role"] != customer.ROLE:
        return None
    found = customer.page(viewer, {"id": [str(key)]}, 0, 1).resources
    if found or event.type in ("party.role_left", "party.erased"):
        bare = identified(party_view.CUSTOMERS, "customer", "Customer", key)
        return told(CUSTOMERS, event, "customer", dict(found[0]) if found else bare)
    return None


@telling(OFFERS)
def catalog_event(_viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """An event of an offer, product or price, as its release has it, in effect or not yet; of a withdrawn one, its id
    alone."""
    kind, type_name = KINDS[event.aggregate.partition(":")[0]]
    key = event.payload["id"]
    released = catalog.load_release(event.payload["release"])
    found = product_catalog.resources(released, kind, settings.default_locale).get(key)
    return told(OFFERS, event, kind, found or identified(product_catalog.BASE, kind, type_name, key))


@telling(USAGE)
def usage_event(viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """A usage record that was sent by itself."""
    place = {"cycle": [event.payload["cycle"]], "batch": [str(event.payload["batch_id"])]}
    found = usage.page(viewer, place, 0, 1).resources
    return told(USAGE, event, "usage", dict(found[0]) if found else None)


@telling(BILLS)
def bill_event(viewer: Principal, event: Delivered) -> dict[str, Any] | None:
    """An event of a bill; nothing of a pro-forma one that is gone."""
    found = bills.bills(viewer, {"id": [str(event.payload["bill_id"])]}, limit=1).rows
    return told(BILLS, event, "customerBill", customer_bill.bill(found[0]) if found else None)
