"""Training a model without labels: blocks chosen, pairs compared, m and u fitted, values weighed by how many parties
they span, and a threshold proposed."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from hutong.party.match import blocking, em, linkage, single
from hutong.party.match.comparators import NUMBER
from hutong.party.match.comparators import Encoded as Arrays
from hutong.party.match.comparisons import Plan, choose, kernel, level_names, shared, tells_little, wordy
from hutong.party.match.encode import Values
from hutong.party.match.frequency import Vocabulary, vocabulary
from hutong.party.match.generic import generic_values, merged
from hutong.party.match.kernels import Floats, Ints, both_once, once
from hutong.party.match.levels import ORDER, compare_records, encode_all, ordered
from hutong.party.match.model import Comparison, Model
from hutong.party.match.scoring import disarmed, rarities, rarity_bits, weighted
from hutong.platform.errors import Invalid

Progress = Callable[[str], None]
_RANDOM = 400_000
_AGAIN = 2
_COUNTED = 500_000
FEW_VALUES = 100.0
"""Values from which a file tells how common one is; in a smaller one each counts as one of so many. Else what two of
ten records share would look common."""
_SURE = 3.0
"""How often, and up to how many records, values are counted again in the parties found so far; bits that a merge of
these has beyond even odds."""
_MOST = 2_000_000
STRICTEST = 8.0
LOSS = {"person": 0.01, "organisation": 0.0}
"""Share of the expected matches that being stricter than even odds may cost: persons must not be merged wrongly."""
SCARCE, PRECISE = 0.03, 0.97
"""Matches for a record below which hardly anybody is there twice: few pairs taught what matches look like, so of what
is merged this share must be right by the model's own reckoning, as far as `STRICTEST` goes."""
REVIEW = -4.0
STEADY = {"birth_date": 0.15, "id_number": 0.3, "gender": 0.1, "given_name": 0.15, "family_name": 0.3}
"""What persons do not change: the largest share of a party's pairs that differ wholly on it, however dirty a file. Else
fathers and sons of one name teach, where hardly anybody is there twice, that birth dates mean nothing."""


class Prepared(NamedTuple):
    """What training looks at."""

    plans: tuple[Plan, ...]
    values: list[Values]
    arrays: list[Arrays]
    words: dict[str, Vocabulary]
    source: Ints
    count: int  # type: ignore[assignment]  # records; nobody counts in this tuple


def prepare(records: pa.Table, kind: str) -> Prepared:
    """Choose comparisons and encode the records."""
    plans = choose(records, kind)
    values = encode_all(plans, records)
    words = {plan.name: _word_counts(found) for plan, found in zip(plans, values, strict=True) if found.words}
    arrays = [
        weighted(found, words.get(plan.name), kernel(plan.comparator) == NUMBER)
        for plan, found in zip(plans, values, strict=True)
    ]
    names = records.column("source").to_pylist() if "source" in records.column_names else [""] * records.num_rows
    source = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)
    return Prepared(plans, values, arrays, words, source, records.num_rows)


def _word_counts(values: Values) -> Vocabulary:
    arrays = values.arrays
    held = np.bincount(arrays.codes[arrays.codes >= 0], minlength=len(arrays.ids))
    repeated = np.repeat(held, np.diff(arrays.word_starts))
    counts = np.bincount(arrays.words, weights=repeated, minlength=len(values.words)).astype(np.float64)
    made = vocabulary(values.words, np.maximum(counts, 1.0))
    return made.model_copy(update={"total": float(max(held.sum(), 1))})


def without(prepared: Prepared, generic: Mapping[str, tuple[str, ...]]) -> Prepared:
    """The same records where generic values are not given."""
    values = [
        disarmed(found, generic.get(plan.name, ())) for plan, found in zip(prepared.plans, prepared.values, strict=True)
    ]
    arrays = [held._replace(codes=found.arrays.codes) for held, found in zip(prepared.arrays, values, strict=True)]
    return prepared._replace(values=values, arrays=arrays)


def _parties(prepared: Prepared, pairs: blocking.Pairs, fitted: em.Fitted) -> Ints:
    """The parties that are sure by what was fitted so far: doubtful merges must not confirm themselves by making what
    they agree on look rare."""
    held = _sampled(pairs)
    none = np.zeros(prepared.count, dtype=np.int64)
    return linkage.average_linkage(
        prepared.count, held.left, held.right, fitted.weight[: len(held.left)], none, none, _SURE
    )


def vocabularies(prepared: Prepared, party: Ints | None = None) -> dict[str, Vocabulary]:
    """Frequencies of the texts of each form: in records, or, once parties are known, in parties."""
    made: dict[str, Vocabulary] = {}
    for plan, values in zip(prepared.plans, prepared.values, strict=True):
        codes = values.arrays.codes
        record, column = np.nonzero(codes >= 0)
        code = codes[record, column]
        owner = record if party is None else party[record]
        for form, texts in enumerate(values.texts):
            number = values.arrays.ids[code, form]
            held = both_once(number[number >= 0], owner[number >= 0])[0]
            counts = np.bincount(held, minlength=len(texts)).astype(np.float64)
            made[f"{plan.name}.{form}"] = vocabulary(
                texts.to_pylist(), counts, 1.0 if tells_little(plan) else FEW_VALUES
            )
    return made


def random_pairs(count: int, blocked: Ints, most: int = _RANDOM) -> tuple[Ints, Ints]:
    """Random pairs that no block holds."""
    random = np.random.default_rng(11)
    wanted = min(most, count * (count - 1) // 2)
    a, b = random.integers(0, count, wanted), random.integers(0, count, wanted)
    left, right = np.minimum(a, b), np.maximum(a, b)
    keys = once((left * count + right)[left != right])
    keys = np.setdiff1d(keys, blocked, assume_unique=True)
    return keys // count, keys % count


def totals(source: Ints) -> Floats:
    """Pairs there are between sources, and within one."""
    sizes = np.bincount(source).astype(np.float64)
    within = float((sizes * (sizes - 1) / 2).sum())
    n = float(len(source))
    return np.array([n * (n - 1) / 2 - within, within])


def train(records: pa.Table, kind: str, progress: Progress | None = None) -> Model:
    """A model of these records, without labels. `records`: columns of attributes, `source`, `key`; their order does not
    matter. Raises Invalid when there is nothing to compare."""
    tell = progress or (lambda _: None)
    tell("encode")
    prepared = prepare(sorted_records(records), kind)
    if not prepared.plans or prepared.count < 2:
        raise Invalid("party-model-nothing", kind=kind)
    tell("block")
    text = wordy(prepared.plans)
    if text:
        return _of_one_text(prepared, kind, text)
    return _of_fits(_fits(prepared, kind, tell), kind)


class _Fits(NamedTuple):
    """What a model of many attributes is made of, and how many pairs were compared."""

    prepared: Prepared
    chosen: blocking.Chosen
    pairs: blocking.Pairs
    generic: dict[str, tuple[str, ...]]
    counted: dict[str, Vocabulary]
    fitted: em.Fitted
    names: tuple[str, ...]


def _fits(prepared: Prepared, kind: str, tell: Progress) -> _Fits:
    """Chances fitted once, and again by the parties they make: values count in parties, generic ones not at all. What
    organisations share with relatives is learned from whole parties too. Not so of persons: in a file of families
    relatives would teach it."""
    chosen = blocking.choose(prepared.plans, prepared.arrays, prepared.count)
    pairs = _met(prepared, chosen)
    tell("train")
    counted = vocabularies(prepared)
    fitted, names = _fitted(prepared, kind, counted, pairs)
    generic: dict[str, tuple[str, ...]] = {}
    for _ in range(_AGAIN if prepared.count <= _COUNTED else 0):
        party = _parties(prepared, pairs, fitted)
        more = generic_values(prepared.plans, prepared.values, party)
        if more:
            generic = merged(generic, more)
            prepared = without(prepared, generic)
            pairs = _met(prepared, chosen)
        counted = vocabularies(prepared, party)
        fitted, names = _fitted(prepared, kind, counted, pairs, party if kind == "organisation" else None)
    return _Fits(prepared, chosen, pairs, generic, counted, fitted, names)


def _met(prepared: Prepared, chosen: blocking.Chosen) -> blocking.Pairs:
    found = blocking.hashes(prepared.plans, prepared.arrays, chosen.blocks)
    return blocking.pairs(chosen.blocks, found, prepared.count)


def _of_fits(fits: _Fits, kind: str) -> Model:
    prepared, fitted = fits.prepared, fits.fitted
    strange = np.maximum(1.0 - fitted.share - fitted.related, 1e-3)
    prior = np.log2(fitted.share / strange)
    kin = np.log2(np.maximum(fitted.related, 1e-12) / strange)
    comparisons = tuple(
        _comparison(plan, kind, fitted, place) for place, plan in enumerate((*prepared.plans, *_order(fits.names)))
    )
    return Model(
        kind=kind,
        comparisons=comparisons,
        vocabularies=fits.counted,
        words=prepared.words,
        generic=fits.generic,
        prior_bits=round(float(prior[0] if prior[0] < -1.0 else prior[1]), 6),
        prior_within_bits=round(float(prior[1] if prior[1] < -1.0 else prior[0]), 6),
        related_bits=round(float(kin[0] if prior[0] < -1.0 else kin[1]), 6) if fitted.related.any() else None,
        related_within_bits=round(float(kin[1] if prior[1] < -1.0 else kin[0]), 6) if fitted.related.any() else None,
        threshold_bits=threshold(fitted.weight, LOSS[kind], prepared.count // _step(fits.pairs)),
        review_bits=REVIEW,
        blocks=fits.chosen.blocks,
        evidence={
            "records": prepared.count,
            "pairs": len(fits.pairs.left),
            "covered": round(fits.chosen.covered, 6),
            "rounds": fitted.rounds,
        },
    )


def _of_one_text(prepared: Prepared, kind: str, text: Plan) -> Model:
    """A model of records that are one text and little else."""
    arrays = prepared.arrays[prepared.plans.index(text)]
    chosen = blocking.choose(prepared.plans, prepared.arrays, prepared.count)
    own = blocking.choose([text], [arrays], prepared.count)
    likeness = single.enough(text, arrays)
    left, right = random_pairs(prepared.count, np.zeros(0, dtype=np.int64), _RANDOM // 4)
    random = compare_records(prepared.plans, prepared.arrays, left, right).levels
    same = compare_records(prepared.plans, prepared.arrays, likeness.left, likeness.right).levels
    chances = [
        (likeness.m, likeness.u) if plan is text else
        single.little(same[:, place], random[:, place], len(level_names(plan.comparator)))
        for place, plan in enumerate(prepared.plans)
    ]  # fmt: skip
    comparisons = tuple(
        Comparison(name=plan.name, comparator=plan.comparator, columns=plan.columns,
                   levels=level_names(plan.comparator), m=_rounded(same), u=_rounded(other))
        for plan, (same, other) in zip(prepared.plans, chances, strict=True)
    )  # fmt: skip
    return Model(
        kind=kind,
        comparisons=comparisons,
        vocabularies={},
        words=prepared.words,
        prior_bits=round(-likeness.least, 6),
        prior_within_bits=round(-likeness.least, 6),
        review_bits=REVIEW,
        blocks=tuple(dict.fromkeys((*own.blocks, *chosen.blocks))),
        evidence={"records": prepared.count, "covered": round(chosen.covered, 6)},
    )


def threshold(weight: Floats, loss: float, records: int) -> float:
    """The weight from which pairs count as same, without labels: even odds, or more as long as being stricter costs no
    more than a share `loss` of the matches that the model expects, or, where matches are scarce among so many
    `records`, until nearly all that is merged is expected to be right."""
    odds = np.exp2(np.clip(weight, -60.0, 60.0))
    expected = odds / (1.0 + odds)
    whole = max(float(expected[weight >= 0].sum()), 1e-9)
    for step in np.arange(STRICTEST, -0.5, -0.5):
        if expected[(weight >= 0) & (weight < step)].sum() / whole <= loss:
            break
    scarce = whole < SCARCE * records
    while scarce and step < STRICTEST and (weight >= step).any() and expected[weight >= step].mean() < PRECISE:
        step += 0.5
    return float(step)


def sorted_records(records: pa.Table) -> pa.Table:
    """Records in the order of source and key, so that nothing depends on how they came."""
    return records.sort_by([(name, "ascending") for name in ("source", "key") if name in records.column_names])


def _order(names: Sequence[str]) -> tuple[Plan, ...]:
    return (Plan(ORDER, "order", ("given_name", "family_name")),) if ORDER in names else ()


def _comparison(plan: Plan, kind: str, fitted: em.Fitted, place: int) -> Comparison:
    return Comparison(
        name=plan.name,
        comparator=plan.comparator,
        columns=plan.columns,
        prepared=plan.prepared,
        levels=("swapped", "straight") if plan.comparator == "order" else level_names(plan.comparator),
        m=_rounded(fitted.m[place]),
        u=_rounded(fitted.u[place]),
        r=_rounded(fitted.r[place]) if fitted.related.any() and shared(kind, plan) != em.IDENTITY else (),
    )


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.9g}") for value in values)


def _fitted(
    prepared: Prepared, kind: str, counted: dict[str, Vocabulary], pairs: blocking.Pairs, party: Ints | None = None
) -> tuple[em.Fitted, tuple[str, ...]]:
    count = prepared.count
    held = _sampled(pairs)
    other_left, other_right = random_pairs(count, pairs.left * count + pairs.right)
    left, right = np.concatenate([held.left, other_left]), np.concatenate([held.right, other_right])
    compared = compare_records(prepared.plans, prepared.arrays, left, right)
    tables = [
        rarities(plan.name, values, counted) for plan, values in zip(prepared.plans, prepared.values, strict=True)
    ]
    rarity = rarity_bits(compared.agreed[:, : len(tables)], tables)
    names = ordered(prepared.plans)
    sizes = [len(level_names(plan.comparator)) for plan in prepared.plans] + [2] * (len(names) - len(prepared.plans))
    group = (prepared.source[left] == prepared.source[right]).astype(np.int8)
    all_group = (prepared.source[pairs.left] == prepared.source[pairs.right]).astype(np.int8)
    there = totals(prepared.source)
    weight = np.ones(len(left))
    for which in (0, 1):
        mine, blocked = group == which, np.arange(len(left)) < len(held.left)
        for part, whole in (
            (blocked, (all_group == which).sum()),
            (~blocked, there[which] - (all_group == which).sum()),
        ):
            if (mine & part).any():
                weight[mine & part] = whole / (mine & part).sum()
    levels = (compared.levels + 16 * (compared.agreed >= 0)).astype(np.int8)
    kinds = [shared(kind, plan) for plan in prepared.plans] + [em.IDENTITY] * (len(names) - len(prepared.plans))
    common = [place for place in range(len(tables)) if kinds[place] != em.IDENTITY]
    observed = em.Observed(
        levels, rarity.sum(axis=1), rarity[:, common].sum(axis=1), group, weight, there, held.left, held.right, party
    )
    return em.fit(observed, sizes, kinds, np.array([STEADY.get(name, 1.0) for name in names])), names


def _sampled(pairs: blocking.Pairs) -> blocking.Pairs:
    """All pairs of a part of the records where there are too many pairs to train on."""
    kept = pairs.left % _step(pairs) == 0
    return pairs._replace(left=pairs.left[kept], right=pairs.right[kept])


def _step(pairs: blocking.Pairs) -> int:
    return len(pairs.left) // _MOST + 1
