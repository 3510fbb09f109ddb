"""Records to arrays: each distinct value of a comparison is put into its comparable forms once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.match.comparators import NUMBER, Encoded
from hutong.party.match.comparisons import Plan, forms_of, kernel, words_of
from hutong.party.match.kernels import Ints, encoded


class Values(NamedTuple):
    """One comparison's values: arrays for the kernels, and the texts that the numbers of forms and words stand for."""

    arrays: Encoded
    texts: tuple[pa.Array, ...]  # per form, by number
    words: list[str]


def encode_values(plan: Plan, records: pa.Table) -> Values:
    """The values of a comparison, one row of `codes` per record."""
    count = records.num_rows
    columns = [_text(records.column(name)) for name in plan.columns]
    whole = pa.concat_arrays(columns).dictionary_encode()
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    codes = np.ascontiguousarray(codes.reshape(len(columns), count).T)
    values = whole.dictionary.to_pylist()
    made = _forms(plan, values, records, codes)
    return Values(*_arrays(plan, codes, values, made))


def _text(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    if pa.types.is_date(whole.type) or pa.types.is_timestamp(whole.type):
        whole = pc.strftime(whole, format="%Y%m%d")
    text = whole.cast(pa.large_string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.large_string()), text)


def _forms(plan: Plan, values: Sequence[str], records: pa.Table, codes: Ints) -> list[Sequence[str]]:
    """Per form, the texts of all distinct values."""
    if plan.comparator in ("exact", "code", "date", "number"):
        return [values]
    prepared: dict[str, list[str | None]] = {}
    if plan.prepared:
        first = np.zeros(len(values), dtype=np.int64)
        rows = np.arange(len(codes))[::-1]
        first[codes[::-1, 0][codes[::-1, 0] >= 0]] = rows[codes[::-1, 0] >= 0]
        prepared = {name: _text(records.column(name)).take(pa.array(first)).to_pylist() for name in plan.prepared}
        return [values, *([text or "" for text in prepared[name]] for name in plan.prepared)]
    nothing: Mapping[str, str | None] = {}
    return [list(form) for form in zip(*(forms_of(plan, value, nothing) for value in values), strict=True)]


def _arrays(
    plan: Plan, codes: Ints, values: Sequence[str], made: Sequence[Sequence[str]]
) -> tuple[Encoded, tuple[pa.Array, ...], list[str]]:
    size = len(values)
    ids, starts, ends = (np.zeros((size, max(len(made), 1)), dtype=np.int64) for _ in range(3))
    points, texts, shift = [np.zeros(0, np.uint32)], [], 0
    for form, column in enumerate(made):
        array = pa.array(column, pa.large_string())
        coded = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.large_string()), array).dictionary_encode()
        ids[:, form] = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
        texts.append(coded.dictionary)
        characters, places = encoded(array)
        starts[:, form], ends[:, form] = places[:-1] + shift, places[1:] + shift
        points.append(characters)
        shift += len(characters)
    flat, word_starts, words = _worded(plan, values)
    word_points, word_places = encoded(pa.array(words, pa.large_string()))
    weight = np.ones(len(words), dtype=np.float64)
    if kernel(plan.comparator) == NUMBER:
        weight = np.array([_number(value) for value in values], dtype=np.float64)
    arrays = Encoded(
        codes, ids, np.concatenate(points), starts, ends, flat, word_starts, weight, word_points, word_places
    )
    return arrays, tuple(texts), words


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _worded(plan: Plan, values: Sequence[str]) -> tuple[Ints, Ints, list[str]]:
    """Words of each value, by number in the order of the alphabet, each once."""
    lists = [words_of(plan, value) for value in values]
    vocabulary = sorted({word for found in lists for word in found})
    number = {word: place for place, word in enumerate(vocabulary)}
    sets = [sorted({number[word] for word in found}) for found in lists]
    starts = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum([len(found) for found in sets], out=starts[1:])
    flat = np.array([word for found in sets for word in found], dtype=np.int64)
    return flat, starts, vocabulary
