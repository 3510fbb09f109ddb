"""Named proration policies of recurring fees (BL-08): which part of a cycle is due.

A part is a whole number of 1/377,580 cycles (`units.CYCLE`), the base unit of recurring tariffs. So a fee event with
this quantity is priced by the same steps as use, and rounded where its tariff says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from hutong.billing.pricing.cycle import Cycle, Days
from hutong.billing.pricing.units import CYCLE


@dataclass(frozen=True, slots=True)
class Presence:
    """In which days of a cycle an instance is in effect, and when its life began."""

    cycle: Cycle
    days: frozenset[date]
    began: date

    @classmethod
    def of(cls, cycle: Cycle, began: date, periods: Sequence[Days]) -> "Presence":
        """From periods in effect; a day that two of them name counts once."""
        return cls(cycle, frozenset[date]().union(*(period.within(cycle) for period in periods)), began)

    @property
    def part(self) -> int:
        """The days' part of the cycle."""
        return len(self.days) * CYCLE // self.cycle.days


def daily(presence: Presence) -> int:
    """Each day in effect costs the same part of its month."""
    return presence.part


def full_cycle(presence: Presence) -> int:
    """Whole, once there is a day in effect."""
    return CYCLE if presence.days else 0


def start_of_cycle(presence: Presence) -> int:
    """Whole if in effect on the first day of the cycle, else nothing."""
    return CYCLE if presence.cycle.first_day in presence.days else 0


def half_cycle(presence: Presence) -> int:
    """Whole if in effect by the 15th, half if later."""
    if not presence.days:
        return 0
    return CYCLE if min(presence.days).day <= 15 else CYCLE // 2


def free_first_cycle(presence: Presence) -> int:
    """Nothing in the cycle in which the instance's life began, whole afterwards."""
    return 0 if Cycle.of(presence.began) == presence.cycle else full_cycle(presence)


POLICIES: dict[str, Callable[[Presence], int]] = {
    policy.__name__: policy for policy in (daily, full_cycle, start_of_cycle, half_cycle, free_first_cycle)
}
"""By the name that a recurring tariff gives (`catalog.tariff.Proration`)."""
