"""Scoring pairs with a model: set-wise over encoded records, and one record against candidates through the same
loops."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hutong.party.match.comparators import NUMBER
from hutong.party.match.comparators import Encoded as Arrays
from hutong.party.match.comparisons import kernel
from hutong.party.match.encode import Values
from hutong.party.match.forming import Former, formed
from hutong.party.match.frequency import Vocabulary
from hutong.party.match.kernels import Floats, Ints, as_text
from hutong.party.match.levels import PART, Compared, compare_records, encode_all
from hutong.party.match.model import Model
from hutong.platform.processes import by_threads

Part = TypeVar("Part")


class Encoded(NamedTuple):
    """Records ready to be compared; row numbers are their places."""

    values: tuple[Arrays, ...]
    rarity: tuple[Floats, ...]  # per comparison: [text number, form] → bits for a rare agreed value
    source: Ints
    count: int  # type: ignore[assignment]  # records; nobody counts in this tuple


class Scored(NamedTuple):
    """`weight`: total bits; `levels` and `bits` per comparison of the model; `related`: bits taken off because the pair
    looks like relatives. The weight is the prior, plus the bits, less `related`."""

    weight: Floats
    levels: NDArray[np.int8]
    bits: NDArray[np.float32]
    related: Floats


class FieldScore(NamedTuple):
    """What one comparison said: `level` -1 and `level_name` "not_given" where a side lacks it."""

    name: str
    level: int
    level_name: str
    bits: float


class Pair(NamedTuple):
    """One pair's total bits and what each comparison said."""

    weight: float
    fields: tuple[FieldScore, ...]
    related: float


def encode(model: Model, records: pa.Table, former: Former = formed) -> Encoded:
    """Encode records for a model. Values the model calls generic count as not given."""
    filled = _with_columns(model, records)
    values = [disarmed(found, model.generic.get(plan.name, ())) for plan, found in
              zip(model.plans, encode_all(model.plans, filled, former), strict=True)]  # fmt: skip
    weighed = tuple(
        weighted(found, model.words.get(plan.name), kernel(plan.comparator) == NUMBER)
        for plan, found in zip(model.plans, values, strict=True)
    )
    rarity = tuple(
        rarities(plan.name, found, model.vocabularies) for plan, found in zip(model.plans, values, strict=True)
    )
    source = np.full(records.num_rows, -1, dtype=np.int64)
    if "source" in records.column_names:
        coded = records.column("source").combine_chunks().dictionary_encode()
        source = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Encoded(weighed, rarity, source, records.num_rows)


def _with_columns(model: Model, records: pa.Table) -> pa.Table:
    for plan in model.plans:
        for column in (*plan.columns, *plan.prepared):
            if column not in records.column_names:
                records = records.append_column(column, pa.nulls(records.num_rows, pa.large_string()))
    return records


def disarmed(values: Values, generic: Sequence[str]) -> Values:
    """Values without those that say nothing."""
    if not generic:
        return values
    known = pa.array(generic, pa.large_string())
    bad = pc.is_in(values.texts[0], value_set=known).to_numpy(zero_copy_only=False)
    if not bad.any():
        return values
    arrays = values.arrays
    out = bad[np.maximum(arrays.ids[:, 0], 0)]
    codes = np.where((arrays.codes >= 0) & out[np.maximum(arrays.codes, 0)], -1, arrays.codes)
    return values._replace(arrays=arrays._replace(codes=codes))


def weighted(values: Values, words: Vocabulary | None, number: bool) -> Arrays:
    """Arrays with words weighing what their rarity says."""
    if number or words is None or not values.words:
        return values.arrays
    shares = words.shares(values.words)
    return values.arrays._replace(word_weight=np.log2(1.0 + 1.0 / shares))


def rarities(name: str, values: Values, vocabularies: Mapping[str, Vocabulary]) -> Floats:
    """Bits that an agreed text of a form gets beyond the average of its form."""
    longest = max((len(texts) for texts in values.texts), default=0)
    out = np.zeros((longest + 1, max(len(values.texts), 1)))
    for form, texts in enumerate(values.texts):
        known = vocabularies.get(f"{name}.{form}")
        if known is not None and len(texts):
            out[: len(texts), form] = -np.log2(np.clip(known.shares(texts), 1e-9, 1.0))
    return out


def rarity_bits(agreed: Ints, tables: Sequence[Floats]) -> Floats:
    """Per pair and comparison, bits for the rarity of what agreed."""
    out = np.zeros(agreed.shape)
    for place, table in enumerate(tables):
        known = np.flatnonzero(agreed[:, place] >= 0)
        number = agreed[known, place]
        out[known, place] = table[number >> 3, number & 7]
    return out


def score(model: Model, encoded: Encoded, left: Ints, right: Ints) -> Scored:
    """Score pairs of rows, a part at a time on each core."""
    parts = _by_parts(lambda part: _scored(model, encoded, left[part], right[part]), len(left))
    return Scored(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def weights(model: Model, encoded: Encoded, left: Ints, right: Ints) -> Floats:
    """Only the total bits of pairs: what ten million pairs can afford."""
    return np.concatenate(_by_parts(lambda part: _scored(model, encoded, left[part], right[part]).weight, len(left)))


def _by_parts(function: Callable[[slice], Part], pairs: int) -> list[Part]:
    return by_threads(function, [slice(start, start + PART) for start in range(0, max(pairs, 1), PART)])


def _scored(model: Model, encoded: Encoded, left: Ints, right: Ints) -> Scored:
    compared = compare_records(model.plans, encoded.values, left, right)
    rarity = rarity_bits(compared.agreed, encoded.rarity)
    bits = rarity.copy()
    for place, comparison in enumerate(model.comparisons):
        level, known = compared.levels[:, place], compared.agreed[:, place] >= 0
        plain, rare = comparison.bits
        at = np.maximum(level, 0)
        bits[:, place] += np.where(level >= 0, np.where(known, rare[at], plain[at]), 0.0)
    within = (encoded.source[left] == encoded.source[right]) & (encoded.source[left] >= 0)
    relatives = related_bits(model, compared, rarity, within)
    weight = bits.sum(axis=1) + np.where(within, model.prior_within_bits, model.prior_bits) - relatives
    return Scored(weight, compared.levels, bits.astype(np.float32), relatives)


def related_bits(model: Model, compared: Compared, rarity: Floats, within: NDArray[np.bool_]) -> Floats:
    """Bits to take off a pair because it looks like relatives: a household, an agency's sites."""
    if model.related_bits is None or model.related_within_bits is None:
        return np.zeros(len(within))
    kin = np.where(within, model.related_within_bits, model.related_bits)
    for place, comparison in enumerate(model.comparisons):
        if comparison.r:
            level, known = compared.levels[:, place], compared.agreed[:, place] >= 0
            plain, rare = comparison.related_bits
            at = np.maximum(level, 0)
            kin = kin + np.where(level >= 0, np.where(known, rare[at] + rarity[:, place], plain[at]), 0.0)
    return np.logaddexp2(0.0, kin)


def score_candidates(model: Model, record: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """One record against candidates."""
    names = {column for plan in model.plans for column in (*plan.columns, *plan.prepared)} | {"source"}
    listed = [record, *candidates]
    table = pa.table(
        {name: pa.array([_plain(row.get(name)) for row in listed], pa.large_string()) for name in sorted(names)}
    )
    right = np.arange(1, len(listed), dtype=np.int64)
    scored = score(model, encode(model, table), np.zeros(len(right), dtype=np.int64), right)
    return [
        Pair(
            float(scored.weight[row]),
            tuple(_fields(model, scored.levels[row], scored.bits[row])),
            float(scored.related[row]),
        )
        for row in range(len(right))
    ]


def _plain(value: Any) -> str | None:
    return value.strftime("%Y%m%d") if hasattr(value, "strftime") else as_text(value)


def _fields(model: Model, levels: NDArray[np.int8], bits: NDArray[np.float32]) -> list[FieldScore]:
    return [
        FieldScore(c.name, int(level), c.levels[level] if level >= 0 else "not_given", float(found))
        for c, level, found in zip(model.comparisons, levels, bits, strict=True)
    ]
