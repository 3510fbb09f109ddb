"""Which party a cluster is (EC-05): ids keep by largest overlap, retired ids come back before new ones are made."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from hutong.party.match.kernels import Ints

NEW = -1


def keep_ids(label: Ints, prior: Ints, retired: Mapping[int, Iterable[int]]) -> Ints:
    """The party id of each record's cluster; NEW - k (k = 0, 1, ...) numbers clusters that need new ids.

    `label`: cluster per record (its smallest record number); `prior`: party per record before, 0 for none; `retired`:
    record number → retired parties that held it last. The largest overlap wins, then the older party, then the cluster
    of the smallest record; so the outcome depends on the sets alone.
    """
    both = np.stack([label, prior], axis=1)[prior > 0]
    pairs, counts = np.unique(both, axis=0, return_counts=True) if len(both) else (both, np.zeros(0, dtype=np.int64))
    taken: dict[int, int] = {}
    given: set[int] = set()
    claims = sorted(zip((-counts).tolist(), pairs[:, 1].tolist(), pairs[:, 0].tolist(), strict=True))
    for _, party, cluster in claims:
        if cluster not in taken and party not in given:
            taken[cluster] = party
            given.add(party)
    _revive(label, retired, taken, given)
    unnamed = np.unique(label)
    fresh = 0
    for cluster in unnamed.tolist():
        if cluster not in taken:
            taken[cluster] = NEW - fresh
            fresh += 1
    named = np.array([taken[cluster] for cluster in unnamed.tolist()], dtype=np.int64)
    return named[np.searchsorted(unnamed, label)]


def _revive(label: Ints, retired: Mapping[int, Iterable[int]], taken: dict[int, int], given: set[int]) -> None:
    overlap: dict[tuple[int, int], int] = defaultdict(int)
    for record, parties in retired.items():
        cluster = int(label[record])
        if cluster not in taken:
            for party in parties:
                overlap[(cluster, party)] += 1
    for _, party, cluster in sorted((-count, party, cluster) for (cluster, party), count in overlap.items()):
        if cluster not in taken and party not in given:
            taken[cluster] = party
            given.add(party)
