"""Evaluation on one object: unknown, null, and the traps other runtimes fall into."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hutong.platform.cel import INT, UNKNOWN, Environment, Function, parse, register

ENVIRONMENT = Environment(
    {
        "event": {"duration": "int", "fee": "money", "kind": "string", "start": "timestamp", "day": "date"},
        "length": "duration",
        "tags": "list<string>",
        "extra": "map<int>",
        "ok": "bool",
    },
    timezone="Asia/Shanghai",
)


def answer(source: str, **variables: Any) -> Any:
    return parse(source, ENVIRONMENT).evaluate(variables)


@pytest.mark.parametrize("value", [1.0, Decimal(1), "1", True, 2**63, [1]])
def test_another_type_than_declared_is_unknown(value: object) -> None:
    """A float, a Decimal or a text where an integer was declared is an error, so unknown; it is never converted."""
    assert answer("event.duration == 1", event={"duration": value}) is UNKNOWN
    assert answer("event.duration == 1 || true", event={"duration": value}) is True


def test_unknown_is_not_true() -> None:
    """A condition that met an error does not hold; neither does its negation."""
    event = {"event": {"duration": None}}
    for source in ("event.duration > 1", "!(event.duration > 1)"):
        assert answer(source, **event) is UNKNOWN
        assert not parse(source, ENVIRONMENT).holds(event)


def test_three_valued_logic() -> None:
    """&&, || and ! are those of SQL."""
    for left, right, both, either in [
        (True, None, UNKNOWN, True),
        (None, True, UNKNOWN, True),
        (False, None, False, UNKNOWN),
        (None, False, False, UNKNOWN),
        (None, None, UNKNOWN, UNKNOWN),
    ]:
        environment = Environment({"a": "bool", "b": "bool"})
        values = {"a": left, "b": right}
        assert parse("a && b", environment).evaluate(values) is both
        assert parse("a || b", environment).evaluate(values) is either
    assert answer("!ok", ok=None) is UNKNOWN


def test_null_is_a_value_for_equality_only() -> None:
    """Null equals null and nothing else; an error equals nothing."""
    event = {"event": {"kind": None, "duration": 0}}
    assert answer("event.kind == null", **event) is True
    assert answer("event.kind != 'a'", **event) is True
    assert answer("event.kind in ['a']", **event) is False
    assert answer("event.kind in ['a', null]", **event) is True
    assert answer("1 / event.duration == null", **event) is UNKNOWN
    assert answer("event.kind < 'a'", **event) is UNKNOWN


def test_absent_fields_are_null_and_absent_variables_unknown() -> None:
    """An object may leave a field out; a variable nobody passed is an error."""
    assert answer("event.kind == null", event={}) is True
    assert answer("event.kind == null", event=None) is True
    assert answer("event.kind == null") is UNKNOWN
    assert answer("has(event.kind)") is False


def test_fields_of_plain_objects() -> None:
    """Dataclasses and rows work like mappings."""

    @dataclass
    class Event:
        duration: int

    assert answer("event.duration + 1", event=Event(2)) == 3


def test_integers_are_64_bits_and_division_cuts_towards_zero() -> None:
    """As CEL and SQL: overflow and division by zero are unknown."""
    assert answer("9223372036854775807 + 1") is UNKNOWN
    assert answer("-9223372036854775808 / -1") is UNKNOWN
    assert answer("-(-9223372036854775808)") is UNKNOWN
    assert answer("1 / 0") is UNKNOWN
    assert answer("1 % 0") is UNKNOWN
    assert (answer("-7 / 2"), answer("-7 % 2"), answer("7 / -2"), answer("7 % -2")) == (-3, -1, -3, 1)
    assert answer("0x10 + 1") == 17


def test_sizes_count_characters() -> None:
    """A Chinese character is one, not three bytes."""
    assert answer("size('户通🏮')") == 3


def test_text_compares_by_code_point() -> None:
    """As C collation does: capitals before small letters, supplementary characters last."""
    assert answer("'Z' < 'a' && '\\uffee' < '\\U0001f600'") is True


def test_moments_are_compared_and_moved_in_utc() -> None:
    """Wall-clock arithmetic across a change of summer time would be an hour off."""
    paris = ZoneInfo("Europe/Paris")
    start = {"event": {"start": datetime(2026, 3, 29, 1, 30, tzinfo=paris)}}
    moved = answer("event.start + duration('1h')", **start)
    assert moved == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert answer("event.start - timestamp('2026-03-29T00:00:00Z')", **start) == timedelta(minutes=30)
    assert answer("event.start > timestamp('2026-01-01T00:00:00Z')", event={"start": datetime(2026, 3, 1)}) is UNKNOWN  # noqa: DTZ001 - naive on purpose


def test_calendar_parts_are_in_business_time() -> None:
    """Hours and days are those of the business time zone, unless a rule names another."""
    start = {"event": {"start": datetime(2026, 1, 31, 16, 30, tzinfo=timezone(timedelta(0)))}}
    assert answer("event.start.getHours()", **start) == 0
    assert answer("event.start.getHours('UTC')", **start) == 16
    assert answer("event.start.getMonth()", **start) == 1
    assert answer("event.start.getDayOfWeek()", **start) == 0
    assert answer("date(event.start)", **start) == date(2026, 2, 1)


def test_years_and_days_between() -> None:
    """Ages count completed years; 29 February has its birthday on 1 March."""
    day = {"event": {"day": date(2008, 2, 29)}}
    assert answer("yearsBetween(event.day, date('2026-02-28'))", **day) == 17
    assert answer("yearsBetween(event.day, date('2026-03-01'))", **day) == 18
    assert answer("daysBetween(event.day, date('2008-03-01'))", **day) == 1


def test_lists_and_maps() -> None:
    """exists, all, in and keys; a missing key is unknown, and has() asks for it."""
    assert answer("tags.exists(t, t.startsWith('v'))", tags=["x", "vip"]) is True
    assert answer("tags.all(t, t.size() > 0)", tags=[]) is True
    assert answer("tags.exists(t, t.size() > 1)", tags=["x", None]) is UNKNOWN
    assert answer("tags.exists(t, true)", tags=None) is UNKNOWN
    assert answer("tags.exists(t, true)", tags=["a", 1]) is UNKNOWN
    assert answer("'x' in tags", tags=frozenset("xy")) is True
    assert answer("extra.level > 3", extra={"level": 4}) is True
    assert answer("extra.level > 3", extra={}) is UNKNOWN
    assert answer("extra.level > 3", extra={"level": 4.0}) is UNKNOWN
    assert answer("has(extra.level) ? extra.level : 0", extra={}) == 0


def test_names_are_what_a_caller_must_pass() -> None:
    """Only the variables a rule names are asked for."""
    assert parse("event.duration > 1 && tags.exists(t, t == event.kind)", ENVIRONMENT).names == {
        "event.duration",
        "event.kind",
        "tags",
    }


def test_a_center_registers_a_function() -> None:
    """One registration gives a function its Python, SQL and sentence; what it raises is unknown."""
    register(
        Function(
            "platformTestHalf",
            (INT,),
            INT,
            lambda n: None if n % 2 else n // 2,
            {"": "CASE WHEN _1 % 2 = 0 THEN _1 / 2 END", "duckdb": "CASE WHEN _1 % 2 = 0 THEN _1 // 2 END"},
            "platform-cel-say-string",
        )
    )
    parsed = parse("platformTestHalf(event.duration)", ENVIRONMENT)
    assert parsed.evaluate({"event": {"duration": 8}}) == 4
    assert parsed.evaluate({"event": {"duration": 7}}) is UNKNOWN
    assert parsed.to_sql("duckdb", {"event.duration": "d + 1"}) == (
        "CAST(CASE WHEN (d + 1) % 2 = 0 THEN (d + 1) // 2 END AS BIGINT)"
    )


def test_equal_environments_share_parsed_rules() -> None:
    """Parsing happens once per rule and declaration."""
    first = parse("a > 1", Environment({"a": "int"}))
    assert parse("a > 1", Environment({"a": "int"})) is first
    assert parse("a > 1", Environment({"a": "money"})) is not first
