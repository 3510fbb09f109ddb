"""EC-05, EC-07: whose id an undo gives back."""

import numpy as np

from hutong.party.match.clusters import Apart, Links
from hutong.party.resolution.graph import Graph


def test_an_undo_does_not_rename_who_it_does_not_touch() -> None:
    """Record 10 was split from party 5 into party 9, where record 11 joined it since; taking the split back returns it
    to party 5 only if it leaves party 9: otherwise both parties are what they were."""
    none = np.zeros(0, dtype=np.int64)
    tie = Links(np.array([0]), np.array([1]), np.array([900]), np.array([False]))
    true = np.ones(3, dtype=np.bool_)
    found = Graph(
        np.array([10, 11, 12]), np.array([9, 9, 5]), np.zeros(3, dtype=np.int64), true, tie, np.array([1]), true[:1],
        Apart(none, none, none), {},
    )  # fmt: skip
    assert found.assign({10: 5}).tolist() == [9, 9, 5]
