"""One entry of a map in SQL: jsonb in PostgreSQL, JSON in DuckDB; NULL where it is missing, null or of another type."""

from sqlglot import exp

from hutong.platform.cel import sql_parts as sql
from hutong.platform.cel.sql_parts import Sql
from hutong.platform.cel.types import Type

KINDS = {
    "postgres": {"string": ["string"], "bool": ["boolean"], "int": ["number"]},
    "duckdb": {"string": ["VARCHAR"], "bool": ["BOOLEAN"], "int": ["BIGINT", "UBIGINT"]},
}
"""What each engine calls the JSON type of a value."""


def entry(owner: Sql, key: str, type_: Type, dialect: str) -> Sql:
    """The value under a key, with its declared type."""
    if dialect == "duckdb":
        path = exp.Literal.string(f'$."{key}"')
        kind = sql.call("JSON_TYPE", owner, path)
        text = sql.call("JSON_EXTRACT_STRING", owner.copy(), path.copy())
        value: Sql = exp.TryCast(this=text, to=exp.DataType.build(sql.TYPES[type_.name]))
    else:
        name = exp.Literal.string(key)
        kind = sql.call("JSONB_TYPEOF", sql.call("JSONB_EXTRACT_PATH", owner, name))
        text = sql.call("JSONB_EXTRACT_PATH_TEXT", owner.copy(), name.copy())
        value = _integer(text) if type_.name == "int" else sql.cast(text, sql.TYPES[type_.name])
    named: list[Sql] = [exp.Literal.string(name) for name in KINDS[dialect][type_.name]]
    return sql.case((exp.In(this=kind, expressions=named), value))


def _integer(text: Sql) -> Sql:
    """A JSON number in PostgreSQL when it is whole and fits 64 bits."""
    whole = exp.RegexpLike(this=text, expression=exp.Literal.string("^-?[0-9]{1,30}$"))
    fitting = sql.within(sql.cast(text.copy(), "DECIMAL"), sql.INT_BOUNDS)
    return sql.case((whole, sql.cast(fitting, "BIGINT")))
