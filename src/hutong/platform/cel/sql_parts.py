"""Pieces of SQL that never raise: literals, exact integer arithmetic, moments as microseconds."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlglot import exp, parse_one

from hutong.platform.cel.types import DURATION_MAX_MICROS, INT_MAX, INT_MIN, NULL, Type
from hutong.platform.cel.unknown import UNKNOWN

Sql = exp.Expr
DIALECTS = ("postgres", "duckdb")
TYPES = {
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "string": "TEXT",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
    "duration": "BIGINT",
    "null": "TEXT",
}
"""SQL types of values; a duration is whole microseconds."""
WIDE = {"postgres": "DECIMAL", "duckdb": "INT128"}
"""A type in which one operation on two 64-bit integers cannot overflow."""
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
INT_BOUNDS = (INT_MIN, INT_MAX)
DURATION_BOUNDS = (-DURATION_MAX_MICROS, DURATION_MAX_MICROS)
TIMESTAMP_BOUNDS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
"""Years 1 to 9999, the range of CEL."""
TRUE, FALSE = exp.true(), exp.false()


def cast(value: Sql, sql_type: str) -> Sql:
    """CAST(value AS type)"""
    return exp.Cast(this=value, to=exp.DataType.build(sql_type))


def sql_type(type_: Type) -> str:
    """The SQL type of a value."""
    return TYPES[type_.item.name] + "[]" if type_.name == "list" and type_.item else TYPES[type_.name]


def null(type_: Type) -> Sql:
    """A typed NULL."""
    return cast(exp.Null(), sql_type(type_))


def literal(value: Any, type_: Type) -> Sql:
    """A value quoted by SQLGlot; null and UNKNOWN are NULL, a duration is its microseconds."""
    if value is None or value is UNKNOWN:
        return null(type_)
    if type_.name == "list":
        items = [literal(item, type_.item or NULL) for item in value]
        return cast(exp.Array(expressions=items), sql_type(type_))
    return _LITERALS[type_.name](value)


def number(value: int) -> Sql:
    """An integer; the smallest of 64 bits has no plain literal."""
    if value == INT_MIN:
        return cast(exp.Literal.string(str(value)), "BIGINT")
    made: Sql = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=made)) if value < 0 else made


def moment(value: datetime) -> Sql:
    """A timestamp with its offset, whatever the session's time zone."""
    return cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMPTZ")


def day(value: date) -> Sql:
    """A date."""
    return cast(exp.Literal.string(value.isoformat()), "DATE")


def microseconds(value: timedelta) -> Sql:
    """A duration."""
    return number(value // MICROSECOND)


_LITERALS: dict[str, Callable[[Any], Sql]] = {
    "bool": lambda value: exp.true() if value else exp.false(),
    "int": number,
    "string": exp.Literal.string,
    "timestamp": moment,
    "date": day,
    "duration": microseconds,
}


def paren(value: Sql) -> Sql:
    """In parentheses where it is an operation."""
    loose = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.Collate, exp.AtTimeZone)
    return exp.Paren(this=value) if isinstance(value, loose) and not isinstance(value, exp.Paren | exp.Dot) else value


def call(name: str, *arguments: Sql) -> Sql:
    """A function call, passed through as named."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def either(*conditions: Sql) -> Sql:
    """OR of two-valued conditions, without those that are FALSE."""
    kept = [condition for condition in conditions if condition != FALSE]
    if not kept:
        return exp.false()
    return exp.true() if TRUE in kept else joined(exp.Or, kept)


def joined(operator: type[exp.Connector], parts: Sequence[Sql]) -> Sql:
    """Several conditions under one AND or OR, as a balanced tree: engines limit depth."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = joined(operator, parts[:middle]), joined(operator, parts[middle:])
    return operator(this=_grouped(left, operator), expression=_grouped(right, operator))


def _grouped(part: Sql, operator: type[exp.Connector]) -> Sql:
    return part if isinstance(part, operator) or not isinstance(part, exp.Connector) else exp.Paren(this=part)


def case(*branches: tuple[Sql, Sql], default: Sql | None = None) -> Sql:
    """CASE WHEN ... THEN ... ELSE ... END"""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=default)


def negated(made: Sql) -> Sql:
    """NOT, written as the opposite operator where there is one."""
    if isinstance(made, exp.EQ):
        return exp.NEQ(this=made.this, expression=made.expression)
    if isinstance(made, exp.NullSafeEQ):
        return exp.NullSafeNEQ(this=made.this, expression=made.expression)
    return exp.Not(this=paren(made))


def is_null(value: Sql) -> Sql:
    """value IS NULL"""
    return exp.Is(this=paren(value), expression=exp.Null())


def within(value: Sql, bounds: tuple[int, int]) -> Sql:
    """The value, or NULL outside of the bounds, naming it only once (LEAST and GREATEST pass over NULL)."""
    low, high = number(bounds[0] - 1), number(bounds[1] + 1)
    held = call("GREATEST", call("LEAST", value, high), low)
    return call("NULLIF", call("NULLIF", held, high.copy()), low.copy())


def micros_of_timestamp(value: Sql, dialect: str) -> Sql:
    """Microseconds since 1970 in the wide type; infinity stays outside of every bound."""
    if dialect == "duckdb":
        return cast(call("EPOCH_US", value), WIDE[dialect])
    epoch = exp.Extract(this=exp.Var(this="EPOCH"), expression=paren(value))
    return exp.Paren(this=exp.Mul(this=epoch, expression=exp.Literal.number(1_000_000)))


def timestamp_of_micros(micros: Sql, dialect: str) -> Sql:
    """A timestamp from whole microseconds since 1970, exactly: a float of seconds would lose some after 2255."""
    whole = cast(micros, "BIGINT")
    if dialect == "duckdb":
        return call("MAKE_TIMESTAMPTZ", whole)
    text = exp.DPipe(this=cast(whole, "TEXT"), expression=exp.Literal.string(" microseconds"))
    return exp.Paren(this=exp.Add(this=moment(EPOCH), expression=cast(text, "INTERVAL")))


def micros_of_interval(value: Sql, dialect: str) -> Sql:
    """A duration column (an interval of days and time, without months) as microseconds."""
    if dialect == "duckdb":
        return call("EPOCH_US", value)
    epoch = exp.Extract(this=exp.Var(this="EPOCH"), expression=paren(value))
    scaled = exp.Paren(this=exp.Mul(this=epoch, expression=exp.Literal.number(1_000_000)))
    return cast(within(scaled, DURATION_BOUNDS), "BIGINT")


@cache
def template(text: str, dialect: str) -> Sql:
    """A function's template, parsed once."""
    return parse_one(text, read=dialect)


def fill(text: str, dialect: str, arguments: Sequence[Sql]) -> Sql:
    """A template with its arguments in place of `_1`, `_2`, ..."""
    made = template(text, dialect).copy()
    root = exp.Paren(this=made)
    for column in list(root.find_all(exp.Column)):
        name = column.name
        if name.startswith("_") and name[1:].isdigit():
            column.replace(paren(arguments[int(name[1:]) - 1].copy()))
    return root.this if not isinstance(root.this, exp.Binary | exp.Unary | exp.Between) else root


@cache
def column(text: str, dialect: str) -> Sql:
    """The SQL a caller gave for a variable, parsed once."""
    return paren(parse_one(text, read=dialect))
