"""Names of persons in one shape, however the files give them: parts where they are written in Latin letters, whole
names where they are not."""

import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.offline.records import by_distinct, joined, name_part
from hutong.party.standardise.text import is_han

_PARTICLES = frozenset(
    ("de", "da", "di", "del", "della", "van", "von", "der", "den", "la", "le", "bin", "al", "el", "st")
)
_PARTS = ("given_name", "middle_name", "family_name")
_STRING = pa.large_string()


def names_alike(records: pa.Table) -> pa.Table:
    """Records whose names can be compared with each other: `given_name`, `middle_name`, `family_name` if nearly all
    whole names (`name`) are in Latin letters and most have two words; whole names if they are not and some file has
    only those."""
    if "name" not in records.column_names:
        return records
    parts = {part: _flat(records, part) for part in _PARTS}
    in_parts = pc.or_(pc.is_valid(parts["given_name"]), pc.is_valid(parts["family_name"]))
    whole = pc.if_else(in_parts, pa.scalar(None, _STRING), _flat(records, "name"))
    some = [value for value in pc.unique(whole).to_pylist() if value][:5000]
    if not some:
        return records
    if _of_words(some):
        cut = [by_distinct(whole, lambda value, at=place: split(value)[at]) for place in range(3)]  # type: ignore[misc]
        made = {part: pc.coalesce(parts[part], found) for part, found in zip(_PARTS, cut, strict=True)}
        return _with(records, made, {"name"})
    if not {"given_name", "family_name"} & set(records.column_names):
        return records
    own = joined([parts["family_name"], parts["given_name"]], "")
    return _with(records, {"name": pc.coalesce(whole, own)}, set(_PARTS))


def _of_words(names: list[str]) -> bool:
    latin = sum(not is_han(value) for value in names)
    worded = sum(" " in value for value in names)
    return latin >= 0.98 * len(names) and worded >= 0.7 * len(names)


def _with(records: pa.Table, made: dict[str, pa.Array], without: set[str]) -> pa.Table:
    gone = [name for name in records.column_names if name in made or name in without]
    left = records.drop_columns(gone)
    for name, values in made.items():
        left = left.append_column(name, values)
    return left


def _flat(records: pa.Table, name: str) -> pa.Array:
    if name not in records.column_names:
        return pa.nulls(records.num_rows, _STRING)
    return records[name].cast(_STRING).combine_chunks()


def split(name: str) -> tuple[str | None, str | None, str | None]:
    """Given, middle and family name, written as parts are; particles go with the family name."""
    words = name.split()
    if len(words) < 2:
        return None, None, name_part(name)
    cut = len(words) - 1
    while cut > 1 and words[cut - 1] in _PARTICLES:
        cut -= 1
    middle = " ".join(words[1:cut])
    return name_part(words[0]), name_part(middle) if middle else None, name_part(" ".join(words[cut:]))
