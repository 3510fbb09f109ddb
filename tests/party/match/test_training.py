"""EC-05: the threshold a model proposes without labels."""

import numpy as np

from hutong.party.match.training import STRICTEST, threshold

_SURE, _DOUBTFUL = np.full(30, 20.0), np.full(20, 0.75)


def test_even_odds_hold_where_matches_are_not_scarce() -> None:
    """EC-05: doubtful pairs above even odds are merged as long as being stricter would cost matches."""
    weight = np.concatenate([_SURE, _DOUBTFUL])
    assert threshold(weight, 0.01, records=100) == 0.5
    assert threshold(weight, 1.0, records=100) == STRICTEST


def test_scarce_matches_must_be_surer() -> None:
    """EC-05: where hardly anybody is there twice, doubtful pairs are left out, sure ones kept."""
    weight = np.concatenate([_SURE, _DOUBTFUL])
    found = threshold(weight, 0.01, records=100_000)
    assert 0.75 < found < 20.0
    assert threshold(_SURE, 0.0, records=100_000) == STRICTEST
    assert threshold(np.full(50, -3.0), 0.01, records=100_000) == STRICTEST


def test_the_threshold_never_passes_the_strictest() -> None:
    """EC-05: pairs of which none is expected to be right do not raise it without end."""
    assert threshold(np.full(50, 0.75), 0.01, records=100_000) == 1.0
