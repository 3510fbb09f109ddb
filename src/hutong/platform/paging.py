"""Pages of a list by filters, offset and limit, with the count of all that match: what TM Forum's lists ask for.

Lists of the console page by key instead; offsets are for callers that must know how many there are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Select,
    SmallInteger,
    false,
    func,
    or_,
    select,
)

Condition = Callable[[Sequence[str]], ColumnElement[bool]]
Filterable = Mapping[str, ColumnElement[Any] | Condition]
"""Name of a filter → the column it compares, or a function that makes a condition of the values."""
GREATEST = {SmallInteger: 2**15, Integer: 2**31, BigInteger: 2**63}


class Rows(NamedTuple):
    """Rows of a page, and how many match in all."""

    rows: list[dict[str, Any]]
    total: int


def page(
    conn: Connection,
    statement: Select[Any],
    filterable: Filterable,
    filters: Mapping[str, Sequence[str]],
    *,
    order_by: ColumnElement[Any] | Sequence[ColumnElement[Any]],
    offset: int,
    limit: int,
) -> Rows:
    """The page of a select under filters (text values, any of which may hold; all filters must hold)."""
    wanted = statement.where(*conditions(filterable, filters))
    total = conn.execute(select(func.count()).select_from(wanted.order_by(None).subquery())).scalar_one()
    if not limit or offset >= total:
        return Rows([], total)
    order = [order_by] if isinstance(order_by, ColumnElement) else order_by
    rows = conn.execute(wanted.order_by(*order).offset(offset).limit(limit)).mappings()
    return Rows([dict(row) for row in rows], total)


def conditions(filterable: Filterable, filters: Mapping[str, Sequence[str]]) -> list[ColumnElement[bool]]:
    """One condition per filter. A value that a column's type cannot hold matches nothing."""
    made = []
    for name, values in filters.items():
        by = filterable[name]
        kept = [value for value in values if "\0" not in value]
        made.append(equals(by, kept) if isinstance(by, ColumnElement) else by(kept) if kept else false())
    return made


def equals(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of the values."""
    kind = column.type
    if isinstance(kind, Boolean):
        known = {"true": True, "false": False}
        return or_(false(), *(column.is_(known[value]) for value in values if value in known))
    if isinstance(kind, Integer):
        greatest = next(GREATEST[found] for found in (SmallInteger, BigInteger, Integer) if isinstance(kind, found))
        numbers = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 20]
        return column.in_([number for number in numbers if number < greatest])
    return column.in_(values)
