"""The price plans of a cycle: the catalog in effect at its end, compiled once per release and process."""

from dataclasses import dataclass
from functools import lru_cache

from hutong import catalog
from hutong.billing.pricing.compile import compile_plans
from hutong.billing.pricing.compiled import CompiledTariffs, PlanKey, Published
from hutong.billing.pricing.cycle import Cycle
from hutong.catalog.document import Kind
from hutong.catalog.offer import Offer
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.snapshot import Catalog
from hutong.platform.settings import settings

PRODUCT_LEVEL = -1
"""Position of a product's own plan: it is priced under no offer."""


@dataclass(frozen=True)
class Plans:
    """A catalog release with its plans compiled."""

    catalog: Catalog
    tariffs: CompiledTariffs

    def plan(self, key: PlanKey) -> PricePlan:
        """The document of a plan's version."""
        return self.catalog.price_plan(*key)

    def of_offer(self, code: str, version: int) -> tuple[PlanKey, ...]:
        """Plans of an offer and its package, in the order of the documents."""
        offer: Offer = self.catalog.offer(code, version)
        packaged = self.catalog.package(offer.package).price_plans if offer.package else ()
        return self._keys((*offer.price_plans, *packaged))

    def of_product(self, code: str, version: int) -> tuple[PlanKey, ...]:
        """A product's own plans."""
        return self._keys(self.catalog.product(code, version).price_plans)

    def _keys(self, codes: tuple[str, ...]) -> tuple[PlanKey, ...]:
        known = [code for code in dict.fromkeys(codes) if self.catalog.has(Kind.PRICE_PLAN, code)]
        return tuple((code, self.catalog.version(Kind.PRICE_PLAN, code)) for code in known)


def plans_of(cycle: Cycle) -> Plans:
    """The plans that price a cycle. An installation whose catalog is younger than the cycle uses today's."""
    found = catalog.load(cycle.ends(settings.zone))
    return compiled(found if found.release else catalog.load())


def compiled(found: Catalog) -> Plans:
    """A catalog with its plans compiled."""
    return _compiled(found)


@lru_cache(maxsize=4)
def _compiled(found: Catalog) -> Plans:
    codes = found.codes(Kind.PRICE_PLAN)
    plans = [Published(found.price_plan(code), found.version(Kind.PRICE_PLAN, code)) for code in codes]
    return Plans(found, compile_plans(plans, settings.zone))
