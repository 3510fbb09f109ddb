"""Clusters from scored pairs by average linkage: two groups join while the mean weight between all their records is
high enough, so that one wrong bridge between two families, or one missing agreement within one, does not decide."""

# ruff: noqa: PLR0917, SIM102  (compiled loops: arrays by position, branches in place)

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.kernels import Floats, Ints, root_of

HIGH, LOW = 20.0, -8.0
"""Bits beyond which a pair's weight counts no further."""
_UNIT = 1024.0
_LARGEST = 1500
"""Records of a component whose matrix of all pairs is still made."""
_NEVER = -(1 << 55)
_COMPLETE, _COMPLETED = 400, 2_000_000
"""Records of a component all of whose pairs are scored, in any case; and pairs up to which larger ones are too."""


def average_linkage(
    count: int,
    left: Ints,
    right: Ints,
    weight: Floats,
    codes: Ints,
    sources: Ints,
    threshold: float,
    apart: tuple[Ints, Ints] | None = None,
    missing: float = LOW,
) -> Ints:
    """The smallest record number of each record's cluster. `weight` in bits above which a pair is rather the same;
    pairs not given count `missing` bits. Two different non-zero `codes`, two equal non-zero `sources` and pairs
    `apart` never meet. Weights become whole numbers, so that sums and thus the outcome do not depend on the order of
    anything."""
    units = np.round((np.clip(weight, LOW, HIGH) - threshold) * _UNIT).astype(np.int64)
    gap = round((max(missing, LOW) - threshold) * _UNIT)
    keys = np.minimum(left, right) * count + np.maximum(left, right)
    order = np.argsort(keys, kind="stable")
    never = np.zeros(0, dtype=np.int64)
    if apart is not None:
        never = np.sort(np.minimum(*apart) * count + np.maximum(*apart))
    return _linked(count, keys[order], units[order], codes.astype(np.int64), sources.astype(np.int64), never, gap)


def unscored(count: int, left: Ints, right: Ints, weight: Floats, threshold: float) -> tuple[Ints, Ints]:
    """Pairs within components over pairs above the threshold that were not compared yet: a mean should know them
    all."""
    units = np.round((weight - threshold) * _UNIT).astype(np.int64)
    keys = np.minimum(left, right) * count + np.maximum(left, right)
    root = _components(count, keys, units, 0)
    size = np.bincount(root, minlength=count)
    whole = float((size[size <= _LARGEST].astype(np.float64) ** 2).sum() / 2)
    inside = _inside(root, _LARGEST if whole <= _COMPLETED else _COMPLETE)
    fresh = np.setdiff1d(inside, keys, assume_unique=True)
    return fresh // count, fresh % count


@njit(cache=True)
def _inside(root: Ints, largest: int) -> Ints:
    count = root.shape[0]
    order = np.argsort(root, kind="mergesort")
    total = 0
    for pass_ in range(2):
        out = np.empty(total if pass_ else 0, dtype=np.int64)
        at = start = 0
        while start < count:
            end = start + 1
            while end < count and root[order[end]] == root[order[start]]:
                end += 1
            if end - start <= largest:
                for x in range(start, end):
                    for y in range(x + 1, end):
                        if pass_:
                            out[at] = order[x] * count + order[y]
                        at += 1
            start = end
        total = at
    return out


@njit(cache=True)
def _components(count: int, keys: Ints, units: Ints, least: int) -> Ints:
    parent = np.arange(count)
    for place in range(keys.shape[0]):
        if units[place] > least:
            a, b = root_of(parent, keys[place] // count), root_of(parent, keys[place] % count)
            if a != b:
                parent[max(a, b)] = min(a, b)
    for record in range(count):
        parent[record] = root_of(parent, record)
    return parent


@njit(cache=True)
def _sizes(root: Ints) -> Ints:
    size = np.zeros(root.shape[0], dtype=np.int64)
    for record in range(root.shape[0]):
        size[root[record]] += 1
    return size


@njit(cache=True)
def _small_components(count: int, keys: Ints, units: Ints) -> Ints:
    """Components; one too large for a matrix falls apart at a stricter threshold."""
    root = _components(count, keys, units, 0)
    least = 0
    while True:
        size = _sizes(root)
        if size.max() <= _LARGEST:
            return root
        least += round(_UNIT)
        stricter = _components(count, keys, units, least)
        for record in range(count):
            if size[root[record]] > _LARGEST:
                root[record] = stricter[record]


@njit(cache=True)
def _held(count: int, keys: Ints, root: Ints) -> tuple[Ints, Ints]:
    """Places of the pairs inside components, component by component; and where each component's begin."""
    begins = np.zeros(count + 1, dtype=np.int64)
    for key in keys:
        a = root[key // count]
        if a == root[key % count]:
            begins[a + 1] += 1
    begins = np.cumsum(begins)
    places = np.zeros(begins[count], dtype=np.int64)
    filled = begins.copy()
    for place in range(keys.shape[0]):
        a = root[keys[place] // count]
        if a == root[keys[place] % count]:
            places[filled[a]] = place
            filled[a] += 1
    return places, begins


@njit(cache=True)
def _linked(count: int, keys: Ints, units: Ints, codes: Ints, sources: Ints, apart: Ints, gap: int) -> Ints:
    """Component by component: a dense matrix of sums of weights, joined greedily by the highest mean."""
    label = np.arange(count)
    if not count:
        return label
    root = _small_components(count, keys, units)
    size = _sizes(root)
    order = np.argsort(root, kind="mergesort")
    place_of = np.zeros(count, dtype=np.int64)
    held, begins = _held(count, keys, root)
    start = 0
    while start < count:
        own = root[order[start]]
        records = order[start : start + size[own]]
        start += size[own]
        if size[own] == 1:
            continue
        for place in range(records.shape[0]):
            place_of[records[place]] = place
        sums = np.full((records.shape[0], records.shape[0]), gap, dtype=np.int64)
        for pair in held[begins[own] : begins[own + 1]]:
            a, b = place_of[keys[pair] // count], place_of[keys[pair] % count]
            sums[a, b] = sums[b, a] = units[pair]
        _forbid(count, records, codes, sources, apart, sums)
        _join(records, sums, label)
    return label


@njit(cache=True)
def _apart(apart: Ints, key: int) -> bool:
    place = np.searchsorted(apart, key)
    return bool(place < apart.shape[0] and apart[place] == key)


@njit(cache=True)
def _forbid(count: int, records: Ints, codes: Ints, sources: Ints, apart: Ints, sums: Ints) -> None:
    """Mark the pairs of a component that never meet."""
    for x in range(records.shape[0]):
        for y in range(x + 1, records.shape[0]):
            a, b = records[x], records[y]
            clash = codes[a] != 0 and codes[b] != 0 and codes[a] != codes[b]
            clash |= sources[a] != 0 and sources[a] == sources[b]
            if clash or (apart.shape[0] and _apart(apart, min(a, b) * count + max(a, b))):
                sums[x, y] = sums[y, x] = _NEVER


@njit(cache=True)
def _join(records: Ints, sums: Ints, label: Ints) -> None:
    """Join the two groups of the highest mean while it is above zero; `sums` holds those between groups."""
    n = records.shape[0]
    alive = np.ones(n, dtype=np.bool_)
    weight = np.ones(n, dtype=np.int64)
    best = np.full(n, -1)
    for a in range(n):
        best[a] = _nearest(a, n, sums, alive, weight)
    while True:
        x = _highest(n, sums, alive, weight, best)
        if x < 0 or sums[x, best[x]] <= 0:
            return
        a, b = min(x, best[x]), max(x, best[x])
        alive[b] = False
        for c in range(n):
            if alive[c] and c != a:
                never = sums[a, c] <= _NEVER // 2 or sums[b, c] <= _NEVER // 2
                sums[a, c] = sums[c, a] = _NEVER if never else sums[a, c] + sums[b, c]
        weight[a] += weight[b]
        for record in records:
            if label[record] == records[b]:
                label[record] = records[a]
        for c in range(n):
            if not alive[c]:
                continue
            if c == a or best[c] == a or best[c] == b:
                best[c] = _nearest(c, n, sums, alive, weight)
            elif (
                best[c] >= 0
                and sums[c, a] > _NEVER // 2
                and _higher(sums[c, a], weight[c] * weight[a], sums[c, best[c]], weight[c] * weight[best[c]])
            ):
                best[c] = a


@njit(cache=True)
def _highest(n: int, sums: Ints, alive: NDArray[np.bool_], weight: Ints, best: Ints) -> int:
    """The first group whose mean with its nearest is the highest, -1 where none has one."""
    x = -1
    for a in range(n):
        if not alive[a] or best[a] < 0:
            continue
        if x < 0 or _higher(
            sums[a, best[a]], weight[a] * weight[best[a]], sums[x, best[x]], weight[x] * weight[best[x]]
        ):
            x = a
    return x


@njit(cache=True)
def _higher(sum_a: int, pairs_a: int, sum_b: int, pairs_b: int) -> bool:
    """Whether the first mean is higher: by fractions, without rounding."""
    return sum_a / pairs_a > sum_b / pairs_b


@njit(cache=True)
def _nearest(a: int, n: int, sums: Ints, alive: NDArray[np.bool_], weight: Ints) -> int:
    best = -1
    for b in range(n):
        if b != a and alive[b] and sums[a, b] > _NEVER // 2:
            if best < 0 or _higher(sums[a, b], weight[b], sums[a, best], weight[best]):
                best = b
    return best
