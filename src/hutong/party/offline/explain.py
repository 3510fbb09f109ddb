"""Explanations of a resolution: for every pair that was near enough to matter, each comparison's level and weight."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from hutong.party.offline.resolve import KindResolved, Resolved


def write_explanations(resolved: Resolved, path: Path) -> int:
    """Write one row for each pair above the review line to CSV or Parquet; returns their number. Columns: both records,
    `decision` (same | suspect | apart), `weight` in bits, and for each comparison `<name>_level` and `<name>_bits`."""
    tables = [explained(kind) for kind in resolved.kinds]
    whole = pa.concat_tables(tables, promote_options="permissive")
    if path.suffix.lower() in (".parquet", ".pq"):
        pa.parquet.write_table(whole, path)
    else:
        pa.csv.write_csv(whole, path)
    return int(whole.num_rows)


def explained(kind: KindResolved) -> pa.Table:
    """The pairs of one kind with their levels and weights."""
    linked, model = kind.linked, kind.model
    shown = np.flatnonzero(
        (linked.weight >= model.review_bits) | (linked.label[linked.left] == linked.label[linked.right])
    )
    left, right = linked.left[shown], linked.right[shown]
    columns = {"kind": pa.array([kind.kind] * len(shown))}
    for side, rows in (("a", left), ("b", right)):
        for name in ("source", "key"):
            columns[f"{name}_{side}"] = kind.records[name].take(pa.array(rows)).combine_chunks()
    same = linked.label[left] == linked.label[right]
    weight = linked.weight[shown]
    decision = np.where(same, "same", np.where(weight >= model.threshold_bits, "suspect", "apart"))
    columns["decision"] = pa.array(decision.tolist())
    columns["weight"] = pa.array(np.round(weight, 3))
    scored = linked.scored(left, right)
    for place, comparison in enumerate(model.comparisons):
        names = np.array([*comparison.levels, "not_given"], dtype=object)
        columns[f"{comparison.name}_level"] = pa.array(names[scored.levels[:, place]].tolist())
        columns[f"{comparison.name}_bits"] = pa.array(np.round(scored.bits[:, place].astype(float), 3))
    return pa.table(columns)


def groups(resolved: Resolved) -> Iterator[tuple[str, int]]:
    """Kind of party and how many of its pairs wait for people."""
    for kind in resolved.kinds:
        linked = kind.linked
        apart = linked.label[linked.left] != linked.label[linked.right]
        yield kind.kind, int((apart & (linked.weight >= kind.model.threshold_bits)).sum())
