"""An order as channels send it, and as decomposition sees it. Plain values, quick to decode (msgspec)."""

from typing import Any

import msgspec

from hutong.catalog.attributes import Value
from hutong.catalog.product import Action


class ComponentRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """One product inside an offer: `code` names the place in the offer; `wanted_number` the number asked for.

    For actions other than add, `product_instance_id` says which one.
    """

    code: str
    attributes: dict[str, Value] = {}
    wanted_number: str | None = None
    product_instance_id: int | None = None


class ItemRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action on one offer. `relies_on` names items of the same order that must be delivered with this one."""

    item_no: str
    offer: str
    action: Action = Action.ADD
    quantity: int = 1
    attributes: dict[str, Value] = {}
    components: tuple[ComponentRequest, ...] = ()
    account_id: int | None = None
    offer_instance_id: int | None = None
    relies_on: tuple[str, ...] = ()


class OrderRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order as accepted from any channel (OC-01). `channel` + `external_id` make it idempotent.

    `extra` holds extension attributes, handed to peer centers as they are.
    """

    channel: str
    customer_id: int
    items: tuple[ItemRequest, ...]
    external_id: str | None = None
    account_id: int | None = None
    category: str | None = None
    priority: int = 4
    description: str | None = None
    notification_contact: str | None = None
    requested_completion_at: str | None = None
    extra: dict[str, Any] = {}


class ProductLine(msgspec.Struct, frozen=True):
    """One product of an item, settled against the catalog. `item_no` and `place` say where it belongs."""

    item_no: str
    place: str
    product: str
    product_version: int
    role: str
    action: Action
    template: str
    template_version: int
    attributes: dict[str, Value]
    number_class: str | None
    wanted_number: str | None
    product_instance_id: int | None


class Charge(msgspec.Struct, frozen=True):
    """A one-off charge of an item, in micros."""

    code: str
    amount_micros: int


class SettledItem(msgspec.Struct, frozen=True):
    """An item as accepted: defaults filled in, products named, priced in micros."""

    item_no: str
    action: Action
    offer: str
    offer_version: int
    attributes: dict[str, Value]
    lines: tuple[ProductLine, ...]
    charges: tuple[Charge, ...]
    recurring_micros: int
    account_id: int | None
    offer_instance_id: int | None
    relies_on: tuple[str, ...]

    @property
    def one_off_micros(self) -> int:
        """What the item costs at once."""
        return sum(charge.amount_micros for charge in self.charges)
