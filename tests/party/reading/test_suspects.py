"""EC-06, EC-17: what the stewards' queue says about itself: how many wait, and what they can be filtered by."""

import pytest
from sqlalchemy import event, text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties

from hutong.identity import Principal
from hutong.party.reading import suspects
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship.desk import claim
from hutong.platform import database

pytestmark = pytest.mark.usefixtures("database")
STEWARD = Principal(7, "user", "steward", frozenset({"party.*"}))
EAST = Principal(
    8, "user", "east", STEWARD.rights, unit_path="/hq/east/",
    scopes={"party": "row.unit_path.startsWith(viewer.unit_path)"},
)  # fmt: skip


@pytest.fixture
def groups(take_in: Importer) -> list[int]:
    """Three groups of two by one document: the first all in the east, the second in part, the third nobody's."""
    names = ("王小明", "欧阳娜"), ("李丽", "上官云"), ("赵云", "司马光")
    take_in(*(person(f"{group}-{name}", name, **ids(group)) for group, pair in enumerate(names, 1) for name in pair))
    resolve()
    known = parties()
    east = [known["1-王小明"], known["1-欧阳娜"], known["2-李丽"]]
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.party SET unit_path = '/hq/east/' WHERE id = ANY(:ids)"), {"ids": east})
        found = conn.execute(text("SELECT id, party_ids FROM party.suspect_group")).all()
    made = {frozenset(row.party_ids): row.id for row in found}
    return [made[frozenset(known[f"{n}-{name}"] for name in pair)] for n, pair in enumerate(names, 1)]


def test_groups_are_counted_by_view_and_filter(groups: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each view's own; the filters those of the view that is open; up to a bound."""
    claim(STEWARD, groups[2])
    pool, mine = (
        suspects.page(STEWARD, suspects.Wanted("pool")).overview,
        suspects.page(STEWARD, suspects.Wanted("mine")).overview,
    )
    assert pool.counts == mine.counts == suspects.counts(STEWARD)
    assert [str(count) for count in pool.counts.values()] == ["2", "1", "0", "0"] and list(pool.counts)[:2] == [
        "pool",
        "mine",
    ]
    assert pool.facets["kind"] == [("person", 2)] and pool.facets["assignee"] == []
    assert mine.facets["kind"] == [("person", 1)] and mine.facets["assignee"] == [(STEWARD.actor, 1)]
    every, done = (
        suspects.page(STEWARD, suspects.Wanted("all")).overview,
        suspects.page(STEWARD, suspects.Wanted("done")).overview,
    )
    assert every.facets["kind"] == [("person", 3)] and done.facets["kind"] == []
    assert every.counts == done.counts == pool.counts
    assert sum(count for _, count in every.facets["rule"]) == 3
    monkeypatch.setattr(suspects, "COUNTED", 1)
    assert str(suspects.counts(STEWARD)["pool"]) == "1+"
    assert suspects.page(STEWARD, suspects.Wanted("all")).overview.facets["kind"] == [("person", 1)]


@pytest.mark.parametrize("few", [2000, 0])
def test_no_group_counts_of_which_a_customer_is_out_of_sight(
    groups: list[int], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """EC-17: neither counted nor offered as a filter nor listed nor next to another; by few parties or among all."""
    monkeypatch.setattr(suspects, "FEW", few)
    assert suspects.counts(EAST)["pool"] == (1, False)
    seen = suspects.page(EAST, suspects.Wanted("pool")).overview
    assert (seen.counts["pool"].seen, seen.facets["kind"]) == (1, [("person", 1)])
    (row,) = suspects.queue(EAST)
    assert row["id"] == groups[0]
    assert suspects.neighbours(EAST, suspects.Wanted(), (row["strength"], row["id"])) == (None, None)
    page = suspects.page(EAST, suspects.Wanted())
    assert (page.groups, page.overview) == (suspects.queue(EAST), seen)


def test_what_a_viewer_sees_is_found_once_a_page(groups: list[int]) -> None:
    """One statement finds the groups of few customers, whatever a page asks of them; the rest looks at those only."""
    asked: list[str] = []
    event.listen(database.engine(), "before_cursor_execute", note := lambda *given: asked.append(given[2]))
    try:
        page = suspects.page(EAST, suspects.Wanted())
    finally:
        event.remove(database.engine(), "before_cursor_execute", note)
    assert [row["id"] for row in page.groups] == groups[:1]
    of_groups = [statement for statement in asked if "suspect_group" in statement]
    assert len(of_groups) == 3
    assert ["unit_path" in statement for statement in of_groups] == [True, False, False]
