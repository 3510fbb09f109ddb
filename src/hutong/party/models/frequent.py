"""What of a trained model is kept (EC-17): its tables of frequencies hold values of persons in clear, so only those
that enough parties share, which are statistics (names, streets), not what tells one person from others."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from hutong.party.match.encode import Values
from hutong.party.match.frequency import Vocabulary
from hutong.party.match.kernels import Ints
from hutong.party.match.levels import encode_all
from hutong.party.match.model import Model

LEAST_PARTIES = 5
"""Parties that must state a value for it to stand in a model."""


def without_rare(model: Model, records: pa.Table, party: Ints) -> Model:
    """The model without the values that fewer parties state; they count as the mean of the rare ones, as values do that
    the model never met. `records`: what it was trained on; `party`: of each record."""
    values = dict(zip((plan.name for plan in model.plans), encode_all(model.plans, records), strict=True))
    vocabularies = {
        name: _kept(one, _texts(values[name.rpartition(".")[0]], int(name.rpartition(".")[2]), party))
        for name, one in model.vocabularies.items()
    }
    words = {name: _kept(one, _words(values[name], party)) for name, one in model.words.items()}
    return model.model_copy(update={"vocabularies": vocabularies, "words": words})


def _texts(values: Values, form: int, party: Ints) -> dict[str, int]:
    """The texts of a form → parties that state them."""
    record, column = np.nonzero(values.arrays.codes >= 0)
    number = values.arrays.ids[values.arrays.codes[record, column], form]
    return _counted(values.texts[form].to_pylist(), number[number >= 0], party[record[number >= 0]])


def _words(values: Values, party: Ints) -> dict[str, int]:
    """Words → parties that state them."""
    arrays = values.arrays
    record, column = np.nonzero(arrays.codes >= 0)
    code, owner = np.unique(np.stack([arrays.codes[record, column], party[record]]), axis=1)
    size = np.diff(arrays.word_starts)[code]
    inside = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    word = arrays.words[np.repeat(arrays.word_starts[code], size) + inside]
    return _counted(values.words, word, np.repeat(owner, size))


def _counted(texts: list[str], number: Ints, owner: Ints) -> dict[str, int]:
    held = np.unique(np.stack([number, owner]), axis=1)[0]
    return dict(zip(texts, np.bincount(held, minlength=len(texts)).tolist(), strict=True))


def _kept(one: Vocabulary, parties: Mapping[str, int]) -> Vocabulary:
    kept = {text: count for text, count in one.counts.items() if parties.get(text, 0) >= LEAST_PARTIES}
    gone = [count for text, count in one.counts.items() if text not in kept]
    if not gone:
        return one
    others = max(one.total - sum(one.counts.values()), 0.0) / one.rest
    rest = (sum(gone) + others * one.rest) / (len(gone) + others)
    return one.model_copy(update={"counts": kept, "rest": round(rest, 6)})
