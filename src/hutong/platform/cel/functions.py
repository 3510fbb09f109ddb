"""The functions of the language, each with its three executions in one place; centers may register more.

A function's Python side gets plain values, never null, and answers None (or raises ValueError, OverflowError) for
unknown. Its SQL side is a template per dialect with the arguments `_1`, `_2`, ...; it must answer NULL when an argument is
NULL, must never raise, and must agree with the Python side. A function with `absorbs` sees null and UNKNOWN itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hutong.platform.cel.types import ANY, DATE, DURATION, INT, STRING, TIMESTAMP, Type, list_of
from hutong.platform.cel.unknown import UNKNOWN


@dataclass(frozen=True)
class Function:
    """One overload. `sentence` is the Fluent message (`$a`, `$b`, ... are the arguments) that says it."""

    name: str
    parameters: tuple[Type, ...]
    result: Type
    python: Callable[..., Any]
    sql: Mapping[str, str]
    """Template by dialect: "postgres", "duckdb"; "" stands for both."""
    sentence: str
    absorbs: bool = False
    calendar: bool = False
    """Takes the time zone of the environment, or one written as the last argument."""
    bounds: tuple[int, int] | None = None
    """Least and greatest integer result, where narrower than 64 bits."""

    def template(self, dialect: str) -> str:
        """The SQL of a dialect. Raises KeyError where the function has none."""
        return self.sql[dialect] if dialect in self.sql else self.sql[""]

    def accepts(self, found: tuple[Type, ...]) -> Type | None:
        """The result type for arguments of these types, or None."""
        if len(found) != len(self.parameters):
            return None
        bound: Type | None = None
        for wanted, given in zip(self.parameters, found, strict=True):
            inner, actual = (wanted, given) if wanted.name != "list" else (wanted.item, given.item)
            if wanted.name == "list" and given.name != "list":
                return None
            if inner == ANY:
                bound = bound if bound is not None and bound.name != "null" else actual
                inner = bound
            if actual != inner and actual is not None and actual.name != "null":
                return None
        return bound if self.result == ANY else self.result


FUNCTIONS: dict[str, list[Function]] = {}


def register(function: Function) -> Function:
    """Add a function, or one more overload of its name; registering the same overload again replaces it."""
    overloads = FUNCTIONS.setdefault(function.name, [])
    overloads[:] = [known for known in overloads if known.parameters != function.parameters]
    overloads.append(function)
    return function


def _known(value: Any) -> bool:
    return value is not None and value is not UNKNOWN


def _whole(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _years(start: date, end: date) -> int:
    """Completed years: the difference of dates read as the number yyyymmdd, cut to years."""
    distance = _whole(end) - _whole(start)
    return distance // 10_000 if distance >= 0 else -(-distance // 10_000)


_ASCII_LOWER = {code: code + 32 for code in range(65, 91)}
_ASCII_UPPER = {code: code - 32 for code in range(97, 123)}
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_DAY_NUMBER = "(EXTRACT(YEAR FROM _{0}) * 10000 + EXTRACT(MONTH FROM _{0}) * 100 + EXTRACT(DAY FROM _{0}))"
_MICROS_OF_SECOND = 1_000_000


def _text_functions() -> None:
    both = (STRING, STRING)
    says = "platform-cel-say-"
    bool_type = Type("bool")
    register(
        Function("size", (STRING,), INT, len, {"": "LENGTH(_1)"}, says + "size-text", bounds=(0, 2**31)),
    )
    register(Function("startsWith", both, bool_type, str.startswith, {"": "STARTS_WITH(_1, _2)"}, says + "starts-with"))
    register(
        Function(
            "endsWith",
            both,
            bool_type,
            str.endswith,
            {"postgres": "RIGHT(_1, LENGTH(_2)) = _2", "duckdb": "SUFFIX(_1, _2)"},
            says + "ends-with",
        )
    )
    register(
        Function(
            "contains",
            both,
            bool_type,
            str.__contains__,
            {"postgres": "POSITION(_2 IN _1) > 0", "duckdb": "CONTAINS(_1, _2)"},
            says + "contains",
        )
    )
    for name, table, sql in (
        ("lowerAscii", _ASCII_LOWER, f"TRANSLATE(_1, '{_UPPER}', '{_LOWER}')"),
        ("upperAscii", _ASCII_UPPER, f"TRANSLATE(_1, '{_LOWER}', '{_UPPER}')"),
    ):
        register(Function(name, (STRING,), STRING, _translator(table), {"": sql}, says + name.removesuffix("Ascii")))
    register(Function("string", (INT,), STRING, str, {"": "CAST(_1 AS TEXT)"}, says + "string"))


def _translator(table: dict[int, int]) -> Callable[[str], str]:
    return lambda text: text.translate(table)


def _general_functions() -> None:
    says = "platform-cel-say-"
    register(
        Function(
            "size",
            (list_of(ANY),),
            INT,
            len,
            {"postgres": "CARDINALITY(_1)", "duckdb": "LEN(_1)"},
            says + "size-list",
            bounds=(0, 2**31),
        )
    )
    register(
        Function(
            "coalesce",
            (ANY, ANY),
            ANY,
            lambda a, b: a if _known(a) else b if _known(b) else UNKNOWN,
            {"": "COALESCE(_1, _2)"},
            says + "coalesce",
            absorbs=True,
        )
    )
    for name, python, sql in (("min", min, "LEAST"), ("max", max, "GREATEST")):
        template = f"CASE WHEN _1 IS NULL OR _2 IS NULL THEN NULL ELSE {sql}(_1, _2) END"
        register(Function(name, (INT, INT), INT, python, {"": template}, says + name))


def _calendar_functions() -> None:
    says = "platform-cel-say-"
    for name, part, shift, python in (
        ("getFullYear", "YEAR", "", lambda t: t.year),
        ("getMonth", "MONTH", " - 1", lambda t: t.month - 1),
        ("getDate", "DAY", "", lambda t: t.day),
        ("getDayOfWeek", "DOW", "", lambda t: t.isoweekday() % 7),
        ("getHours", "HOUR", "", lambda t: t.hour),
        ("getMinutes", "MINUTE", "", lambda t: t.minute),
    ):
        moment = f"EXTRACT({part} FROM _1 AT TIME ZONE _2){shift}"
        guarded = f"CASE WHEN {moment} BETWEEN 0 AND 9999 THEN {moment} END"
        register(
            Function(
                name,
                (TIMESTAMP, STRING),
                INT,
                _in_zone(python),
                {"": guarded if part == "YEAR" else moment},
                says + name,
                calendar=True,
                bounds=(0, 9999),
            )
        )
    register(
        Function(
            "date",
            (TIMESTAMP, STRING),
            DATE,
            _in_zone(datetime.date),
            {"": "CAST(_1 AT TIME ZONE _2 AS DATE)"},
            says + "date",
            calendar=True,
        )
    )
    days = {
        "postgres": "CASE WHEN ISFINITE(_1) AND ISFINITE(_2) THEN _2 - _1 END",
        "duckdb": "CASE WHEN ISFINITE(_1) AND ISFINITE(_2) THEN _2 - _1 END",
    }
    register(Function("daysBetween", (DATE, DATE), INT, lambda a, b: (b - a).days, days, says + "days-between"))
    numbers = _DAY_NUMBER.format(2) + " - " + _DAY_NUMBER.format(1)
    years = {
        "postgres": f"CASE WHEN ISFINITE(_1) AND ISFINITE(_2) THEN DIV({numbers}, 10000) END",
        "duckdb": f"({numbers}) // 10000",
    }
    register(Function("yearsBetween", (DATE, DATE), INT, _years, years, says + "years-between"))


def _in_zone(part: Callable[[datetime], Any]) -> Callable[[datetime, str], Any]:
    return lambda moment, zone: part(moment.astimezone(ZoneInfo(zone)))


def _duration_functions() -> None:
    for name, micros in (
        ("getSeconds", _MICROS_OF_SECOND),
        ("getMinutes", 60 * _MICROS_OF_SECOND),
        ("getHours", 3600 * _MICROS_OF_SECOND),
    ):
        register(
            Function(
                name,
                (DURATION,),
                INT,
                _whole_units(timedelta(microseconds=micros)),
                {"postgres": f"DIV(_1, {micros})", "duckdb": f"_1 // {micros}"},
                f"platform-cel-say-duration-{name}",
                bounds=(-(2**40), 2**40),
            )
        )


def _whole_units(unit: timedelta) -> Callable[[timedelta], int]:
    return lambda length: length // unit if length >= timedelta(0) else -(-length // unit)


_text_functions()
_general_functions()
_calendar_functions()
_duration_functions()
