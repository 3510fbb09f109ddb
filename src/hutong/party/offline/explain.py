"""Explanations of a resolution: for every pair that was near enough to matter, each comparison's level and weight."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hutong.party.offline.resolve import KindResolved, Resolved


def explanations(resolved: Resolved) -> pa.Table:
    """One row for each pair above the review line. Columns: both records, `decision` (same | suspect | apart), `weight`
    in bits, and for each comparison `<name>_level` and `<name>_bits`."""
    return pa.concat_tables([explained(kind) for kind in resolved.kinds], promote_options="permissive")


def explained(kind: KindResolved) -> pa.Table:
    """The pairs of one kind with their levels and weights."""
    linked, model = kind.linked, kind.model
    shown = np.flatnonzero(
        (linked.weight >= model.review_bits) | (linked.label[linked.left] == linked.label[linked.right])
    )
    left, right = linked.left[shown], linked.right[shown]
    columns = {"kind": pa.repeat(pa.scalar(kind.kind), len(shown))}
    for side, rows in (("a", left), ("b", right)):
        for name in ("source", "key"):
            columns[f"{name}_{side}"] = kind.records[name].take(pa.array(rows)).combine_chunks()
    same = linked.label[left] == linked.label[right]
    weight = linked.weight[shown]
    decision = np.where(same, 0, np.where(weight >= model.threshold_bits, 1, 2))
    columns["decision"] = _named(("same", "suspect", "apart"), decision)
    columns["weight"] = pa.array(np.round(weight, 3))
    scored = linked.scored(left, right)
    for place, comparison in enumerate(model.comparisons):
        levels = np.where(scored.levels[:, place] < 0, len(comparison.levels), scored.levels[:, place])
        columns[f"{comparison.name}_level"] = _named((*comparison.levels, "not_given"), levels)
        columns[f"{comparison.name}_bits"] = pa.array(np.round(scored.bits[:, place].astype(float), 3))
    return pa.table(columns)


def _named(names: Sequence[str], numbers: NDArray[np.integer]) -> pa.Array:
    return pa.array(names).take(pa.array(numbers))


def groups(resolved: Resolved) -> Iterator[tuple[str, int]]:
    """Kind of party and how many of its pairs wait for people."""
    for kind in resolved.kinds:
        linked = kind.linked
        apart = linked.label[linked.left] != linked.label[linked.right]
        yield kind.kind, int((apart & (linked.weight >= kind.model.threshold_bits)).sum())
