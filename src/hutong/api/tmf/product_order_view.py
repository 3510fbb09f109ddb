"""TMF622 v4 ProductOrder and CancelProductOrder as we show them."""

from collections.abc import Mapping
from typing import Any

from hutong.api.tmf.product_order_body import OFFER_PREFIX
from hutong.api.tmf.resource import Resource, identified, instant, money, reference
from hutong.ordering.states import OrderState

BASE = "/tmf-api/productOrderingManagement/v4"
CATALOG = "/tmf-api/productCatalogManagement/v4"
INVENTORY = "/tmf-api/productInventory/v4"
CUSTOMERS = "/tmf-api/customerManagement/v4"
ACTIONS = {"add": "add", "modify": "modify", "suspend": "modify", "resume": "modify", "terminate": "delete"}
STATUS = {"suspend": "suspended", "resume": "active"}
CANCELLED = {OrderState.CANCELLED, OrderState.PARTIAL}
CANCELLING = {OrderState.ASSESSING_CANCELLATION, OrderState.PENDING_CANCELLATION}


def customer(key: int) -> Resource:
    """A reference to the customer in the role of customer."""
    return reference(f"{CUSTOMERS}/customer", key, "Customer", role="customer")


def account(key: int | None) -> Resource | None:
    """A reference to the account that pays."""
    return None if key is None else reference(None, key, "BillingAccount")


def product_order(row: Mapping[str, Any]) -> Resource:
    """A row of `ordering.listing.orders` as ProductOrder."""
    extra = dict(row["extra"] or {})
    others = extra.pop("relatedParty", [])
    cancelled = row["state"] == OrderState.CANCELLED
    return identified(
        BASE,
        "productOrder",
        "ProductOrder",
        row["id"],
        **extra,
        externalId=row["external_id"],
        state=row["state"],
        category=row["category"],
        priority=str(row["priority"]),
        description=row["description"],
        notificationContact=row["notification_contact"],
        orderDate=instant(row["accepted_at"]),
        requestedCompletionDate=instant(row["requested_completion_at"]),
        completionDate=instant(row["ended_at"]) if not cancelled else None,
        cancellationDate=instant(row["ended_at"]) if cancelled else None,
        cancellationReason=row["reason"] if cancelled else None,
        channel=[reference(None, row["channel"], "Channel")],
        relatedParty=[customer(row["customer_id"]), *others],
        billingAccount=account(row["account_id"]),
        orderTotalPrice=prices(row),
        productOrderItem=[order_item(item) for item in row["items"]],
    )


def prices(row: Mapping[str, Any]) -> list[Resource]:
    """One-off and recurring amounts as OrderPrice."""
    made = [("oneTime", row["one_off_micros"], None), ("recurring", row["recurring_micros"], "month")]
    return [
        {"priceType": kind, "price": {"taxIncludedAmount": money(micros)}}
        | ({"recurringChargePeriod": period} if period else {})
        for kind, micros, period in made
        if micros or kind == "oneTime"
    ]


def order_item(item: Mapping[str, Any]) -> Resource:
    """An item with the products it was settled to."""
    request = item["request"]
    held = request["offer_instance_id"]
    made: Resource = {
        "id": item["item_no"],
        "@type": "ProductOrderItem",
        "action": ACTIONS[item["action"]],
        "state": item["state"],
        "quantity": item["quantity"],
        "productOffering": reference(f"{CATALOG}/productOffering", item["offer"], "ProductOffering"),
        "itemTotalPrice": prices(item),
        "product": _product(request["attributes"], f"{OFFER_PREFIX}{held}" if held else None, request["action"]),
        "productOrderItem": [_line(item, place, line) for place, line in enumerate(request["lines"], 1)],
    }
    if request["account_id"]:
        made["billingAccount"] = account(request["account_id"])
    if request["relies_on"]:
        made["productOrderItemRelationship"] = [
            {"id": other, "relationshipType": "reliesOn"} for other in request["relies_on"]
        ]
    return made


def _line(item: Mapping[str, Any], place: int, line: Mapping[str, Any]) -> Resource:
    held = line["product_instance_id"]
    product = _product(line["attributes"], str(held) if held else None, line["action"])
    product["productSpecification"] = reference(
        f"{CATALOG}/productSpecification", line["product"], "ProductSpecification", version=str(line["product_version"])
    )
    if line["wanted_number"]:
        product["realizingResource"] = [reference(None, line["wanted_number"], "AccessNumber")]
    return {
        "id": f"{item['item_no']}/{place}",
        "@type": "ProductOrderItem",
        "action": ACTIONS[line["action"]],
        "state": item["state"],
        "productOffering": reference(None, line["place"], "BundledProductOffering"),
        "product": product,
    }


def _product(attributes: Mapping[str, Any], held: str | None, action: str) -> Resource:
    made: Resource = {"@type": "Product", "productCharacteristic": characteristics(attributes)}
    if held is not None:
        made |= reference(f"{INVENTORY}/product", held, "Product")
    if action in STATUS:
        made["status"] = STATUS[action]
    return made


def characteristics(attributes: Mapping[str, Any]) -> list[Resource]:
    """Attributes as TMF Characteristics."""
    return [{"name": name, "valueType": _kind(value), "value": value} for name, value in attributes.items()]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "string"


def cancellation(row: Mapping[str, Any]) -> Resource:
    """A row of `ordering.listing.cancellations` as CancelProductOrder."""
    state = OrderState(row["state"])
    task = "done" if state in CANCELLED else "inProgress" if state in CANCELLING else "terminatedWithError"
    return identified(
        BASE,
        "cancelProductOrder",
        "CancelProductOrder",
        row["id"],
        cancellationReason=row["reason"],
        requestedCancellationDate=instant(row["at"]),
        effectiveCancellationDate=instant(row["ended_at"]) if task == "done" else None,
        productOrder=reference(f"{BASE}/productOrder", row["order_id"], "ProductOrder"),
        state=task,
    )
