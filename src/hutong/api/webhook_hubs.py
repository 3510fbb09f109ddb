"""What each API tells those who registered at its `/hub`: TM Forum's event types, and our events they come from."""

from hutong.api.tmf import customer_bill, party_view, product_catalog, product_order_view, usage
from hutong.api.tmf.hub import Hub

ORDERS = Hub(
    product_order_view.BASE,
    "TMF622",
    "ordering.read",
    ("order",),
    {
        "ProductOrderCreateEvent": ("ordering.order_accepted",),
        "ProductOrderStateChangeEvent": ("ordering.order_state_changed",),
        "ProductOrderAttributeValueChangeEvent": ("ordering.order_amended",),
        "CancelProductOrderCreateEvent": ("ordering.cancellation_requested",),
        "CancelProductOrderStateChangeEvent": ("ordering.cancellation_ended",),
    },
)
PRODUCTS = Hub(
    product_order_view.INVENTORY,
    "TMF637",
    "inventory.read",
    ("product_instance",),
    {
        "ProductCreateEvent": ("inventory.instances_created",),
        "ProductAttributeValueChangeEvent": ("inventory.instance_changed",),
        "ProductStateChangeEvent": ("inventory.instances_terminated",),
        "ProductDeleteEvent": ("inventory.instances_removed",),
    },
)
PARTIES = Hub(
    party_view.BASE,
    "TMF632",
    "party.read",
    ("party",),
    {
        f"{name}{what}Event": events
        for name in ("Individual", "Organization")
        for what, events in {
            "Create": ("party.created", "party.split"),
            "AttributeValueChange": ("party.changed", "party.information_changed"),
            "StateChange": ("party.deactivated", "party.reactivated"),
            "Delete": ("party.merged", "party.erased"),
        }.items()
    },
)
CUSTOMERS = Hub(
    party_view.CUSTOMERS,
    "TMF629",
    "party.read",
    ("party",),
    {
        "CustomerCreateEvent": ("party.role_taken",),
        "CustomerAttributeValueChangeEvent": ("party.changed", "party.information_changed"),
        "CustomerStateChangeEvent": ("party.deactivated", "party.reactivated"),
        "CustomerDeleteEvent": ("party.role_left", "party.erased"),
    },
)
OFFERS = Hub(
    product_catalog.BASE,
    "TMF620",
    "catalog.read",
    (),
    {
        f"{name}{what}Event": (f"catalog.{ours}_{change}",)
        for name, ours in (
            ("ProductOffering", "offer"),
            ("ProductSpecification", "product"),
            ("ProductOfferingPrice", "price"),
        )
        for what, change in (
            ("Create", "created"),
            ("AttributeValueChange", "changed"),
            ("StateChange", "state_changed"),
            ("Delete", "withdrawn"),
        )
        if what != "StateChange" or ours == "offer"
    },
)
"""A product and a price have no lifecycle of their own, so their state does not change."""
USAGE = Hub(
    usage.BASE,
    "TMF635",
    "billing.read",
    ("usage", "product_instance"),
    {"UsageCreateEvent": ("billing.usage_taken",)},
)
"""Of usage sent by itself; files of millions of records are not told of one by one."""
BILLS = Hub(
    customer_bill.BASE,
    "TMF678",
    "billing.read",
    ("bill",),
    {
        "CustomerBillCreateEvent": ("billing.bill_made",),
        "CustomerBillStateChangeEvent": ("billing.bill_final",),
    },
)
