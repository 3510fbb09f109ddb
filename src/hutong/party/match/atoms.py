"""Match keys: parts of values under which records of one party may meet, as 64-bit numbers made in compiled loops.

An atom is a slice of a form of a comparison's value (whole, beginning, ending, a date's year ...) or its rarest
words. A block is one atom or two: records that agree on all of a block's atoms are compared.
"""

# ruff: noqa: PLR0911, PLR0917  (compiled loops: arrays by position, branches in place)

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from hutong.party.match.comparators import Encoded
from hutong.party.match.kernels import Floats, Ints, Points

WHOLE, HEAD, TAIL, FIRST_HALF, LAST_HALF, ALL_BUT_TWO, FROM = range(7)
RARE_WORD, RARE_WORDS, EACH_WORD, EACH_TWO = 100, 101, 102, 103
_RAREST = 4


class Atom(NamedTuple):
    """`form` of the value, the `part` of it, and how likely it survives where a value is damaged."""

    name: str
    form: int
    part: int
    size: int
    survives: float


ATOMS: dict[str, tuple[Atom, ...]] = {
    "exact": (Atom("value", 0, WHOLE, 0, 0.0),),
    "number": (Atom("value", 0, WHOLE, 0, 0.0),),
    "code": (
        Atom("value", 0, WHOLE, 0, 0.0),
        Atom("first_half", 0, FIRST_HALF, 0, 0.4),
        Atom("last_half", 0, LAST_HALF, 0, 0.4),
    ),
    "word": (
        Atom("value", 0, WHOLE, 0, 0.0),
        Atom("sound", 1, WHOLE, 0, 0.2),
        Atom("start", 0, HEAD, 3, 0.6),
        Atom("ending", 0, TAIL, 3, 0.5),
        Atom("initial", 0, HEAD, 1, 0.75),
    ),
    "person": (
        Atom("value", 0, WHOLE, 0, 0.0),
        Atom("sound", 1, WHOLE, 0, 0.3),
        Atom("family", 2, WHOLE, 0, 0.5),
        Atom("given", 3, WHOLE, 0, 0.4),
        Atom("start", 1, HEAD, 4, 0.6),
    ),
    "date": (
        Atom("value", 0, WHOLE, 0, 0.0),
        Atom("year", 0, HEAD, 4, 0.6),
        Atom("month", 0, HEAD, 6, 0.4),
        Atom("day", 0, FROM, 4, 0.3),
    ),
    "phone": (
        Atom("value", 0, WHOLE, 0, 0.0),
        Atom("ending", 1, WHOLE, 0, 0.3),
        Atom("start", 0, ALL_BUT_TWO, 0, 0.2),
    ),
    "email": (Atom("value", 0, WHOLE, 0, 0.0), Atom("user", 1, WHOLE, 0, 0.5), Atom("start", 0, HEAD, 6, 0.6)),
    "url": (Atom("value", 0, WHOLE, 0, 0.0), Atom("host", 1, WHOLE, 0, 0.7)),
    "text": (
        Atom("value", 0, WHOLE, 0, 0.0),
        Atom("core", 1, WHOLE, 0, 0.3),
        Atom("start", 0, HEAD, 6, 0.6),
        Atom("rare_word", 0, RARE_WORD, 1, 0.6),
        Atom("rare_words", 0, RARE_WORDS, 2, 0.4),
    ),
    "address": (
        Atom("key", 1, WHOLE, 0, 0.1),
        Atom("house", 2, WHOLE, 0, 0.4),
        Atom("road", 3, WHOLE, 0, 0.6),
        Atom("start", 0, HEAD, 6, 0.5),
        Atom("rare_word", 0, RARE_WORD, 1, 0.5),
        Atom("rare_words", 0, RARE_WORDS, 2, 0.4),
    ),
}
ATOMS["organisation"] = ATOMS["text"]
ATOMS["words"] = ATOMS["organisation_words"] = (
    Atom("value", 0, WHOLE, 0, 0.0),
    Atom("core", 1, WHOLE, 0, 0.3),
    Atom("start", 0, HEAD, 6, 0.6),
    Atom("each_word", 0, EACH_WORD, 1, 0.9),
    Atom("each_two", 0, EACH_TWO, 2, 0.7),
)
_NONE = np.int64(-1)


@njit(cache=True, nogil=True)
def mixed(a: int, b: int) -> int:
    """Two numbers to one, spread over 63 bits; -1 stays -1."""
    if a == -1 or b == -1:
        return -1
    x = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) ^ (np.uint64(b) + np.uint64(0x632BE59BD9B4E019))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64((x ^ (x >> np.uint64(31))) >> np.uint64(1))  # type: ignore[return-value]  # numba


@njit(cache=True, nogil=True)
def _hash(points: Points, start: int, end: int) -> int:
    value = np.uint64(0xCBF29CE484222325)
    for place in range(start, end):
        value = (value ^ np.uint64(points[place])) * np.uint64(0x100000001B3)
    return np.int64((value ^ (value >> np.uint64(29))) >> np.uint64(1))  # type: ignore[return-value]  # numba


@njit(cache=True, nogil=True)
def _slice(start: int, end: int, part: int, size: int) -> tuple[int, int]:
    length = end - start
    if length == 0:
        return 0, 0
    if part == WHOLE:
        return start, end
    if part == HEAD:
        return (start, start + size) if length >= size else (start, end)
    if part == TAIL:
        return (end - size, end) if length > size else (0, 0)
    if part == FIRST_HALF:
        return (start, start + (length + 1) // 2) if length >= 4 else (0, 0)
    if part == LAST_HALF:
        return (end - (length + 1) // 2, end) if length >= 4 else (0, 0)
    if part == ALL_BUT_TWO:
        return (start, end - 2) if length >= 6 else (0, 0)
    return (start + size, end) if length > size else (0, 0)


@njit(cache=True, nogil=True, parallel=True)
def _sliced(form: int, part: int, size: int, points: Points, starts: Ints, ends: Ints) -> Ints:
    out = np.full(starts.shape[0], _NONE)
    for value in prange(starts.shape[0]):
        start, end = _slice(starts[value, form], ends[value, form], part, size)
        if end > start:
            out[value] = _hash(points, start, end)
    return out


@njit(cache=True, nogil=True)
def _rarest(v: Encoded, weight: Floats, number: int) -> Ints:
    out = np.full(v.word_starts.shape[0] - 1, _NONE)
    for value in range(out.shape[0]):
        first = second = -1
        for place in range(v.word_starts[value], v.word_starts[value + 1]):
            word = v.words[place]
            if first == -1 or weight[word] > weight[first]:
                first, second = word, first
            elif second == -1 or weight[word] > weight[second]:
                second = word
        if first == -1 or (number == 2 and second == -1):
            continue
        one = _hash(v.word_points, v.word_places[first], v.word_places[first + 1])
        if number == 1:
            out[value] = one
        else:
            two = _hash(v.word_points, v.word_places[second], v.word_places[second + 1])
            out[value] = mixed(min(one, two), max(one, two))
    return out


@njit(cache=True, nogil=True)
def _each(v: Encoded, weight: Floats, number: int) -> Ints:
    """Each of the rarest words of a value, or each two of them."""
    width = _RAREST if number == 1 else _RAREST * (_RAREST - 1) // 2
    out = np.full((v.word_starts.shape[0] - 1, width), _NONE)
    rarest = np.zeros(_RAREST, dtype=np.int64)
    for value in range(out.shape[0]):
        held = 0
        for place in range(v.word_starts[value], v.word_starts[value + 1]):
            at = held
            while at > 0 and weight[v.words[place]] > weight[rarest[at - 1]]:
                at -= 1
            if at >= _RAREST:
                continue
            held = min(held + 1, _RAREST)
            for later in range(held - 1, at, -1):
                rarest[later] = rarest[later - 1]
            rarest[at] = v.words[place]
        column = 0
        for x in range(held):
            one = _hash(v.word_points, v.word_places[rarest[x]], v.word_places[rarest[x] + 1])
            if number == 1:
                out[value, x] = one
                continue
            for y in range(x + 1, held):
                two = _hash(v.word_points, v.word_places[rarest[y]], v.word_places[rarest[y] + 1])
                out[value, column] = mixed(min(one, two), max(one, two))
                column += 1
    return out


def keys(atom: Atom, values: Encoded) -> Ints:
    """The atom of each record: [records, width], -1 where there is none."""
    if atom.part in (EACH_WORD, EACH_TWO):
        each = _each(values, values.word_weight, atom.size)
        code = values.codes[:, 0]
        if not len(each):
            return np.full((len(code), 1), -1, dtype=np.int64)
        held: Ints = np.where((code >= 0)[:, None], each[np.maximum(code, 0)], -1)
        return held
    if atom.part in (RARE_WORD, RARE_WORDS):
        made = _rarest(values, values.word_weight, atom.size)
    else:
        made = _sliced(atom.form, atom.part, atom.size, values.points, values.starts, values.ends)
    found: Ints = np.where(values.codes >= 0, made[np.maximum(values.codes, 0)] if len(made) else -1, -1)
    return found
