"""Records to arrays: each distinct value of a comparison is put into its comparable forms once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.match.comparators import NUMBER, Encoded
from hutong.party.match.comparisons import Plan, kernel
from hutong.party.match.forming import PLAIN, WORDED, Former, formed
from hutong.party.match.kernels import Ints, encoded


class Values(NamedTuple):
    """One comparison's values: arrays for the kernels, and the texts that the numbers of forms and words stand for."""

    arrays: Encoded
    texts: tuple[pa.Array, ...]  # per form, by number
    words: list[str]


def encode_values(plan: Plan, records: pa.Table, former: Former = formed) -> Values:
    """The values of a comparison, one row of `codes` per record."""
    count = records.num_rows
    columns = [_text(records.column(name)) for name in plan.columns]
    whole = pa.concat_arrays(columns).dictionary_encode()
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    codes = np.ascontiguousarray(codes.reshape(len(columns), count).T)
    values = whole.dictionary
    known = _known(plan, values, records, codes)
    worded = plan.comparator in WORDED
    made = former(plan.comparator, values, known is None) if worded or known is None else pa.table({})
    forms = known or [made[name].combine_chunks() for name in made.column_names if name != "words"]
    return Values(
        *_arrays(plan, codes, values, forms, _worded(made["words"].combine_chunks()) if worded else _NO_WORDS)
    )


def _text(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    if pa.types.is_date(whole.type) or pa.types.is_timestamp(whole.type):
        whole = pc.strftime(whole, format="%Y%m%d")
    text = whole.cast(pa.large_string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.large_string()), text)


def _known(plan: Plan, values: pa.Array, records: pa.Table, codes: Ints) -> list[pa.Array] | None:
    """Per form, the texts of all distinct values, where records hold them already."""
    if plan.comparator in PLAIN:
        return [values]
    if not plan.prepared:
        return None
    first = np.zeros(len(values), dtype=np.int64)
    rows = np.arange(len(codes))[::-1]
    first[codes[::-1, 0][codes[::-1, 0] >= 0]] = rows[codes[::-1, 0] >= 0]
    return [values, *(_text(records.column(name)).take(pa.array(first)) for name in plan.prepared)]


def _arrays(
    plan: Plan, codes: Ints, values: pa.Array, made: Sequence[pa.Array], worded: tuple[Ints, Ints, list[str]]
) -> tuple[Encoded, tuple[pa.Array, ...], list[str]]:
    size = len(values)
    ids, starts, ends = (np.zeros((size, max(len(made), 1)), dtype=np.int64) for _ in range(3))
    points, texts, shift = [np.zeros(0, np.uint32)], [], 0
    for form, array in enumerate(made):
        coded = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.large_string()), array).dictionary_encode()
        ids[:, form] = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
        texts.append(coded.dictionary)
        characters, places = encoded(array)
        starts[:, form], ends[:, form] = places[:-1] + shift, places[1:] + shift
        points.append(characters)
        shift += len(characters)
    flat, word_starts, words = worded
    if not len(word_starts):
        word_starts = np.zeros(size + 1, dtype=np.int64)
    word_points, word_places = encoded(pa.array(words, pa.large_string()))
    weight = np.ones(len(words), dtype=np.float64)
    if kernel(plan.comparator) == NUMBER:
        weight = np.array([_number(value) for value in values.to_pylist()], dtype=np.float64)
    arrays = Encoded(
        codes, ids, np.concatenate(points), starts, ends, flat, word_starts, weight, word_points, word_places
    )
    return arrays, tuple(texts), words


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


_NO_WORDS: tuple[Ints, Ints, list[str]] = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), [])


def _worded(lists: pa.Array) -> tuple[Ints, Ints, list[str]]:
    """Words of each value, by number in the order of the alphabet, as they stand in it already."""
    coded = lists.flatten().dictionary_encode()
    vocabulary = coded.dictionary
    order = pc.sort_indices(vocabulary)  # by bytes of UTF-8, which is the order of characters
    rank = np.empty(len(vocabulary), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(vocabulary))
    starts = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum(pc.list_value_length(lists).to_numpy(), out=starts[1:])
    return rank[coded.indices.to_numpy()], starts, vocabulary.take(order).to_pylist()
