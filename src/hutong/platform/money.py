"""Money: integers of micro currency units (10⁻⁶) inside, exact decimals at the border. Never a float."""

from decimal import Decimal

MICROS_PER_UNIT = 1_000_000


def to_micros(amount: Decimal | str | int) -> int:
    """A decimal amount in currency units as micros. Raises ValueError when finer than 10⁻⁶."""
    scaled = Decimal(amount) * MICROS_PER_UNIT
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} is finer than one micro unit")
    return int(scaled)


def to_decimal(micros: int) -> Decimal:
    """Micros as an exact decimal in currency units, at least two places, without superfluous zeros."""
    exact = Decimal(micros) / MICROS_PER_UNIT
    normal = exact.normalize()
    exponent = normal.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -2:
        return exact.quantize(Decimal("0.01"))
    return normal
