"""Units of use, and the whole numbers in which the kernel counts them.

Each dimension has a base unit that is never divided: seconds, KB (1024 bytes), items, thousandths of a unit of measure,
micros of currency, and 1/377,580 of a bill cycle, so that a day is a whole number of base units in a month of 28, 29,
30 or 31 days.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

CYCLE = 28 * 29 * 15 * 31  # least common multiple of 28, 29, 30 and 31


@dataclass(frozen=True)
class Unit:
    """A unit: its dimension and how many base units it holds. A proof for int64 needs an end: one event holds at most
    `event_bound` base units, an accumulator `total_bound`; an event that passes them is quarantined."""

    dimension: str
    size: int
    event_bound: int
    total_bound: int


TIME, DATA, COUNT, MEASURE, MONEY, CYCLES = "time", "data", "count", "measure", "money", "cycles"

UNITS: dict[str, Unit] = {
    "second": Unit(TIME, 1, 10**7, 10**9),
    "minute": Unit(TIME, 60, 10**7, 10**9),
    "hour": Unit(TIME, 3600, 10**7, 10**9),
    "KB": Unit(DATA, 1, 2**37, 2**40),
    "MB": Unit(DATA, 2**10, 2**37, 2**40),
    "GB": Unit(DATA, 2**20, 2**37, 2**40),
    "TB": Unit(DATA, 2**30, 2**37, 2**40),
    "item": Unit(COUNT, 1, 10**7, 10**9),
    "unit": Unit(MEASURE, 1000, 10**10, 10**12),
    "currency": Unit(MONEY, 10**6, 10**12, 10**13),
    "cycle": Unit(CYCLES, CYCLE, CYCLE * 12, CYCLE * 120),
}


def base_units(quantity: Decimal | Fraction | int | str, unit: str) -> int:
    """A quantity in base units of its dimension. Raises ValueError when it is not a whole number of them."""
    exact = Fraction(quantity) * UNITS[unit].size
    if exact.denominator != 1:
        raise ValueError(f"{quantity} {unit} is not a whole number of base units")
    return exact.numerator
