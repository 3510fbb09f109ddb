"""EC-05: clusters by average linkage: guarded against chains and conflicts, the same whatever the order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hutong.party.match.linkage import average_linkage

_PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(-15, 15, allow_nan=False),
    max_size=40,
)


def _linked(pairs: dict[tuple[int, int], float], codes: list[int], sources: list[int], order: list[int] | None = None,
            apart: list[tuple[int, int]] | None = None) -> list[int]:  # fmt: skip
    listed = sorted(pairs)
    chosen = [listed[place] for place in (order or range(len(listed)))]
    never = np.array(apart or np.zeros((0, 2)), dtype=np.int64).reshape(-1, 2)
    label = average_linkage(
        12,
        np.array([a for a, _ in chosen], dtype=np.int64),
        np.array([b for _, b in chosen], dtype=np.int64),
        np.array([pairs[pair] for pair in chosen], dtype=np.float64),
        np.array(codes, dtype=np.int64),
        np.array(sources, dtype=np.int64),
        0.0,
        (never[:, 0], never[:, 1]),
    )
    return [int(number) for number in label]


@settings(max_examples=150, deadline=None)
@given(
    pairs=_PAIRS,
    codes=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    sources=st.lists(st.integers(0, 4), min_size=12, max_size=12),
    apart=st.lists(st.tuples(st.integers(0, 5), st.integers(6, 11)), max_size=4),
    data=st.data(),
)
def test_what_must_stay_apart_stays_apart_in_any_order(
    pairs: dict[tuple[int, int], float],
    codes: list[int],
    sources: list[int],
    apart: list[tuple[int, int]],
    data: st.DataObject,
) -> None:
    """EC-05: different documents, sources without duplicates and refusals are never in one cluster; order means
    nothing."""
    label = _linked(pairs, codes, sources, apart=apart)
    for a in range(12):
        for b in range(a + 1, 12):
            if label[a] == label[b]:
                assert codes[a] == codes[b] or 0 in (codes[a], codes[b])
                assert sources[a] != sources[b] or sources[a] == 0
                assert (a, b) not in apart
    assert all(label[number] == number for number in label)
    order = data.draw(st.permutations(range(len(pairs))))
    assert _linked(pairs, codes, sources, order, apart) == label


def test_one_wrong_bridge_does_not_join_two_families() -> None:
    """EC-05: two groups that agree well within themselves and meet over one pair stay two."""
    pairs = {(a, b): 9.0 for group in (range(3), range(3, 6)) for a in group for b in group if a < b}
    label = _linked(pairs | {(2, 3): 8.0}, [0] * 12, [0] * 12)
    assert label[:6] == [0, 0, 0, 3, 3, 3]


def test_one_missing_agreement_does_not_split_a_group() -> None:
    """EC-05: a pair that disagrees within a group otherwise sure is carried by the others."""
    pairs = {(a, b): 9.0 for a in range(4) for b in range(a + 1, 4)}
    assert _linked(pairs | {(0, 3): -5.0}, [0] * 12, [0] * 12)[:4] == [0, 0, 0, 0]
