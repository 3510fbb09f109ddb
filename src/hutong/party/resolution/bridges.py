"""Which links of the model hold (EC-05): groups that rules made join by average linkage, so that a weak bridge between
two of them is refused, and waits for people, instead of merging them.

Two groups join while a pair of theirs weighs enough to merge (the approved weight) and the mean weight of all pairs
between them says one party (the model's own threshold), the highest mean first. Only what hangs together over links of
the model is looked at, and all its pairs are weighed from the records' contents. So the outcome depends on records and
judgements alone: near or far, early or late.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import njit

from hutong.party.match.clusters import Apart, Flags, Links, cluster
from hutong.party.match.kernels import Floats, Ints
from hutong.party.match.linkage import HIGH, LOW

Weigh = Callable[[Ints, Ints], Floats]
"""The weights of pairs of records (by number), in bits above the model's threshold."""
LARGEST = 1500
"""Records that hang together beyond which the weakest links count no more: nobody has so many records."""
_STEP = 10
_UNIT = 1024.0


class _Pairs(NamedTuple):
    """Each two groups that hang together (numbers of groups, first < second): sum of the weights of the pairs of their
    records, whether a link joins them, whether they may never meet."""

    one: Ints
    other: Ints
    sums: Ints
    linked: Flags
    never: Flags


def refused(group: Ints, codes: Ints, apart: Apart, links: Links, weigh: Weigh) -> Flags:
    """Which of the model's `links` do not hold. `group`: per record the smallest record of the group that rules made of
    it; `codes`, `apart`: as `clusters.cluster` has them."""
    component = _components(group, links)
    members = np.flatnonzero(np.isin(component, component[np.concatenate([links.left, links.right])]))
    members = members[np.lexsort((members, group[members], component[members]))]
    reps, number, size = np.unique(
        np.stack([component[members], group[members]]), axis=1, return_inverse=True, return_counts=True
    )
    of = np.full(len(group), -1, dtype=np.int64)
    of[members] = number.ravel()
    left, right = _inside(component[members], of[members])
    left, right = members[left], members[right]
    pairs = _between(of, left, right, weigh(left, right), codes, apart, links)
    root = _joined(reps[0], size.astype(np.int64), *pairs)
    return np.asarray(root[of[links.left]] != root[of[links.right]], dtype=np.bool_)


def _components(group: Ints, links: Links) -> Ints:
    """Per record what hangs together with it over groups and links; of what is too large, over strong links alone."""
    none = np.zeros(0, dtype=np.int64)
    some, bar = np.ones(len(links.left), dtype=np.bool_), 0
    while True:
        ties = Links(group[links.left[some]], group[links.right[some]], links.strength[some], links.forced[some])
        component = cluster(np.zeros(len(group), dtype=np.int64), ties, Apart(none, none, none)).label[group]
        large = np.bincount(component)[component[links.left]] > LARGEST
        if not (large & some).any():
            return np.asarray(component, dtype=np.int64)
        bar = max(bar + _STEP, int(links.strength[large & some].min()) + 1)
        some &= ~large | (links.strength >= bar)


def _between(  # noqa: PLR0917  (arrays of one graph)
    of: Ints, left: Ints, right: Ints, weight: Floats, codes: Ints, apart: Apart, links: Links
) -> _Pairs:
    """The pairs of groups from the pairs of their records. Whole numbers: sums do not depend on any order."""
    count = int(of.max()) + 1
    units = np.round(weight * _UNIT)
    keys, place = np.unique(_key(of, left, right, count), return_inverse=True)
    sums = np.bincount(place, weights=units, minlength=len(keys)).astype(np.int64)
    code = np.zeros(count, dtype=np.int64)
    held = np.flatnonzero((of >= 0) & (codes != 0))
    code[of[held]] = codes[held]
    one, other = keys // count, keys % count
    never = (code[one] != 0) & (code[other] != 0) & (code[one] != code[other])
    known = (of[apart.left] >= 0) & (of[apart.right] >= 0)
    never |= np.isin(keys, _key(of, apart.left[known], apart.right[known], count))
    linked = np.isin(keys, _key(of, links.left, links.right, count))
    return _Pairs(one, other, sums, linked, never)


def _key(of: Ints, left: Ints, right: Ints, count: int) -> Ints:
    return np.asarray(np.minimum(of[left], of[right]) * count + np.maximum(of[left], of[right]), dtype=np.int64)


@njit(cache=True)
def _inside(component: Ints, of: Ints) -> tuple[Ints, Ints]:
    """The pairs of members (sorted by component) of one component that rules did not join."""
    total = 0
    left = right = np.empty(0, dtype=np.int64)
    for pass_ in range(2):
        if pass_:
            left, right = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
        at = 0
        for x in range(component.shape[0]):
            y = x + 1
            while y < component.shape[0] and component[y] == component[x]:
                if of[x] != of[y]:
                    if pass_:
                        left[at], right[at] = x, y
                    at += 1
                y += 1
        total = at
    return left, right


@njit(cache=True)
def _joined(component: Ints, size: Ints, one: Ints, other: Ints, sums: Ints, linked: Flags, never: Flags) -> Ints:  # noqa: PLR0917
    """The group that each group ends in. Groups are sorted by component, their pairs by group."""
    root = np.arange(component.shape[0])
    first = row = 0
    while first < component.shape[0]:
        last = first + 1
        while last < component.shape[0] and component[last] == component[first]:
            last += 1
        n = last - first
        total = np.zeros((n, n), dtype=np.int64)
        link, apart = np.zeros((n, n), dtype=np.bool_), np.zeros((n, n), dtype=np.bool_)
        while row < one.shape[0] and one[row] < last:
            a, b = one[row] - first, other[row] - first
            total[a, b] = total[b, a] = sums[row]
            link[a, b] = link[b, a] = linked[row]
            apart[a, b] = apart[b, a] = never[row]
            row += 1
        _average(root[first:last], first, size[first:last].copy(), total, link, apart)
        first = last
    return root


@njit(cache=True)
def _average(root: Ints, first: int, size: Ints, total: Ints, link: Flags, apart: Flags) -> None:  # noqa: PLR0917
    n = size.shape[0]
    while True:
        x = y = -1
        best = 0.0
        for a in range(n):
            for b in range(a + 1, n):
                if size[a] and size[b] and link[a, b] and not apart[a, b]:
                    mean = total[a, b] / (size[a] * size[b])
                    if mean >= best if x < 0 else mean > best:
                        x, y, best = a, b, mean
        if x < 0:
            return
        for c in range(n):
            total[x, c] += total[y, c]
            total[c, x] = total[x, c]
            link[x, c] = link[c, x] = link[x, c] or link[y, c]
            apart[x, c] = apart[c, x] = apart[x, c] or apart[y, c]
        size[x] += size[y]
        size[y] = 0
        for a in range(n):
            if root[a] == first + y:
                root[a] = first + x


def above(weights: Floats, threshold: float) -> Floats:
    """Weights as a mean takes them: within what a pair's weight may count, above the threshold."""
    return np.asarray(np.clip(weights, LOW, HIGH) - threshold, dtype=np.float64)
