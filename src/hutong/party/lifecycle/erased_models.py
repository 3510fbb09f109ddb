"""Models of erased persons (EC-02): a model's tables of frequencies hold the values it was trained on. What nobody but
the erased states goes out of every version; a version without a value judges by the mean of the rare ones, as for any
value it has not met."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.party.match.encode import encode_values
from hutong.party.match.frequency import Vocabulary
from hutong.party.match.model import Model, parse_model
from hutong.party.models.records import records_of_kind

_WRITE = text("UPDATE party.model_version SET body = :body WHERE id = :id")


def forget(conn: Connection, records: Sequence[int], values: Sequence[str]) -> int:
    """Take the values of records about to be erased out of all versions of models: their forms and words as often as
    only they may have stated them, and whatever holds one of `values` (of the strong kinds). Returns the versions that
    changed."""
    changed = 0
    for row in conn.execute(text("SELECT id, body FROM party.model_version ORDER BY id")).all():
        model = parse_model(row.body)
        stated = records_of_kind(conn, model.kind, records)
        held = held_by(model, stated)
        made = {
            "vocabularies": {name: _without(one, held.get(name, set()), values, len(records))
                             for name, one in model.vocabularies.items()},
            "words": {name: _without(one, held.get(name, set()), values, len(records))
                      for name, one in model.words.items()},
            "generic": {name: tuple(one for one in listed if not _holds(one, values))
                        for name, listed in model.generic.items()},
        }  # fmt: skip
        after = model.model_copy(update=made)
        if after.model_dump_json() != row.body:
            conn.execute(_WRITE, {"id": row.id, "body": after.model_dump_json()})
            changed += 1
    return changed


def held_by(model: Model, stated: pa.Table) -> Mapping[str, set[str]]:
    """The texts that records give to a model: by `comparison.form`, and words by comparison."""
    held: dict[str, set[str]] = {}
    if not stated.num_rows:
        return held
    for plan in model.plans:
        if not set(plan.columns) <= set(stated.column_names):
            continue
        found = encode_values(plan, stated)
        for form, texts in enumerate(found.texts):
            held[f"{plan.name}.{form}"] = set(texts.to_pylist())
        held[plan.name] = set(found.words)
    return held


def _without(one: Vocabulary, held: set[str], values: Sequence[str], most: int) -> Vocabulary:
    kept: dict[str, Any] = {
        name: count
        for name, count in one.counts.items()
        if not ((name in held and count <= most) or _holds(name, values))
    }
    return one if len(kept) == len(one.counts) else one.model_copy(update={"counts": kept})


def _holds(name: str, values: Sequence[str]) -> bool:
    return any(value in name for value in values)
