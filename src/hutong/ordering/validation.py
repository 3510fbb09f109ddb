"""What makes an order acceptable (OC-03), and what it then is in the catalog's terms. Pure.

Offers in sale, attributes, components, eligibility, requires and excludes, limit per customer; customer, account and
user (三户). Raises a Problem that says which item, what is wrong, and what is allowed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hutong.catalog.attributes import Attribute, Value, complete, faults
from hutong.catalog.conditions import eligibility_environment
from hutong.catalog.document import Kind
from hutong.catalog.offer import Component, Offer
from hutong.catalog.product import Action, ProductSpec, Role
from hutong.catalog.snapshot import Catalog
from hutong.ordering import pricing
from hutong.ordering.orders import ComponentRequest, ItemRequest, OrderRequest, ProductLine, SettledItem
from hutong.platform.cel import parse
from hutong.platform.errors import Unprocessable

MOST_ITEMS = 100
MOST_OF_ONE = 20


@dataclass(frozen=True)
class Held:
    """A product instance somebody holds."""

    customer_id: int
    product: str
    state: str


@dataclass
class Facts:
    """What the other centers know about a set of orders. Offers and products held are counted by code."""

    customers: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    account_owners: Mapping[int, int] = field(default_factory=dict)
    held_offers: Mapping[int, Counter[str]] = field(default_factory=dict)
    held_products: Mapping[int, Counter[str]] = field(default_factory=dict)
    instances: Mapping[int, Held] = field(default_factory=dict)


@dataclass(frozen=True)
class _Case:
    """One order under examination. `known`: what conditions may name (channel, customer)."""

    request: OrderRequest
    catalog: Catalog
    facts: Facts
    now: datetime
    known: Mapping[str, Any]


def settle(request: OrderRequest, catalog: Catalog, facts: Facts, now: datetime) -> list[SettledItem]:
    """The items of an order, checked and priced. Raises Unprocessable."""
    _check_shape(request)
    customer = facts.customers.get(request.customer_id)
    if customer is None:
        raise Unprocessable("ordering-customer-unknown", field="relatedParty")
    if customer.get("state") != "active":
        raise Unprocessable("ordering-customer-not-active", field="relatedParty")
    case = _Case(request, catalog, facts, now, {"channel": request.channel, "customer": customer})
    settled = [_settle_item(case, item, number) for item in request.items for number in range(item.quantity)]
    _check_relations(request, settled, catalog, facts)
    return settled


def _check_shape(request: OrderRequest) -> None:
    if not request.items:
        raise Unprocessable("ordering-no-items", field="productOrderItem")
    if len(request.items) > MOST_ITEMS:
        raise Unprocessable("ordering-too-many-items", field="productOrderItem", most=str(MOST_ITEMS))
    numbers = Counter(item.item_no for item in request.items)
    for item in request.items:
        if numbers[item.item_no] > 1:
            raise Unprocessable("ordering-item-twice", field="productOrderItem", item=item.item_no)
        if not 1 <= item.quantity <= MOST_OF_ONE:
            raise Unprocessable("ordering-quantity", field="quantity", item=item.item_no, most=str(MOST_OF_ONE))
        if unknown := set(item.relies_on) - numbers.keys() | ({item.item_no} & set(item.relies_on)):
            raise Unprocessable("ordering-relies-on-unknown", item=item.item_no, other=min(unknown))
    if any(item.relies_on for item in request.items):
        _check_circles({item.item_no: item.relies_on for item in request.items})


def _check_circles(relies_on: Mapping[str, Sequence[str]]) -> None:
    left = dict(relies_on)
    while free := [item for item, others in left.items() if not set(others) & left.keys()]:
        for item in free:
            del left[item]
    if left:
        raise Unprocessable("ordering-relies-in-circle", items=", ".join(sorted(left)))


def _settle_item(case: _Case, item: ItemRequest, number: int) -> SettledItem:
    offer = _offer(item, case.catalog, case.now)
    account = item.account_id or case.request.account_id
    if account is None:
        raise Unprocessable("ordering-account-missing", field="billingAccount", item=item.item_no)
    if case.facts.account_owners.get(account) != case.request.customer_id:
        raise Unprocessable("ordering-account-not-theirs", field="billingAccount", item=item.item_no)
    adding = item.action is Action.ADD
    attributes = _attributes(item.item_no, offer.code, offer.attributes, item.attributes, whole=adding)
    if adding and offer.eligibility and not _eligible(offer, attributes, case.known):
        raise Unprocessable("ordering-not-eligible", item=item.item_no, offer=offer.code)
    item_no = item.item_no if item.quantity == 1 else f"{item.item_no}.{number + 1}"
    lines = tuple(
        _line(case, item, item_no, place, wish) for place, wish in _wishes(item, case.catalog.components(offer))
    )
    products = [(line.product, line.attributes) for line in lines]
    customer = case.known["customer"]
    return SettledItem(
        item_no=item_no,
        action=item.action,
        offer=offer.code,
        offer_version=case.catalog.version(Kind.OFFER, offer.code),
        attributes=attributes,
        lines=lines,
        charges=tuple(pricing.one_off(offer, item.action, case.known, attributes)),
        recurring_micros=pricing.recurring(case.catalog, offer, attributes, products, customer) if adding else 0,
        account_id=account,
        offer_instance_id=item.offer_instance_id,
        relies_on=item.relies_on,
    )


def _offer(item: ItemRequest, catalog: Catalog, now: datetime) -> Offer:
    if not catalog.has(Kind.OFFER, item.offer):
        raise Unprocessable("ordering-offer-unknown", field="productOffering", item=item.item_no, offer=item.offer)
    offer = catalog.offer(item.offer)
    if item.action is Action.ADD and not offer.sold_at(now):
        raise Unprocessable("ordering-offer-not-sold", field="productOffering", item=item.item_no, offer=item.offer)
    return offer


def _eligible(offer: Offer, attributes: Mapping[str, Value], known: Mapping[str, Any]) -> bool:
    return parse(offer.eligibility or "true", eligibility_environment(offer)).holds({**known, "offer": attributes})


def _attributes(
    item_no: str, owner: str, declared: Sequence[Attribute], given: Mapping[str, Value], *, whole: bool
) -> dict[str, Value]:
    """Values checked against their declarations; `whole`: with defaults, and mandatory ones demanded."""
    values = complete(declared, given) if whole else dict(given)
    checked = declared if whole else [attribute for attribute in declared if attribute.code in values]
    for fault in faults(checked, values):
        raise Unprocessable(
            f"ordering-attribute-{fault.reason}",
            field="productCharacteristic",
            item=item_no,
            owner=owner,
            attribute=fault.attribute,
            allowed=fault.allowed,
        )
    return values


def _wishes(item: ItemRequest, components: Sequence[Component]) -> Iterator[tuple[Component, ComponentRequest]]:
    """What is wanted in each place of the offer; when adding, what must be there is filled in."""
    places = {component.code: component for component in components}
    asked: dict[str, list[ComponentRequest]] = {code: [] for code in places}
    for wish in item.components:
        if wish.code not in places:
            allowed = ", ".join(places)
            raise Unprocessable("ordering-component-unknown", item=item.item_no, component=wish.code, allowed=allowed)
        asked[wish.code].append(wish)
    adding = item.action is Action.ADD
    if not adding and not item.components:
        raise Unprocessable("ordering-components-missing", item=item.item_no, offer=item.offer)
    if adding and not places:
        raise Unprocessable("ordering-offer-without-products", item=item.item_no, offer=item.offer)
    for code, place in places.items():
        wanted = asked[code]
        if adding and len(wanted) > place.maximum:
            most = str(place.maximum)
            raise Unprocessable("ordering-component-too-many", item=item.item_no, component=code, most=most)
        missing = place.minimum - len(wanted) if adding else 0
        for wish in [*wanted, *[ComponentRequest(code)] * missing]:
            yield place, wish


def _line(case: _Case, item: ItemRequest, item_no: str, place: Component, wish: ComponentRequest) -> ProductLine:
    product = case.catalog.product(place.product)
    template = product.fulfilment.get(item.action)
    if template is None:
        raise Unprocessable("ordering-action-not-offered", item=item_no, product=product.code, action=item.action.value)
    adding = item.action is Action.ADD
    if wish.wanted_number and (not product.number_class or item.quantity > 1 or not adding):
        raise Unprocessable("ordering-number-not-wanted", item=item_no, product=product.code)
    if not adding or wish.product_instance_id is not None:
        _check_instance(item_no, wish, product, case)
    return ProductLine(
        item_no=item_no,
        place=place.code,
        product=product.code,
        product_version=case.catalog.version(Kind.PRODUCT, product.code),
        role=product.role.value,
        action=item.action,
        template=template,
        template_version=case.catalog.version(Kind.ORDER_TEMPLATE, template),
        attributes=_attributes(item_no, product.code, product.attributes, wish.attributes, whole=adding),
        number_class=product.number_class,
        wanted_number=wish.wanted_number,
        product_instance_id=wish.product_instance_id,
    )


def _check_instance(item_no: str, wish: ComponentRequest, product: ProductSpec, case: _Case) -> None:
    """The instance is the customer's, and of this product; for an attached one to add: of a product it attaches to."""
    held = case.facts.instances.get(wish.product_instance_id or 0)
    fitting = {product.code, *product.attaches_to}
    if held is None or held.customer_id != case.request.customer_id or held.product not in fitting:
        raise Unprocessable("ordering-instance-not-theirs", field="product", item=item_no, component=wish.code)
    if held.state == "terminated":
        raise Unprocessable("ordering-instance-ended", field="product", item=item_no, component=wish.code)


def _check_relations(request: OrderRequest, settled: Sequence[SettledItem], catalog: Catalog, facts: Facts) -> None:
    """Requires, excludes and limits, over what the customer holds, has on order, and orders now."""
    ordered = Counter(item.offer for item in settled if item.action is Action.ADD)
    together = ordered + facts.held_offers.get(request.customer_id, Counter())
    for code in ordered:
        offer = catalog.offer(code)
        if missing := [required for required in offer.requires if not together[required]]:
            raise Unprocessable("ordering-offer-requires", offer=code, other=", ".join(missing))
        excluded = [other for other in together if other != code and _excludes(catalog, offer, other)]
        if excluded:
            raise Unprocessable("ordering-offer-excludes", offer=code, other=", ".join(sorted(excluded)))
        if offer.limit_per_customer is not None and together[code] > offer.limit_per_customer:
            raise Unprocessable("ordering-offer-limit", offer=code, most=str(offer.limit_per_customer))
    lines = [line for item in settled if item.action is Action.ADD for line in item.lines]
    products = Counter(line.product for line in lines) + facts.held_products.get(request.customer_id, Counter())
    for product in {line.product for line in lines}:
        spec = catalog.product(product)
        if missing := [required for required in spec.requires if not products[required]]:
            raise Unprocessable("ordering-product-requires", product=product, other=", ".join(missing))
        if spec.role is Role.ATTACHED and not any(products[main] for main in spec.attaches_to):
            raise Unprocessable("ordering-product-requires", product=product, other=", ".join(spec.attaches_to))


def _excludes(catalog: Catalog, offer: Offer, other: str) -> bool:
    return other in offer.excludes or (catalog.has(Kind.OFFER, other) and offer.code in catalog.offer(other).excludes)
