"""Object evaluation, DuckDB and PostgreSQL give one answer, nulls, errors and overflow included."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL
from tests.platform.cel import grammar
from tests.thorough import examples

from hutong.platform.cel import UNKNOWN, parse

ROWS = grammar.rows(160)
Ask = Callable[[str], list[Any]]


def _stored(row: dict[str, Any]) -> list[Any]:
    return [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]


@pytest.fixture(scope="module")
def duck() -> Iterator[Ask]:
    connection = duckdb.connect()
    types = [grammar.DUCKDB_TYPES.get(kind, "JSON") for kind in grammar.COLUMNS.values()]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(grammar.COLUMNS, types, strict=True))
    connection.execute(f"CREATE TABLE facts (id INTEGER, {columns})")
    marks = ", ".join("?" for _ in range(len(types) + 1))
    connection.executemany(f"INSERT INTO facts VALUES ({marks})", [[i, *_stored(row)] for i, row in enumerate(ROWS)])
    yield lambda sql: [row[0] for row in connection.execute(f"SELECT {sql} FROM facts f ORDER BY id").fetchall()]
    connection.close()


@pytest.fixture(scope="module")
def postgres(server: URL) -> Iterator[Ask]:
    url = server.set(drivername="postgresql").render_as_string(hide_password=False)
    types = [grammar.POSTGRES_TYPES.get(kind, "jsonb") for kind in grammar.COLUMNS.values()]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(grammar.COLUMNS, types, strict=True))
    with psycopg.connect(url, autocommit=True, options="-c timezone=America/New_York") as connection:
        connection.execute(f"CREATE TEMPORARY TABLE facts (id integer, {columns})")
        marks = ", ".join(f"%s::{kind}" for kind in ["integer", *types])
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO facts VALUES ({marks})", [[i, *_stored(row)] for i, row in enumerate(ROWS)]
            )
        yield lambda sql: [row[0] for row in connection.execute(f"SELECT {sql} FROM facts f ORDER BY id").fetchall()]


def _plain(value: Any) -> Any:
    if value is UNKNOWN:
        return None
    return value // timedelta(microseconds=1) if isinstance(value, timedelta) else value


def _check(source: str, dialect: str, ask: Ask) -> None:
    parsed = parse(source, grammar.ENVIRONMENT)
    constants = {"viewer": grammar.VIEWER}
    answers = [parsed.evaluate({"row": row, **constants}) for row in ROWS]
    sql = parsed.to_sql(dialect, grammar.SQL_COLUMNS, constants)
    assert list(zip(ROWS, ask(sql), strict=True)) == list(zip(ROWS, map(_plain, answers), strict=True)), sql
    if str(parsed.type) == "bool":
        condition = parsed.to_sql(dialect, grammar.SQL_COLUMNS, constants, condition=True)
        held = [answer is True for answer in answers]
        assert [answer is True for answer in ask(condition)] == held, condition


CASES = [
    "row.a / row.b",
    "row.a % row.b",
    "row.a / 7 * 7 + row.a % 7 == row.a",
    "-row.a",
    "row.a * row.b - row.a",
    "row.a - row.b > 0 || row.a == null",
    "row.a in [0, 1, 7]",
    "!(row.a in [0, 1, 7])",
    "!(row.a in [0, null])",
    "row.s in []",
    "row.a / 0 in []",
    "row.a / row.b in [1, 7]",
    "row.s in viewer.branches",
    "!(row.s in viewer.branches)",
    "viewer.name in row.texts",
    "null in row.ints",
    "row.a in row.ints",
    "!(row.a + 0 in row.ints)",
    "row.a == row.b",
    "row.a != row.b",
    "row.a + 1 == row.b",
    "row.a + 1 != row.b",
    "row.a + 1 == null",
    "row.a == viewer.none",
    "(row.p ? row.a : row.a + 1) == row.b",
    "row.p == row.q",
    "row.p ? row.s : null",
    "!row.p || row.q && row.p",
    "row.s < row.t",
    "row.s >= 'Z'",
    "row.s.size() + row.t.size()",
    "row.s.contains(row.t)",
    "row.s.endsWith(row.t)",
    "row.s.startsWith('O\\'')",
    "viewer.branches.exists(x, row.s.startsWith(x))",
    "viewer.branches.all(x, row.s != x)",
    "row.texts.exists(x, x == row.s)",
    "row.texts.exists(x, row.s == 'a')",
    "row.texts.all(x, x.size() < 3)",
    "row.texts.exists(x, row.texts.exists(y, x + y == '0101'))",
    "[row.a, row.b].exists(x, x / 2 > 1)",
    "[row.a / row.b, 1].size()",
    "size(row.ints)",
    "has(row.names.a) && !has(row.a)",
    "row.counts.a + 1",
    "row.counts['键'] == null",
    "row.flags.a || row.p",
    "'b c' in row.names",
    "row.m + row.l",
    "row.m - row.n",
    "row.m - row.n > row.l",
    "row.l - duration('36h') + row.l",
    "row.l.getHours() - row.l.getMinutes()",
    "row.m < timestamp('2026-01-01T08:00:00+08:00')",
    "row.d > date('2008-03-01')",
    "daysBetween(row.d, row.e)",
    "yearsBetween(row.d, row.e)",
    "string(row.a) + row.s",
    "coalesce(coalesce(row.a / row.b, row.b), 3)",
    "min(row.a, row.b) == max(row.a, row.b)",
]
"""What random search meets seldom."""


@pytest.mark.parametrize("source", CASES)
def test_chosen_expressions_agree(duck: Ask, postgres: Ask, source: str) -> None:
    """The three executions agree on awkward rules: sign of division, null in lists, unknown against null."""
    _check(source, "duckdb", duck)
    _check(source, "postgres", postgres)


KINDS = st.sampled_from(["bool", "bool", "bool", "int", "string", "timestamp", "duration", "date"])
SOURCES = KINDS.flatmap(grammar.expression)
PLENTY = settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))


@PLENTY
@given(SOURCES)
def test_duckdb_agrees(duck: Ask, source: str) -> None:
    """Any expression: DuckDB answers each row as evaluation does."""
    _check(source, "duckdb", duck)


@PLENTY
@given(SOURCES)
def test_postgresql_agrees(postgres: Ask, source: str) -> None:
    """Any expression: PostgreSQL answers each row as evaluation does, whatever the session's time zone."""
    _check(source, "postgres", postgres)


@given(SOURCES)
@settings(max_examples=examples(100), deadline=None)
def test_every_expression_can_be_said(source: str) -> None:
    """XP-02: whatever is accepted has a sentence in both languages and an account of its result."""
    parsed = parse(source, grammar.ENVIRONMENT)
    for locale in ("zh-CN", "en"):
        assert parsed.explain(locale)
        result = parsed.explain_result({"row": ROWS[0], "viewer": grammar.VIEWER}, locale)
        answer = parsed.evaluate({"row": ROWS[0], "viewer": grammar.VIEWER})
        assert result.outcome == (UNKNOWN if answer is None else answer)
        assert result.lines()


def test_rows_hold_moments_in_utc() -> None:
    """The comparison above would hide a lost time zone: the rows themselves are zoned."""
    assert all(row["m"] is None or (isinstance(row["m"], datetime) and row["m"].tzinfo) for row in ROWS)
