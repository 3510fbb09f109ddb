"""Where a set of changes comes from: rows of Python, or a select that stays in the database."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, DateTime, MetaData, Select, Table, insert, text
from sqlalchemy.types import TypeEngine

from hutong.platform.history.declare import DIALECT, key_of, quoted

Row = Mapping[str, Any]
_numbers = count(1)


@dataclass(frozen=True)
class Source:
    """A set of rows as SQL: something to select from, its columns, and its bound parameters."""

    relation: str
    columns: tuple[str, ...]
    parameters: dict[str, Any]


def _type(table: Table, column: str) -> TypeEngine[Any]:
    return DateTime(timezone=True) if column in {"effective_at", "valid_from"} else table.c[column].type


def from_rows(table: Table, rows: Sequence[Row]) -> Source:
    """Rows as one JSON parameter, typed by the table. All rows have the columns of the first."""
    names = tuple(rows[0])
    wanted = set(names)
    if any(row.keys() != wanted for row in rows):
        raise ValueError("all rows of a set must have the same columns")
    typed = ", ".join(f"{quoted(name)} {_type(table, name).compile(dialect=DIALECT)}" for name in names)
    relation = f"ROWS FROM (json_to_recordset(CAST(:rows AS json)) AS ({typed})) WITH ORDINALITY AS given"
    listed = ", ".join(quoted(name) for name in (*names, "ordinality"))
    return Source(f"{relation} ({listed})", names, {"rows": msgspec.json.encode(rows).decode()})


@contextmanager
def staged(conn: Connection, table: Table, select: Select[Any], names: Sequence[str]) -> Iterator[Source]:
    """A select's rows in a temporary table with statistics: read once, and planned well for millions."""
    stage = Table(
        f"history_source_{next(_numbers)}",
        MetaData(),
        *(Column(name, _type(table, name), primary_key=False) for name in names),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    stage.create(conn)
    conn.execute(insert(stage).from_select(list(names), select))
    key = key_of(table)
    conn.execute(text(f"ANALYZE {stage.name}" + (f" ({quoted(key)})" if key in names else "")))  # joined by that alone
    yield Source(f"{stage.name} AS given", tuple(names), {})
    stage.drop(conn)


@contextmanager
def opened(conn: Connection, table: Table, source: Select[Any] | Sequence[Row]) -> Iterator[Source]:
    """The source as SQL for the length of the block."""
    if isinstance(source, Select):
        with staged(conn, table, source, [column.name for column in source.selected_columns]) as made:
            yield made
    else:
        yield from_rows(table, source)


def require_key(table: Table, source: Source) -> None:
    """Refuse a source that does not say which rows it is about."""
    if key_of(table) not in source.columns:
        raise ValueError(f"the source needs the column {key_of(table)}")
