"""What a reviewed sample says of a model (EC-05): precision above each weight, with its lower bound; the threshold it
proposes. Pure.

The sample is stratified by weight: so many pairs of each stratum h, chosen at random of its N_h. From a weight on, the
precision of merging is the stratified estimator (W. G. Cochran, Sampling Techniques, 3rd ed. 1977, chapter 5):

    p = sum of W_h p_h,   W_h = N_h / N,   p_h = the share of the same party among the reviewed of h

A normal bound on it is worthless where all reviewed pairs are right (its variance is nought). So each stratum has
Wilson's lower bound l_h (one-sided, 95 %), and they are put together by the method of variance estimates recovery (Zou,
Huang & Zhang, Computational Statistics & Data Analysis 53 (2009) 1080-1085):

    lower = p - sqrt(sum of (W_h (p_h - l_h))^2)

So a stratum that few pairs speak for weighs by its population, not by its reviews: many reviews of sure pairs make no
bold claim about the unsure ones.
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
    right = spread = 0.0
    for one in sorted(strata, key=lambda stratum: -stratum.least):
        if not one.reviewed:
            break
        share = one.same / one.reviewed
        pairs, reviewed = pairs + one.population, reviewed + one.reviewed
        right += one.population * share
        sure = one.reviewed >= one.population
        spread += 0.0 if sure else (one.population * (share - wilson(one.same, one.reviewed))) ** 2
        precision = right / pairs
        made.append(Measured(one.least, precision, max(precision - sqrt(spread) / pairs, 0.0), pairs, reviewed))
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
