"""Clusters from scored pairs by average linkage: two groups join while the mean weight between all their records is
high enough, so that one wrong bridge between two families, or one missing agreement within one, does not decide."""

# ruff: noqa: PLR0912, PLR0917, SIM102, PLR1714  (compiled loops: arrays by position, branches in place)

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.kernels import Ints

Floats = NDArray[np.float64]
HIGH, LOW = 20.0, -8.0
"""Bits beyond which a pair's weight counts no further."""
_UNIT = 1024.0


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


def unscored(
    count: int, left: Ints, right: Ints, weight: Floats, threshold: float, largest: int = 400
) -> tuple[Ints, Ints]:
    """Pairs within components over pairs above the threshold that were not compared yet: a mean should know them
    all."""
    units = np.round((weight - threshold) * _UNIT).astype(np.int64)
    keys = np.minimum(left, right) * count + np.maximum(left, right)
    inside = _inside(_components(count, keys, units, 0), largest)
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
def _root(parent: Ints, record: int) -> int:
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record


@njit(cache=True)
def _components(count: int, keys: Ints, units: Ints, least: int) -> Ints:
    parent = np.arange(count)
    for place in range(keys.shape[0]):
        if units[place] > least:
            a, b = _root(parent, keys[place] // count), _root(parent, keys[place] % count)
            if a != b:
                parent[max(a, b)] = min(a, b)
    for record in range(count):
        parent[record] = _root(parent, record)
    return parent


@njit(cache=True)
def _linked(count: int, keys: Ints, units: Ints, codes: Ints, sources: Ints, apart: Ints, gap: int) -> Ints:
    """Component by component: a dense matrix of sums of weights, joined greedily by the highest mean."""
    label = np.arange(count)
    pending = _components(count, keys, units, 0)
    least = 0
    largest = 1500
    while True:
        order = np.argsort(pending, kind="mergesort")
        place_of = np.zeros(count, dtype=np.int64)
        size = np.zeros(count, dtype=np.int64)
        for record in range(count):
            size[pending[record]] += 1
        seen = np.zeros(count, dtype=np.int64)
        for record in order:
            place_of[record] = seen[pending[record]]
            seen[pending[record]] += 1
        too_large = False
        for root in range(count):
            if size[root] > largest:
                too_large = True
        if not too_large:
            break
        least += 1024
        split = _components(count, keys, units, least)
        for record in range(count):
            if size[pending[record]] > largest:
                pending[record] = split[record]
    # pairs by component
    where = np.zeros(count + 1, dtype=np.int64)
    for place in range(keys.shape[0]):
        a, b = keys[place] // count, keys[place] % count
        if pending[a] == pending[b]:
            where[pending[a] + 1] += 1
    for root in range(count):
        where[root + 1] += where[root]
    held = np.zeros(where[count], dtype=np.int64)
    filled = where.copy()
    for place in range(keys.shape[0]):
        a, b = keys[place] // count, keys[place] % count
        if pending[a] == pending[b]:
            held[filled[pending[a]]] = place
            filled[pending[a]] += 1
    start = 0
    while start < count:
        root = pending[order[start]]
        n = size[root]
        if n > 1:
            _one(
                count,
                order[start : start + n],
                held[where[root] : where[root + 1]],
                keys,
                units,
                codes,
                sources,
                apart,
                gap,
                place_of,
                label,
            )
        start += n
    return label


@njit(cache=True)
def _apart(apart: Ints, key: int) -> bool:
    place = np.searchsorted(apart, key)
    return bool(place < apart.shape[0] and apart[place] == key)


@njit(cache=True)
def _one(
    count: int,
    records: Ints,
    held: Ints,
    keys: Ints,
    units: Ints,
    codes: Ints,
    sources: Ints,
    apart: Ints,
    gap: int,
    place_of: Ints,
    label: Ints,
) -> None:
    n = records.shape[0]
    never = -(1 << 55)
    sums = np.full((n, n), gap, dtype=np.int64)
    for place in held:
        a, b = place_of[keys[place] // count], place_of[keys[place] % count]
        sums[a, b] = sums[b, a] = units[place]
    for a in range(n):
        for b in range(a + 1, n):
            one, two = codes[records[a]], codes[records[b]]
            clash = (one != 0 and two != 0 and one != two) or (
                sources[records[a]] != 0 and sources[records[a]] == sources[records[b]]
            )
            if clash or (
                apart.shape[0] and _apart(apart, min(records[a], records[b]) * count + max(records[a], records[b]))
            ):
                sums[a, b] = sums[b, a] = never
    alive = np.ones(n, dtype=np.bool_)
    weight = np.ones(n, dtype=np.int64)
    best = np.full(n, -1)
    for a in range(n):
        best[a] = _nearest(a, n, sums, alive, weight)
    while True:
        x = -1
        for a in range(n):
            if (
                alive[a]
                and best[a] >= 0
                and (
                    x < 0
                    or _higher(
                        sums[a, best[a]], weight[a] * weight[best[a]], sums[x, best[x]], weight[x] * weight[best[x]]
                    )
                )
            ):
                x = a
        if x < 0 or sums[x, best[x]] <= 0:
            break
        y = best[x]
        a, b = min(x, y), max(x, y)
        alive[b] = False
        for c in range(n):
            if alive[c] and c != a:
                if sums[a, c] <= never // 2 or sums[b, c] <= never // 2:
                    sums[a, c] = sums[c, a] = never
                else:
                    sums[a, c] += sums[b, c]
                    sums[c, a] = sums[a, c]
        weight[a] += weight[b]
        for record in range(n):
            if label[records[record]] == records[b]:
                label[records[record]] = records[a]
        for c in range(n):
            if alive[c] and (c == a or best[c] == a or best[c] == b):
                best[c] = _nearest(c, n, sums, alive, weight)
            elif (
                alive[c]
                and best[c] >= 0
                and sums[c, a] > never // 2
                and _higher(sums[c, a], weight[c] * weight[a], sums[c, best[c]], weight[c] * weight[best[c]])
            ):
                best[c] = a


@njit(cache=True)
def _higher(sum_a: int, pairs_a: int, sum_b: int, pairs_b: int) -> bool:
    """Whether the first mean is higher: by fractions, without rounding."""
    return sum_a / pairs_a > sum_b / pairs_b


@njit(cache=True)
def _nearest(a: int, n: int, sums: Ints, alive: NDArray[np.bool_], weight: Ints) -> int:
    best = -1
    for b in range(n):
        if b != a and alive[b] and sums[a, b] > -(1 << 54):
            if best < 0 or _higher(sums[a, b], weight[b], sums[a, best], weight[best]):
                best = b
    return best
