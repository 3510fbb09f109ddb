"""A bill's lines in words, and the reasons of a price (XP-02)."""

from pathlib import Path
from typing import Any

import pytest

from hutong import catalog
from hutong.catalog import queries
from hutong.catalog.documents import read_pack
from hutong.web.billing.bill_words import line_words, why

LINE: dict[str, Any] = {
    "line": 1,
    "kind": "usage",
    "source_cycle": "202609",
    "plan": "mobile-standard",
    "version": 1,
    "section": "voice-local",
    "tariff": "call",
    "unit": "minute",
    "events": 3,
    "quantity": 540,
    "free": 120,
    "exact_micros": 1_750_000,
    "amount_micros": 1_750_000,
    "level": None,
    "reduces": None,
}


@pytest.mark.parametrize(
    ("locale", "title", "rule", "free"),
    [("zh-CN", "本地通话", "移动标准资费 · mobile-standard v1 · 产品级", "2 分钟"),
     ("en", "local calls", "Mobile standard tariff · mobile-standard v1 · product", "2 minute")],
)  # fmt: skip
def test_usage_names_rule_version_and_data(database: object, locale: str, title: str, rule: str, free: str) -> None:
    """XP-02: the answer names the plan, its version, the tariff, and the numbers it was computed from."""
    catalog.publish(read_pack(Path(__file__).parents[3] / "packs" / "telecom"), by="test")
    loaded = queries.load()
    words = line_words(loaded, LINE, locale)
    assert (words["title"], words["amount_free"]) == (title, free)
    said = [sentence for _, sentence in why(loaded, LINE, [LINE], locale)]
    assert rule in said
    assert any("0.25 CNY" in sentence for sentence in said)
    assert free in said
    assert said[-1] == "1.75"
