"""EC-16: as it was on a day: what areas said then, though it was stated anew, ended or confirmed since."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.party.areas.test_areas import touch, write
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties

from hutong.identity import SYSTEM
from hutong.party.areas import people, values
from hutong.party.areas.as_it_was import as_it_was
from hutong.party.information import AREAS, KEPT, SUMMARIES
from hutong.party.resolution.resolve import resolve
from hutong.platform import clock, database

pytestmark = pytest.mark.usefixtures("database")
DAY = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def wang(take_in: Importer) -> int:
    """A customer."""
    take_in(person("A", "王小明", **ids(1)), person("B", "李丽华", **ids(2)))
    resolve()
    return parties()["A"]


def was(party: int, at: datetime, area: str, *fields: str) -> list[tuple[Any, ...]]:
    """Some fields of an area's rows as they were known."""
    return [tuple(row[name] for name in fields) for row in as_it_was(SYSTEM, party, at)[area]]


def test_what_was_stated_anew_is_told_as_it_was(wang: int) -> None:
    """By a source and by people: the note and the choice of then, and each later one on its day; not before it was
    known at all."""
    before = clock.now()
    write(touch("1", "A", note="first"))
    people.state(SYSTEM, wang, "preference", {"kind": "channel", "value": "phone"}, key="c")
    first = clock.now()
    write(touch("1", "A", note="second"))
    people.state(SYSTEM, wang, "preference", {"kind": "channel", "value": "sms"}, key="c")
    second = clock.now()
    write(touch("1", "A", note="third"))
    for at, note, choice in ((before, [], []), (first, [("first",)], [("phone",)]), (second, [("second",)], [("sms",)]),
                             (clock.now(), [("third",)], [("sms",)])):  # fmt: skip
        assert was(wang, at, "touch", "note") == note
        assert was(wang, at, "preference", "value") == choice
    again = clock.now()
    write(touch("1", "A", note="third"))
    assert was(wang, again, "touch", "note") == [("third",)]
    with database.read("party") as conn:
        kept = conn.execute(text("SELECT area, content ->> 'note' FROM party.former_statement ORDER BY id")).all()
    assert [tuple(row) for row in kept] == [("touch", "first"), ("preference", None), ("touch", "second")]


def test_what_was_ended_or_confirmed_later_was_neither_then(wang: int) -> None:
    """The end and the confirmation of a row show from when they were said."""
    [row] = people.state(SYSTEM, wang, "evaluation", {"kind": "risk", "grade": "A"}, key="r")
    stated = clock.now()
    people.confirm(SYSTEM, wang, "evaluation", row)
    confirmed = clock.now()
    people.end(SYSTEM, wang, "evaluation", row)
    fields = ("grade", "valid_to", "confirmed_by")
    assert was(wang, stated, "evaluation", *fields) == [("A", None, None)]
    assert was(wang, confirmed, "evaluation", *fields) == [("A", None, SYSTEM.actor)]
    assert was(wang, clock.now(), "evaluation", *fields) == []


def test_a_row_that_is_about_another_now_was_about_this_one(wang: int) -> None:
    """A source corrects whom it spoke of: on that day it was this customer, today it is the other."""
    other = parties()["B"]
    write(touch("1", "A", note="x"))
    then = clock.now()
    write(touch("1", "B", note="x"))
    now = clock.now()
    assert (was(wang, then, "touch", "note"), was(other, then, "touch", "note")) == ([("x",)], [])
    assert (was(wang, now, "touch", "note"), was(other, now, "touch", "note")) == ([], [("x",)])


def test_a_contact_shows_its_use_and_end_of_then(wang: int) -> None:
    """Stated for home, then for work, then ended: each as it was said, the end with its time."""
    values.add(SYSTEM, wang, "phone", "13912340009", use="home")
    home = clock.now()
    values.add(SYSTEM, wang, "phone", "13912340009", use="work")
    work = clock.now()
    values.end_value(SYSTEM, wang, "phone", "+8613912340009")

    def phone(at: datetime) -> list[tuple[Any, ...]]:
        return [each[1:] for each in was(wang, at, "values", "kind", "use", "valid_to") if each[0] == "phone"]

    assert phone(home) == [("home", None)] and phone(work) == [("work", None)]
    [(use, ended)] = phone(clock.now())
    assert use == "work" and ended is not None and work < ended


def test_summaries_keep_their_latest_state_alone(wang: int) -> None:
    """EC-16: no former states of what other systems hold are kept."""
    policy = {"of_source": "crm", "of_key": "A", "source": "life", "key": "P1", "number": "P1", "valid_from": DAY}
    write({**policy, "state": "in_force"}, area="policy_summary")
    write({**policy, "state": "lapsed"}, area="policy_summary")
    assert was(wang, clock.now(), "policy_summary", "state") == [("lapsed",)]
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.former_statement")).scalar_one() == 0
    assert not set(KEPT) & set(SUMMARIES) and set(KEPT) <= set(AREAS)
