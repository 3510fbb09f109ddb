"""Random well-typed expressions over one table, and rows that hold the awkward values."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from hutong.platform.cel import Environment

COLUMNS = {
    "a": "int",
    "b": "int",
    "s": "string",
    "t": "string",
    "p": "bool",
    "q": "bool",
    "m": "timestamp",
    "n": "timestamp",
    "d": "date",
    "e": "date",
    "l": "duration",
    "ints": "list<int>",
    "texts": "list<string>",
    "names": "map<string>",
    "counts": "map<int>",
    "flags": "map<bool>",
}
ENVIRONMENT = Environment(
    {"row": COLUMNS, "viewer": {"branches": "list<string>", "rank": "int", "name": "string", "none": "int"}},
    timezone="Asia/Shanghai",
)
VIEWER = {"branches": ["", "01", "O'Neil", None], "rank": 7, "name": "胡同", "none": None}
SQL_COLUMNS = {f"row.{name}": f"f.{name}" for name in COLUMNS}
DUCKDB_TYPES = {
    "int": "BIGINT",
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
    "duration": "INTERVAL",
    "list<int>": "BIGINT[]",
    "list<string>": "VARCHAR[]",
}
POSTGRES_TYPES = DUCKDB_TYPES | {"string": "text", "list<string>": "text[]"}

INTS = [0, 1, -1, 2, 7, 60, -7, 2**31, 2**63 - 1, -(2**63), 10**18, 3 * 10**9]
TEXTS = [
    "",
    "a",
    "ab",
    "01",
    "0102",
    "O'Neil",
    "胡同",
    "户通🏮",
    "Z",
    "a\nb",
    "%_\\",
    "é",
    ":x",
    "\U0001f600a",
    "\uffee",
]
MOMENTS = [
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 31, 16, 0, 0, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2300, 7, 1, 5, 30, 0, 123457, tzinfo=UTC),
]
DAYS = [date(2026, 1, 1), date(2024, 2, 29), date(1990, 6, 15), date(2008, 3, 1)]
LENGTHS = [
    timedelta(0),
    timedelta(hours=1.5),
    timedelta(microseconds=-1),
    timedelta(days=400),
    timedelta(days=-3650000),
]
VALUES: dict[str, list[Any]] = {
    "int": INTS,
    "string": TEXTS,
    "bool": [True, False],
    "timestamp": [*MOMENTS, datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)],
    "date": [*DAYS, date(9999, 12, 31), date(1, 1, 1)],
    "duration": LENGTHS,
}
KEYS = ["a", "b c", "键"]


def rows(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Rows of nulls and awkward values, each combination reachable."""
    dice = random.Random(seed)
    return [{name: _value(dice, kind) for name, kind in COLUMNS.items()} for _ in range(count)]


def _value(dice: random.Random, kind: str) -> Any:
    if dice.random() < 0.2:
        return None
    if kind.startswith("list<"):
        return [dice.choice([None, *VALUES[kind[5:-1]]]) for _ in range(dice.randrange(4))]
    if kind.startswith("map<"):
        return {key: dice.choice([None, "a", "01", 5, 2**63 - 1, True, False]) for key in KEYS if dice.random() < 0.7}
    return dice.choice(VALUES[kind])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _literal(kind: str, value: Any) -> str:
    if kind == "string":
        return _quoted(value)
    if kind == "timestamp":
        return f'timestamp("{value.isoformat()}")'
    if kind == "date":
        return f'date("{value.isoformat()}")'
    if kind == "duration":
        return f'duration("{value // timedelta(microseconds=1)}us")'
    return str(value).lower()


def _leaf(kind: str) -> st.SearchStrategy[str]:
    columns = [f"row.{name}" for name, declared in COLUMNS.items() if declared == kind]
    extra = {"int": ["viewer.rank", "viewer.none", "size(row.ints)", "row.counts.a"], "string": ["viewer.name"]}.get(
        kind, []
    )
    maps = {"string": ['row.names["b c"]'], "bool": ["row.flags.a", 'row.flags["键"]']}.get(kind, [])
    literals = [_literal(kind, value) for value in (LENGTHS if kind == "duration" else VALUES[kind][:12])]
    return st.one_of(st.sampled_from(columns), st.sampled_from(columns + extra + maps), st.sampled_from(literals))


PATTERNS = [
    "^a",
    "b$",
    "[0-9]{2}",
    "^.*$",
    "^(01|a)+b?$",
    "\\d\\w*",
    "[^a-z]",
    "户.",
    "^$",
    "a|^O",
    "(?:)x|",
    "\\s",
    "[一-龥]+",
]


@st.composite
def expression(  # noqa: PLR0911, PLR0912 - a grammar: one return per production
    draw: st.DrawFn, kind: str = "bool", depth: int = 3, items: tuple[str, ...] = ()
) -> str:
    """Source of a random expression of a type; `items` are names bound by exists or all, of type string."""

    def sub(kind: str, bound: tuple[str, ...] = ()) -> str:
        return "(" + draw(expression(kind, depth - 1, items + bound)) + ")"

    def pick(*options: str) -> str:
        return draw(st.sampled_from(options))

    if depth == 0 or draw(st.integers(0, 9)) == 0:
        if kind == "string" and items and draw(st.booleans()):
            return pick(*items)
        return draw(_leaf(kind))
    if kind == "bool":
        return _condition(pick, sub, draw, items)
    options = {
        "int": ["arithmetic", "size", "coalesce", "min", "part", "days", "choice", "negative", "whole"],
        "string": ["concat", "coalesce", "lower", "string", "choice"],
        "timestamp": ["move", "choice", "coalesce"],
        "duration": ["difference", "sum", "choice"],
        "date": ["choice", "coalesce", "date"],
    }[kind]
    match pick(*options):
        case "arithmetic":
            return f"{sub('int')} {pick('+', '-', '*', '/', '%')} {sub('int')}"
        case "size":
            return f"{sub('string')}.size()"
        case "coalesce":
            return f"coalesce({sub(kind)}, {sub(kind)})"
        case "min":
            return f"{pick('min', 'max')}({sub('int')}, {sub('int')})"
        case "part":
            part = pick("getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes")
            moments = st.sampled_from([_literal("timestamp", moment) for moment in MOMENTS] + ["row.m", "row.n"])
            zone = pick("", '"UTC"', '"Asia/Shanghai"')
            return f"{_within_tables(draw(moments))}.{part}({zone})"
        case "days":
            return f"{pick('daysBetween', 'yearsBetween')}({sub('date')}, {sub('date')})"
        case "negative":
            return f"-{sub('int')}"
        case "whole":
            return f"{sub('duration')}.{pick('getSeconds', 'getMinutes', 'getHours')}()"
        case "concat":
            return f"{sub('string')} + {sub('string')}"
        case "lower":
            return f"{pick('lowerAscii', 'upperAscii')}({sub('string')})"
        case "string":
            return f"string({sub('int')})"
        case "move":
            return f"{sub('timestamp')} {pick('+', '-')} {sub('duration')}"
        case "difference":
            return f"{sub('timestamp')} - {sub('timestamp')}"
        case "sum":
            return f"{sub('duration')} {pick('+', '-')} {sub('duration')}"
        case "date":
            return f"date({_within_tables(pick('row.m', 'row.n'))})"
    return f"{sub('bool')} ? {sub(kind)} : {pick('null', sub(kind))}"


def _within_tables(moment: str) -> str:
    """Time zone tables of the engines agree on our times, not on the local mean times of year 1."""
    early, late = 'timestamp("1992-01-01T00:00:00Z")', 'timestamp("2100-01-01T00:00:00Z")'
    return f"({moment} > {early} && {moment} < {late} ? {moment} : null)"


def _condition(  # noqa: PLR0911, PLR0912 - as above
    pick: Any, sub: Any, draw: Any, items: tuple[str, ...]
) -> str:
    kinds = ["int", "string", "timestamp", "date", "duration"]
    match pick(
        "and", "or", "not", "compare", "equal", "null", "in", "text", "matches", "list", "has", "choice", "fold"
    ):
        case "and":
            return f"{sub('bool')} && {sub('bool')}"
        case "or":
            return f"{sub('bool')} || {sub('bool')}"
        case "not":
            return f"!{sub('bool')}"
        case "compare":
            kind = pick(*kinds)
            return f"{sub(kind)} {pick('<', '<=', '>', '>=')} {sub(kind)}"
        case "equal":
            kind = pick("bool", *kinds)
            return f"{sub(kind)} {pick('==', '!=')} {sub(kind)}"
        case "null":
            return f"{sub(pick('bool', *kinds))} {pick('==', '!=')} null"
        case "in":
            kind = pick(*kinds)
            if draw(st.booleans()):
                known = draw(
                    st.lists(st.sampled_from([_literal(kind, value) for value in VALUES[kind][:9]] + ["null"]))
                )
                return f"{sub(kind)} in [{', '.join(known)}]"
            return f"{sub(kind)} in [{sub(kind)}, {pick('null', sub(kind))}]"
        case "text":
            return f"{sub('string')}.{pick('startsWith', 'endsWith', 'contains')}({sub('string')})"
        case "matches":
            return f"{sub('string')}.matches({_quoted(draw(st.sampled_from(PATTERNS)))})"
        case "list":
            kind, column = draw(
                st.sampled_from([("int", "row.ints"), ("string", "row.texts"), ("string", "viewer.branches")])
            )
            return f"{sub(kind)} in {column}"
        case "has":
            return f"has({pick('row.a', 'row.s', 'row.names.a', 'row.counts.键', 'row.texts', 'viewer.none')})".replace(
                ".键", ".b"
            )
        case "fold":
            name = f"x{len(items)}"
            listed = pick("row.texts", "viewer.branches", f"[{sub('string')}, {sub('string')}]")
            return f"{listed}.{pick('exists', 'all')}({name}, {sub('bool', (name,))})"
    return f"{sub('bool')} ? {sub('bool')} : {pick('null', sub('bool'))}"
