"""EC-05: pairs left out before they are scored are only such as could not matter."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.party.match import datasets, firms, people
from tests.party.match.datasets import Data

from hutong.party.match.blocking import candidate_pairs
from hutong.party.match.bounds import Bounds
from hutong.party.match.scoring import weights
from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.resolve import resolve_files

MADE: dict[str, Callable[[Path], Data]] = {
    "chinese": lambda folder: people.chinese(folder, 3),
    "placeholders": lambda folder: people.placeholders(folder, 3),
    "europeans": lambda folder: people.europeans(folder, 3),
    "registry": lambda folder: firms.registry(folder, 3),
    "branches": lambda folder: firms.chinese_branches(folder, 3),
    "RLdata500": lambda folder: datasets.rldata(folder, 500),
    "names of firms": lambda folder: firms.chinese_names(folder, 3),
}


@pytest.mark.parametrize("name", MADE)
def test_no_pair_gets_more_than_its_bound(name: str, tmp_path: Path) -> None:
    """Among blocked and random pairs, from several weights on; and that most pairs are left out."""
    data = MADE[name](tmp_path)
    linked = resolve_files([(path, read_mapping(data.mapping)) for path in data.inputs]).kinds[0].linked
    model, encoded = linked.model, linked.encoded
    random = np.random.default_rng(5).integers(0, encoded.count, (2, 100_000))
    some = random[:, random[0] != random[1]]
    blocked = candidate_pairs(model, encoded)
    left = np.concatenate([blocked.left, some.min(axis=0)])
    right = np.concatenate([blocked.right, some.max(axis=0)])
    weight = weights(model, encoded, left, right)
    for least in (-20.0, -3.0, 0.0, model.threshold_bits, 20.0):
        possible = Bounds(model, encoded, least).possible(left, right)
        assert np.isin(np.flatnonzero(weight > least), possible).all()
        if name != "names of firms" and least >= 0:  # one text and little else: all pairs are scored
            assert len(possible) < 0.5 * len(left)
