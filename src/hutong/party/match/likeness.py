"""Likeness of texts by characters, for one pair and for columns.

DuckDB's own functions compare bytes, which makes three mistakes of one Chinese character.
"""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist


def percent(a: str, b: str) -> int:
    """Jaro-Winkler similarity, 0..100, rounded down."""
    return int(JaroWinkler.similarity(a, b) * 100 + 1e-9)


def slip(a: str, b: str) -> bool:
    """Whether one character was mistyped or two neighbours swapped, nothing added or lost."""
    return len(a) == len(b) and a != b and OSA.distance(a, b, score_cutoff=1) == 1


def _texts(column: Any) -> list[str]:
    filled: list[str] = column.fill_null("").to_pylist()
    return filled


def _percents(a: Any, b: Any) -> pa.Array:
    scores = cpdist(_texts(a), _texts(b), scorer=JaroWinkler.similarity, dtype=np.float64)
    return pa.array((scores * 100 + 1e-9).astype(np.int32))


def _slips(a: Any, b: Any) -> pa.Array:
    one, two = _texts(a), _texts(b)
    distance = cpdist(one, two, scorer=OSA.distance, score_cutoff=1, dtype=np.int32)
    equal = np.fromiter((len(x) == len(y) for x, y in zip(one, two, strict=True)), dtype=np.bool_, count=len(one))
    return pa.array((distance == 1) & equal)


def register(duck: duckdb.DuckDBPyConnection) -> None:
    """Make `likeness(a, b)` and `slip(a, b)` known to a connection; null where either is null."""
    arrow: Any = "arrow"  # the stubs know only the enumeration, which the program accepts by name too
    duck.create_function("likeness", _percents, ["varchar", "varchar"], "integer", type=arrow)
    duck.create_function("slip", _slips, ["varchar", "varchar"], "boolean", type=arrow)
