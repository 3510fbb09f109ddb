"""Declaring a table with contiguous history, and the view that gives each version its period."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, DateTime, Index, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""End of a period that has no end yet: a plain instant, so that every engine compares it alike."""

BOOKKEEPING = ("valid_from", "effective_at", "changed_at", "changed_by", "cause", "ended")
_HISTORY = "hutong_history"
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves dialects untyped


def historical(table: Table) -> Table:
    """Give a table contiguous history: adds bookkeeping columns and creates `<name>_history` in the same metadata.

    The table needs a primary key of one column. Added to both tables: `valid_from` (from when billing sees the
    version), `effective_at` and `changed_at` (CRM's times: when the change counts, when it was accepted), `changed_by`,
    `cause` (why, e.g. "order:12"), `ended`. The history also has `changed`: the columns this version itself changed,
    null for the first version, and `announced`, false while a version recorded ahead waits for its date. Computed
    columns stay out of the history: they follow from the others.
    """
    if len(table.primary_key.columns) != 1:
        raise ValueError(f"{table.name}: contiguous history needs a primary key of one column")
    for column in _bookkeeping():
        table.append_column(column)
    history = Table(
        f"{table.name}_history",
        table.metadata,
        *(Column(name, table.c[name].type, nullable=table.c[name].nullable) for name in stored(table)),
        Column("changed", ARRAY(Text), comment="columns this version itself changed; null: the first version"),
        Column("announced", Boolean, nullable=False, server_default=text("true"), comment="false: its date is to come"),
        PrimaryKeyConstraint(key_of(table), "valid_from"),
    )
    Index(f"ix_{history.name}_to_come", history.c.valid_from, postgresql_where=text("NOT announced"))
    table.info[_HISTORY] = history
    return table


def _bookkeeping() -> tuple[Column[datetime] | Column[str] | Column[bool], ...]:
    return (
        Column("valid_from", DateTime(timezone=True), nullable=False),
        Column("effective_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("changed_by", Text),
        Column("cause", Text),
        Column("ended", Boolean, nullable=False, server_default=text("false")),
    )


def is_historical(table: Table) -> bool:
    """Whether the table was declared `historical`."""
    return _HISTORY in table.info


def history_of(table: Table) -> Table:
    """The table of all versions."""
    history: Table = table.info[_HISTORY]
    return history


def key_of(table: Table) -> str:
    """Name of the row's key column."""
    return str(table.primary_key.columns[0].name)


def stored(table: Table) -> list[str]:
    """Columns a version holds: all but computed ones."""
    return [column.name for column in table.columns if column.computed is None]


def business(table: Table) -> list[str]:
    """Columns a change may name: neither key nor bookkeeping."""
    return [name for name in stored(table) if name != key_of(table) and name not in BOOKKEEPING]


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return str(DIALECT.identifier_preparer.quote(name))


def qualified(table: Table) -> str:
    """Schema and name as SQL writes them."""
    return f"{quoted(table.schema)}.{quoted(table.name)}" if table.schema else quoted(table.name)


def period_view(table: Table, columns: Sequence[str] | None = None) -> str:
    """The select of a view over the history with `valid_from` and `valid_to` (half open), without ended periods.

    `columns`: which business columns to show; all by default. A period without end runs to `FOREVER`.
    """
    key = quoted(key_of(table))
    shown = [key, *(quoted(name) for name in (business(table) if columns is None else columns))]
    following = (
        f"lead(valid_from, 1, timestamptz '{FOREVER.isoformat()}') OVER (PARTITION BY {key} ORDER BY valid_from)"
    )
    inner = f"SELECT *, {following} AS valid_to FROM {qualified(history_of(table))}"  # noqa: S608  (names from code)
    names = ", ".join(f"v.{name}" for name in (*shown, "valid_from", "valid_to"))
    return f"SELECT {names} FROM ({inner}) AS v WHERE NOT v.ended"  # noqa: S608


def period_views(*tables: Table) -> dict[str, str]:
    """`<schema>.<name>_period` → select, for a center's VIEWS."""
    return {f"{table.schema}.{table.name}_period": period_view(table) for table in tables}
