"""CR-02 and idea 4: a rule that cannot run everywhere is refused when saved, with the place and a way to mend it."""

import pytest

from hutong.platform.cel import Environment, ExpressionError, parse, parse_condition

ENVIRONMENT = Environment(
    {
        "event": {"duration": "int", "start": "timestamp", "kind": "string"},
        "row": {"tags": "list<string>", "attributes": "map<string>", "born": "date"},
    }
)
REFUSED = [
    ("event.durations > 1", "unknown-field", 1, 7),
    ("duration > 1", "unknown-variable", 1, 1),
    ("nope(event.kind)", "unknown-function", 1, 1),
    ("event.kind.nope()", "unknown-function", 1, 12),
    ("size(event.duration)", "arguments", 1, 1),
    ("event.duration > 'x'", "type", 1, 18),
    ("event.duration > 60 &&\n  event.kind == 3", "type", 2, 17),
    ("event.kind && true", "type", 1, 1),
    ("!event.duration", "type", 1, 2),
    ("-event.kind", "type", 1, 2),
    ("event.kind in ['a', 1]", "type", 1, 21),
    ("1 in ['a']", "type", 1, 1),
    ("event.kind in 'abc'", "type", 1, 15),
    ("true ? 1 : 'a'", "type", 1, 12),
    ("event.duration + event.kind", "operator", 1, 18),
    ("event.start + 1", "operator", 1, 15),
    ("event.start - row.born", "operator", 1, 15),
    ("1 < null", "not-comparable", 1, 5),
    ("true < false", "not-comparable", 1, 8),
    ("row.tags == row.tags", "not-comparable", 1, 13),
    ("1.5 < 2", "unsupported-double", 1, 1),
    ("event.duration * 1.1 > 2", "unsupported-double", 1, 18),
    ("1u < 2u", "unsupported-uint", 1, 1),
    ("b'a' == b'a'", "unsupported-bytes", 1, 1),
    ("{'a': 1}.a == 1", "unsupported-map-literal", 1, 1),
    (".event == 1", "unsupported-root-name", 1, 1),
    ("Money{amount: 1} == 1", "unsupported-message", 1, 1),
    ("row.tags[0] == 'a'", "unsupported-index", 1, 10),
    ("row.attributes[event.kind] == 'a'", "unsupported-index", 1, 16),
    ("row.attributes['a\"b'] == 'a'", "map-key", 1, 16),
    ("row.tags.map(x, x).size() > 1", "unsupported-macro", 1, 10),
    ("row.tags.exists(x.y, true)", "quantifier", 1, 10),
    ("event.kind.exists(x, true)", "quantifier", 1, 12),
    ("row.tags.exists(event, true)", "name-taken", 1, 17),
    ("row.tags.exists(x, x)", "type", 1, 20),
    ("event", "whole-object", 1, 1),
    ("event == null", "whole-object", 1, 1),
    ("has(event)", "whole-object", 1, 5),
    ("has(1)", "has", 1, 1),
    ("event.kind.matches(event.kind)", "pattern-literal", 1, 20),
    ("event.kind.matches('a(?=b)')", "pattern", 1, 20),
    ("event.kind == '\\q'", "escape", 1, 15),
    ("event.kind == '\\u0000'", "escape", 1, 15),
    ("timestamp('2026-01-01') < event.start", "literal-timestamp", 1, 11),
    ("timestamp('2026-02-30T00:00:00Z') < event.start", "literal-timestamp", 1, 11),
    ("date('2026-13-01') < row.born", "literal-date", 1, 6),
    ("duration('1 day') > duration('1h')", "literal-duration", 1, 10),
    ("event.start.getHours('Mars/Base') > 1", "time-zone", 1, 22),
    ("event.start.getHours(event.kind) > 1", "time-zone", 1, 22),
    ("9223372036854775808 > 1", "literal-int", 1, 1),
    ("event.duration > ", "unfinished", 1, 18),
    ("event.duration >\n", "unfinished", 2, 1),
    ("(1 < 2", "unfinished", 1, 7),
    ("", "unfinished", 1, 1),
    ("event.duration = 1", "syntax", 1, 16),
    ("event.duration > 1 and true", "syntax", 1, 20),
    ("event.kind == 'a", "syntax", 1, 15),
    ("1 < 2 < 3", "type", 1, 9),
    ("!" * 70 + "true", "too-deep", 1, 61),
    ("true && " * 4000 + "true", "too-long", 1, 1),
]


@pytest.mark.parametrize(("source", "reason", "line", "column"), REFUSED)
def test_refused_with_place(source: str, reason: str, line: int, column: int) -> None:
    """What cannot run on all engines is refused, naming line and column, in both languages."""
    with pytest.raises(ExpressionError) as refused:
        parse(source, ENVIRONMENT)
    error = refused.value
    assert (error.message_id, error.line, error.column) == (f"platform-cel-{reason}", line, column)
    assert error.status == 422
    assert error.message("zh-CN") != error.message("en")
    assert (error.details("en")["line"], error.details("en")["column"]) == (line, column)


def test_a_condition_must_be_one() -> None:
    """A price is no condition."""
    with pytest.raises(ExpressionError) as refused:
        parse_condition("event.duration + 1", ENVIRONMENT)
    assert refused.value.message("en") == "Line 1, column 1: this rule must give bool, but gives int."


def test_many_conditions_are_not_deep() -> None:
    """Lists of conditions are long, not deep: they are accepted."""
    parsed = parse(" || ".join(f"event.duration == {n}" for n in range(700)), ENVIRONMENT)
    assert parsed.holds({"event": {"duration": 699}})
    assert "= 699" in parsed.to_sql("postgres", {"event.duration": "d"}, condition=True)


def test_deep_nesting_in_brackets_is_read_without_recursion() -> None:
    """Brackets alone cost nothing."""
    assert parse("(" * 3000 + "1" + ")" * 3000, ENVIRONMENT).evaluate({}) == 1


def test_comments_and_lines() -> None:
    """A rule may be written over lines with comments."""
    assert parse("1 < 2 // surely\n && true", ENVIRONMENT).holds({})
