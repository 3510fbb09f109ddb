"""Whole names in Latin letters split into given, middle and family name, so that each is compared for itself."""

import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.offline.records import by_distinct
from hutong.party.standardise.text import is_han

_PARTICLES = frozenset(
    ("de", "da", "di", "del", "della", "van", "von", "der", "den", "la", "le", "bin", "al", "el", "st")
)


def names_split(records: pa.Table) -> pa.Table:
    """Records with `given_name`, `middle_name`, `family_name` from `name` where a file has only that, nearly all names
    are in Latin letters, and most have two words."""
    if "name" not in records.column_names or {"given_name", "family_name"} & set(records.column_names):
        return records
    column = records["name"].combine_chunks().cast(pa.large_string())
    column = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
    some = [value for value in pc.unique(column).to_pylist() if value][:5000]
    latin = sum(not is_han(value) for value in some)
    worded = sum(" " in value for value in some)
    if not some or latin < 0.98 * len(some) or worded < 0.7 * len(some):
        return records
    for place, name in enumerate(("given_name", "middle_name", "family_name")):
        records = records.append_column(name, by_distinct(column, lambda value, at=place: split(value)[at]))  # type: ignore[misc]
    return records.drop_columns(["name"])


def split(name: str) -> tuple[str | None, str | None, str | None]:
    """Given, middle and family name; particles go with the family name."""
    words = name.split()
    if len(words) < 2:
        return None, None, name or None
    cut = len(words) - 1
    while cut > 1 and words[cut - 1] in _PARTICLES:
        cut -= 1
    return words[0], " ".join(words[1:cut]) or None, " ".join(words[cut:])
