"""Golden records of resolved files (EC-05): for each party and attribute the value that survives, and the source and
key of the record it came from."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit, prange
from numpy.typing import NDArray

from hutong.party.columns import LEADERS, followers
from hutong.party.golden.survivorship import Criterion
from hutong.party.match.kernels import Ints
from hutong.party.offline.resolve import KindResolved, Resolved
from hutong.party.standardise.pinyin import COMPOUND_SURNAMES

OTHERWISE: tuple[Criterion, ...] = ("frequency", "completeness", "recency")
SURVIVORSHIP: dict[str, tuple[Criterion, ...]] = {
    "name": ("full_name", *OTHERWISE),
    "id_number": ("valid_id", *OTHERWISE),
    "organisation_code": ("valid_id", *OTHERWISE),
}
"""By what a value survives, the first criterion first; the order of source and key settles the rest. `frequency`: in
how many of the party's records; `completeness`: characters; `recency`: when the source changed the record, where its
mapping says so; `full_name`: more than a surname; `valid_id`: a document whose check digits are right."""
_ABOUT = frozenset(("source", "key", "kind", "row", "document", "source_changed_at"))
_STRING = pa.large_string()
_ONE_WORD = r"^(.|[^ \x{3400}-\x{9FFF}]+)$"
_LAST = np.iinfo(np.int64).min


def golden_records(resolved: Resolved) -> pa.Table:
    """A row for each party: `party`, `kind`, `records`, its attributes, and for each the source and key of the record
    that states it, in `<attribute>_from_source` and `<attribute>_from_key`. Parts of an address and of a document come
    from one record."""
    tables = [_of_kind(kind) for kind in resolved.kinds]
    if len(tables) == 1:
        return tables[0]  # parties in their order already
    return pa.concat_tables(tables, promote_options="permissive").sort_by("party")


def _of_kind(kind: KindResolved) -> pa.Table:
    records = kind.records
    order = np.argsort(kind.party, kind="stable")
    numbers, starts = np.unique(kind.party[order], return_index=True)
    starts = np.append(starts, len(order))
    made = {
        "party": pa.array(numbers),
        "kind": pa.repeat(pa.scalar(kind.kind), len(numbers)),
        "records": pa.array(np.diff(starts)),
    }
    for leader, parts in _leaders(records.column_names).items():
        value = records[leader].combine_chunks()
        winner = _surviving(records, leader, value, order, starts)
        rows = pa.array(winner, mask=winner < 0)
        made[leader] = value.take(rows)
        made |= {part: records[part].take(rows) for part in parts}
        made |= {f"{leader}_from_{name}": records[name].take(rows) for name in ("source", "key")}
    return pa.table(made)


def _leaders(columns: list[str]) -> dict[str, list[str]]:
    """The attributes that survive by themselves, each with those that follow it."""
    held = {leader: [name for name in followers(leader) if name in columns] for leader in LEADERS if leader in columns}
    following = {name for parts in held.values() for name in parts}
    return {name: held.get(name, []) for name in columns if name not in _ABOUT and name not in following}


def _surviving(records: pa.Table, leader: str, value: pa.Array, order: Ints, starts: Ints) -> Ints:
    """The row whose value survives in each party; -1 where none states one."""
    coded = value.cast(_STRING).dictionary_encode()
    codes: Ints = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    criteria = SURVIVORSHIP.get(leader, OTHERWISE)
    weights = np.zeros((len(criteria), len(codes)), dtype=np.int64)
    for place, criterion in enumerate(criteria):
        if criterion == "frequency":
            _often(order, starts, codes, weights[place])
        elif criterion == "completeness":
            lengths = pc.utf8_length(coded.dictionary).to_numpy().astype(np.int64)
            weights[place] = np.append(lengths, 0)[codes]
        else:
            weights[place] = _stated(records, criterion, coded)
    return _best(order, starts, codes, weights)


def _whole(names: pa.DictionaryArray) -> Ints:
    """Whether each name is more than a surname: than one character, a double surname, or one word in Latin letters."""
    texts = names.dictionary
    bare = pc.or_(
        pc.match_substring_regex(texts, _ONE_WORD), pc.is_in(texts, pa.array(sorted(COMPOUND_SURNAMES), _STRING))
    )
    whole: Ints = np.append((~bare.to_numpy(zero_copy_only=False)).astype(np.int64), 0)
    found: Ints = whole[names.indices.fill_null(-1).to_numpy()]
    return found


def _stated(records: pa.Table, criterion: Criterion, value: pa.DictionaryArray) -> Ints | int:
    """What a record says about itself; the same for all where it says nothing."""
    if criterion == "full_name":
        return _whole(value) if records["kind"][0].as_py() == "person" else 0
    if criterion == "valid_id":
        document: NDArray[np.bool_] = pc.is_valid(records["document"]).to_numpy()
        return document.astype(np.int64)
    if "source_changed_at" not in records.column_names:
        return 0
    instants: Ints = records["source_changed_at"].cast(pa.int64()).fill_null(_LAST).to_numpy()
    return instants


@njit(cache=True, nogil=True, parallel=True)
def _often(order: Ints, starts: Ints, codes: Ints, often: Ints) -> None:
    """Of each record, how many of its party state the same value."""
    for party in prange(starts.shape[0] - 1):
        for x in range(starts[party], starts[party + 1]):
            for y in range(starts[party], starts[party + 1]):
                often[order[x]] += codes[order[x]] == codes[order[y]]


@njit(cache=True, nogil=True, parallel=True)
def _best(order: Ints, starts: Ints, codes: Ints, weights: Ints) -> Ints:
    """The record of each party with the highest weights, the first of equal ones."""
    out = np.full(starts.shape[0] - 1, -1)
    for party in prange(starts.shape[0] - 1):
        best = -1
        for place in range(starts[party], starts[party + 1]):
            row = order[place]
            if codes[row] < 0:
                continue
            better = best < 0
            if not better:
                for criterion in range(weights.shape[0]):
                    if weights[criterion, row] != weights[criterion, best]:
                        better = weights[criterion, row] > weights[criterion, best]
                        break
            if better:
                best = row
        out[party] = best
    return out
