"""What a reviewed sample says of a model (EC-05): precision above each weight, with its lower bound; the threshold it
proposes. Pure.

The sample is stratified by weight: so many pairs of each stratum, however many pairs it has. A stratum's share of right
pairs counts by its population. Bounds are Wilson's, one-sided, 95 %.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

Z = 1.6449
"""One-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Stratum:
    """Pairs of weight `least` (bits) and more, below the next stratum: how many there are, were reviewed, and are the
    same."""

    least: int
    population: int
    reviewed: int
    same: int


@dataclass(frozen=True)
class Measured:
    """From weight `least` on: estimated precision of merging, its lower bound, and the pairs that would merge."""

    least: int
    precision: float
    lower: float
    pairs: int
    reviewed: int


def wilson(right: float, count: int) -> float:
    """Lower bound of a share."""
    if not count:
        return 0.0
    share = right / count
    middle = share + Z * Z / (2 * count)
    spread = Z * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return max((middle - spread) / (1 + Z * Z / count), 0.0)


def measured(strata: Iterable[Stratum]) -> list[Measured]:
    """Precision from each stratum upwards, highest weights first; it ends at the first stratum without a review."""
    made: list[Measured] = []
    pairs = reviewed = 0
    right = 0.0
    for one in sorted(strata, key=lambda stratum: -stratum.least):
        if not one.reviewed:
            break
        pairs, reviewed = pairs + one.population, reviewed + one.reviewed
        right += one.population * one.same / one.reviewed
        precision = right / pairs
        made.append(Measured(one.least, precision, wilson(precision * reviewed, reviewed), pairs, reviewed))
    return made


def proposed(found: Sequence[Measured], wanted: float) -> int | None:
    """The least weight from which on the lower bound of precision reaches what is wanted, at every weight above;
    never where the model itself says that strangers are likelier."""
    best = None
    for one in found:
        if one.precision < wanted or one.least < 0:
            break
        if one.lower >= wanted:
            best = one.least
    return best
