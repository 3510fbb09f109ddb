"""The most bits a pair of records could get, so that pairs which cannot matter are left out before they are scored.

Whether two values, their sounds, roads or endings are the same is seen from their numbers. What is not the same gets at
most what the best level without agreement gives; only where that is not yet little enough are letters compared, first
where most can be lost.
"""

# ruff: noqa: PLR0917  (compiled loops: arrays by position)

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.comparators import AGREED, WORDS, best_of
from hutong.party.match.comparators import Encoded as Arrays
from hutong.party.match.comparisons import kernel
from hutong.party.match.kernels import Floats, Ints, Numbers
from hutong.party.match.levels import FAMILY, GIVEN, crossed, withdrawn
from hutong.party.match.model import Comparison, Model
from hutong.party.match.scoring import Encoded
from hutong.platform.processes import by_threads

PART = 1 << 13
"""Pairs looked at together: what is known of them stays in a core's own memory."""
_FORMS, _LEVELS = 8, 16
_NOT_GIVEN = -2
_ROUNDING = 1e-6
Flags = NDArray[np.bool_]


class Tables(NamedTuple):
    """What the kernels read. Of comparison p: its values of record r from `numbers[r, first[p]]` on, `forms[p]` numbers
    for each of its values; `plain`, `rare`, `least`: bits by level, of values whose rarity does not and does
    count, and what the level gives at least; `fuzzy`: the most without agreement; `agreed[p, form]`: the most before
    rarity, where only the form agrees; `rarity[base[p, form] + number]`."""

    numbers: Numbers
    first: Ints
    forms: Ints
    top: Ints
    plain: Floats
    rare: Floats
    least: Floats
    fuzzy: Floats
    agreed: Floats
    rarity: NDArray[np.float32]
    base: Ints


class Bounds:
    """Which pairs of encoded records could reach more than `least` bits."""

    def __init__(self, model: Model, encoded: Encoded, least: float) -> None:
        self._model, self._encoded, self._least = model, encoded, least - _ROUNDING
        self._plans = model.plans
        self._known = all(kernel(plan.comparator) != WORDS for plan in self._plans)
        if self._known:
            self._tables = _tables(model, encoded)
            lost = self._tables.fuzzy - self._tables.plain[:, 0]
            self._order = [place for place in np.argsort(-lost).tolist() if lost[place] > 0]

    def possible(self, left: Ints, right: Ints) -> Ints:
        """The places of those pairs."""
        if not self._known:
            return np.arange(len(left))
        starts = range(0, max(len(left), 1), PART)
        found = by_threads(
            lambda start: start + self._part(left[start : start + PART], right[start : start + PART]), starts
        )
        return np.concatenate(found)

    def _part(self, left: Ints, right: Ints) -> Ints:
        model, source = self._model, self._encoded.source
        within = (source[left] == source[right]) & (source[left] >= 0)
        most = np.where(within, model.prior_within_bits, model.prior_bits) + self._order_bits()
        swapped = self._swapped(left, right)
        given = np.zeros((len(left), len(self._plans)), dtype=np.float64)
        unsure = np.zeros(given.shape, dtype=np.bool_)
        one, other = (self._tables.numbers.take(rows, axis=0) for rows in (left, right))
        _by_numbers(one, other, self._tables, most, given, unsure)
        alive = np.flatnonzero((most > self._least) | swapped)
        for place in self._order:
            kind, arrays = kernel(self._plans[place].comparator), self._encoded.values[place]
            _by_letters(kind, place, left, right, alive, arrays, self._tables, most, given, unsure)
            alive = alive[(most[alive] > self._least) | swapped[alive]]
        return alive

    def _order_bits(self) -> float:
        return sum(max(float(c.bits[0].max()), 0.0) for c in self._model.comparisons if c.comparator == "order")

    def _swapped(self, left: Ints, right: Ints) -> Flags:
        """Pairs whose given and family names agree better crosswise: not judged here."""
        swapped = np.zeros(len(left), dtype=np.bool_)
        names = [plan.name for plan in self._plans]
        if {GIVEN, FAMILY} <= set(names):
            given, family = (self._encoded.values[names.index(name)] for name in (GIVEN, FAMILY))
            straight = np.zeros(len(left), dtype=np.int8)
            crossed(left, right, given.codes[:, 0], family.codes[:, 0], given, swapped, straight)
        return swapped


def _tables(model: Model, encoded: Encoded) -> Tables:
    plans, count = model.plans, len(model.plans)
    compared = [comparison for comparison in model.comparisons if comparison.comparator != "order"]
    width = np.array([arrays.codes.shape[1] for arrays in encoded.values], dtype=np.int64)
    forms = np.array([arrays.ids.shape[1] for arrays in encoded.values], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(width * forms)]).astype(np.int64)
    numbers = np.full((encoded.count, int(first[-1])), _NOT_GIVEN, dtype=np.int32)
    for place, arrays in enumerate(encoded.values):
        _number(arrays, numbers[:, first[place] : first[place + 1]])
    plain, rare = (np.full((count, _LEVELS), -np.inf) for _ in range(2))
    least = np.full((count, _LEVELS), -np.inf)
    fuzzy, agreed = np.full(count, -np.inf), np.full((count, _FORMS), -np.inf)
    gone = withdrawn(plans)
    for place, comparison in enumerate(compared):
        _levels(comparison, plain[place], rare[place], agreed[place])
        least[place, list(gone.get(comparison.name, ()))] = 0.0
        apart = _apart(comparison)
        fuzzy[place] = np.maximum(plain[place, apart], least[place, apart]).max()
    rarity, base = [np.zeros(0, dtype=np.float32)], np.zeros((count, _FORMS), dtype=np.int64)
    at = 0
    for place, table in enumerate(encoded.rarity):
        for form in range(int(forms[place])):
            base[place, form] = at
            part = np.nextafter(table[:, form].astype(np.float32), np.float32(np.inf))
            rarity.append(part)
            at += len(part)
    top = np.array([len(comparison.levels) - 1 for comparison in compared], dtype=np.int64)
    return Tables(numbers, first, forms, top, plain, rare, least, fuzzy, agreed, np.concatenate(rarity), base)


def _levels(comparison: Comparison, plain: Floats, rare: Floats, agreed: Floats) -> None:
    bits = comparison.bits
    plain[: len(bits[0])], rare[: len(bits[1])] = bits
    for form, levels in AGREED.get(kernel(comparison.comparator), {}).items():
        agreed[form] = max(bits[1][level] for level in levels)


def _apart(comparison: Comparison) -> list[int]:
    """The levels of values of which no form agrees."""
    formal = {level for levels in AGREED.get(kernel(comparison.comparator), {}).values() for level in levels}
    return [level for level in range(len(comparison.levels) - 1) if level not in formal]


@njit(cache=True, nogil=True)
def _number(v: Arrays, numbers: Numbers) -> None:
    forms = v.ids.shape[1]
    for record in range(v.codes.shape[0]):
        for x in range(v.codes.shape[1]):
            value = v.codes[record, x]
            if value >= 0:
                for form in range(forms):
                    numbers[record, x * forms + form] = v.ids[value, form]


@njit(cache=True, nogil=True)
def _by_numbers(one: Numbers, other: Numbers, t: Tables, most: Floats, given: Floats, unsure: Flags) -> None:
    """Add to `most` what each comparison gives at most, kept in `given`; `unsure` where letters could tell less."""
    firsts, all_forms, fuzzy, agreed, rarity, base = t.first, t.forms, t.fuzzy, t.agreed, t.rarity, t.base
    for pair in range(one.shape[0]):
        for p in range(all_forms.shape[0]):
            first, end, forms = firsts[p], firsts[p + 1], all_forms[p]
            best, same = -np.inf, np.int32(_NOT_GIVEN)
            for x in range(first, end, forms):
                a = one[pair, x]
                if a == _NOT_GIVEN:
                    continue
                for y in range(first, end, forms):
                    b = other[pair, y]
                    if b == _NOT_GIVEN:
                        continue
                    if a == b and same == _NOT_GIVEN:
                        same = a
                    best = max(best, fuzzy[p])
                    for form in range(1, forms):
                        number = one[pair, x + form]
                        if number >= 0 and number == other[pair, y + form]:
                            best = max(best, agreed[p, form] + rarity[base[p, form] + number])
            if same != _NOT_GIVEN:
                top = t.top[p]
                best = t.rare[p, top] + rarity[base[p, 0] + same] if same >= 0 else t.plain[p, top]
                best = max(best, t.least[p, top])
            if best > -np.inf:
                most[pair] += best
                given[pair, p] = best
                unsure[pair, p] = same == _NOT_GIVEN


@njit(cache=True, nogil=True)
def _by_letters(
    kind: int, p: int, left: Ints, right: Ints, rows: Ints, v: Arrays, t: Tables, most: Floats, given: Floats,
    unsure: Flags,
) -> None:  # fmt: skip
    """Put the bits of a comparison in the place of the most it could give."""
    codes, ids, rarity = v.codes, v.ids, t.rarity
    plain, rare, least, base = t.plain[p], t.rare[p], t.least[p], t.base[p]
    for row in rows:
        if unsure[row, p]:
            level, form, value = best_of(kind, left[row], right[row], codes, codes, v)
            number = ids[value, form] if form >= 0 else -1
            bits = rare[level] + rarity[base[form] + number] if number >= 0 else plain[level]
            most[row] += max(bits, least[level]) - given[row, p]
