"""How two values are compared: each comparator gives a level, from 0 (differ) to the highest (same), and which form of
the value agreed, so that a rare agreed value can weigh more than a common one. Compiled loops over encoded values."""

# ruff: noqa: PLR0911, PLR0912, PLR0917  (compiled loops: arrays by position, branches in place)

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.kernels import Floats, Ints, Points, jaro_winkler, same, slips, starts_with

Levels = NDArray[np.int8]
EXACT, CODE, WORD, PERSON, DATE, PHONE, EMAIL, URL, NUMBER, TEXT, ADDRESS, WORDS = range(12)
COMPARATORS = {
    "exact": EXACT, "code": CODE, "word": WORD, "person": PERSON, "date": DATE, "phone": PHONE, "email": EMAIL,
    "url": URL, "number": NUMBER, "text": TEXT, "address": ADDRESS, "words": WORDS,
}  # fmt: skip
WORD_BITS = np.array((3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 21), dtype=np.float64)
"""Where the levels of `words` begin: bits of the words two texts share, less those they do not."""
LEVELS = {
    "exact": ("differ", "same"),
    "code": ("differ", "same_start", "two_slips", "one_slip", "same"),
    "word": ("differ", "similar", "very_similar", "abbreviated", "one_slip", "same_sound", "same"),
    "person": ("differ", "similar", "same_family", "partial", "same_given", "very_similar", "one_slip", "same_sound",
               "same"),
    "date": ("differ", "two_slips", "same_year", "two_parts", "one_slip", "same"),
    "phone": ("differ", "same_range", "one_slip", "same_ending", "same"),
    "email": ("differ", "similar", "same_user", "one_slip", "same"),
    "url": ("differ", "similar", "same_host", "same"),
    "number": ("differ", "near", "close", "same"),
    "text": ("differ", "some_words", "half_words", "most_words", "nearly_all_words", "all_words", "same_core", "same"),
    "address": ("differ", "some_words", "same_road", "most_words", "near_house", "same_house", "same"),
    "words": ("differ", *(f"from_{bits:.0f}_bits" for bits in WORD_BITS)),
}  # fmt: skip

AGREED: dict[int, dict[int, tuple[int, ...]]] = {
    WORD: {1: (5,)}, PERSON: {1: (7,), 2: (2, 3), 3: (4,)}, PHONE: {1: (3,)}, EMAIL: {1: (2,)}, URL: {1: (2,)},
    TEXT: {1: (6,)}, ADDRESS: {1: (6,), 2: (5,), 3: (2,)},
}  # fmt: skip
"""Form → the levels that `compare` gives only where that form agrees; the highest where the first one does."""


class Encoded(NamedTuple):
    """Distinct values of a comparison in comparable forms. `ids[value, form]`: number of the form's text, -1 where
    empty; `points[starts[value, form]:ends[value, form]]` its characters; words with weights (rare ones more)."""

    codes: Ints  # [records, width]: number of the value, -1 where not given
    ids: Ints
    points: Points
    starts: Ints
    ends: Ints
    words: Ints  # flat numbers of words
    word_starts: Ints  # [values + 1]
    word_weight: Floats
    word_points: Points
    word_places: Ints  # [words + 1]


@njit(cache=True, nogil=True)
def _likeness(i: int, j: int, form: int, points: Points, starts: Ints, ends: Ints) -> float:
    return jaro_winkler(points, starts[i, form], ends[i, form], starts[j, form], ends[j, form])


@njit(cache=True, nogil=True)
def _slips(i: int, j: int, form: int, points: Points, starts: Ints, ends: Ints, most: int) -> int:
    return slips(points, starts[i, form], ends[i, form], starts[j, form], ends[j, form], most)


@njit(cache=True, nogil=True)
def _code(i: int, j: int, form: int, points: Points, starts: Ints, ends: Ints) -> int:
    a, b = ends[i, form] - starts[i, form], ends[j, form] - starts[j, form]
    short = min(a, b)
    distance = _slips(i, j, form, points, starts, ends, 2)
    if distance == 1 and short >= 3:
        return 3
    if distance == 2 and short >= 6:
        return 2
    half = (max(a, b) + 1) // 2
    if short >= half and same(points, starts[i, form], starts[i, form] + half, starts[j, form], starts[j, form] + half):
        return 1
    return 0


@njit(cache=True, nogil=True)
def _word(i: int, j: int, ids: Ints, points: Points, starts: Ints, ends: Ints) -> tuple[int, int]:
    if ids[i, 1] >= 0 and ids[i, 1] == ids[j, 1]:
        return 5, 1
    short = min(ends[i, 0] - starts[i, 0], ends[j, 0] - starts[j, 0])
    distance = _slips(i, j, 0, points, starts, ends, 2)
    if distance == 1 and short >= 3:
        return 4, -1
    if (short == 1 or short >= 3) and starts_with(points, starts[i, 0], ends[i, 0], starts[j, 0], ends[j, 0]):
        return 3, -1
    likeness = _likeness(i, j, 0, points, starts, ends)
    if likeness >= 0.9 or (distance == 2 and short >= 6):
        return 2, -1
    return (1, -1) if likeness >= 0.78 else (0, -1)


@njit(cache=True, nogil=True)
def _person(i: int, j: int, ids: Ints, points: Points, starts: Ints, ends: Ints) -> tuple[int, int]:
    """Forms: whole, sound, family, given. A name that is only a family name has no given one."""
    if ids[i, 1] >= 0 and ids[i, 1] == ids[j, 1]:
        return 7, 1
    family = ids[i, 2] >= 0 and ids[i, 2] == ids[j, 2]
    if (ids[i, 3] < 0 or ids[j, 3] < 0) and (family or ids[i, 3] != ids[j, 3]):
        return (3, 2) if family else (0, -1)
    short = min(ends[i, 1] - starts[i, 1], ends[j, 1] - starts[j, 1])
    if short >= 5 and _slips(i, j, 1, points, starts, ends, 1) == 1:
        return 6, -1
    likeness = _likeness(i, j, 1, points, starts, ends)
    if likeness >= 0.92:
        return 5, -1
    if ids[i, 3] == ids[j, 3] >= 0:
        return 4, 3
    if family:
        return 2, 2
    return (1, -1) if likeness >= 0.82 else (0, -1)


@njit(cache=True, nogil=True)
def _date(i: int, j: int, points: Points, starts: Ints, ends: Ints) -> int:
    """Eight digits each; 00 where a part is not given."""
    a, b = starts[i, 0], starts[j, 0]
    if ends[i, 0] - a != 8 or ends[j, 0] - b != 8:
        return 1 if _slips(i, j, 0, points, starts, ends, 1) == 1 else 0
    year = same(points, a, a + 4, b, b + 4)
    month, day = same(points, a + 4, a + 6, b + 4, b + 6), same(points, a + 6, a + 8, b + 6, b + 8)
    crossed = same(points, a + 4, a + 6, b + 6, b + 8) and same(points, a + 6, a + 8, b + 4, b + 6)
    distance = _slips(i, j, 0, points, starts, ends, 2)
    if distance == 1 or (year and crossed):
        return 4
    if int(year) + int(month) + int(day) == 2:
        return 3
    if year:
        return 2
    return 1 if distance == 2 else 0


@njit(cache=True, nogil=True)
def _phone(i: int, j: int, ids: Ints, points: Points, starts: Ints, ends: Ints) -> tuple[int, int]:
    """Forms: number, its last seven digits."""
    if ids[i, 1] >= 0 and ids[i, 1] == ids[j, 1]:
        return 3, 1
    if _slips(i, j, 0, points, starts, ends, 1) == 1:
        return 2, -1
    length = ends[i, 0] - starts[i, 0]
    if (
        length >= 7
        and length == ends[j, 0] - starts[j, 0]
        and same(points, starts[i, 0], ends[i, 0] - 3, starts[j, 0], ends[j, 0] - 3)
    ):
        return 1, -1
    return 0, -1


@njit(cache=True, nogil=True)
def _same_letters(points: Points, a: int, a_end: int, b: int, b_end: int) -> bool:
    """Whether two texts differ in digits only."""
    while True:
        while a < a_end and 48 <= points[a] <= 57:
            a += 1
        while b < b_end and 48 <= points[b] <= 57:
            b += 1
        if a >= a_end or b >= b_end:
            return a >= a_end and b >= b_end
        if points[a] != points[b]:
            return False
        a, b = a + 1, b + 1


@njit(cache=True, nogil=True)
def _email(i: int, j: int, ids: Ints, points: Points, starts: Ints, ends: Ints) -> tuple[int, int]:
    """Forms: address, the part before the at sign. Another digit is another address: namesakes are told by it."""
    if _slips(i, j, 0, points, starts, ends, 1) == 1:
        return (1, -1) if _same_letters(points, starts[i, 0], ends[i, 0], starts[j, 0], ends[j, 0]) else (3, -1)
    if ids[i, 1] >= 0 and ids[i, 1] == ids[j, 1]:
        return 2, 1
    return (1, -1) if _likeness(i, j, 1, points, starts, ends) >= 0.88 else (0, -1)


@njit(cache=True, nogil=True)
def _url(i: int, j: int, ids: Ints, points: Points, starts: Ints, ends: Ints) -> tuple[int, int]:
    """Forms: address without protocol, host."""
    if ids[i, 1] >= 0 and ids[i, 1] == ids[j, 1]:
        return 2, 1
    return (1, -1) if _likeness(i, j, 1, points, starts, ends) >= 0.9 else (0, -1)


@njit(cache=True, nogil=True)
def _overlap(i: int, j: int, words: Ints, word_starts: Ints, weight: Floats, points: Points, places: Ints) -> float:
    """Cosine of two sets of words, rare ones weighing more; a word also meets its abbreviation or its slip of a finger.
    The words of a value are sorted."""
    a, a_end, b, b_end = word_starts[i], word_starts[i + 1], word_starts[j], word_starts[j + 1]
    norm_a = norm_b = shared = 0.0
    for x in range(a, a_end):
        norm_a += weight[words[x]] ** 2
    for y in range(b, b_end):
        norm_b += weight[words[y]] ** 2
    if norm_a == 0.0 or norm_b == 0.0:
        return 0.0
    used = np.zeros(b_end - b, dtype=np.bool_)
    met = np.zeros(a_end - a, dtype=np.bool_)
    y = b
    for x in range(a, a_end):
        while y < b_end and words[y] < words[x]:
            y += 1
        if y < b_end and words[y] == words[x]:
            shared += weight[words[x]] ** 2
            used[y - b] = met[x - a] = True
            y += 1
    for x in range(a, a_end):
        if met[x - a]:
            continue
        one, one_end = places[words[x]], places[words[x] + 1]
        if one_end - one < 3:
            continue
        for other in range(b, b_end):
            if used[other - b]:
                continue
            two, two_end = places[words[other]], places[words[other] + 1]
            if two_end - two < 3:
                continue
            near = starts_with(points, one, one_end, two, two_end)
            if not near and min(one_end - one, two_end - two) >= 4:
                near = slips(points, one, one_end, two, two_end, 1) == 1
            if near:
                shared += 0.9 * weight[words[x]] * weight[words[other]]
                used[other - b] = True
                break
    return float(shared / np.sqrt(norm_a * norm_b))


@njit(cache=True, nogil=True)
def _text(i: int, j: int, v: Encoded) -> tuple[int, int]:
    """Forms: whole, core."""
    if v.ids[i, 1] >= 0 and v.ids[i, 1] == v.ids[j, 1]:
        return 6, 1
    share = _overlap(i, j, v.words, v.word_starts, v.word_weight, v.word_points, v.word_places)
    share = max(share, 0.9 if _slips(i, j, 0, v.points, v.starts, v.ends, 1) == 1 else 0.0)
    for level, least in ((5, 0.88), (4, 0.74), (3, 0.58), (2, 0.42), (1, 0.25)):
        if share >= least:
            return level, -1
    return 0, -1


@njit(cache=True, nogil=True)
def _lettered(start: int, end: int, points: Points) -> bool:
    digits = 0
    for place in range(start, end):
        digits += 48 <= points[place] <= 57
    return digits == 0


@njit(cache=True, nogil=True)
def _near_words(x: int, y: int, points: Points, places: Ints) -> bool:
    """An abbreviation or a slip of a finger; numbers are never near."""
    one, one_end, two, two_end = places[x], places[x + 1], places[y], places[y + 1]
    short = min(one_end - one, two_end - two)
    if short < 3 or not _lettered(one, one_end, points) or not _lettered(two, two_end, points):
        return False
    return starts_with(points, one, one_end, two, two_end) or (
        short >= 4 and slips(points, one, one_end, two, two_end, 1) == 1
    )


@njit(cache=True, nogil=True)
def _words(i: int, j: int, v: Encoded) -> int:
    """Bits of shared words less those of words that stand against each other; what only one side adds costs little."""
    first, second = v.word_starts[i], v.word_starts[j]
    total_i = total_j = shared = 0.0
    for x in range(first, v.word_starts[i + 1]):
        total_i += v.word_weight[v.words[x]]
    for y in range(second, v.word_starts[j + 1]):
        total_j += v.word_weight[v.words[y]]
    rest_i, rest_j = total_i, total_j
    if i == j or v.ids[i, 0] == v.ids[j, 0] or (v.ids[i, 1] >= 0 and v.ids[i, 1] == v.ids[j, 1]):
        shared, rest_i, rest_j = min(total_i, total_j), 0.0, 0.0
    else:
        used = np.zeros(v.word_starts[j + 1] - second, dtype=np.bool_)
        for exact in (True, False):
            for x in range(first, v.word_starts[i + 1]):
                for y in range(second, v.word_starts[j + 1]):
                    a, b = v.words[x], v.words[y]
                    if used[y - second] or (exact and a != b):
                        continue
                    if exact or (a != b and _near_words(a, b, v.word_points, v.word_places)):
                        used[y - second] = True
                        shared += v.word_weight[a] if exact else 0.9 * min(v.word_weight[a], v.word_weight[b])
                        rest_i -= v.word_weight[a]
                        rest_j -= v.word_weight[b]
                        break
    bits = shared - min(rest_i, rest_j) - 0.1 * abs(rest_i - rest_j) + (3.0 if rest_i + rest_j < 0.01 else 0.0)
    level = 0
    while level < WORD_BITS.shape[0] and bits >= WORD_BITS[level]:
        level += 1
    return level


@njit(cache=True, nogil=True)
def _address(i: int, j: int, v: Encoded) -> tuple[int, int]:
    """Forms: text, down to the room, house, road."""
    if v.ids[i, 1] >= 0 and v.ids[i, 1] == v.ids[j, 1]:
        return 6, 1
    if v.ids[i, 2] >= 0 and v.ids[i, 2] == v.ids[j, 2]:
        return 5, 2
    if v.ids[i, 2] >= 0 and v.ids[j, 2] >= 0 and _slips(i, j, 2, v.points, v.starts, v.ends, 1) == 1:
        return 4, -1
    share = _overlap(i, j, v.words, v.word_starts, v.word_weight, v.word_points, v.word_places)
    if share >= 0.75:
        return 3, -1
    if v.ids[i, 3] >= 0 and v.ids[i, 3] == v.ids[j, 3]:
        return 2, 3
    return (1, -1) if share >= 0.4 else (0, -1)


@njit(cache=True, nogil=True)
def _number(i: int, j: int, v: Encoded) -> int:
    a, b = v.word_weight[i], v.word_weight[j]
    far = abs(a - b)
    large = max(abs(a), abs(b))
    if far <= 0.01 * large:
        return 2
    return 1 if far <= 0.1 * large else 0


@njit(cache=True, nogil=True)
def compare(kind: int, i: int, j: int, v: Encoded) -> tuple[int, int]:
    """Level of two values and the form that agreed (-1: none whose frequency counts)."""
    if kind == WORDS:
        return _words(i, j, v), -1
    if i == j or v.ids[i, 0] == v.ids[j, 0]:
        top = (1, 4, 6, 8, 5, 4, 4, 3, 3, 7, 6)
        return top[kind], 0
    if kind == EXACT:
        return 0, -1
    if kind == CODE:
        return _code(i, j, 0, v.points, v.starts, v.ends), -1
    if kind == WORD:
        return _word(i, j, v.ids, v.points, v.starts, v.ends)
    if kind == PERSON:
        return _person(i, j, v.ids, v.points, v.starts, v.ends)
    if kind == DATE:
        return _date(i, j, v.points, v.starts, v.ends), -1
    if kind == PHONE:
        return _phone(i, j, v.ids, v.points, v.starts, v.ends)
    if kind == EMAIL:
        return _email(i, j, v.ids, v.points, v.starts, v.ends)
    if kind == URL:
        return _url(i, j, v.ids, v.points, v.starts, v.ends)
    if kind == NUMBER:
        return _number(i, j, v), -1
    if kind == TEXT:
        return _text(i, j, v)
    return _address(i, j, v)


@njit(cache=True, nogil=True)
def best_of(kind: int, a: int, b: int, a_codes: Ints, b_codes: Ints, v: Encoded) -> tuple[int, int, int]:
    """Level of two records, the form that agreed, and the value of the first record whose form that is (-1: none).
    Where a record has several values the best of all their pairs counts."""
    best, form, value = -1, -1, -1
    for x in range(a_codes.shape[1]):
        i = a_codes[a, x]
        if i < 0:
            continue
        for y in range(b_codes.shape[1]):
            j = b_codes[b, y]
            if j < 0:
                continue
            level, agreed_form = compare(kind, i, j, v)
            if level > best:
                best, form, value = level, agreed_form, i
    return best, form, value


@njit(cache=True, nogil=True)
def compare_pairs(
    kind: int, left: Ints, right: Ints, a_codes: Ints, b_codes: Ints, v: Encoded, levels: Levels, agreed: Ints
) -> None:
    """Fill `levels` (-1 where a side is not given) and `agreed` (number of the agreed form's text times eight plus
    the form, -1 for none)."""
    for pair in range(left.shape[0]):
        best, form, value = best_of(kind, left[pair], right[pair], a_codes, b_codes, v)
        levels[pair] = best
        agreed[pair] = v.ids[value, form] * 8 + form if form >= 0 else -1
