"""What a creation means by the catalog: products, versions, attributes, and from when each relation holds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hutong.catalog.attributes import Attribute, complete, faults
from hutong.catalog.document import Kind
from hutong.catalog.offer import Component, Offer, Start
from hutong.catalog.product import ProductSpec, Role
from hutong.catalog.snapshot import Catalog
from hutong.inventory.cycle import first_cycle_start, instant_of
from hutong.inventory.requests import Attributes, CreateInstances, NewProduct, Refusal
from hutong.platform.errors import NotFound


@dataclass(frozen=True)
class SettledProduct:
    """A product to create. `related_from`: when the relation to the offer takes effect (BL-10). `main`: place in the
    request of the main product an attached one comes with."""

    asked: NewProduct
    spec: ProductSpec
    version: int
    attributes: Attributes
    related_from: datetime
    main: int | None = None


@dataclass(frozen=True)
class Settled:
    """A creation ready to be written."""

    request: CreateInstances
    offer: Offer
    version: int
    attributes: Attributes
    effective: datetime
    offer_from: datetime
    products: tuple[SettledProduct, ...]


def settle(catalog: Catalog, request: CreateInstances, now: datetime) -> Settled | Refusal:
    """Read a request by the catalog, or say why it cannot be done."""
    try:
        offer = catalog.offer(request.offer_code, request.offer_version)
    except NotFound as problem:
        return Refusal.of(problem)
    effective = instant_of(request.effective, now)
    attributes = complete(offer.attributes, request.offer_attributes)
    if refusal := refused_attributes(offer.attributes, attributes, offer.code):
        return refusal
    if request.members and offer.members is None:
        return Refusal("inventory-no-group", {"offer": offer.code})
    components = {item.code: item for item in catalog.components(offer)}
    products: list[SettledProduct] = []
    for asked in request.products:
        settled = _product(catalog, offer, components.get(asked.component), asked, effective)
        if isinstance(settled, Refusal):
            return settled
        products.append(settled)
    attached = _attach(products)
    if isinstance(attached, Refusal):
        return attached
    at_once = not components or any(item.start is Start.IMMEDIATELY for item in components.values())
    return Settled(
        request,
        offer,
        request.offer_version or catalog.version(Kind.OFFER, offer.code),
        attributes,
        effective,
        effective if at_once else first_cycle_start(effective),
        attached,
    )


def _attach(products: Sequence[SettledProduct]) -> tuple[SettledProduct, ...] | Refusal:
    """Attached products that name no instance come with a main product of the same request."""
    mains = {item.spec.code: place for place, item in enumerate(products) if item.spec.role is Role.MAIN}
    attached: list[SettledProduct] = []
    for item in products:
        places = [mains[code] for code in item.spec.attaches_to if code in mains]
        names = item.asked.attached_to is not None
        if (item.spec.role is Role.MAIN and names) or (item.spec.role is Role.ATTACHED and not (names or places)):
            return Refusal("inventory-attachment", {"product": item.spec.code})
        attached.append(replace(item, main=places[0]) if places and not names else item)
    return tuple(attached)


def _product(
    catalog: Catalog, offer: Offer, component: Component | None, asked: NewProduct, effective: datetime
) -> SettledProduct | Refusal:
    if component is None or asked.product_code not in {None, component.product}:
        return Refusal("inventory-no-component", {"component": asked.component, "offer": offer.code})
    spec = catalog.product(component.product)
    if (spec.number_class is None) != (asked.access_number is None):
        return Refusal("inventory-number-expected" if spec.number_class else "inventory-number-needless",
                       {"product": spec.code})  # fmt: skip
    attributes = complete(spec.attributes, asked.attributes)
    if refusal := refused_attributes(spec.attributes, attributes, spec.code):
        return refusal
    related_from = effective if component.start is Start.IMMEDIATELY else first_cycle_start(effective)
    return SettledProduct(asked, spec, catalog.version(Kind.PRODUCT, spec.code), attributes, related_from)


def refused_attributes(declared: Sequence[Attribute], values: Attributes, owner: str) -> Refusal | None:
    """The first attribute value that the catalog does not allow."""
    for fault in faults(declared, values):
        named = {"attribute": fault.attribute, "owner": owner, "allowed": fault.allowed}
        return Refusal(f"inventory-attribute-{fault.reason}", named)
    return None
