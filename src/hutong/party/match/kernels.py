"""Likeness of texts as compiled loops: texts are slices of one array of code points, so that a million pairs cost no
Python objects and one Chinese character counts as one."""

# ruff: noqa: PLR0917, SIM110  (compiled loops: arrays by position, branches in place)

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

Points = NDArray[np.uint32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
"""Numbers of records, values and texts, where there are many."""
_LONGEST = 96  # characters compared; what is longer differs or agrees in its first 96 anyway


def encoded(texts: pa.Array) -> tuple[Points, Ints]:
    """Texts (null as empty) as code points and the places where each starts, one longer than the texts."""
    filled = pc.fill_null(texts.cast(pa.large_string()), "")
    lengths = pc.utf8_length(filled).to_numpy(zero_copy_only=False).astype(np.int64)
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    places, data = filled.buffers()[1:]
    ends = np.frombuffer(places, dtype=np.int64)[filled.offset : filled.offset + len(filled) + 1]
    joined = str(memoryview(data)[ends[0] : ends[-1]], "utf-8") if len(filled) and data else ""
    return np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32), starts


def once(numbers: Ints) -> Ints:
    """Each number once, in order. numpy's own `unique` hashes, which for millions takes a hundred times as long."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def both_once(one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Each pair of two numbers (neither below zero) once, in order."""
    width = int(other.max(initial=0)) + 1
    keys = once(one * width + other)
    return keys // width, keys % width


@njit(cache=True, nogil=True)
def root_of(parent: Ints, record: int) -> int:
    """The record that a set joined over `parent` (union-find) is named by; the way there is halved."""
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record


@njit(cache=True, nogil=True)
def same(points: Points, a: int, a_end: int, b: int, b_end: int) -> bool:
    """Whether two slices hold the same text."""
    if a_end - a != b_end - b:
        return False
    for place in range(a_end - a):
        if points[a + place] != points[b + place]:
            return False
    return True


@njit(cache=True, nogil=True)
def starts_with(points: Points, a: int, a_end: int, b: int, b_end: int) -> bool:
    """Whether the shorter slice begins the longer one (both not empty)."""
    length = min(a_end - a, b_end - b)
    if length == 0:
        return False
    for place in range(length):
        if points[a + place] != points[b + place]:
            return False
    return True


@njit(cache=True, nogil=True)
def slips(points: Points, a: int, a_end: int, b: int, b_end: int, most: int) -> int:
    """Optimal string alignment distance (insert, delete, change, swap neighbours) up to `most` (1 or 2); `most` + 1
    where it is more."""
    n, m = min(a_end - a, _LONGEST), min(b_end - b, _LONGEST)
    if abs(n - m) > most:
        return most + 1
    while n > 0 and m > 0 and points[a] == points[b]:
        a, b, n, m = a + 1, b + 1, n - 1, m - 1
    if most == 1:
        return _one_slip(points, a, n, b, m)
    if n == 0 or m == 0:
        return n + m
    least = min(
        _one_slip(points, a + 1, n - 1, b + 1, m - 1),
        _one_slip(points, a + 1, n - 1, b, m),
        _one_slip(points, a, n, b + 1, m - 1),
    )
    if n > 1 and m > 1 and points[a] == points[b + 1] and points[a + 1] == points[b]:
        least = min(least, _one_slip(points, a + 2, n - 2, b + 2, m - 2))
    return least + 1


@njit(cache=True, nogil=True)
def _one_slip(points: Points, a: int, n: int, b: int, m: int) -> int:
    """The distance of texts of n and m characters: 0, 1, or 2 for more."""
    if abs(n - m) > 1:
        return 2
    while n > 0 and m > 0 and points[a] == points[b]:
        a, b, n, m = a + 1, b + 1, n - 1, m - 1
    while n > 0 and m > 0 and points[a + n - 1] == points[b + m - 1]:
        n, m = n - 1, m - 1
    if n == 0 or m == 0:
        return n + m
    crossed = n == 2 and m == 2 and points[a] == points[b + 1] and points[a + 1] == points[b]
    return 1 if crossed or (n == 1 and m == 1) else 2


@njit(cache=True, nogil=True)
def jaro_winkler(points: Points, a: int, a_end: int, b: int, b_end: int) -> float:
    """Jaro-Winkler similarity, 0..1, with the prefix counted from 0.7 as in rapidfuzz."""
    n, m = min(a_end - a, _LONGEST), min(b_end - b, _LONGEST)
    if n == 0 or m == 0:
        return 0.0
    window = max(max(n, m) // 2 - 1, 0)
    common, moved = _met(points, a, b, n, m, window) if max(n, m) <= 64 else _met_long(points, a, b, n, m, window)
    if common == 0:
        return 0.0
    jaro = (common / n + common / m + (common - moved // 2) / common) / 3.0
    if jaro <= 0.7:
        return jaro
    prefix = 0
    while prefix < min(n, m, 4) and points[a + prefix] == points[b + prefix]:
        prefix += 1
    return jaro + prefix * 0.1 * (1.0 - jaro)


@njit(cache=True, nogil=True)
def _met(points: Points, a: int, b: int, n: int, m: int, window: int) -> tuple[int, int]:
    """Characters two short texts share near the same place, and how many of them stand elsewhere in order."""
    seen_a = seen_b = np.uint64(0)
    one = np.uint64(1)
    common = 0
    for i in range(n):
        for j in range(max(0, i - window), min(m, i + window + 1)):
            if points[a + i] == points[b + j] and not (seen_b >> np.uint64(j)) & one:
                seen_a |= one << np.uint64(i)
                seen_b |= one << np.uint64(j)
                common += 1
                break
    moved = j = 0
    for i in range(n):
        if (seen_a >> np.uint64(i)) & one:
            while not (seen_b >> np.uint64(j)) & one:
                j += 1
            if points[a + i] != points[b + j]:
                moved += 1
            j += 1
    return common, moved


@njit(cache=True, nogil=True)
def _met_long(points: Points, a: int, b: int, n: int, m: int, window: int) -> tuple[int, int]:
    """The same for texts that are longer than a word has bits."""
    seen_a = np.zeros(n, dtype=np.bool_)
    seen_b = np.zeros(m, dtype=np.bool_)
    common = 0
    for i in range(n):
        for j in range(max(0, i - window), min(m, i + window + 1)):
            if not seen_b[j] and points[a + i] == points[b + j]:
                seen_a[i] = seen_b[j] = True
                common += 1
                break
    moved = j = 0
    for i in range(n):
        if seen_a[i]:
            while not seen_b[j]:
                j += 1
            if points[a + i] != points[b + j]:
                moved += 1
            j += 1
    return common, moved


def as_text(value: Any) -> str | None:
    """A value of a record as text; nothing for an empty one."""
    if value is None:
        return None
    text = str(value)
    return text or None
