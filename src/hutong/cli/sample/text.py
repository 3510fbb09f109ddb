"""Columns of text as matrices of code points, so that damage to a million names is one array operation.

A NumPy `<U` array *is* such a matrix: row = value, column = position, 0 = nothing. Positions count from 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Text = npt.NDArray[np.str_]
Points = npt.NDArray[np.uint32]
Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Months = Sequence[np.datetime64]
Times = npt.NDArray[np.datetime64]

_FULL_WIDTH_SHIFT = 0xFEE0


def points(text: Text) -> Points:
    """A copy of the values' code points, one row each."""
    width = max(text.dtype.itemsize // 4, 1)
    return np.ascontiguousarray(text).view(np.uint32).reshape(len(text), width).copy()


def from_points(matrix: Points) -> Text:
    """The inverse of `points`."""
    return np.ascontiguousarray(matrix).view(f"<U{matrix.shape[1]}").reshape(len(matrix))


def join(*parts: Text | str) -> Text:
    """The parts side by side, row by row."""
    result = np.asarray(parts[0])
    for part in parts[1:]:
        result = np.strings.add(result, np.asarray(part))
    return result


def digits(numbers: Whole, width: int) -> Text:
    """Numbers with leading zeros, exactly `width` digits."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return from_points((numbers[:, None] // powers % 10 + ord("0")).astype(np.uint32))


def plain(numbers: Whole) -> Text:
    """Numbers without leading zeros."""
    return numbers.astype("U20") if len(numbers) == 0 else numbers.astype(f"U{len(str(int(numbers.max())))}")


def character_table(pairs: Mapping[str, str]) -> Points:
    """A lookup from each character of the basic plane to its replacement, itself by default."""
    table = np.arange(0x10000, dtype=np.uint32)
    for old, new in pairs.items():
        table[ord(old)] = ord(new)
    return table


def translate(text: Text, table: Points) -> Text:
    """Every character through `character_table`."""
    return from_points(table[points(text)])


def full_width(text: Text) -> Text:
    """ASCII letters, digits and signs as their full-width forms."""
    matrix = points(text)
    matrix[(matrix > 0x20) & (matrix < 0x7F)] += _FULL_WIDTH_SHIFT
    return from_points(matrix)


def half_width(text: Text) -> Text:
    """The inverse of `full_width`, without spaces at the ends."""
    matrix = points(text)
    matrix[(matrix > 0xFF00) & (matrix < 0xFF5F)] -= _FULL_WIDTH_SHIFT
    return np.strings.strip(from_points(matrix))


def set_at(text: Text, position: Whole, new: Points) -> Text:
    """One character of each value replaced."""
    matrix = points(text)
    matrix[np.arange(len(matrix)), position] = new
    return from_points(matrix)


def character_at(text: Text, position: Whole) -> Points:
    """One character of each value."""
    taken: Points = points(text)[np.arange(len(text)), position]
    return taken


def swap_at(text: Text, position: Whole) -> Text:
    """The characters at `position` and after it exchanged."""
    matrix = points(text)
    rows = np.arange(len(matrix))
    matrix[rows, position], matrix[rows, position + 1] = matrix[rows, position + 1], matrix[rows, position].copy()
    return from_points(matrix)


def replace(text: Text, old: Text | str, new: Text | str, count: int = -1) -> Text:
    """The first `count` occurrences (-1: all) of `old` as `new`; NumPy's own refuses an empty column."""
    return np.strings.replace(text, np.asarray(old), np.asarray(new), count) if len(text) else text


def choose(mask: Mask, yes: Text | str, no: Text | str) -> Text:
    """`yes` where the mask holds, else `no`."""
    chosen: Text = np.where(mask, np.asarray(yes), np.asarray(no))
    return chosen


def update(text: Text, mask: Mask, new: Text | str) -> Text:
    """A copy with `new` (one value a true row, or one for all) put where the mask holds; grows as needed."""
    value = np.asarray(new)
    wide = text.astype(max(text.dtype, value.dtype))
    wide[mask] = value
    return wide
