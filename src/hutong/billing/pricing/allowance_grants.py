"""What allowances grant for a cycle: how many units, from when to when (BL-06)."""

from zoneinfo import ZoneInfo

from hutong.billing.pricing.compiled import Granted
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.pricing.units import CYCLE


def granted_units(granted: Granted, part: int = CYCLE) -> int:
    """Base units granted when `part` of the cycle (in 1/377,580) is in effect: whole, or prorated and rounded up."""
    if part == 0:
        return 0
    if not granted.allowance.prorated:
        return granted.quantity
    return -(-granted.quantity * part // CYCLE)


def valid_span(granted: Granted, cycle: Cycle, zone: ZoneInfo) -> tuple[int, int]:
    """UTC seconds [from, to) in which the units of a cycle may be used. Carrying over is a longer validity: what is
    left stays usable, and goes before the next cycle's units because it expires first."""
    last = cycle.plus(granted.allowance.carry_over_cycles)
    return int(cycle.begins(zone).timestamp()), int(last.ends(zone).timestamp())
