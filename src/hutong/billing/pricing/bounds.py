"""The proof that a tariff's arithmetic stays inside int64: compiled integers wrap silently, so it is shown before."""

from hutong.billing.pricing.scale import ExactTariff, Scale, refused

INT64 = 2**63 - 1


def furthest(tariff: ExactTariff) -> int:
    """The furthest position on its scale: one event at its bound with the last block rounded up, on top of an
    accumulator at its bound where it counts along one."""
    event = tariff.event_bound + max(size for _, size in tariff.increments)
    return event if tariff.along == "event" else tariff.total_bound + event


def largest(scale: Scale, denominator: int, position: int) -> int:
    """The largest numerator that F, or a product on the way to it, takes up to a position."""
    return max(before + -(-position // size) * price for _, _, size, price, before in scale.rows(denominator))


def prove(tariff: ExactTariff, plan: str) -> None:
    """Raises Unprocessable unless every numerator of one event, twice over for comparing halves, fits an int64.

    An event's exact charge is the fee, the opening flat F(0) and, for each band, differences of a rising F over parts
    of one range, which add up to at most F at the furthest position, for each band once. A volume price has one band,
    and its differences telescope.
    """
    denominator, position = tariff.denominator, furthest(tariff)
    scales = (tariff.scale, *tariff.by_band.values())
    opening = max(largest(scale, denominator, 0) for scale in scales)
    worst = int(tariff.fee * denominator) + opening + sum(largest(scale, denominator, position) for scale in scales)
    cap = 0 if tariff.cap is None else int(tariff.cap * denominator)
    if max(2 * (worst + denominator * tariff.rounding_unit), cap) > INT64:
        raise refused("overflow", plan=plan, tariff=tariff.code, denominator=denominator)
