"""Upkeep of the inventory."""

from hutong.inventory import numbers
from hutong.platform.periodic import periodic


@periodic("* * * * *", "inventory.sweep_numbers")
def sweep_numbers() -> int:
    """Free lapsed reservations and numbers whose rest is over. Returns how many."""
    return numbers.sweep()
