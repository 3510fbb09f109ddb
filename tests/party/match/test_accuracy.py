"""EC-05: `hutong resolve` on public data sets, without labels, as an analyst would use it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.party.match import datasets, few
from tests.party.match.firms import chinese_branches
from tests.party.match.people import PEOPLE, placeholders

from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.resolve import resolve_files
from hutong.party.offline.score import TruthColumns, score_table


@pytest.mark.parametrize(
    ("make", "least", "least_b3"),
    [
        pytest.param(lambda folder: datasets.febrl(folder, "1"), 0.995, 0.995, id="febrl1"),
        pytest.param(lambda folder: datasets.febrl(folder, "3"), 0.997, 0.997, id="febrl3"),
        pytest.param(lambda folder: datasets.febrl(folder, "4a", "4b"), 0.999, 0.999, id="febrl4"),
        pytest.param(lambda folder: datasets.rldata(folder, 500), 0.96, 0.99, id="rldata500"),
        pytest.param(lambda folder: datasets.rldata(folder, 10000), 0.96, 0.99, id="rldata10000"),
        pytest.param(datasets.affiliations, 0.58, 0.70, id="affiliations"),
        pytest.param(partial(datasets.patents, every=3), 0.65, 0.82, id="patents"),
        *(
            pytest.param(partial(lambda shape, folder: few.made(folder, shape), shape), least, least_b3, id=shape)
            for shape, least, least_b3 in (
                ("names_of_firms", 0.79, 0.90),
                ("firms_on_the_web", 0.88, 0.94),
                ("firms_and_cities", 0.91, 0.95),
                ("firms_and_addresses", 0.97, 0.98),
                ("contacts", 0.84, 0.92),
                ("products", 0.85, 0.92),
            )
        ),
        pytest.param(partial(chinese_branches, seed=1), 0.88, 0.93, id="chinese_branches"),
        pytest.param(partial(placeholders, seed=1), 0.94, 0.97, id="placeholders"),
        pytest.param(partial(PEOPLE["hardly_any_twice"], seed=1), 0.80, 0.997, id="hardly_any_twice"),
        pytest.param(
            datasets.chicago,
            0.95,
            0.968,
            id="chicago",
            marks=pytest.mark.skipif(not datasets.CHICAGO.exists(), reason="the real file lies beside the repository"),
        ),
    ],
)
def test_files_are_resolved_without_labels(
    tmp_path: Path, make: Callable[[Path], datasets.Data], least: float, least_b3: float
) -> None:
    """EC-05: pairwise and B³ F1 stay where they are."""
    data = make(tmp_path)
    mapping = read_mapping(data.mapping)
    resolved = resolve_files([(path, mapping) for path in data.inputs])
    found = score_table(resolved.clusters, data.truth, TruthColumns("key", "entity", None))
    assert found.f1 >= least
    assert found.b3_f1 >= least_b3
