"""Expectation maximisation for the probabilistic model, over blocked pairs and a weighted sample of all others.

Both together stand for every pair there is, so nothing is conditioned on a block, and matches among random pairs are
taken out of the chances of agreement (u) where matches are not rare.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Levels = NDArray[np.int8]
_ROUNDS = 60


class Observed(NamedTuple):
    """Pairs as levels (-1: not given; 16 more where the frequency of the agreed value is known). `rarity`: minus log2 of
    the shares of agreed values, summed; `group`: 1 within one source, else 0; `weight`: how many pairs one stands for;
    `totals`: all pairs of the groups; `left`, `right`: the records of the first pairs, those of blocks."""

    levels: Levels
    rarity: Floats
    group: NDArray[np.int8]
    weight: Floats
    totals: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]


class Fitted(NamedTuple):
    """Chances of each level among matches (m) and others (u), share of matches per group, and each pair's bits."""

    m: list[Floats]
    u: list[Floats]
    share: Floats
    weight: Floats
    rounds: int


def fit(observed: Observed, sizes: Sequence[int], start: Sequence[Floats] | None = None, expected: float = 1e-3) -> Fitted:
    """Fit m, u and the shares of matches. `sizes`: levels per comparison; `start`: m to begin with."""
    width = max(sizes)
    m = np.zeros((len(sizes), width))
    belief = np.zeros((len(sizes), width))
    for place, size in enumerate(sizes):
        belief[place, :size] = default_m(size)
        m[place, :size] = start[place] if start is not None else belief[place, :size]
    u = _counted(observed.levels, observed.weight, len(sizes), width) + 0.25 * belief
    u /= u.sum(axis=1, keepdims=True)
    share = np.full(2, expected)
    strength = _strength(observed.levels, len(sizes))
    rounds = 0
    for rounds in range(1, _ROUNDS + 1):  # noqa: B007
        posterior = _posteriors(observed, m, u, share)
        matched = observed.weight * posterior
        votes = _votes(observed, matched, m, u, share)
        made = _counted(observed.levels, votes, len(sizes), width) + strength * belief
        made /= made.sum(axis=1, keepdims=True)
        others = _counted(observed.levels, observed.weight - matched, len(sizes), width) + 0.25 * belief
        others /= others.sum(axis=1, keepdims=True)
        for group in range(2):
            found = float(matched[observed.group == group].sum())
            share[group] = min(max((found + 0.5) / (observed.totals[group] + 1.0), 1e-12), 0.5)
        moved = float(np.abs(made - m).max())
        m, u = made, others
        if moved < 2e-4:
            break
    bits = _bits(observed, m, u, share)
    return Fitted(
        [m[p, :s].copy() for p, s in enumerate(sizes)], [u[p, :s].copy() for p, s in enumerate(sizes)], share, bits, rounds
    )


def _votes(observed: Observed, matched: Floats, m: Floats, u: Floats, share: Floats) -> Floats:
    """What each pair says about matches: every record has one vote for its nearest partner and less for farther ones.
    Else the many pairs among an agency's sites, or a household's people, would teach what matches look like."""
    bits = _bits(observed, m, u, share)[: len(observed.left)]
    nearest = np.full(int(max(observed.right.max(initial=0), observed.left.max(initial=0))) + 1, -100.0)
    np.maximum.at(nearest, observed.left, bits)
    np.maximum.at(nearest, observed.right, bits)
    far_left = np.clip(nearest[observed.left] - bits, 0.0, 100.0)
    far_right = np.clip(nearest[observed.right] - bits, 0.0, 100.0)
    votes = np.zeros(len(matched))
    votes[: len(bits)] = matched[: len(bits)] * (np.exp2(-far_left / 2) + np.exp2(-far_right / 2))
    return votes


def _strength(levels: Levels, fields: int) -> float:
    """How many pairs the belief about m counts for: with fewer than three comparisons in a typical pair nothing tells
    matches from others but that belief."""
    given = float((levels >= 0).sum(axis=1).mean()) if len(levels) else 0.0
    return 2.0 if given >= 2.5 else 2e9 if fields < 3 or given < 1.5 else 200.0


def default_m(size: int) -> Floats:
    """What is believed of matches before any pair was seen: mostly the same, otherwise rather similar than not."""
    rest = np.arange(1.0, size)
    return np.append(0.15 * rest / rest.sum(), 0.85) if size > 1 else np.ones(1)


def _bits(observed: Observed, m: Floats, u: Floats, share: Floats) -> Floats:
    ratio = np.zeros((len(m), 32))
    for place in range(len(m)):
        plain, known = level_bits(m[place], u[place])
        ratio[place, : len(plain)], ratio[place, 16 : 16 + len(plain)] = plain, known
    prior = np.log2(share / (1.0 - share))
    return _summed(observed.levels, ratio, observed.rarity, prior, observed.group)


def _posteriors(observed: Observed, m: Floats, u: Floats, share: Floats) -> Floats:
    bits = np.clip(_bits(observed, m, u, share), -60, 60)
    return 1.0 / (1.0 + np.exp2(-bits))


def level_bits(m: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Bits of each level, and of each level before the share of the agreed value is taken off: what others agree on by
    chance at this level or above is then that share, not the average."""
    plain: Floats = np.log2(np.maximum(m, 1e-9)) - np.log2(np.maximum(u, 1e-12))
    above = np.cumsum(u[::-1])[::-1]
    return plain, plain + np.log2(np.maximum(above, 1e-12))


@njit(cache=True, nogil=True, parallel=True)
def _summed(levels: Levels, ratio: Floats, rarity: Floats, prior: Floats, group: Levels) -> Floats:
    out = np.empty(levels.shape[0])
    for pair in prange(levels.shape[0]):
        total = prior[group[pair]] + rarity[pair]
        for place in range(levels.shape[1]):
            level = levels[pair, place]
            if level >= 0:
                total += ratio[place, level]
        out[pair] = total
    return out


@njit(cache=True, nogil=True)
def _counted(levels: Levels, weight: Floats, fields: int, width: int) -> Floats:
    out = np.zeros((fields, width))
    for pair in range(levels.shape[0]):
        for place in range(fields):
            level = levels[pair, place]
            if level >= 0:
                out[place, level & 15] += weight[pair]
    return out
