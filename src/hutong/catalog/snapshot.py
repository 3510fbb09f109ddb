"""The catalog as a whole at one release: immutable, so any number of threads read it, kept by release number."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from hutong.catalog.document import Kind
from hutong.catalog.documents import understand
from hutong.catalog.offer import Component, Offer, Package
from hutong.catalog.order_template import OrderTemplate
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.product import ProductSpec
from hutong.platform.errors import NotFound

RelationKind = Literal["offer_requires", "offer_excludes", "product_requires", "product_attaches_to"]


@dataclass(frozen=True)
class Relation:
    """`source` requires, excludes or attaches to `target`; codes of offers, or of products."""

    kind: RelationKind
    source: str
    target: str


class Catalog:
    """Published documents at a release. Without `version`, methods give the version in effect at that release."""

    def __init__(
        self,
        release: int,
        effective_from: datetime | None,
        current: Mapping[tuple[Kind, str], int],
        bodies: Mapping[tuple[Kind, str, int], Mapping[str, Any]],
    ) -> None:
        self.release = release
        self.effective_from = effective_from
        self._current = dict(current)
        self._bodies = dict(bodies)
        self._read: dict[tuple[Kind, str, int], PricePlan | OrderTemplate | ProductSpec | Package | Offer] = {}

    def version(self, kind: Kind, code: str) -> int:
        """The version in effect. Raises NotFound."""
        try:
            return self._current[kind, code]
        except KeyError:
            raise NotFound("catalog-no-document", kind=kind.value, code=code) from None

    def has(self, kind: Kind, code: str) -> bool:
        """Whether a document is in the catalog."""
        return (kind, code) in self._current

    def document(
        self, kind: Kind, code: str, version: int | None = None
    ) -> PricePlan | OrderTemplate | ProductSpec | Package | Offer:
        """A document; older published versions can be asked for by number. Raises NotFound."""
        key = (kind, code, version or self.version(kind, code))
        if key not in self._read:
            if key not in self._bodies:
                raise NotFound("catalog-no-version", kind=kind.value, code=code, version=str(version))
            self._read[key] = understand(dict(self._bodies[key]))
        return self._read[key]

    def offer(self, code: str, version: int | None = None) -> Offer:
        """An offer."""
        found = self.document(Kind.OFFER, code, version)
        assert isinstance(found, Offer)  # noqa: S101 (the key says so)
        return found

    def product(self, code: str, version: int | None = None) -> ProductSpec:
        """A product specification."""
        found = self.document(Kind.PRODUCT, code, version)
        assert isinstance(found, ProductSpec)  # noqa: S101
        return found

    def package(self, code: str, version: int | None = None) -> Package:
        """A product package."""
        found = self.document(Kind.PACKAGE, code, version)
        assert isinstance(found, Package)  # noqa: S101
        return found

    def template(self, code: str, version: int | None = None) -> OrderTemplate:
        """An order template."""
        found = self.document(Kind.ORDER_TEMPLATE, code, version)
        assert isinstance(found, OrderTemplate)  # noqa: S101
        return found

    def price_plan(self, code: str, version: int | None = None) -> PricePlan:
        """A price plan."""
        found = self.document(Kind.PRICE_PLAN, code, version)
        assert isinstance(found, PricePlan)  # noqa: S101
        return found

    def codes(self, kind: Kind) -> tuple[str, ...]:
        """Codes of a kind, sorted."""
        return tuple(sorted(code for found, code in self._current if found is kind))

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """Every offer, whatever its lifecycle."""
        return tuple(self.offer(code) for code in self.codes(Kind.OFFER))

    @cached_property
    def products(self) -> tuple[ProductSpec, ...]:
        """Every product."""
        return tuple(self.product(code) for code in self.codes(Kind.PRODUCT))

    @cached_property
    def event_types(self) -> frozenset[str]:
        """Types of usage events that some product emits."""
        return frozenset(event for product in self.products for event in product.emits)

    def components(self, offer: Offer) -> tuple[Component, ...]:
        """What an offer contains, its package's components first."""
        packaged = self.package(offer.package).components if offer.package else ()
        return packaged + offer.components

    def price_plan_codes(self, offer: Offer, product: str | None = None) -> tuple[str, ...]:
        """Plans that may price an offer's product: the offer's, its package's, then the product's own; the level
        in each plan decides precedence (BL-07)."""
        packaged = self.package(offer.package).price_plans if offer.package else ()
        own = self.product(product).price_plans if product else ()
        return (*offer.price_plans, *packaged, *own)

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """Relations between offers and between products."""
        return tuple(self._relations())

    def _relations(self) -> Iterator[Relation]:
        for offer in self.offers:
            yield from _each("offer_requires", offer.code, offer.requires)
            yield from _each("offer_excludes", offer.code, offer.excludes)
        for product in self.products:
            yield from _each("product_requires", product.code, product.requires)
            yield from _each("product_attaches_to", product.code, product.attaches_to)


def _each(kind: RelationKind, source: str, targets: Iterable[str]) -> Iterator[Relation]:
    return (Relation(kind, source, target) for target in targets)
