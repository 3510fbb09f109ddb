"""The functions every rule may use. CEL's own names and meanings where CEL has them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hutong.platform.cel.functions import FUNCTIONS, Function, register
from hutong.platform.cel.types import ANY, BOOL, DATE, DURATION, INT, STRING, TIMESTAMP, Type, list_of
from hutong.platform.cel.unknown import UNKNOWN

__all__ = ["FUNCTIONS"]

UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
TO_LOWER, TO_UPPER = str.maketrans(UPPER, LOWER), str.maketrans(LOWER, UPPER)
FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""Moments that every time zone can show as a calendar day; calendar parts of others are unknown."""
SIZES = (0, 2**31)
SQL = str | dict[str, str]


def _add(  # noqa: PLR0917 - a table of functions reads best as plain rows
    name: str,
    parameters: tuple[Type, ...],
    result: Type,
    python: Callable[..., Any],
    sql: SQL,
    says: str,
    **more: Any,
) -> None:
    templates = {"": sql} if isinstance(sql, str) else sql
    register(Function(name, parameters, result, python, templates, f"platform-cel-say-{says}", **more))


def _first_known(a: Any, b: Any) -> Any:
    return next((value for value in (a, b) if value is not None and value is not UNKNOWN), UNKNOWN)


def _day_number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _years(start: date, end: date) -> int:
    """Completed years: the distance of days read as numbers yyyymmdd, cut to years towards zero."""
    distance = _day_number(end) - _day_number(start)
    return distance // 10_000 if distance >= 0 else -(-distance // 10_000)


def _in_zone(part: Callable[[datetime], Any]) -> Callable[[datetime, str], Any]:
    return lambda moment, zone: part(moment.astimezone(ZoneInfo(zone))) if FIRST <= moment <= LAST else None


def _whole(unit: timedelta) -> Callable[[timedelta], int]:
    return lambda length: length // unit if length >= timedelta(0) else -(-length // unit)


# Text: sizes in characters (code points), case only of ASCII, where all engines agree

_add("size", (STRING,), INT, len, "LENGTH(_1)", "size-text", bounds=SIZES)
_add("startsWith", (STRING, STRING), BOOL, str.startswith, "STARTS_WITH(_1, _2)", "starts-with")
_add(
    "endsWith",
    (STRING, STRING),
    BOOL,
    str.endswith,
    {"postgres": "RIGHT(_1, LENGTH(_2)) = _2", "duckdb": "SUFFIX(_1, _2)"},
    "ends-with",
)
_add(
    "contains",
    (STRING, STRING),
    BOOL,
    str.__contains__,
    {"postgres": "POSITION(_2 IN _1) > 0", "duckdb": "CONTAINS(_1, _2)"},
    "contains",
)
_add("lowerAscii", (STRING,), STRING, lambda s: s.translate(TO_LOWER), f"TRANSLATE(_1, '{UPPER}', '{LOWER}')", "lower")
_add("upperAscii", (STRING,), STRING, lambda s: s.translate(TO_UPPER), f"TRANSLATE(_1, '{LOWER}', '{UPPER}')", "upper")
_add("string", (INT,), STRING, str, "CAST(_1 AS TEXT)", "string")

# Any type, integers

_add("size", (list_of(ANY),), INT, len, {"postgres": "CARDINALITY(_1)", "duckdb": "LEN(_1)"}, "size-list", bounds=SIZES)
_add("coalesce", (ANY, ANY), ANY, _first_known, "COALESCE(_1, _2)", "coalesce", absorbs=True)
for _name, _python, _sql in (("min", min, "LEAST"), ("max", max, "GREATEST")):
    _template = f"CASE WHEN _1 IS NULL OR _2 IS NULL THEN NULL ELSE {_sql}(_1, _2) END"
    _add(_name, (INT, INT), INT, _python, _template, _name)

# Calendar parts of a moment, in a time zone

_SHOWN = f"CASE WHEN _1 BETWEEN TIMESTAMPTZ '{FIRST.isoformat()}' AND TIMESTAMPTZ '{LAST.isoformat()}' THEN {{}} END"

_PARTS: tuple[tuple[str, str, Callable[[datetime], int], str], ...] = (
    ("getFullYear", "EXTRACT(YEAR FROM _1 AT TIME ZONE _2)", lambda t: t.year, "year"),
    ("getMonth", "EXTRACT(MONTH FROM _1 AT TIME ZONE _2) - 1", lambda t: t.month - 1, "month"),
    ("getDate", "EXTRACT(DAY FROM _1 AT TIME ZONE _2)", lambda t: t.day, "day"),
    ("getDayOfWeek", "EXTRACT(DOW FROM _1 AT TIME ZONE _2)", lambda t: t.isoweekday() % 7, "weekday"),
    ("getHours", "EXTRACT(HOUR FROM _1 AT TIME ZONE _2)", lambda t: t.hour, "hour"),
    ("getMinutes", "EXTRACT(MINUTE FROM _1 AT TIME ZONE _2)", lambda t: t.minute, "minute"),
)
for _name, _template, _part, _says in _PARTS:
    _guarded = _SHOWN.format(_template)
    _add(_name, (TIMESTAMP, STRING), INT, _in_zone(_part), _guarded, _says, calendar=True, bounds=(0, 9999))
_add(
    "date",
    (TIMESTAMP, STRING),
    DATE,
    _in_zone(datetime.date),
    _SHOWN.format("CAST(_1 AT TIME ZONE _2 AS DATE)"),
    "date",
    calendar=True,
)

# Days

_NUMBERS = tuple(
    f"(EXTRACT(YEAR FROM _{n}) * 10000 + EXTRACT(MONTH FROM _{n}) * 100 + EXTRACT(DAY FROM _{n}))" for n in (1, 2)
)
_FINITE = "CASE WHEN ISFINITE(_1) AND ISFINITE(_2) THEN {} END"
_add("daysBetween", (DATE, DATE), INT, lambda a, b: (b - a).days, _FINITE.format("_2 - _1"), "days-between")
_add(
    "yearsBetween",
    (DATE, DATE),
    INT,
    _years,
    {
        "postgres": _FINITE.format(f"DIV({_NUMBERS[1]} - {_NUMBERS[0]}, 10000)"),
        "duckdb": _FINITE.format(f"({_NUMBERS[1]} - {_NUMBERS[0]}) // 10000"),
    },
    "years-between",
)

# Durations, whole units towards zero (microseconds in SQL)

for _name, _micros, _says in (
    ("getSeconds", 1_000_000, "whole-seconds"),
    ("getMinutes", 60_000_000, "whole-minutes"),
    ("getHours", 3_600_000_000, "whole-hours"),
):
    _divided = {"postgres": f"DIV(_1, {_micros})", "duckdb": f"_1 // {_micros}"}
    _unit = timedelta(microseconds=_micros)
    _add(_name, (DURATION,), INT, _whole(_unit), _divided, _says, bounds=(-(2**40), 2**40))
