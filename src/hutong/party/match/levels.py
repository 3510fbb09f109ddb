"""Levels of pairs: every comparison of the plans, given and family names swapped back where they were swapped."""

# ruff: noqa: PLR0917  (compiled loops: arrays by position, branches in place)

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.comparators import WORD, Encoded, Levels, compare, compare_pairs
from hutong.party.match.comparisons import Plan, kernel, level_names
from hutong.party.match.encode import Values, encode_values
from hutong.party.match.forming import Former, formed
from hutong.party.match.kernels import Ints
from hutong.party.match.users import of_names
from hutong.platform.processes import by_threads

PART = 1 << 17
"""Pairs compared at once by one core."""
GIVEN, FAMILY, ORDER = "given_name", "family_name", "name_order"


_IMPLIES = {
    "address": ("postcode", "place", "city", "state", "country"),
    "postcode": ("state", "country"),
    "place": ("country",),
}


_ALIKE = {FAMILY: 2, "name": 4}
"""From which level names look alike."""


class Compared(NamedTuple):
    """Per pair and comparison: the level (-1: not given), and the number of the agreed form's text × 8 + form, or
    -1."""

    levels: Levels
    agreed: Ints


def encode_all(plans: Sequence[Plan], records: pa.Table, former: Former = formed) -> list[Values]:
    """The values of each comparison. Given and family names share their numbers, so that they can be compared
    crosswise."""
    names = {plan.name for plan in plans}
    made: dict[str, Values] = {}
    if {GIVEN, FAMILY} <= names:
        both = encode_values(Plan("names", "word", (GIVEN, FAMILY)), records, former)
        for place, name in enumerate((GIVEN, FAMILY)):
            codes = np.ascontiguousarray(both.arrays.codes[:, place : place + 1])
            made[name] = both._replace(arrays=both.arrays._replace(codes=codes))
    return [made[plan.name] if plan.name in made else encode_values(plan, records, former) for plan in plans]


def ordered(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Names of the columns of `Compared`: the comparisons, and the order of names where both are given."""
    names = tuple(plan.name for plan in plans)
    return (*names, ORDER) if {GIVEN, FAMILY} <= set(names) else names


def compare_records(plans: Sequence[Plan], values: Sequence[Encoded], left: Ints, right: Ints) -> Compared:
    """Compare records pair by pair, on all cores where there are many."""
    parts = by_threads(
        lambda start: _compared(plans, values, left[start : start + PART], right[start : start + PART]),
        range(0, max(len(left), 1), PART),
    )
    return parts[0] if len(parts) == 1 else Compared(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _compared(plans: Sequence[Plan], values: Sequence[Encoded], left: Ints, right: Ints) -> Compared:
    names = ordered(plans)
    levels: NDArray[np.int8] = np.full((len(names), len(left)), -1, dtype=np.int8)
    agreed = np.full((len(names), len(left)), -1, dtype=np.int64)
    by_name = {plan.name: arrays for plan, arrays in zip(plans, values, strict=True)}
    swapped = np.zeros(len(left), dtype=np.bool_)
    if ORDER in names:
        given, family = by_name[GIVEN], by_name[FAMILY]
        crossed(left, right, given.codes[:, 0], family.codes[:, 0], given, swapped, levels[-1])
    for place, plan in enumerate(plans):
        arrays = values[place]
        other = {GIVEN: FAMILY, FAMILY: GIVEN}.get(plan.name)
        compare_pairs(
            kernel(plan.comparator), left, right, arrays.codes, arrays.codes, arrays, levels[place], agreed[place]
        )
        if other and swapped.any():
            rows = np.flatnonzero(swapped)
            some_levels, some_agreed = levels[place][rows], agreed[place][rows]
            compare_pairs(
                WORD, left[rows], right[rows], arrays.codes, by_name[other].codes, arrays, some_levels, some_agreed
            )
            levels[place][rows], agreed[place][rows] = some_levels, some_agreed
    _implied(names, plans, levels, agreed)
    _namesakes(names, levels)
    if "email" in by_name and ORDER in names:
        mail = names.index("email")
        made = of_names(left, right, levels[mail], by_name["email"], by_name[GIVEN], by_name[FAMILY])
        levels[mail][made], agreed[mail][made] = 0, -1
    return Compared(np.ascontiguousarray(levels.T), np.ascontiguousarray(agreed.T))


def _implied(names: Sequence[str], plans: Sequence[Plan], levels: Levels, agreed: Ints) -> None:
    """What follows from a larger agreement is no evidence of its own: the city of one house, the state of one
    postcode."""
    kinds = {plan.name: plan.comparator for plan in plans}
    for whole, parts in _IMPLIES.items():
        if whole not in kinds:
            continue
        least = len(level_names(kinds[whole])) - (3 if kinds[whole] == "address" else 1)
        met = levels[names.index(whole)] >= least
        for part in parts:
            if part in kinds:
                place = names.index(part)
                follows = met & (levels[place] == len(level_names(kinds[part])) - 1)
                levels[place][follows], agreed[place][follows] = -1, -1


def _namesakes(names: Sequence[str], levels: Levels) -> None:
    """Addresses of e-mail are mostly made from names: that those of namesakes look alike says nothing."""
    if "email" not in names:
        return
    mail = levels[names.index("email")]
    for name, least in _ALIKE.items():
        if name in names:
            mail[(mail == 1) & (levels[names.index(name)] >= least)] = -1


def withdrawn(plans: Sequence[Plan]) -> dict[str, tuple[int, ...]]:
    """Comparison → levels which, by the two rules above, may count as not given."""
    kinds = {plan.name: plan.comparator for plan in plans}
    parts = {part for whole, implied in _IMPLIES.items() if whole in kinds for part in implied if part in kinds}
    made: dict[str, tuple[int, ...]] = {part: (len(level_names(kinds[part])) - 1,) for part in parts}
    return made | ({"email": (1,)} if "email" in kinds and not _ALIKE.keys().isdisjoint(kinds) else {})


@njit(cache=True, nogil=True)
def crossed(
    left: Ints, right: Ints, given: Ints, family: Ints, v: Encoded, swapped: NDArray[np.bool_], levels: Levels
) -> None:
    """Mark pairs whose names agree better crosswise; level 1 straight, 0 swapped."""
    for pair in range(left.shape[0]):
        g1, f1, g2, f2 = given[left[pair]], family[left[pair]], given[right[pair]], family[right[pair]]
        if g1 < 0 or f1 < 0 or g2 < 0 or f2 < 0:
            continue
        levels[pair] = 1
        if g1 == g2 or f1 == f2:
            continue
        one = compare(WORD, g1, f2, v)[0]
        if one < 4:
            continue
        two = compare(WORD, f1, g2, v)[0]
        if two >= 4 and one + two > compare(WORD, g1, g2, v)[0] + compare(WORD, f1, f2, v)[0]:
            swapped[pair] = True
            levels[pair] = 0
