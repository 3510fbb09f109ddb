"""Expectation maximisation for the probabilistic model, over blocked pairs and a weighted sample of all others.

Both together stand for every pair there is, so nothing is conditioned on a block, and matches among random pairs are
taken out of the chances of agreement (u) where matches are not rare.

Three kinds of pairs are told apart: the same party, strangers, and *relatives*: different parties that share
circumstances (a household's address and line, an agency's phone), but agree on who they are only by chance. Without the
third, households teach the model that a person's names and birth date often differ.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from hutong.party.match.kernels import Floats, Ints

Levels = NDArray[np.int8]
_ROUNDS = 60
BLIND = 2e9
PERSON_LEVELS, FAMILY, PARTIAL = 9, 2, 3
"""Whether a record holds a family name only does not depend on whom it is compared with; so relatives' records do as
often as a party's own, if they bear the same name."""
FEW_PAIRS = 100.0
"""Pairs of strangers beyond those there are that are thought to differ: so much is believed of them before any is seen.
In a file of ten records most pairs that agree may be the same party."""
FADES = 8.0
"""Bits farther than the nearest partner at which a pair has half a vote on what matches look like."""
IDENTITY, SHARED, PARTLY_SHARED, NAMED_ALIKE = range(4)
"""What relatives share of a comparison: nothing but by chance; values, as often as one party's records do; only
likeness, never the same value; or as it is found (a family name)."""


class Observed(NamedTuple):
    """Pairs as levels (-1: not given; 16 more where the frequency of the agreed value is known). `rarity`: minus log2
    of the shares of agreed values, summed, and the part of it from what relatives share; `group`: 1 within one
    source, else 0; `weight`: how many pairs one stands for; `totals`: all pairs of the groups; `left`, `right`: the
    records of the first pairs, those of blocks; `party`: of each record, as far as parties are sure, to learn from."""

    levels: Levels
    rarity: Floats
    shared_rarity: Floats
    group: NDArray[np.int8]
    weight: Floats
    totals: Floats
    left: Ints
    right: Ints
    party: Ints | None = None


class Fitted(NamedTuple):
    """Chances of each level among matches (m), strangers (u) and relatives (r), and the shares of matches and relatives
    per group; how many rounds it took."""

    m: list[Floats]
    u: list[Floats]
    r: list[Floats]
    share: Floats
    related: Floats
    rounds: int
    weight: Floats  # of each pair: log2 odds of same against all else


class _State(NamedTuple):
    m: Floats
    u: Floats
    r: Floats
    share: Floats
    related: Floats


def fit(observed: Observed, sizes: Sequence[int], shared: Sequence[int], most_differ: Floats) -> Fitted:
    """Fit the chances and shares. `sizes`: levels per comparison; `shared`: what relatives share of each;
    `most_differ`: the largest share of a party's pairs of records that can differ wholly on each."""
    expected = 0.2 / max(float(np.sqrt(2.0 * observed.totals.sum())), 200.0)
    width = max(sizes)
    belief = np.zeros((len(sizes), width))
    strength = _strength(observed.levels, len(sizes))
    for place, size in enumerate(sizes):
        belief[place, :size] = default_m(size) if strength < BLIND else blind_m(size)
    strangers = _strangers(belief, sizes)
    u = _normal(_counted(observed.levels, observed.weight, len(sizes), width) + strangers)
    relatives = sum(kind != IDENTITY for kind in shared) >= 2 and IDENTITY in shared
    state = _State(belief.copy(), u, _related(belief, belief, u, sizes, shared), np.full(2, expected),
                   np.full(2, expected if relatives else 0.0))  # fmt: skip
    least = 1.0 / max(float(np.sqrt(2.0 * observed.totals.sum())), 2.0) if strength >= BLIND else 0.0
    if least:
        state = state._replace(share=np.full(2, min(4.0 * least, 0.1)), related=np.zeros(2))
    rounds = 0
    for rounds in range(1, _ROUNDS + 1):  # noqa: B007
        before = state.m
        state = _round(observed, state, sizes, shared, belief, strangers, strength)
        state = state._replace(m=_steady(state.m, most_differ))
        state = state._replace(share=np.maximum(state.share, least))
        if float(np.abs(state.m - before).max()) < 2e-4:
            break
    same, kin = _bits(observed, state, shared)
    return Fitted(
        _cut(state.m, sizes),
        _cut(state.u, sizes),
        _cut(state.r, sizes),
        state.share,
        state.related,
        rounds,
        same - np.logaddexp2(0.0, kin),
    )


def _cut(table: Floats, sizes: Sequence[int]) -> list[Floats]:
    return [table[place, :size].copy() for place, size in enumerate(sizes)]


def _round(  # noqa: PLR0917  (what stays the same between rounds)
    observed: Observed, state: _State, sizes: Sequence[int], shared: Sequence[int], belief: Floats, strangers: Floats,
    strength: float,
) -> _State:  # fmt: skip
    bits, related_bits = _bits(observed, state, shared)
    same, kin = np.exp2(np.clip(bits, -60, 60)), np.exp2(np.clip(related_bits, -60, 60))
    matched = observed.weight * same / (1.0 + same + kin)
    kindred = observed.weight * kin / (1.0 + same + kin)
    votes = _votes(observed, matched, bits)
    width = belief.shape[1]
    seen = _counted(observed.levels, votes, len(sizes), width)
    if observed.party is not None:
        common = [place for place, kind in enumerate(shared) if kind != IDENTITY]
        whole = _counted(observed.levels, _party_votes(observed, observed.party, votes), len(sizes), width)
        seen[common] = 0.5 * (seen[common] + whole[common])
    m = _normal(seen + strength * belief)
    u = _normal(_counted(observed.levels, observed.weight - matched - kindred, len(sizes), width) + strangers)
    r = _normal(_counted(observed.levels, kindred, len(sizes), width) + 2.0 * belief)
    return _State(m, u, _related(r, m, u, sizes, shared), _shares(observed, matched),
                  _shares(observed, kindred) if state.related.any() else state.related)  # fmt: skip


def _strangers(belief: Floats, sizes: Sequence[int]) -> Floats:
    """What is believed of strangers: that they differ, but on what has two levels only as often as not."""
    made: Floats = 0.25 * belief
    for place, size in enumerate(sizes):
        made[place, :size] += FEW_PAIRS / 2.0 if size == 2 else np.append(FEW_PAIRS, np.zeros(size - 1))
    return made


def _steady(m: Floats, most: Floats) -> Floats:
    """Chances with the lowest level cut to the most that is believed of a party, the rest lifted alike."""
    least = np.minimum(m[:, 0], most)
    made: Floats = m * ((1.0 - least) / np.maximum(1.0 - m[:, 0], 1e-12))[:, None]
    made[:, 0] = least
    return made


def _shares(observed: Observed, weight: Floats) -> Floats:
    found = np.array([weight[observed.group == group].sum() for group in range(2)])
    return np.clip((found + 0.5) / (observed.totals + 1.0), 1e-12, 0.5)


def _normal(counts: Floats) -> Floats:
    made: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    return made


def _related(r: Floats, m: Floats, u: Floats, sizes: Sequence[int], shared: Sequence[int]) -> Floats:
    """Relatives agree by chance on who they are, and on a partly shared value never but by chance."""
    made = r.copy()
    for place, (size, kind) in enumerate(zip(sizes, shared, strict=True)):
        if kind == IDENTITY:
            made[place] = u[place]
        elif kind == SHARED:
            made[place] = m[place]
        elif kind == PARTLY_SHARED and size > 3:
            same = u[place, size - 2 : size]
            rest = made[place, : size - 2]
            made[place, : size - 2] = rest / max(rest.sum(), 1e-12) * (1.0 - same.sum())
            made[place, size - 2 : size] = same
            if size == PERSON_LEVELS:
                alike = made[place, FAMILY] / max(made[place, FAMILY] + made[place, 0], 1e-12)
                made[place, PARTIAL] = m[place, PARTIAL] * alike
    return made


def _votes(observed: Observed, matched: Floats, bits: Floats) -> Floats:
    """What each pair says about matches: every record has one vote for its nearest partner and less for farther ones.
    Else the many pairs among an agency's sites, or a household's people, would teach what matches look like."""
    size = len(observed.left)
    near = bits[:size]
    nearest = np.full(int(max(observed.right.max(initial=0), observed.left.max(initial=0))) + 1, -100.0)
    np.maximum.at(nearest, observed.left, near)
    np.maximum.at(nearest, observed.right, near)
    far_left = np.clip(nearest[observed.left] - near, 0.0, 100.0)
    far_right = np.clip(nearest[observed.right] - near, 0.0, 100.0)
    votes = np.zeros(len(matched))
    votes[:size] = matched[:size] * (np.exp2(-far_left / FADES) + np.exp2(-far_right / FADES))
    return votes


def _party_votes(observed: Observed, party: Ints, votes: Floats) -> Floats:
    """The same, but every record's vote spread evenly over its party. Nearest partners hardly ever differ, records that
    belong together over others do. As a party may hold a relative, only what relatives share is learned so, and half
    of that."""
    made = votes.copy()
    own = party[observed.left]
    inside = np.flatnonzero(own == party[observed.right])
    made[inside] = 2.0 / (np.bincount(party)[own[inside]] - 1)
    return made


def _strength(levels: Levels, fields: int) -> float:
    """How many pairs the belief about m counts for: with fewer than three comparisons in a typical pair nothing tells
    matches from others but that belief."""
    given = float((levels >= 0).sum(axis=1).mean()) if len(levels) else 0.0
    return 2.0 if given >= 2.5 else BLIND if fields < 2 or given < 1.2 else 200.0


def default_m(size: int) -> Floats:
    """What is believed of matches before any pair was seen: mostly the same, otherwise rather similar than not."""
    rest = np.arange(1.0, size)
    return np.append(0.15 * rest / rest.sum(), 0.85) if size > 1 else np.ones(1)


def blind_m(size: int) -> Floats:
    """The same where one or two comparisons are all there is: a party's values vary as often as they repeat."""
    rest = np.arange(1.0, size)
    return np.append(0.5 * rest / rest.sum(), 0.5) if size > 1 else np.ones(1)


def level_bits(m: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Bits of each level, and of each level before the share of the agreed value is taken off: what others agree on by
    chance at this level or above is then that share, not the average."""
    plain: Floats = np.log2(np.maximum(m, 1e-9)) - np.log2(np.maximum(u, 1e-12))
    above = np.cumsum(u[::-1])[::-1]
    return plain, plain + np.log2(np.maximum(above, 1e-12))


def _table(m: Floats, u: Floats) -> Floats:
    ratio = np.zeros((len(m), 32))
    for place in range(len(m)):
        plain, known = level_bits(m[place], u[place])
        ratio[place, : len(plain)], ratio[place, 16 : 16 + len(plain)] = plain, known
    return ratio


def _bits(observed: Observed, state: _State, shared: Sequence[int]) -> tuple[Floats, Floats]:
    """Log2 odds of same against strangers, and of relatives against strangers."""
    strange = np.log2(np.maximum(1.0 - state.share - state.related, 1e-9))
    same = _summed(observed.levels, _table(state.m, state.u), observed.rarity, np.log2(state.share) - strange,
                   observed.group)  # fmt: skip
    if not state.related.any():
        return same, np.full(len(same), -100.0)
    kin = _table(state.r, state.u)
    kin[[place for place, kind in enumerate(shared) if kind == IDENTITY]] = 0.0
    return same, _summed(observed.levels, kin, observed.shared_rarity, np.log2(state.related) - strange, observed.group)


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
