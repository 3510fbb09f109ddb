"""Checks across documents, on the catalog as it would be: what is named exists, fits, and does not go in circles."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from hutong.catalog import conditions
from hutong.catalog.document import Document, Kind
from hutong.catalog.documents import Fault, label
from hutong.catalog.offer import Component, Offer, Package
from hutong.catalog.order_template import OrderTemplate
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.product import ProductSpec, Role
from hutong.catalog.snapshot import Catalog
from hutong.platform.cel import ExpressionError
from hutong.platform.errors import Problem

PLAN_LEVELS = {Kind.PRODUCT: {"product"}, Kind.PACKAGE: {"package"}, Kind.OFFER: {"product", "package", "agreement"}}
"""Levels of price plans (BL-07) that each kind of document may refer to."""

_plan_checks: list[Callable[[PricePlan], None]] = []


def check_plans_with(check: Callable[[PricePlan], None]) -> None:
    """Add a check that raises a Problem for a price plan which cannot be used: billing registers its compiler here,
    since the catalog imports nothing above it."""
    if check not in _plan_checks:
        _plan_checks.append(check)


def faults(catalog: Catalog) -> list[Fault]:
    """Everything wrong between the documents of a prospective catalog."""
    found: list[Fault] = []
    for product in catalog.products:
        found += _product(catalog, product)
    for code in catalog.codes(Kind.PACKAGE):
        found += _package(catalog, catalog.package(code))
    for offer in catalog.offers:
        found += _offer(catalog, offer)
    for code in catalog.codes(Kind.ORDER_TEMPLATE):
        found += _template(catalog.template(code))
    for code in catalog.codes(Kind.PRICE_PLAN):
        found += _price_plan(catalog, code)
    return found


def _fault(document: Document, path: str, message_id: str, **params: str) -> Fault:
    return Fault(label((document.kind, document.code)), path, message_id, dict(params))


def _product(catalog: Catalog, product: ProductSpec) -> Iterator[Fault]:
    missing = partial(_missing, catalog, product)
    yield from missing(Kind.ORDER_TEMPLATE, ((f"fulfilment.{a}", code) for a, code in product.fulfilment.items()))
    yield from missing(Kind.PRODUCT, _numbered("attaches_to", product.attaches_to))
    yield from missing(Kind.PRODUCT, _numbered("requires", product.requires))
    yield from _plans(catalog, product, product.price_plans)
    for path, code in _numbered("attaches_to", product.attaches_to):
        if catalog.has(Kind.PRODUCT, code) and catalog.product(code).role is not Role.MAIN:
            yield _fault(product, path, "catalog-fault-not-main", product=code)
    if circle := _circle(catalog, product.code):
        yield _fault(product, "requires", "catalog-fault-circle", circle=" → ".join(circle))


def _package(catalog: Catalog, package: Package) -> Iterator[Fault]:
    yield from _components(catalog, package, package.components)
    yield from _plans(catalog, package, package.price_plans)


def _offer(catalog: Catalog, offer: Offer) -> Iterator[Fault]:
    missing = partial(_missing, catalog, offer)
    yield from missing(Kind.PACKAGE, [("package", offer.package)] if offer.package else [])
    yield from _components(catalog, offer, offer.components)
    yield from missing(Kind.OFFER, _numbered("requires", offer.requires))
    yield from missing(Kind.OFFER, _numbered("excludes", offer.excludes))
    if offer.members:
        yield from missing(Kind.PRODUCT, _numbered("members.products", offer.members.products))
    yield from _plans(catalog, offer, offer.price_plans)
    yield from _conditions(offer, conditions.refused_in_offer(offer))
    yield from _twice(offer, "attributes", (item.code for item in offer.attributes))
    yield from _twice(offer, "one_off_prices", (item.code for item in offer.one_off_prices))
    for both in sorted(set(offer.requires) & set(offer.excludes)):
        yield _fault(offer, "requires", "catalog-fault-requires-excluded", offer=both)
    if offer.package and catalog.has(Kind.PACKAGE, offer.package):
        yield from _twice(offer, "components", (item.code for item in catalog.components(offer)))


def _template(template: OrderTemplate) -> Iterator[Fault]:
    yield from _conditions(template, conditions.refused_in_template(template))


def _price_plan(catalog: Catalog, code: str) -> Iterator[Fault]:
    plan = catalog.price_plan(code)
    yield from _conditions(plan, conditions.refused_in_plan(plan))
    for check in _plan_checks:
        try:
            check(plan)
        except Problem as problem:
            yield Fault(label((plan.kind, plan.code)), problem.field or "", problem.message_id, problem.params)
    events = catalog.event_types | conditions.CHARGE_EVENTS
    for number, strategy in enumerate(plan.strategies):
        if strategy.event not in events:
            known = ", ".join(sorted(events))
            path = f"strategies[{number}].event"
            yield _fault(plan, path, "catalog-fault-event", event=strategy.event, known=known)


def _components(catalog: Catalog, document: Offer | Package, components: tuple[Component, ...]) -> Iterator[Fault]:
    products = ((f"components[{number}].product", item.product) for number, item in enumerate(components))
    yield from _missing(catalog, document, Kind.PRODUCT, products)
    yield from _twice(document, "components", (item.code for item in components))


def _plans(catalog: Catalog, document: ProductSpec | Package | Offer, codes: tuple[str, ...]) -> Iterator[Fault]:
    yield from _missing(catalog, document, Kind.PRICE_PLAN, _numbered("price_plans", codes))
    allowed = PLAN_LEVELS[document.kind]
    for path, code in _numbered("price_plans", codes):
        if catalog.has(Kind.PRICE_PLAN, code) and (level := catalog.price_plan(code).level) not in allowed:
            yield _fault(document, path, "catalog-fault-level", plan=code, level=level, allowed=", ".join(allowed))


def _missing(catalog: Catalog, document: Document, kind: Kind, named: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    for path, code in named:
        if not catalog.has(kind, code):
            yield _fault(document, path, "catalog-fault-missing", kind=kind.value, code=code)


def _conditions(document: Document, refused: Iterable[tuple[str, ExpressionError]]) -> Iterator[Fault]:
    for path, error in refused:
        yield Fault(label((document.kind, document.code)), path, error.message_id, error.params)


def _twice(document: Document, path: str, codes: Iterable[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            yield _fault(document, path, "catalog-fault-part-twice", code=code)
        seen.add(code)


def _numbered(path: str, codes: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"{path}[{number}]", code) for number, code in enumerate(codes))


def _circle(catalog: Catalog, start: str) -> list[str] | None:
    """A way from a product over its requirements back to itself, if there is one."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if not catalog.has(Kind.PRODUCT, way[-1]):
            continue
        for following in catalog.product(way[-1]).requires:
            if following == start:
                return [*way, following]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None
