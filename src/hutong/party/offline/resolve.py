"""Resolving files: records of all inputs, a model per kind of party (trained here unless given), clusters,
explanations."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.ingest.mapping import Mapping as SourceMapping
from hutong.party.match.kernels import Ints
from hutong.party.match.link import Linked, link
from hutong.party.match.model import Model
from hutong.party.match.training import sorted_records, train
from hutong.party.offline.mapping import FileMapping
from hutong.party.offline.names import names_split
from hutong.party.offline.records import read_records
from hutong.party.resolution.offline import staged
from hutong.party.standardise import identifiers
from hutong.platform.errors import Invalid

Progress = Callable[[str], None]
_STRING = pa.large_string()


class KindResolved(NamedTuple):
    """One kind of party: its records in the order of source and key, the model, and what was linked."""

    kind: str
    records: pa.Table
    model: Model
    linked: Linked


class Resolved(NamedTuple):
    """`clusters`: source, key, party (numbers from 1 in the order of source and key); `repeated`: rows whose key came
    again later."""

    clusters: pa.Table
    kinds: tuple[KindResolved, ...]
    repeated: int


def resolve_files(
    inputs: Sequence[tuple[Path, FileMapping | SourceMapping]],
    models: Mapping[str, Model] | None = None,
    progress: Progress | None = None,
    threshold: float | None = None,
) -> Resolved:
    """Resolve files together, persons among persons and organisations among organisations. `threshold`: bits to use
    instead of what the model proposes."""
    tell = progress or (lambda _: None)
    tell("read")
    tables = [_records(path, mapping) for path, mapping in inputs]
    unique: set[str] = set()
    for (_, mapping), table in zip(inputs, tables, strict=True):
        if isinstance(mapping, FileMapping) and mapping.unique:
            unique |= set(pc.unique(table["source"]).to_pylist())
    whole = pa.concat_tables(tables, promote_options="permissive")
    records = _latest(whole)
    done = []
    for kind in ("person", "organisation"):
        own = records.filter(pc.equal(records["kind"], kind))
        if own.num_rows:
            done.append(_resolved(own, kind, unique, models or {}, tell, threshold))
    return Resolved(_numbered(done), tuple(done), whole.num_rows - records.num_rows)


def _records(path: Path, mapping: FileMapping | SourceMapping) -> pa.Table:
    if isinstance(mapping, FileMapping):
        return read_records(path, mapping)
    table = staged(path, mapping)
    return table.rename_columns(["row" if name == "row_number" else name for name in table.column_names])


def _latest(whole: pa.Table) -> pa.Table:
    """One record for each source and key: the later row wins. In the order of source and key."""
    ordered = whole.append_column("arrived", pa.array(np.arange(whole.num_rows)))
    last = ordered.group_by(["source", "key"]).aggregate([("arrived", "max")])["arrived_max"]
    return sorted_records(whole.take(last.combine_chunks()))


def _resolved(  # noqa: PLR0917  (one kind of what resolve_files was given)
    own: pa.Table, kind: str, unique: set[str], models: Mapping[str, Model], tell: Progress, threshold: float | None
) -> KindResolved:
    records = names_split(own) if kind == "person" else own
    model = models.get(kind) or (train(records, kind, tell) if records.num_rows > 1 else None)
    if model is None:
        raise Invalid("party-model-nothing", kind=kind)
    if threshold is not None:
        model = model.model_copy(update={"threshold_bits": threshold})
    tell("score")
    alone = np.array([source in unique for source in records["source"].to_pylist()], dtype=np.bool_)
    linked = link(model, records, exclusive_codes(records), alone, tell)
    return KindResolved(kind, records, model, linked)


def exclusive_codes(records: pa.Table) -> Ints:
    """A number for each valid document of which a party has only one, 0 where there is none. A credit code holds the
    organisation code: the two are one document."""
    codes = _texts(records, "organisation_code")
    if {"id_valid", "id_type"} <= set(records.column_names):
        found = [
            f"organisation:{code}" if code else f"resident:{number}" if right and kind == "resident_id" else None
            for code, kind, number, right in zip(
                codes,
                records["id_type"].to_pylist(),
                records["id_number"].to_pylist(),
                records["id_valid"].to_pylist(),
                strict=True,
            )
        ]
    else:
        numbers = _texts(records, "id_number")
        organisation = {code: _valid("organisation_code", code) for code in set(codes) if code}
        resident = {number: _valid("resident_id", number) for number in set(numbers) if number}
        found = [
            f"organisation:{code}"
            if code and organisation[code]
            else f"resident:{number}"
            if number and resident[number]
            else None
            for code, number in zip(codes, numbers, strict=True)
        ]
    coded = pa.array(found, _STRING).dictionary_encode()
    made: Ints = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
    return made


def _texts(records: pa.Table, column: str) -> list[str | None]:
    return records[column].to_pylist() if column in records.column_names else [None] * records.num_rows


def _valid(kind: str, value: str) -> bool:
    return len(value) == {"resident_id": 18, "organisation_code": 9}[kind] and identifiers.identifier(kind, value).valid


def _numbered(done: Sequence[KindResolved]) -> pa.Table:
    sources = pa.concat_arrays([_flat(kind.records["source"]) for kind in done])
    keys = pa.concat_arrays([_flat(kind.records["key"]) for kind in done])
    shift, labels = 0, []
    for kind in done:
        labels.append(kind.linked.label + shift)
        shift += kind.records.num_rows
    table = pa.table({"source": sources, "key": keys, "label": np.concatenate(labels)})
    table = sorted_records(table)
    label = table["label"].to_numpy()
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(1, len(first) + 1)
    return table.drop_columns(["label"]).append_column("party", pa.array(rank[inverse]))


def _flat(column: pa.ChunkedArray) -> pa.Array:
    text = column.cast(_STRING).combine_chunks()
    return pa.concat_arrays(text.chunks) if isinstance(text, pa.ChunkedArray) else text
