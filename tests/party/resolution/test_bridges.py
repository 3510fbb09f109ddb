"""EC-05: links of the model hold by the mean of all pairs between two groups: a weak bridge does not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hutong.party.match.clusters import Apart, Links
from hutong.party.match.kernels import Floats, Ints
from hutong.party.match.linkage import HIGH, LOW
from hutong.party.resolution import bridges

NONE = np.zeros(0, dtype=np.int64)
FREE = Apart(NONE, NONE, NONE)


def links(*pairs: tuple[int, int, int]) -> Links:
    """Links of the model: left, right, strength."""
    left, right, strength = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in range(3))
    return Links(left, right, strength, np.zeros(len(pairs), dtype=np.bool_))


def weighing(table: dict[tuple[int, int], float], other: float = -8.0) -> bridges.Weigh:
    """Weights from a table."""

    def weigh(left: Ints, right: Ints) -> Floats:
        listed = zip(left.tolist(), right.tolist(), strict=True)
        return np.array([table.get((min(a, b), max(a, b)), other) for a, b in listed])

    return weigh


def refused(
    group: list[int], said: Links, weigh: bridges.Weigh, apart: Apart = FREE, codes: tuple[int, ...] = ()
) -> list[bool]:
    """Which links do not hold."""
    held = np.array(codes or [0] * len(group), dtype=np.int64)
    return bridges.refused(np.array(group, dtype=np.int64), held, apart, said, weigh).tolist()


def test_one_pair_does_not_bind_two_families() -> None:
    """Groups {0, 1} and {2, 3} that rules made: one pair of theirs weighs 6 bits, the others say strangers; alone the
    same pair holds."""
    said, weigh = links((1, 2, 560)), weighing({(1, 2): 6.0})
    assert refused([0, 0, 2, 2], said, weigh) == [True]
    assert refused([0, 1, 2, 3], said, weigh) == [False]
    all_alike = weighing({}, other=3.0)
    assert refused([0, 0, 2, 2], said, all_alike) == [False]


def test_the_best_mean_joins_first_and_what_must_stay_apart_stays() -> None:
    """1 - 2 is stronger than 0 - 1; 0 and 2 are strangers, by their weight, by a refusal, or by their documents."""
    said = links((0, 1, 540), (1, 2, 580))
    assert refused([0, 1, 2], said, weighing({(0, 1): 4.0, (1, 2): 8.0})) == [True, False]
    alike = weighing({(0, 1): 4.0, (1, 2): 8.0}, other=4.0)
    assert refused([0, 1, 2], said, alike) == [False, False]
    assert refused([0, 1, 2], said, alike, Apart(np.array([0]), np.array([2]), np.array([1]))) == [True, False]
    assert refused([0, 1, 2], said, alike, codes=(5, 0, 6)) == [True, False]


def test_means_are_of_all_pairs_of_what_was_joined() -> None:
    """Of every pair, of groups that grew too: just below nothing is refused, at nothing it holds; a link of one of two
    that joined is a link of both."""
    for weight, outcome in ((0.5, True), (1.0, False)):
        table = weighing({(1, 2): weight, (0, 2): -1.0})
        assert refused([0, 0, 2], links((1, 2, 510)), table) == [outcome]
    chain = links((0, 1, 600), (1, 2, 560), (2, 3, 560))
    grown = weighing({(0, 1): 10.0, (0, 2): 4.0, (1, 2): 4.0, (2, 3): 6.0})
    assert refused([0, 1, 2, 3], chain, grown) == [False, True, False], "2 is nearer to 3 than to 0 and 1 together"
    assert refused([0, 1, 2], links((0, 1, 600), (1, 2, 540)), weighing({(0, 1): 10.0}, other=4.0)) == [False, False]
    counted = bridges.above(np.array([50.0, -50.0, 3.0]), 5.0)
    assert counted.tolist() == [HIGH - 5.0, LOW - 5.0, -2.0], "one pair counts no more than others can outweigh"


def test_what_is_too_large_falls_at_its_weakest_links() -> None:
    """More records hang together than one party has: the weak links count no more, the strong ones do."""
    count = bridges.LARGEST + 50
    chain = [(number, number + 1, 600 if number % 2 else 510) for number in range(count - 1)]
    made = refused(list(range(count)), links(*chain), weighing({}, other=5.0))
    assert made == [strength == 510 for _, _, strength in chain]


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-8, 12)), min_size=1, max_size=20),
    seed=st.randoms(),
)
def test_any_order_and_anything_beside_gives_the_same(pairs: list[tuple[int, int, int]], seed: object) -> None:
    """EC-05: the order of links is nothing, nor are other records that hang together with none of these."""
    table = {(min(a, b), max(a, b)): float(weight) for a, b, weight in pairs if a != b}
    said = [(a, b, 500 + 10 * int(weight)) for (a, b), weight in table.items() if weight > 0]
    if not said:
        return
    made = dict(zip(said, refused(list(range(8)), links(*said), weighing(table)), strict=True))
    shuffled = list(said)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert made == dict(zip(shuffled, refused(list(range(8)), links(*shuffled), weighing(table)), strict=True))
    moved = {(a + 3, b + 3): weight for (a, b), weight in table.items()} | {(0, 1): 9.0}
    beside = links((0, 1, 590), *((a + 3, b + 3, strength) for a, b, strength in said))
    assert refused(list(range(11)), beside, weighing(moved))[1:] == list(made.values())
