"""How events look to those who registered at a `/hub`: TM Forum's event form, with the resource as it is now.

The resource is shown as to a viewer who sees no sensitive field: receivers fetch the rest with their own rights.
"""

from typing import Any

from hutong.api.tmf import customer, party_view, product_inventory, product_order_view
from hutong.api.tmf.hub import Hub
from hutong.api.tmf.listing import Wanted
from hutong.api.tmf.product_order_body import OFFER_PREFIX
from hutong.api.tmf.resource import Resource, identified
from hutong.identity import Principal
from hutong.ordering import listing
from hutong.party import pages
from hutong.platform.outbox import Delivered
from hutong.platform.settings import settings
from hutong.platform.webhooks import form

LISTENER = Principal(0, "client", "webhook", frozenset({"*"}))
ORDERS = Hub(
    product_order_view.BASE,
    "TMF622",
    "ordering.read",
    "order",
    {
        "ProductOrderCreateEvent": ("ordering.order_accepted",),
        "ProductOrderStateChangeEvent": ("ordering.order_state_changed",),
        "ProductOrderAttributeValueChangeEvent": ("ordering.order_amended",),
    },
)
PRODUCTS = Hub(
    product_order_view.INVENTORY,
    "TMF637",
    "inventory.read",
    "product_instance",
    {
        "ProductCreateEvent": ("inventory.instances_created",),
        "ProductAttributeValueChangeEvent": ("inventory.instance_changed",),
        "ProductStateChangeEvent": ("inventory.instances_terminated",),
        "ProductDeleteEvent": ("inventory.instances_removed",),
    },
)


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


PARTIES = Hub(
    party_view.BASE,
    "TMF632",
    "party.read",
    "party",
    {
        f"{name}{what}Event": events
        for name in ("Individual", "Organization")
        for what, events in {
            "Create": ("party.created", "party.split"),
            "AttributeValueChange": ("party.changed",),
            "StateChange": ("party.deactivated",),
            "Delete": ("party.merged",),
        }.items()
    },
)
CUSTOMERS = Hub(
    party_view.CUSTOMERS,
    "TMF629",
    "party.read",
    "party",
    {
        "CustomerCreateEvent": ("party.role_taken",),
        "CustomerAttributeValueChangeEvent": ("party.changed",),
        "CustomerStateChangeEvent": ("party.deactivated",),
        "CustomerDeleteEvent": ("party.role_left",),
    },
)


@form(ORDERS.form)
def order_event(event: Delivered) -> dict[str, Any] | None:
    """An event of an order."""
    found = listing.orders(LISTENER, {"id": [str(event.payload["order_id"])]}, limit=1).rows
    return told(ORDERS, event, "productOrder", product_order_view.product_order(found[0]) if found else None)


@form(PRODUCTS.form)
def product_event(event: Delivered) -> dict[str, Any] | None:
    """An event of what customers hold: of an offer instance the bundle, else the product."""
    whole = event.aggregate.startswith("offer_instance:")
    key = event.aggregate.partition(":")[2]
    name = f"{OFFER_PREFIX}{key}" if whole else key
    if event.type == "inventory.instances_removed":
        href = f"{settings.public_url}{PRODUCTS.base}/product/{name}"
        return told(PRODUCTS, event, "product", {"id": name, "href": href, "@type": "Product"})
    page = product_inventory.page(LISTENER, Wanted({"id": [name]}, 0, 1, None), settings.default_locale)
    return told(PRODUCTS, event, "product", page.resources[0] if page.resources else None)


@form(PARTIES.form)
def party_event(event: Delivered) -> dict[str, Any] | None:
    """An event of a party; of one no longer in use, its id alone."""
    kind, type_name = party_view.TYPES[event.payload["kind"]]
    key = event.payload["party_id"]
    found = pages.page(LISTENER, {"id": [str(key)]}, limit=1).rows
    resource = party_view.party(found[0]) if found else identified(party_view.BASE, kind, type_name, key)
    return told(PARTIES, event, kind, resource)


@form(CUSTOMERS.form)
def customer_event(event: Delivered) -> dict[str, Any] | None:
    """An event of a customer; nothing of parties that are none."""
    key = event.payload["party_id"]
    if event.type.startswith("party.role") and event.payload["role"] != customer.ROLE:
        return None
    found = customer.page(LISTENER, {"id": [str(key)]}, 0, 1).resources
    if found or event.type == "party.role_left":
        bare = identified(party_view.CUSTOMERS, "customer", "Customer", key)
        return told(CUSTOMERS, event, "customer", dict(found[0]) if found else bare)
    return None
