"""SQL of expressions: short where a condition is only tested, quoted, bound at translation, never raising."""

from collections.abc import Iterator
from typing import Any

import duckdb
import psycopg
import pytest
from sqlalchemy import column, create_engine, select, table
from sqlalchemy.engine import URL

from hutong.platform.cel import Environment, parse

ENVIRONMENT = Environment(
    {
        "row": {
            "branch": "string",
            "amount": "int",
            "start": "timestamp",
            "stop": "timestamp",
            "day": "date",
            "length": "duration",
            "tags": "list<string>",
            "attributes": "map<int>",
        },
        "viewer": {"branches": "list<string>", "branch": "string"},
    },
    timezone="Asia/Shanghai",
)
COLUMNS = {name: name.replace("row.", "r.") for name in map("row.{}".format, dict(ENVIRONMENT.variables["row"].fields))}
VIEWER = {"viewer": {"branches": ["01", "02"], "branch": "01"}}


def sql(source: str, dialect: str = "postgres", *, condition: bool = True, **viewer: Any) -> str:
    return parse(source, ENVIRONMENT).to_sql(
        dialect, COLUMNS, {"viewer": VIEWER["viewer"] | viewer}, condition=condition
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("row.branch == 'a'", "r.branch = 'a'"),
        ("row.branch in viewer.branches", "r.branch IN ('01', '02')"),
        ("row.branch.startsWith(viewer.branch)", "STARTS_WITH(r.branch, '01')"),
        ("'01' in viewer.branches || row.amount > 1", "TRUE"),
        ("'03' in viewer.branches || row.amount > 1", "r.amount > 1"),
        ("viewer.branch == '02' && row.amount > 1", "FALSE"),
        ("row.amount > 60 * 60", "r.amount > 3600"),
        ("'x' in row.tags", "'x' = ANY(r.tags)"),
        ("row.amount == 1 && (row.amount == 2 || row.amount == 3)", "r.amount = 1 AND (r.amount = 2 OR r.amount = 3)"),
        ("!(row.amount == 1)", "NOT (r.amount IS NOT DISTINCT FROM 1)"),
        ("row.amount != 1", "r.amount IS DISTINCT FROM 1"),
    ],
)
def test_conditions_are_plain(source: str, expected: str) -> None:
    """A condition compiles to what a person would write; what is known is settled at translation."""
    assert sql(source) == expected


def test_no_branches_see_nothing() -> None:
    """A viewer without branches sees no row, and an unknown viewer neither."""
    assert sql("row.branch in viewer.branches", branches=[]) == "FALSE"
    assert sql("viewer.branches.exists(b, row.branch.startsWith(b))", branches=[]) == "FALSE"
    assert sql("row.branch in viewer.branches", branches=None) in ("FALSE", "CAST(NULL AS BOOLEAN)")


def test_a_variable_without_column_is_a_mistake_of_the_caller() -> None:
    """Named at translation, not at run time."""
    with pytest.raises(KeyError, match=r"row\.branch"):
        parse("row.branch == 'a'", ENVIRONMENT).to_sql("postgres", {})
    with pytest.raises(ValueError, match="oracle"):
        parse("true", ENVIRONMENT).to_sql("oracle", {})


HOSTILE = ["'; DROP TABLE facts; --", "\\'", ":name", "%s", "100%", "$$", '"', "/* */", "a\nb", "{x}"]


@pytest.fixture
def postgres(server: URL) -> Iterator[psycopg.Connection[Any]]:
    url = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("text", HOSTILE)
def test_values_are_quoted(postgres: psycopg.Connection[Any], server: URL, text: str) -> None:
    """Whatever a viewer's value holds, it stays a value: in both engines, and through SQLAlchemy."""
    parsed = parse("row.branch == viewer.branch && row.branch.contains(viewer.branch)", ENVIRONMENT)
    constants = {"viewer": {"branch": text}}
    made = parsed.to_sql("postgres", {"row.branch": "t"}, constants).replace("%", "%%")
    assert postgres.execute(f"SELECT {made} FROM unnest(%s::text[]) AS t", [[text]]).fetchall() == [(True,)]
    made = parsed.to_sql("duckdb", {"row.branch": "t.t"}, constants)
    assert duckdb.execute(f"SELECT {made} FROM (SELECT ? AS t) AS t", [text]).fetchall() == [(True,)]
    engine = create_engine(server.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        rows = table("pg_database", column("datname"))
        clause = parsed.to_clause({"row.branch": f"CAST('{text.replace(chr(39), chr(39) * 2)}' AS TEXT)"}, constants)
        query = select(rows.c.datname).where(clause, rows.c.datname == "postgres")
        assert connection.execute(query).fetchall() == [("postgres",)]
    engine.dispose()


NEVER = [
    "row.amount * row.amount * row.amount",
    "row.amount / (row.amount - row.amount)",
    "-row.amount % row.amount",
    "row.stop - row.start",
    "row.start + row.length",
    "row.start - row.length - row.length",
    "row.length + row.length",
    "row.start.getFullYear() + row.start.getHours()",
    "daysBetween(row.day, date(row.start))",
    "yearsBetween(row.day, date(row.start))",
    "row.attributes.a + 1",
    "row.tags.exists(t, t.size() / (t.size() - t.size()) > 1)",
]


@pytest.mark.parametrize("source", NEVER)
def test_no_value_of_a_column_raises(postgres: psycopg.Connection[Any], source: str) -> None:
    """Overflow, zero, infinite moments, odd JSON: NULL, never an error that stops a batch of a million rows."""
    made = parse(source, ENVIRONMENT).to_sql("postgres", COLUMNS)
    for attributes in ('{"a": 1.5}', '{"a": 1e300}', '{"a": "x"}', "[1]", "3", "null"):
        for moment in ("infinity", "-infinity", "294276-12-31 23:59:59+00", "4713-01-01 00:00:00+00 BC"):
            for length in ("178000000 years", "-178000000 years", "106751991 days 04:00:54.775807"):
                postgres.execute(
                    f"""SELECT {made} FROM (SELECT amount, timestamptz '{moment}' AS start,
                        timestamptz '{moment}' AS stop, CAST(timestamptz '{moment}' AS date) AS day,
                        interval '{length}' AS length, jsonb '{attributes}' AS attributes, array['', null] AS tags
                        FROM unnest(array[0, -1, 9223372036854775807, -9223372036854775808]) AS amount) AS r"""
                ).fetchall()


@pytest.mark.parametrize("source", NEVER)
def test_no_value_of_a_column_raises_in_duckdb(source: str) -> None:
    """The same for DuckDB, which raises on overflow of its own accord."""
    made = parse(source, ENVIRONMENT).to_sql("duckdb", COLUMNS)
    for attributes in ('{"a": 1.5}', '{"a": 1e300}', '{"a": "x"}', "[1]", "3", "null"):
        for moment in ("infinity", "-infinity", "294246-12-31 23:59:59+00"):
            for length in ("100000 years", "-100000 years", "106751 days"):
                duckdb.execute(
                    f"""SELECT {made} FROM (SELECT amount, timestamptz '{moment}' AS start,
                        timestamptz '{moment}' AS stop, CAST(timestamptz '{moment}' AS date) AS day,
                        interval '{length}' AS length, json '{attributes}' AS attributes, ['', null] AS tags
                        FROM unnest([0, -1, 9223372036854775807, -9223372036854775808]) AS x(amount)) AS r"""
                ).fetchall()


def test_indexes_serve_row_scope(postgres: psycopg.Connection[Any]) -> None:
    """A clerk's list must not be slower than the administrator's: the row scope is an index condition."""
    postgres.execute('CREATE TEMPORARY TABLE customers (branch text COLLATE "C", amount bigint)')
    postgres.execute("INSERT INTO customers SELECT to_char(n, 'FM00000'), n FROM generate_series(1, 20000) AS n")
    postgres.execute("CREATE INDEX customers_branch ON customers (branch)")
    postgres.execute("ANALYZE customers")
    for source in (
        "row.branch in viewer.branches",
        "row.branch.startsWith(viewer.branch)",
        "row.branch == viewer.branch",
    ):
        made = parse(source, ENVIRONMENT).to_sql(
            "postgres",
            {"row.branch": "branch"},
            {"viewer": {"branches": ["00001", "00002"], "branch": "00017"}},
            condition=True,
        )
        plan = "\n".join(row[0] for row in postgres.execute(f"EXPLAIN SELECT * FROM customers WHERE {made}").fetchall())
        assert "Index Cond" in plan, plan
