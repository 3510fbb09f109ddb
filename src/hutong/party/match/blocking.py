"""Which pairs are compared: blocks chosen by the program so that likely matches meet within a number of pairs that
grows with the number of records, not with its square."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.atoms import ATOMS, Atom, keys, mixed
from hutong.party.match.comparators import Encoded
from hutong.party.match.comparisons import Plan, of_words
from hutong.party.match.kernels import Floats, Ints, Numbers, once
from hutong.platform.processes import by_threads

if TYPE_CHECKING:
    from hutong.party.match.model import Model
    from hutong.party.match.scoring import Encoded as Records

LARGEST = 200
"""Records in a block beyond which only neighbours in the order of their values are compared."""
WORTH_THREADS = 20_000
"""Records from which blocks are sorted by several threads."""
_WINDOW = 25
_WINDOWED = 0.5
"""Share of records in too large blocks up to which a match key is considered."""
_SAMPLED = 40_000
_IMAGINED = 3000
_AT_MOST = 24
_CARE = (1.1, 0.9, 0.6, 0.3)
"""How careful the imagined sources were: some copies keep nearly every value, some only one in four."""

_KEPT = 0.85
_KEPT_OF_FREE = 0.3
"""Share of matches in which a value stays the same, before any model knows; and a free text, of which nobody said what
it means: the titles of who wrote many are all different."""
AT_ONCE = 1 << 23
"""Pairs that meet, counted in each block, from which they are looked at in parts."""

Item = TypeVar("Item")
Made = TypeVar("Made")
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


def _cost(block: Block, found: Hashes, share: float) -> tuple[float, float]:
    """Pairs a block makes among all records, from a sample of them, endless where too much is too large; and the share
    of a record's partners in it that it meets."""
    _, key = members(block, found)
    counts = np.unique(key, return_counts=True)[1].astype(np.float64)
    large = counts / share > LARGEST
    if counts[large].sum() > _WINDOWED * counts.sum():
        return float("inf"), 0.0
    met = np.minimum(np.where(large, 2 * _WINDOW * share / counts, 1.0), 1.0)
    pairs = (counts * (counts - 1) / 2)[~large].sum() / share**2 + _WINDOW * counts[large].sum() / share
    return float(pairs), float((met * counts).sum() / max(counts.sum(), 1.0))


def choose(plans: Sequence[Plan], values: Sequence[Encoded], records: int) -> Chosen:
    """Blocks that cover most imagined matches for their pairs."""
    step = max(records // _SAMPLED, 1)
    sampled = [_rows(arrays, slice(None, None, step)) for arrays in values]
    found = hashes(plans, sampled)
    share = 1.0 / step
    patterns = _imagined(plans, found)
    names = list(found)
    own = {name: name.partition(".")[0] for name in names}
    candidates: list[Block] = [(name,) for name in names]
    candidates += [(a, b) for place, a in enumerate(names) for b in names[place + 1 :] if own[a] != own[b]]
    costs, reach = np.array([_cost(block, found, share) for block in candidates]).reshape(-1, 2).T
    most = budget(records)
    cheap = np.flatnonzero(costs <= most / 3)
    covers = [np.logical_and.reduce([patterns[name] for name in candidates[place]]) for place in cheap]
    return _greedy([candidates[place] for place in cheap], costs[cheap], reach[cheap], covers, most, records)


def _rows(arrays: Encoded, rows: slice) -> Encoded:
    return arrays._replace(codes=np.ascontiguousarray(arrays.codes[rows]))


def _greedy(  # noqa: PLR0917  (columns of one list of candidates)
    candidates: list[Block],
    costs: Floats,
    reach: Floats,
    covers: list[NDArray[np.bool_]],
    most: int,
    records: int,
) -> Chosen:
    met = np.zeros(_IMAGINED, dtype=np.int64)
    worth = np.array([1.0, 0.35, 0.12, 0.03, 0.0])
    chosen: list[int] = []
    spent = 0.0
    while len(chosen) < _AT_MOST:
        gain = reach * np.array([worth[np.minimum(met[cover], 4)].sum() for cover in covers])
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


def _imagined(plans: Sequence[Plan], found: Hashes) -> dict[str, NDArray[np.bool_]]:
    """For imagined matches (a record and its damaged copy): which atoms agree."""
    random = np.random.default_rng(20)
    some = next(iter(found.values()))
    rows = random.integers(0, len(some), _IMAGINED)
    care = random.choice(_CARE, _IMAGINED)
    made: dict[str, NDArray[np.bool_]] = {}
    for plan in plans:
        kept = _KEPT_OF_FREE if of_words(plan) else _KEPT
        intact = random.random(_IMAGINED) < kept * care
        other_given = random.random(_IMAGINED) < _given(plan, found)
        for atom in ATOMS[plan.comparator]:
            name = f"{plan.name}.{atom.name}"
            given = (found[name][rows] != -1).any(axis=1) & other_given
            made[name] = given & (intact | (random.random(_IMAGINED) < atom.survives * kept / _KEPT))
    return made


def _given(plan: Plan, found: Hashes) -> float:
    first: Atom = ATOMS[plan.comparator][0]
    return float((found[f"{plan.name}.{first.name}"] != -1).any(axis=1).mean())


class Pairs(NamedTuple):
    """Pairs of records (left < right), each once, in order."""

    left: Ints
    right: Ints


class Groups(NamedTuple):
    """Records that share a key of a block, group by group: `record[starts[g]:starts[g + 1]]`, in order. `pairs`: how
    many these make at most."""

    record: Numbers
    starts: Numbers
    pairs: int


class Met(NamedTuple):
    """Who meets whom, by block, among so many `records`. The pairs come a part at a time: five million records make
    more than should be in memory at once."""

    groups: Sequence[Groups]
    records: int

    def pairs(self, low: int = 0, high: int | None = None) -> Pairs:
        """The pairs whose left record is one from `low` to before `high`."""
        end = self.records if high is None else high
        made = _by_blocks(lambda group: emit(group, low, end, self.records), self.groups, self.records)
        whole = once(np.concatenate([np.zeros(0, dtype=np.int64), *made]))
        left = whole // self.records
        return Pairs(left, whole - left * self.records)

    def parts(self) -> Iterator[Pairs]:
        """All pairs, in parts of about `AT_ONCE`, in order."""
        steps = sum(group.pairs for group in self.groups) // AT_ONCE + 1
        bounds = np.linspace(0, self.records, steps + 1).astype(np.int64).tolist()
        for low, high in pairwise(bounds):
            yield self.pairs(low, high)


def meet(blocks: Sequence[Block], found: Hashes, records: int) -> Met:
    """The groups of every block."""
    return Met(_by_blocks(lambda block: grouped(*members(block, found)), blocks, records), records)


def _by_blocks(function: Callable[[Item], Made], items: Sequence[Item], records: int) -> list[Made]:
    return by_threads(function, items) if records >= WORTH_THREADS else [function(item) for item in items]


def pairs(blocks: Sequence[Block], found: Hashes, records: int) -> Pairs:
    """All pairs that meet in a block."""
    return meet(blocks, found, records).pairs()


def grouped(record: Ints, key: Ints) -> Groups:
    """Records by key, those whose key nobody else has left out."""
    place = np.lexsort((record, key))
    return Groups(*_shared(record[place], key[place]))


@njit(cache=True, nogil=True)
def _shared(record: Ints, key: Ints) -> tuple[Numbers, Numbers, int]:
    held = np.empty(record.shape[0], dtype=np.int32)
    starts = np.zeros(record.shape[0] // 2 + 1, dtype=np.int32)
    count = groups = pairs = start = 0
    while start < key.shape[0]:
        end = start + 1
        while end < key.shape[0] and key[end] == key[start]:
            end += 1
        size = end - start
        if size > 1:
            for place in range(start, end):
                held[count] = record[place]
                count += 1
            groups += 1
            starts[groups] = count
            pairs += size * _WINDOW if size > LARGEST else size * (size - 1) // 2
        start = end
    return held[:count].copy(), starts[: groups + 1].copy(), pairs


def emit(groups: Groups, low: int, high: int, records: int) -> Ints:
    """Pairs of records of one group as left * records + right, those with `low` <= left < `high`; a pair of two groups
    twice. In groups that are too large only neighbours in the order of records."""
    return _emitted(groups.record, groups.starts, low, high, records)


@njit(cache=True, nogil=True)
def _emitted(record: Numbers, starts: Numbers, low: int, high: int, records: int) -> Ints:
    total = 0
    for pass_ in range(2):
        out = np.empty(total if pass_ else 0, dtype=np.int64)
        at = 0
        for group in range(starts.shape[0] - 1):
            start, end = starts[group], starts[group + 1]
            wide = end - start > LARGEST
            for x in range(start, end):
                left = np.int64(record[x])
                if left < low:
                    continue
                if left >= high:
                    break
                for y in range(x + 1, min(end, x + 1 + _WINDOW) if wide else end):
                    if record[y] != left:
                        if pass_:
                            out[at] = left * records + record[y]
                        at += 1
        total = at
    return out


def candidates(model: "Model", encoded: "Records") -> Met:
    """Who meets whom among encoded records in a model's blocks."""
    return meet(model.blocks, hashes(model.plans, encoded.values, model.blocks), encoded.count)


def candidate_pairs(model: "Model", encoded: "Records") -> Pairs:
    """The pairs a model's blocks propose among encoded records."""
    return candidates(model, encoded).pairs()
