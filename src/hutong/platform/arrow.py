"""Rows of the database as Arrow columns, many at once."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray
from sqlalchemy import Connection

from hutong.platform.database import driver


def fetch(conn: Connection, query: str, types: dict[str, pa.DataType]) -> pa.Table:
    """A query's columns as Arrow, by COPY; `query` comes from code and holds no user's text."""
    with driver(conn).cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)".encode()) as copy:
        data = b"".join(copy)
    if not data:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return pyarrow.csv.read_csv(
        io.BytesIO(data),
        pyarrow.csv.ReadOptions(column_names=list(types)),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False),
    )


def ints(table: pa.Table, name: str) -> NDArray[np.int64]:
    """A column as 64-bit integers, 0 for null."""
    filled: Any = table.column(name).combine_chunks().fill_null(0)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)
