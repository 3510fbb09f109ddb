"""Compiled price plans: the kernel's tables, and what their row numbers mean to people."""

from dataclasses import dataclass
from typing import NamedTuple

from hutong.billing.pricing.kernel import Plan
from hutong.catalog.price_plan import Allowance, PricePlan


class Published(NamedTuple):
    """A price plan with the version under which the catalog published it."""

    plan: PricePlan
    version: int = 1


@dataclass(frozen=True, slots=True)
class Rate:
    """What a row of `rates` is: a tariff as reached from one section of one version of a plan."""

    plan: str
    version: int
    section: str
    tariff: str
    unit: str
    bands: tuple[str, ...]  # by band number; empty where the rate has no clock


@dataclass(frozen=True, slots=True)
class Leaf:
    """A section that leads to tariffs: the dense key that selection gives an event. The first rate is the main one."""

    plan: str
    version: int
    path: tuple[str, ...]
    usage: str | None
    rates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way through the tree of a strategy: all these conditions hold → this leaf. Choices are tried in order."""

    conditions: tuple[str, ...]
    leaf: int


@dataclass(frozen=True, slots=True)
class Slots:
    """How many accumulator rows a version of a plan needs: for each member, and for the group."""

    member: tuple[str, ...]
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """What a row of `covers` is: an allowance of a version of a plan; `quantity` in base units."""

    plan: str
    version: int
    allowance: Allowance
    quantity: int


PlanKey = tuple[str, int]


@dataclass(frozen=True)
class CompiledTariffs:
    """All versions of price plans in force, ready to price."""

    tables: Plan
    rates: tuple[Rate, ...]
    leaves: tuple[Leaf, ...]
    choices: dict[tuple[PlanKey, str, str], tuple[Choice, ...]]  # (plan, event type, phase)
    levels: dict[PlanKey, str]
    slots: dict[PlanKey, Slots]
    allowances: tuple[Granted, ...]
