"""Resolving files: records of all inputs, a model per kind of party (trained here unless given), clusters,
explanations."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.ingest.mapping import Mapping as SourceMapping
from hutong.party.match.forming import Former, shared
from hutong.party.match.kernels import Ints
from hutong.party.match.link import Linked, link
from hutong.party.match.model import Model
from hutong.party.match.training import train
from hutong.party.offline import standardising
from hutong.party.offline.mapping import FileMapping
from hutong.party.offline.names import names_alike
from hutong.platform.processes import Processes, cores

Progress = Callable[[str], None]
Inputs = Sequence[tuple[Path, FileMapping | SourceMapping]]
_STRING = pa.large_string()
SHARED_BYTES = 16 << 20
"""Files together from this size on are worked on by a process for each core."""


class KindResolved(NamedTuple):
    """One kind of party: its records in the order of source and key, the model, what was linked, and the number of each
    record's party."""

    kind: str
    records: pa.Table
    model: Model
    linked: Linked
    party: Ints


class Resolved(NamedTuple):
    """`clusters`: source, key, party (numbers from 1 in the order of source and key); `repeated`: rows whose key came
    again later."""

    clusters: pa.Table
    kinds: tuple[KindResolved, ...]
    repeated: int


def resolve_files(
    inputs: Inputs,
    models: Mapping[str, Model] | None = None,
    progress: Progress | None = None,
    threshold: float | None = None,
) -> Resolved:
    """Resolve files together, persons among persons and organisations among organisations. `threshold`: bits to use
    instead of what the model proposes."""
    tell = progress or (lambda _: None)
    tell("read")
    large = sum(path.stat().st_size for path, _ in inputs if path.is_file()) >= SHARED_BYTES
    with Processes(cores() if large else 0, [standardising.__name__]) as processes:
        return _together(inputs, processes, models or {}, tell, threshold)


def _together(
    inputs: Inputs, processes: Processes, models: Mapping[str, Model], tell: Progress, threshold: float | None
) -> Resolved:
    tables = standardising.read_all(inputs, processes)
    unique: set[str] = set()
    for (_, mapping), table in zip(inputs, tables, strict=True):
        if isinstance(mapping, FileMapping) and mapping.unique:
            unique |= set(pc.unique(table["source"]).to_pylist())
    rows = sum(table.num_rows for table in tables)
    records = _latest(pa.concat_tables(tables, promote_options="permissive"))
    repeated = rows - records.num_rows
    found = _by_kind(records)
    del tables, table, records  # or five million records would be there three times
    done = [_resolved(own, kind, unique, models, tell, threshold, shared(processes)) for kind, own in found.items()]
    clusters, parties = _numbered(done)
    kinds = tuple(kind._replace(party=party) for kind, party in zip(done, parties, strict=True))
    return Resolved(clusters, kinds, repeated)


def _by_kind(records: pa.Table) -> dict[str, pa.Table]:
    """The records of each kind there is, persons first."""
    there = set(pc.unique(records["kind"]).to_pylist())
    kinds = [kind for kind in ("person", "organisation") if kind in there]
    if kinds and len(there) == 1:
        return {kinds[0]: records}
    return {kind: records.filter(pc.equal(records["kind"], kind)) for kind in kinds}


def _latest(whole: pa.Table) -> pa.Table:
    """One record for each source and key, in their order: the later row wins."""
    names = pa.table({name: _flat(whole[name]) for name in ("source", "key")})
    order = pc.sort_indices(names, [("source", "ascending"), ("key", "ascending")])
    names = names.take(order)
    follows = pc.and_(*(pc.equal(names[name][:-1], names[name][1:]) for name in names.column_names))
    last = np.append(~follows.to_numpy(), True)
    return whole.take(order.filter(pa.array(last)))


def _resolved(  # noqa: PLR0917  (one kind of what resolve_files was given)
    own: pa.Table,
    kind: str,
    unique: set[str],
    models: Mapping[str, Model],
    tell: Progress,
    threshold: float | None,
    former: Former,
) -> KindResolved:
    records = names_alike(own) if kind == "person" else own
    apart = pc.is_in(_flat(records["source"]), pa.array(sorted(unique), _STRING)).to_numpy(zero_copy_only=False)
    one = kind not in models and not apart.any() and say_the_same(own)
    model = models.get(kind) or (alone(kind) if one or records.num_rows == 1 else train(records, kind, tell))
    if threshold is not None:
        model = model.model_copy(update={"threshold_bits": threshold})
    tell("score")
    linked = link(model, records, exclusive_codes(records), apart, tell, former)
    if one:
        linked = linked._replace(label=np.zeros_like(linked.label))
    return KindResolved(kind, records, model, linked, linked.label)


_NAMES = frozenset({"name", "given_name", "family_name"})
_NOT_SAID = frozenset({"source", "key", "kind", "row", "document"})


def say_the_same(records: pa.Table) -> bool:
    """Whether all say the same, a name and something besides: then they are one party, and nothing can be learned of
    who is not. A name alone, or what many share, does not make them one."""
    said = {name: pc.unique(records[name]).to_pylist() for name in records.column_names if name not in _NOT_SAID}
    given = {name for name, values in said.items() if values[0] is not None}
    return all(len(values) == 1 for values in said.values()) and len(given) > 1 and bool(_NAMES & given)


def alone(kind: str) -> Model:
    """The model of records among which there is nothing to compare."""
    return Model(kind=kind, comparisons=(), vocabularies={}, prior_bits=0.0, prior_within_bits=0.0, blocks=())


def exclusive_codes(records: pa.Table) -> Ints:
    """A number for each valid document of which a party has only one, 0 where there is none."""
    coded = _flat(records["document"]).dictionary_encode()
    made: Ints = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    return made


def _numbered(done: Sequence[KindResolved]) -> tuple[pa.Table, list[Ints]]:
    """Source, key and party of all records in their order; and the party of the records of each kind."""
    names = [pa.concat_arrays([_flat(kind.records[name]) for kind in done]) for name in ("source", "key")]
    table = pa.table(names, ["source", "key"])
    ends = np.cumsum([kind.records.num_rows for kind in done])
    label = np.concatenate(
        [kind.linked.label + end - kind.records.num_rows for kind, end in zip(done, ends, strict=True)]
    )
    order = np.arange(len(label))
    if len(done) > 1:  # records of one kind are in their order already
        order = pc.sort_indices(table, [("source", "ascending"), ("key", "ascending")]).to_numpy()
        table = table.take(pa.array(order))
    _, first, inverse = np.unique(label[order], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(1, len(first) + 1)
    party = np.empty(len(label), dtype=np.int64)
    party[order] = rank[inverse]
    return table.append_column("party", pa.array(party[order])), np.split(party, ends[:-1])


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(_STRING).combine_chunks()
