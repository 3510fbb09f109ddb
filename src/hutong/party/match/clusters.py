"""Clusters from judgements (EC-05): constrained connected components, the strongest links first.

A link that would join what must stay apart is refused, so the weakest link of a chain breaks. The result depends only
on the set of judgements, not on their order of arrival: links are taken by strength, then by the records' own keys.
A record that its source withdrew holds nothing together: it stays where its strongest link leads, and no two clusters
of live records meet over it, unless a person said so.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.kernels import Ints, root_of

Flags = NDArray[np.bool_]

BY_RULE, BY_PERSON = 1, 2


class Links(NamedTuple):
    """Same-judgements between records (dense numbers 0..n-1, in the order of source and key). `forced`: by a person."""

    left: Ints
    right: Ints
    strength: Ints
    forced: Flags

    def some(self, which: Flags) -> "Links":
        """Those of the links."""
        return Links(self.left[which], self.right[which], self.strength[which], self.forced[which])


class Apart(NamedTuple):
    """Not-same judgements; `level` is BY_RULE or BY_PERSON. A person's link overrides a rule's refusal."""

    left: Ints
    right: Ints
    level: Ints


class Clusters(NamedTuple):
    """`label` per record: the smallest record number of its cluster; `accepted` per link, in the order given."""

    label: Ints
    accepted: Flags


def order_of(links: Links, live: Flags) -> Ints:
    """The order in which links are taken: the rules', people's, those of withdrawn records; the strongest first."""
    loose = ~links.forced & ~(live[links.left] & live[links.right])
    return np.lexsort((links.right, links.left, -links.strength, np.where(loose, 2, links.forced))).astype(np.int64)


def cluster(codes: Ints, links: Links, apart: Apart, live: Flags | None = None) -> Clusters:
    """Join records over links unless refused. `codes`: number of a record's exclusive document, 0 where it has none;
    two different codes never meet in one cluster, but by a person's link. `live`: not withdrawn; absent: all are."""
    living = np.ones(len(codes), dtype=np.bool_) if live is None else live.astype(np.bool_)
    accepted = np.zeros(len(links.left), dtype=np.bool_)
    label = _join(
        codes.astype(np.int64),
        living,
        links.left.astype(np.int64),
        links.right.astype(np.int64),
        links.forced.astype(np.bool_),
        order_of(links, living),
        apart.left.astype(np.int64),
        apart.right.astype(np.int64),
        apart.level.astype(np.int64),
        accepted,
    )
    return Clusters(label, accepted)


class _Refusals(NamedTuple):
    """Who refuses whom, as linked lists per cluster, concatenated on a join. Entry 2n and 2n + 1: the n-th pair, seen
    from either side. `head`, `tail` (-1: none) and `length` per cluster; `following` (-1: none) and `other` per entry.
    """

    head: Ints
    tail: Ints
    length: Ints
    following: Ints
    other: Ints


@njit(cache=True)
def _refusals(count: int, left: Ints, right: Ints) -> _Refusals:
    entries = 2 * left.shape[0]
    none = np.full(count, -1, dtype=np.int64)
    made = _Refusals(
        none,
        none.copy(),
        np.zeros(count, dtype=np.int64),
        np.full(entries, -1, dtype=np.int64),
        np.empty(entries, dtype=np.int64),
    )
    for place in range(entries):
        pair = place // 2
        one, two = (left[pair], right[pair]) if place % 2 == 0 else (right[pair], left[pair])
        made.other[place] = two
        if made.head[one] == -1:
            made.head[one] = place
        else:
            made.following[made.tail[one]] = place
        made.tail[one] = place
        made.length[one] += 1
    return made


@njit(cache=True)
def _refused(  # noqa: PLR0917  (compiled: by position)
    refusals: _Refusals, parent: Ints, a: int, b: int, forced: bool, level: Ints
) -> bool:
    """Whether two clusters must stay apart; a person's link yields to a person's word alone."""
    few, many = (a, b) if refusals.length[a] <= refusals.length[b] else (b, a)
    place = refusals.head[few]
    while place != -1:
        if root_of(parent, refusals.other[place]) == many and (not forced or level[place // 2] == BY_PERSON):
            return True
        place = refusals.following[place]
    return False


@njit(cache=True)
def _concatenate(refusals: _Refusals, small: int, large: int) -> None:
    head, tail, length, following, _ = refusals
    if head[large] == -1:
        return
    if head[small] == -1:
        head[small] = head[large]
    else:
        following[tail[small]] = head[large]
    tail[small] = tail[large]
    length[small] += length[large]


@njit(cache=True)
def _join(  # noqa: PLR0917  (a compiled loop: arrays by position)
    codes: Ints,
    live: Flags,
    left: Ints,
    right: Ints,
    forced: Flags,
    order: Ints,
    apart_left: Ints,
    apart_right: Ints,
    apart_level: Ints,
    accepted: Flags,
) -> Ints:
    count = codes.shape[0]
    parent = np.arange(count)
    code = codes.copy()
    alive = live.copy()  # whether a cluster has a live record
    refusals = _refusals(count, apart_left, apart_right)
    for index in order:
        a, b = root_of(parent, left[index]), root_of(parent, right[index])
        if a == b:
            accepted[index] = True
            continue
        if not forced[index]:
            if code[a] != 0 and code[b] != 0 and code[a] != code[b]:
                continue
            if alive[a] and alive[b] and not (live[left[index]] and live[right[index]]):
                continue
        if _refused(refusals, parent, a, b, forced[index], apart_level):
            continue
        accepted[index] = True
        small, large = (a, b) if a < b else (b, a)
        parent[large] = small
        alive[small] |= alive[large]
        if code[small] == 0:
            code[small] = code[large]
        _concatenate(refusals, small, large)
    label = np.empty(count, dtype=np.int64)
    for record in range(count):
        label[record] = root_of(parent, record)
    return label
