"""The proof that a tariff's arithmetic stays inside int64: compiled integers wrap silently, so it is shown before."""

from hutong.billing.pricing.scale import ExactTariff, Scale, refused

INT64 = 2**63 - 1


def furthest(tariff: ExactTariff) -> int:
    """The furthest position on a scale: an accumulator at its bound, and one more event at its bound, both with
    their last block rounded up."""
    block = max(size for _, size in tariff.increments)
    return 2 * (tariff.bound + block)


def largest(scale: Scale, denominator: int, position: int) -> int:
    """The largest numerator that F, or a product on the way to it, takes up to a position."""
    return max(before + -(-position // size) * price for _, _, size, price, before in scale.rows(denominator))


def prove(tariff: ExactTariff, plan: str) -> None:
    """Raises Unprocessable unless every numerator of one event, twice over for comparing halves, fits an int64.

    An event's exact charge is the fee, the opening flat and, for each band, differences of a rising F over parts of one
    range; these add up to at most F at the furthest position, for each band once.
    """
    denominator, position = tariff.denominator, furthest(tariff)
    scales = (tariff.scale, *tariff.by_band.values())
    worst = int(tariff.fee * denominator) + sum(2 * largest(scale, denominator, position) for scale in scales)
    if 2 * (worst + denominator * tariff.rounding_unit) > INT64:
        raise refused("overflow", plan=plan, tariff=tariff.code, denominator=denominator)
    if tariff.cap is not None and tariff.cap * denominator > INT64:
        raise refused("overflow", plan=plan, tariff=tariff.code, denominator=denominator)
