"""BL-01, BL-07, BL-10: which leaf prices an event; online and set-wise selection agree."""

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.billing.pricing.plans import WORDS, compiled

from hutong.billing.pricing.kernel import NONE
from hutong.billing.pricing.run import expand
from hutong.billing.pricing.selection import Situation, choose, leaf_sql
from hutong.catalog.price_plan import PricePlan

CALL_TYPES = ["local", "long", "roam", None]
COLUMNS = {"event.call_type": "call_type", "event.home_area": "home_area", "event.visited_area": "visited_area"}


def tariff(code: str) -> dict[str, Any]:
    """A price that does not matter here."""
    return {"kind": "usage", "code": code, "unit": "second", "price": {"model": "flat", "amount": "1"}}


def plan(code: str, level: str, sections: list[dict[str, Any]], *, phase: str = "regular") -> PricePlan:
    """A plan for voice with these top sections."""
    body = {
        "kind": "price_plan",
        "code": code,
        "name": WORDS,
        "level": level,
        "tariffs": [tariff("t"), tariff("surcharge")],
        "sections": sections,
        "strategies": [{"event": "voice", "phase": phase, "sections": [section["code"] for section in sections]}],
    }
    return PricePlan.model_validate(body)


TREE = plan(
    "PRODUCT",
    "product",
    [
        {
            "code": "home",
            "when": "event.visited_area == event.home_area",
            "sections": [
                {"code": "local", "when": "event.call_type == 'local'", "tariff": "t"},
                {"code": "long", "when": "event.call_type == 'long'", "tariff": "t", "surcharges": ["surcharge"]},
            ],
        },
        {"code": "roaming", "when": "event.call_type == 'roam'", "tariff": "t"},
        {"code": "rest", "tariff": "t"},
    ],
)
PACKAGE = plan("PACKAGE", "package", [{"code": "free", "when": "event.call_type == 'local'", "tariff": "t"}])
AGREEMENT = plan("DEAL", "agreement", [{"code": "deal", "when": "event.visited_area == '0571'", "tariff": "t"}])
TRANSITION = plan("JOINING", "package", [{"code": "joining", "tariff": "t"}], phase="transition")
TARIFFS = compiled(TREE, PACKAGE, AGREEMENT, TRANSITION)
ALL = (("PRODUCT", 1), ("DEAL", 1), ("PACKAGE", 1), ("JOINING", 1))


def chosen(situation: Situation, **event: str | None) -> str:
    """The path of the leaf chosen for an event."""
    leaf = choose(TARIFFS, situation, {"event": event})
    return "" if leaf == NONE else "/".join(TARIFFS.leaves[leaf].path)


@pytest.mark.parametrize(
    ("plans", "phase", "event", "expected"),
    [
        (ALL, "regular", ("local", "0571", "0571"), "deal"),
        (ALL, "regular", ("local", "010", "010"), "free"),
        (ALL, "regular", ("long", "010", "010"), "home/long"),
        (ALL, "regular", ("intl", "010", "010"), "rest"),  # a branch without a match lets the next try
        (ALL, "regular", ("roam", "010", "HK"), "roaming"),
        (ALL, "regular", (None, None, None), "rest"),  # unknown does not hold
        (ALL, "transition", ("local", "010", "010"), "joining"),
        (ALL[:3], "transition", ("local", "0571", "0571"), "home/local"),  # only the product's own plan applies
        (ALL[1:2], "regular", ("local", "010", "010"), ""),
    ],
)
def test_precedence(plans: Any, phase: str, event: tuple[str | None, ...], expected: str) -> None:
    """BL-07: agreement before package before product, whatever the order in which the plans are given."""
    names = ("call_type", "home_area", "visited_area")
    values = dict(zip(names, event, strict=True))
    assert chosen(Situation(plans, "voice", phase), **values) == expected
    assert chosen(Situation(tuple(reversed(plans)), "voice", phase), **values) == expected


def test_other_events_find_nothing() -> None:
    """An event type without strategy has no price: the row is refused, not free."""
    assert chosen(Situation(ALL, "sms"), call_type="local") == ""


areas = st.sampled_from(["0571", "010", None])
rows_of_events = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(CALL_TYPES), areas, areas), min_size=1)


@settings(deadline=None, max_examples=40)
@given(rows_of_events)
def test_the_set_form_agrees(rows: list[tuple[int, str | None, str | None, str | None]]) -> None:
    """One CASE in DuckDB gives every row the leaf that `choose` gives it."""
    situations = [Situation(ALL, "voice"), Situation(ALL, "voice", "transition"), Situation(ALL[:1], "voice")]
    situations.append(Situation(ALL[1:2], "voice"))
    expected = [
        choose(TARIFFS, situations[n], {"event": {"call_type": kind, "home_area": home, "visited_area": visited}})
        for n, kind, home, visited in rows
    ]
    sql = leaf_sql(TARIFFS, situations, "situation", COLUMNS)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE e (i int, situation int, call_type text, home_area text, visited_area text)")
        connection.executemany("INSERT INTO e VALUES (?, ?, ?, ?, ?)", [(i, *row) for i, row in enumerate(rows)])
        found = connection.execute(f"SELECT {sql} FROM e ORDER BY i").fetchall()
    assert [leaf for (leaf,) in found] == expected


def test_a_surcharge_makes_two_rows() -> None:
    """A leaf with a surcharge is priced twice; an event without leaf keeps one row, to be refused."""
    long = next(n for n, leaf in enumerate(TARIFFS.leaves) if leaf.path == ("home", "long"))
    events, rates = expand(TARIFFS, [NONE, long, 0])
    assert events.tolist() == [0, 1, 1, 2]
    assert rates.tolist() == [NONE, *TARIFFS.leaves[long].rates, *TARIFFS.leaves[0].rates]
    assert [TARIFFS.rates[rate].tariff for rate in TARIFFS.leaves[long].rates] == ["t", "surcharge"]
