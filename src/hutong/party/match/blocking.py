"""Which pairs are compared: blocks chosen by the program so that likely matches meet within a number of pairs that
grows with the number of records, not with its square."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.atoms import ATOMS, Atom, keys, mixed
from hutong.party.match.comparators import Encoded
from hutong.party.match.comparisons import Plan
from hutong.party.match.kernels import Ints
from hutong.platform.processes import by_threads

if TYPE_CHECKING:
    from hutong.party.match.model import Model
    from hutong.party.match.scoring import Encoded as Records

LARGEST = 200
"""Records in a block beyond which only neighbours in the order of their values are compared."""
WORTH_THREADS = 20_000
"""Records from which blocks are sorted by several threads."""
_WINDOW = 25
_WINDOWED = 0.1
"""Share of records in too large blocks up to which a match key is considered."""
_SAMPLED = 40_000
_IMAGINED = 3000
_AT_MOST = 24
_CARE = (1.1, 0.9, 0.6, 0.3)
"""How careful the imagined sources were: some copies keep nearly every value, some only one in four."""

Block = tuple[str, ...]
"""Names of atoms, `comparison.atom`: one or two."""
Hashes = Mapping[str, Ints]


class Chosen(NamedTuple):
    """Blocks, the share of imagined matches that meet in at least one, and the pairs expected."""

    blocks: tuple[Block, ...]
    covered: float
    pairs: int


def budget(records: int) -> int:
    """Pairs worth comparing: generous for small sets, ten for each record of large ones."""
    return 400_000 + 10 * records


def hashes(plans: Sequence[Plan], values: Sequence[Encoded], only: Sequence[Block] | None = None) -> dict[str, Ints]:
    """The atoms of all records by name; `only` those of the given blocks."""
    wanted = None if only is None else {name for block in only for name in block}
    return {
        name: keys(atom, arrays)
        for plan, arrays in zip(plans, values, strict=True)
        for atom in ATOMS[plan.comparator]
        if (name := f"{plan.name}.{atom.name}") and (wanted is None or name in wanted)
    }


def members(block: Block, found: Hashes) -> tuple[Ints, Ints]:
    """Records and their keys in a block; a record with several values has several."""
    parts = [found[name] for name in block]
    records, made = [], []
    for x in range(parts[0].shape[1]):
        for y in range(parts[1].shape[1] if len(parts) > 1 else 1):
            key = parts[0][:, x] if len(parts) == 1 else combined(parts[0][:, x], parts[1][:, y])
            given = np.flatnonzero(key != -1)
            records.append(given)
            made.append(key[given])
    record, key = np.concatenate(records), np.concatenate(made)
    return record, key


@njit(cache=True, nogil=True)
def combined(a: Ints, b: Ints) -> Ints:
    """Keys of two atoms together."""
    out = np.empty(a.shape[0], dtype=np.int64)
    for place in range(a.shape[0]):
        out[place] = mixed(a[place], b[place])
    return out


def _cost(block: Block, found: Hashes, share: float) -> float:
    """Pairs a block makes among all records, from a sample of them; endless where too much is too large."""
    _, key = members(block, found)
    counts = np.unique(key, return_counts=True)[1].astype(np.float64)
    large = counts / share > LARGEST
    if counts[large].sum() > _WINDOWED * counts.sum():
        return float("inf")
    return float((counts * (counts - 1) / 2)[~large].sum() / share**2 + _WINDOW * counts[large].sum() / share)


def choose(
    plans: Sequence[Plan], values: Sequence[Encoded], records: int, kept: Mapping[str, float] | None = None
) -> Chosen:
    """Blocks that cover most imagined matches for their pairs. `kept`: comparison → share of matches in which its value
    stays the same, once a model knows; .85 before."""
    step = max(records // _SAMPLED, 1)
    sampled = [_rows(arrays, slice(None, None, step)) for arrays in values]
    found = hashes(plans, sampled)
    share = 1.0 / step
    patterns = _imagined(plans, found, kept or {})
    names = list(found)
    own = {name: name.partition(".")[0] for name in names}
    candidates: list[Block] = [(name,) for name in names]
    candidates += [(a, b) for place, a in enumerate(names) for b in names[place + 1 :] if own[a] != own[b]]
    costs = np.array([_cost(block, found, share) for block in candidates])
    most = budget(records)
    cheap = np.flatnonzero(costs <= most / 3)
    covers = [np.logical_and.reduce([patterns[name] for name in candidates[place]]) for place in cheap]
    return _greedy([candidates[place] for place in cheap], costs[cheap], covers, most, records)


def _rows(arrays: Encoded, rows: slice) -> Encoded:
    return arrays._replace(codes=np.ascontiguousarray(arrays.codes[rows]))


def _greedy(
    candidates: list[Block], costs: NDArray[np.float64], covers: list[NDArray[np.bool_]], most: int, records: int
) -> Chosen:
    met = np.zeros(_IMAGINED, dtype=np.int64)
    worth = np.array([1.0, 0.35, 0.12, 0.03, 0.0])
    chosen: list[int] = []
    spent = 0.0
    while len(chosen) < _AT_MOST:
        gain = np.array([worth[np.minimum(met[cover], 4)].sum() for cover in covers])
        gain[chosen] = 0.0
        gain[costs + spent > most] = 0.0
        if not len(gain) or gain.max() < _IMAGINED * 2e-4:
            break
        best = int(np.argmax(gain / (costs + 0.25 * records)))
        chosen.append(best)
        spent += costs[best]
        met += covers[best]
    blocks = tuple(candidates[place] for place in chosen)
    return Chosen(blocks, float((met > 0).mean()) if chosen else 0.0, int(spent))


def _imagined(plans: Sequence[Plan], found: Hashes, kept: Mapping[str, float]) -> dict[str, NDArray[np.bool_]]:
    """For imagined matches (a record and its damaged copy): which atoms agree."""
    random = np.random.default_rng(20)
    some = next(iter(found.values()))
    rows = random.integers(0, len(some), _IMAGINED)
    care = random.choice(_CARE, _IMAGINED)
    made: dict[str, NDArray[np.bool_]] = {}
    for plan in plans:
        intact = random.random(_IMAGINED) < kept.get(plan.name, 0.85) * care
        other_given = random.random(_IMAGINED) < _given(plan, found)
        for atom in ATOMS[plan.comparator]:
            name = f"{plan.name}.{atom.name}"
            given = (found[name][rows] != -1).any(axis=1) & other_given
            made[name] = given & (intact | (random.random(_IMAGINED) < atom.survives))
    return made


def _given(plan: Plan, found: Hashes) -> float:
    first: Atom = ATOMS[plan.comparator][0]
    return float((found[f"{plan.name}.{first.name}"] != -1).any(axis=1).mean())


def order_of(records: int) -> Ints:
    """The places of records as they are: by source and key."""
    return np.arange(records, dtype=np.int64)


class Pairs(NamedTuple):
    """Pairs of records (left < right), each once, in order; and how many blocks were too large to compare wholly."""

    left: Ints
    right: Ints
    windowed: int


def pairs(blocks: Sequence[Block], found: Hashes, order: Ints, records: int) -> Pairs:
    """All pairs that meet in a block. `order`: place of each record in the order of values, for large blocks."""

    def met(block: Block) -> tuple[Ints, int]:
        record, key = members(block, found)
        place = np.lexsort((order[record], key))
        return emit(record[place], key[place], records)

    made = by_threads(met, blocks) if records >= WORTH_THREADS else [met(block) for block in blocks]
    whole = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(keys for keys, _ in made)]))
    return Pairs(whole // records, whole % records, sum(large for _, large in made))


@njit(cache=True, nogil=True)
def emit(record: Ints, key: Ints, records: int) -> tuple[Ints, int]:
    """Pairs of records with the same key as left * records + right; keys are sorted."""
    total = large = 0
    for pass_ in range(2):
        out = np.empty(total if pass_ else 0, dtype=np.int64)
        at = start = large = 0
        while start < key.shape[0]:
            end = start + 1
            while end < key.shape[0] and key[end] == key[start]:
                end += 1
            wide = end - start > LARGEST
            large += wide
            for x in range(start, end):
                last = min(end, x + 1 + _WINDOW) if wide else end
                for y in range(x + 1, last):
                    a, b = record[x], record[y]
                    if a == b:
                        continue
                    if pass_:
                        out[at] = min(a, b) * records + max(a, b)
                    at += 1
            start = end
        total = at
    return out, large


def candidate_pairs(model: "Model", encoded: "Records") -> Pairs:
    """The pairs a model's blocks propose among encoded records."""
    found = hashes(model.plans, encoded.values, model.blocks)
    return pairs(model.blocks, found, order_of(encoded.count), encoded.count)


def block_keys(model: "Model", encoded: "Records", row: int = 0) -> list[str]:
    """The match keys of one encoded record, for an index: `block:hexadecimal`."""
    found = hashes(model.plans, encoded.values, model.blocks)
    made = []
    for place, block in enumerate(model.blocks):
        record, key = members(block, found)
        made += [f"{place}:{value & 0xFFFFFFFFFFFFFFFF:x}" for value in np.unique(key[record == row]).tolist()]
    return made
