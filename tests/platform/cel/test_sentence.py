"""XP-02: a rule as a sentence in Chinese and English, and the account of why it held."""

import pytest

from hutong.platform.cel import UNKNOWN, Environment, parse

ENVIRONMENT = Environment(
    {
        "event": {"duration": "int", "fee": "money", "kind": "string", "start": "timestamp", "length": "duration"},
        "customer": {"vip": "bool", "born": "date", "tags": "list<string>", "extra": "map<string>"},
    },
    timezone="Asia/Shanghai",
)
ZH = {
    "event.duration": "时长",
    "event.fee": "费用",
    "event.kind": "种类",
    "customer.vip": "贵宾",
    "event.start": "开始时间",
}
EN = {"event.duration": "the duration", "event.fee": "the fee", "event.kind": "the kind", "customer.vip": "VIP"}

SENTENCES = [
    (
        "event.duration > 60 && (event.kind == 'voice' || customer.vip)",
        "时长 大于 60，且（种类 等于 “voice”，或 贵宾 为真）",
        "the duration is more than 60 and (the kind is “voice” or VIP is true)",
    ),
    ("event.fee >= 50000000", "费用 不小于 ¥50.00", "the fee is at least CN¥50.00"),
    ("event.fee in [1000, 2]", "费用 是 ¥0.001、¥0.000002 之一", "the fee is one of CN¥0.001, CN¥0.000002"),
    ("!(event.kind in ['a', 'b'])", "种类 不是 “a”、“b” 中的任何一个", "the kind is none of “a”, “b”"),
    ("!(event.kind == 'a')", "种类 不等于 “a”", "the kind is not “a”"),
    ("event.kind == null", "种类 为空", "the kind is empty"),
    ("null != event.kind", "种类 不为空", "the kind is not empty"),
    ("!customer.vip", "贵宾 为假", "VIP is false"),
    ("!(event.duration > 1)", "并非（时长 大于 1）", "not (the duration is more than 1)"),
    (
        "event.start < timestamp('2026-01-31T16:00:00Z')",
        "开始时间 早于 2026-02-01 00:00",
        "event.start is before 2026-02-01 00:00",
    ),
    (
        "event.length > duration('90m1.5s')",
        "event.length 大于 1 小时 30 分钟 1.5 秒",
        "event.length is more than 1 h 30 min 1.5 s",
    ),
    ("event.duration * 2 + 1 > 3", "（（时长 × 2）+ 1）大于 3", "((the duration × 2) + 1) is more than 3"),
    (
        "customer.tags.exists(t, t == 'x')",
        "customer.tags 中有某项 t 使 t 等于 “x”",
        "for some t of customer.tags: t is “x”",
    ),
    ("has(customer.extra.colour)", "customer.extra 的 colour 有值", "colour of customer.extra is given"),
    ("event.kind.startsWith('a')", "种类 以 “a” 开头", "the kind begins with “a”"),
    ("event.kind.matches('^a+$')", "种类 符合式样 ^a+$", "the kind matches the pattern ^a+$"),
    ("customer.vip ? 1 : 0", "若 贵宾 为真 则 1，否则 0", "if VIP is true then 1, otherwise 0"),
    (
        "yearsBetween(customer.born, date('2026-01-01')) >= 18",
        "customer.born 到 2026-01-01 的周年数 不小于 18",
        "the full years from customer.born to 2026-01-01 is at least 18",
    ),
]


@pytest.mark.parametrize(("source", "chinese", "english"), SENTENCES)
def test_sentences(source: str, chinese: str, english: str) -> None:
    """A rule reads as a sentence, with business names, money in units and local time."""
    parsed = parse(source, ENVIRONMENT)
    assert parsed.explain("zh-CN", ZH) == chinese
    assert parsed.explain("en", EN) == english


def test_account_of_a_result() -> None:
    """XP-02: which conditions held, with the values they saw."""
    parsed = parse("event.duration > 60 && (event.kind == 'voice' || event.fee > 2000000) && customer.vip", ENVIRONMENT)
    values = {"event": {"duration": 70, "kind": None, "fee": 1_500_000}, "customer": {}}
    result = parsed.explain_result(values, "zh-CN", ZH)
    assert result.outcome is False
    assert [part.outcome for part in result.parts] == [True, False, UNKNOWN]
    assert result.parts[1].values == {"event.kind": None, "event.fee": 1_500_000}
    assert result.lines() == [
        "✗ 时长 大于 60，且（种类 等于 “voice”，或 费用 大于 ¥2.00），且 贵宾 为真",
        "  ✓ 时长 大于 60  [时长 = 70]",
        "  ✗ 种类 等于 “voice”，或 费用 大于 ¥2.00",
        "    ✗ 种类 等于 “voice”  [种类 = 空]",
        "    ✗ 费用 大于 ¥2.00  [费用 = ¥1.50]",
        "  ? 贵宾 为真  [贵宾 = 空]",
    ]


def test_account_of_a_negation() -> None:
    """The parts of a negated condition are shown as they stand, under the negation."""
    parsed = parse("!(event.duration > 60 || event.kind == 'a')", ENVIRONMENT)
    result = parsed.explain_result({"event": {"duration": 1, "kind": "b"}}, "en", EN)
    assert (result.outcome, [part.outcome for part in result.parts]) == (True, [False, False])
