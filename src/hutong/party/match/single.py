"""A model of records that are one text and little else: nothing but the text itself can tell which likeness is worth
what. So its words are dealt anew among the records; how often such made-up texts are as alike as real ones says from
how many shared bits on likeness is no chance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hutong.party.match import blocking
from hutong.party.match.comparators import WORD_BITS, compare_pairs
from hutong.party.match.comparators import Encoded as Arrays
from hutong.party.match.comparisons import Plan, kernel
from hutong.party.match.em import blind_m
from hutong.party.match.kernels import Floats, Ints, both_once

CHANCE = 0.04
"""Pairs of made-up texts for each real pair that are still taken: so few of the merged pairs are alike by chance."""
_LEAST = 2
_MOST = 100_000
_SHOWN = 50_000
"""Records whose texts are dealt anew, and pairs that show what other attributes say, at most."""
BITS = np.append(1.0, WORD_BITS + 0.5)


def dealt(arrays: Arrays) -> Arrays:
    """Texts of the same lengths from the same words, each word anywhere: one text a record."""
    code = arrays.codes[:, 0]
    sizes = np.where(code >= 0, np.diff(arrays.word_starts)[np.maximum(code, 0)], 0)
    begins = arrays.word_starts[np.maximum(code, 0)]
    owner = np.repeat(np.arange(len(code)), sizes)
    inside = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    words = np.random.default_rng(17).permutation(arrays.words[begins[owner] + inside])
    owner, words = both_once(owner, words)
    starts = np.zeros(len(code) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner, minlength=len(code)), out=starts[1:])
    number = np.arange(len(code))
    none = np.zeros((len(code), 2), dtype=np.int64)
    ids = np.stack([number, none[:, 0] - 1], axis=1)
    return arrays._replace(
        codes=number[:, None], ids=np.ascontiguousarray(ids), starts=none, ends=none,
        words=words, word_starts=starts,
    )  # fmt: skip


class Found(NamedTuple):
    """Pairs of records that share a rare word, and the level of each."""

    left: Ints
    right: Ints
    levels: NDArray[np.int8]

    @property
    def counts(self) -> Ints:
        """How many pairs there are at each level."""
        made: Ints = np.bincount(self.levels[self.levels >= 0], minlength=len(BITS)).astype(np.int64)
        return made


def found(plan: Plan, arrays: Arrays) -> Found:
    """Pairs of records that share a rare word."""
    count = len(arrays.codes)
    blocks: tuple[blocking.Block, ...] = ((f"{plan.name}.each_word",), (f"{plan.name}.each_two",))
    pairs = blocking.pairs(blocks, blocking.hashes([plan], [arrays], blocks), count)
    levels = np.full(len(pairs.left), -1, dtype=np.int8)
    agreed = np.full(len(pairs.left), -1, dtype=np.int64)
    compare_pairs(kernel(plan.comparator), pairs.left, pairs.right, arrays.codes, arrays.codes, arrays, levels, agreed)
    return Found(pairs.left, pairs.right, levels)


class Enough(NamedTuple):
    """The bits from which likeness is no chance, the chances of each level among matches (m) and strangers (u), and
    pairs that are alike by no chance."""

    least: float
    m: Floats
    u: Floats
    left: Ints
    right: Ints


def enough(plan: Plan, arrays: Arrays) -> Enough:
    """What the likeness of a text is worth."""
    step = len(arrays.codes) // _MOST + 1
    some = arrays._replace(codes=np.ascontiguousarray(arrays.codes[::step, :1]))
    real = found(plan, some)
    chance = found(plan, dealt(some)).counts
    above_chance, above_real = np.cumsum(chance[::-1])[::-1], np.cumsum(real.counts[::-1])[::-1]
    good = np.flatnonzero(above_chance <= CHANCE * above_real)
    good = good[good > _LEAST]
    first = good[0] if len(good) else len(WORD_BITS)
    least = float(WORD_BITS[first - 1])
    count = len(some.codes)
    whole = max(count * (count - 1) / 2, 1.0)
    u = np.maximum(chance / whole, np.exp2(-BITS - 8.0))
    u[0] = max(1.0 - u[1:].sum(), 0.5)
    u /= u.sum()
    m = u * np.exp2(BITS)
    sure = np.flatnonzero(real.levels >= first)
    some_sure = sure[:: len(sure) // _SHOWN + 1]
    left, right = real.left[some_sure] * step, real.right[some_sure] * step
    return Enough(least - float(np.log2(m.sum())), m / m.sum(), u, left, right)


def little(same: NDArray[np.int8], random: NDArray[np.int8], size: int) -> tuple[Floats, Floats]:
    """What another attribute says: m as pairs show it whose texts are alike by no chance, u as random pairs show it,
    each with a little of what is believed beforehand."""
    belief = blind_m(size)
    m, u = (np.bincount(levels[levels >= 0], minlength=size).astype(np.float64) for levels in (same, random))
    m, u = m + 20.0 * belief, u + 0.25 * belief
    return m / m.sum(), u / u.sum()
