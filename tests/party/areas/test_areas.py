"""EC-01, EC-16: information areas: stated, replaced, ended; they follow their record through merge and split."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties, state

from hutong.identity import SYSTEM, Principal
from hutong.party import get
from hutong.party.areas import images, people, read, values
from hutong.party.areas.as_it_was import as_it_was
from hutong.party.areas.timeline import timeline
from hutong.party.information import AREAS
from hutong.party.ingest.areas.write import merge
from hutong.party.lifecycle import changes, erased_files
from hutong.party.lifecycle.changes import apply_change
from hutong.party.reading import requests
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import merge as stewards
from hutong.party.stewardship import split
from hutong.platform import clock, database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
DAY = datetime(2026, 3, 1, 8, tzinfo=UTC)
CLERK = Principal(7, "user", "clerk", frozenset({"party.read", "party.change"}), clear=frozenset({"name", "phone"}))
READER = Principal(8, "user", "reader", frozenset({"party.read"}))


def touch(key: str, of: str, at: datetime = DAY, **fields: Any) -> dict[str, Any]:
    """A touch as the call centre states it."""
    return {"of_source": "crm", "of_key": of, "source": "call", "key": key, "channel": "phone", "at": at, **fields}


def write(*rows: dict[str, Any], area: str = "touch") -> int:
    """Take statements over; how many were new or changed."""
    with database.begin("party") as conn:
        return len(merge(conn, AREAS[area], rows, "test"))


def test_statements_wait_for_their_party(take_in: Importer) -> None:
    """EC-16: an unknown reference waits, and attaches when the party arrives."""
    assert write(touch("1", "A"), touch("2", "A", DAY + timedelta(days=1)), touch("3", "B")) == 3
    assert read.waiting(SYSTEM, "touch") == {"crm": 3}
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    assert [row["key"] for row in read.of_party(SYSTEM, parties()["A"], "touch")] == ["2", "1"]
    assert read.waiting(SYSTEM, "touch") == {"crm": 1}


@given(order=st.permutations([(1, "open"), (2, "busy"), (3, "closed")]), twice=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_latest_state_wins_in_any_order(order: list[tuple[int, str]], twice: bool) -> None:
    """EC-16: what a source changed earlier does not overwrite what it changed later; the same again changes nothing."""
    with database.begin("party") as conn:
        conn.execute(text("DELETE FROM party.customer_event"))
    for hour, said in order:
        row = {"of_source": "crm", "of_key": "A", "source": "callcentre", "key": "E1", "kind": "complaint", "at": DAY,
               "state": said, "source_changed_at": DAY + timedelta(hours=hour)}  # fmt: skip
        write(row, area="customer_event")
        if twice:
            assert write(row, area="customer_event") == 0
    with database.read("party") as conn:
        assert conn.execute(text("SELECT state FROM party.customer_event")).scalars().all() == ["closed"]


def test_statements_follow_their_record(take_in: Importer) -> None:
    """EC-07: a merge brings them together, a split and an undo take them apart as they were; nothing is moved."""
    take_in(person("A", "王小明", **ids(1)), person("B", "李丽华", **ids(2)))
    resolve()
    one, other = parties()["A"], parties()["B"]
    write(touch("1", "A"), touch("2", "B"))
    people.state(SYSTEM, other, "classification", {"scheme": "value", "class": "vip"}, key="c")
    before = state()
    done = stewards.merge(SYSTEM, [one, other], "same", force=True)
    home = parties()["A"]
    assert {row["key"] for row in read.of_party(SYSTEM, other, "touch")} == {"1", "2"}
    assert len(read.of_party(SYSTEM, home, "classification")) == 1
    split.undo(SYSTEM, done.operation_id or 0, "not the same")
    assert state() == before
    assert [row["key"] for row in read.of_party(SYSTEM, one, "touch")] == ["1"]
    assert [row["class"] for row in read.of_party(SYSTEM, other, "classification")] == ["vip"]
    assert read.of_party(SYSTEM, one, "classification") == []


def test_people_state_and_end(take_in: Importer) -> None:
    """EC-01: a preference holds until it is ended, and is still there for the time before."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    [row] = people.state(CLERK, party, "preference", {"kind": "channel", "value": "phone"}, key="once")
    assert people.state(CLERK, party, "preference", {"kind": "channel", "value": "sms"}, key="once") == [row]
    held = clock.now()
    people.end(CLERK, party, "preference", row)
    assert read.of_party(CLERK, party, "preference", at=clock.now()) == []
    [was] = read.of_party(CLERK, party, "preference", at=held)
    assert (was["value"], was["stated_by"]) == ("sms", "user:7")
    with pytest.raises(NotFound):
        people.end(CLERK, party, "preference", row)
    for wrong, problem in (({"kind": "channel"}, Unprocessable), ({"colour": "red"}, Unprocessable)):
        with pytest.raises(problem):
            people.state(CLERK, party, "preference", wrong)
    with pytest.raises(Forbidden):
        people.state(READER, party, "preference", {"kind": "channel", "value": "phone"})
    with pytest.raises(Forbidden):
        people.state(CLERK, party, "policy_summary", {"number": "1", "state": "in_force"})


def test_points_are_a_ledger(take_in: Importer) -> None:
    """EC-01: the balance is the sum of what was earned and spent, each entry once."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    for key, points in (("1", 100), ("2", -30), ("2", -30), ("3", 5)):
        values_ = {"scheme": "club", "points": points}
        people.state(SYSTEM, parties()["A"], "points_entry", values_, key=key)
    assert read.points_balance(SYSTEM, parties()["A"]) == {"club": 75}


def test_confirmed_values_are_preferred_and_ended_ones_never_show(take_in: Importer) -> None:
    """EC-01, EC-08: survivorship hears what people confirm and end; the value stays as what was."""
    take_in(
        person("A", "王小明", **ids(1), 联系电话="13912340001", 更新时间="2026/01/01 00:00:00"),
        person("B", "王小明", **ids(1), 联系电话="13912340002", 更新时间="2026/02/01 00:00:00"),
    )
    resolve()
    party = parties()["A"]
    old, new = "+8613912340001", "+8613912340002"
    assert get(SYSTEM, party)["mobile"] == new
    values.confirm(CLERK, party, "phone", old)
    assert get(SYSTEM, party)["mobile"] == old
    assert resolve().changed == 0
    values.end_value(CLERK, party, "phone", old)
    assert get(SYSTEM, party)["mobile"] == new
    values.end_value(CLERK, party, "phone", new)
    assert get(SYSTEM, party)["mobile"] is None and resolve().changed == 0
    known = {row["value"]: row for row in values.values(SYSTEM, party) if row["kind"] == "phone"}
    assert set(known) == {old, new} and all(row["valid_to"] for row in known.values())
    with pytest.raises(NotFound):
        values.confirm(CLERK, party, "phone", "+8613900000000")
    with pytest.raises(Unprocessable):
        values.add(CLERK, party, "email", "not an address")


def test_a_value_is_added_with_its_use(take_in: Importer) -> None:
    """EC-01: beside the main one, or as the main one, which survivorship then chooses."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    values.add(CLERK, party, "phone", "139 1234 0009", use="work")
    assert get(SYSTEM, party)["mobile"] is None
    values.add(CLERK, party, "email", "Wang@163.com", use="home", main=True, confirmed=True)
    shown = {row["kind"]: row for row in values.values(READER, party)}
    assert get(SYSTEM, party)["email"] == "wang@163.com" and shown["email"]["current"]
    assert (shown["phone"]["use"], shown["email"]["confirmed_by"]) == ("work", "user:7")
    assert "1234" not in shown["phone"]["value"] and shown["email"]["value"] == "w***@163.com"


def test_as_it_was(take_in: Importer) -> None:
    """EC-01: basic and contact data on a date; before it was known, it is not."""
    take_in(person("A", "王小明", **ids(1), 联系电话="13912340001"))
    resolve()
    party = parties()["A"]
    values.add(SYSTEM, party, "social", "wang-1978", detail="wechat")
    then = clock.now()
    take_in(person("A", "王晓明", **ids(1), 联系电话="13912340002", 更新时间="2026/01/05 00:00:00"))
    resolve()
    values.end_value(SYSTEM, party, "social", "wang-1978")
    was = as_it_was(SYSTEM, party, then)
    assert (was["party"]["name"], was["party"]["mobile"]) == ("王小明", "+8613912340001")
    assert [row["valid_to"] for row in was["values"] if row["kind"] == "social"] == [None]
    assert [(row["value"], row["current"]) for row in was["values"] if row["kind"] == "phone"] == [
        ("+8613912340001", True)
    ], "what the record said then, not what it says now"
    assert get(SYSTEM, party)["name"] == "王晓明"
    with pytest.raises(NotFound):
        as_it_was(SYSTEM, party, then - timedelta(days=1))


def test_as_it_was_is_of_the_records_then(take_in: Importer) -> None:
    """EC-01, EC-07: of the records that were the party's on that day, however they were merged and split since; of a
    record that an interface stated, too; those of parties out of the viewer's rows are left out."""
    rows = [person("A", "王小明", **ids(1), 联系电话="13912340001", 建档网点="east"),
            person("B", "李丽华", **ids(2), 联系电话="13912340002", 建档网点="west")]  # fmt: skip
    take_in(*rows)
    resolve()
    one, other = parties()["A"], parties()["B"]
    write(touch("1", "A"), touch("2", "B"))
    apply_change(SYSTEM, "modify", [one], body={"attributes": {"email": "old@163.com"}})
    apart = clock.now()
    done = stewards.merge(SYSTEM, [one, other], "same", force=True)
    home = parties()["A"]
    together = clock.now()
    split.undo(SYSTEM, done.operation_id or 0, "not the same")
    apply_change(SYSTEM, "modify", [one], body={"attributes": {"email": "new@163.com"}})

    def told(party: int, at: datetime, viewer: Principal = SYSTEM) -> tuple[set[str], set[str]]:
        was = as_it_was(viewer, party, at)
        phones = {row["value"][-1] for row in was["values"] if row["kind"] == "phone"}
        return {row["key"] for row in was["touch"]}, phones

    assert told(one, apart) == ({"1"}, {"1"}) and told(other, apart) == ({"2"}, {"2"})
    assert told(home, together) == ({"1", "2"}, {"1", "2"})
    with pytest.raises(NotFound):  # merged into the other by then
        as_it_was(SYSTEM, ({one, other} - {home}).pop(), together)
    assert told(home, clock.now()) == ({"1"}, {"1"}) and as_it_was(SYSTEM, home, together)["unread"] == 0
    for when, said in ((apart, "old@163.com"), (clock.now(), "new@163.com")):
        assert [row["value"] for row in as_it_was(SYSTEM, one, when)["values"] if row["kind"] == "email"] == [said]
    scope = {"party": 'row.branch == "east"'}
    east = Principal(9, "user", "e", frozenset({"party.read"}), clear=frozenset({"phone"}), scopes=scope)
    assert told(home, together, east) == ({"1"}, {"1"})


def test_every_area_may_be_confirmed(take_in: Importer) -> None:
    """EC-01: a row of any area says who confirmed it and when; stated again as it is it stays so, changed not."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    policy = {"of_source": "crm", "of_key": "A", "source": "life", "key": "P1", "number": "P1", "state": "in_force",
              "valid_from": DAY}  # fmt: skip
    assert write(policy, area="policy_summary") == 1
    [row] = read.of_party(CLERK, party, "policy_summary")
    people.confirm(CLERK, party, "policy_summary", row["id"])
    [row] = read.of_party(CLERK, party, "policy_summary")
    assert row["confirmed_by"] == "user:7" and row["confirmed_at"] is not None
    assert write(policy, area="policy_summary") == 0
    assert read.of_party(CLERK, party, "policy_summary")[0]["confirmed_by"] == "user:7"
    assert write(policy | {"state": "lapsed"}, area="policy_summary") == 1
    assert read.of_party(CLERK, party, "policy_summary")[0]["confirmed_by"] is None
    for refused, problem in ((lambda: people.confirm(CLERK, party, "policy_summary", 99), NotFound),
                             (lambda: people.confirm(READER, party, "policy_summary", row["id"]), Forbidden),
                             (lambda: people.confirm(CLERK, party, "stated_value", 1), Unprocessable)):  # fmt: skip
        with pytest.raises(problem):
            refused()
    for area in AREAS.values():
        assert [field.name for field in area.fields[-2:]] == ["confirmed_at", "confirmed_by"], area.name


def test_the_timeline_pages_without_gaps(take_in: Importer) -> None:
    """EC-12: everything once, latest first, whatever the size of a page; kinds filter it."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    write(*(touch(str(n), "A", DAY + timedelta(hours=n // 3)) for n in range(20)))
    people.state(SYSTEM, party, "consent", {"purpose": "marketing", "given": True}, key="c")
    whole = timeline(SYSTEM, party, limit=100)
    assert len(whole) == 22 and {each.kind for each in whole} == {"touch", "consent", "version"}
    assert [each.at for each in whole] == sorted((each.at for each in whole), reverse=True)
    paged, place = [], None
    while page := timeline(SYSTEM, party, after=place, limit=3):
        paged += page
        place = page[-1].place
    assert [each.place for each in paged] == [each.place for each in whole]
    assert {each.kind for each in timeline(SYSTEM, party, kinds=["consent"])} == {"consent"}
    first = next(each for each in timeline(READER, party) if each.kind == "version")
    assert "小明" not in str(first.row)


def test_images_are_kept_once_and_shown_to_few(take_in: Importer) -> None:
    """EC-01: content by hash; only who sees identity documents reads it; other content is refused."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    content = b"\x89PNG\r\n\x1a\n" + bytes(100)
    digest = images.store(CLERK, party, "id_card", "../../front.png", content)
    assert images.store(CLERK, party, "id_card", "front.png", content) == digest
    [row] = read.of_party(CLERK, party, "document_image")
    assert (row["file_name"], row["media_type"], row["bytes"]) == ("front.png", "image/png", 108)
    assert images.content(SYSTEM, party, row["id"])[1] == content
    with pytest.raises(Forbidden):
        images.content(CLERK, party, row["id"])
    for wrong in (b"", b"MZ\x90", b"%PDF-" + bytes(images.LARGEST_BYTES)):
        with pytest.raises(Unprocessable):
            images.store(CLERK, party, "id_card", "x", wrong)
    assert erased_files.remove_orphans() == 0
    with database.begin("party") as conn:
        conn.execute(text("DELETE FROM party.document_image"))
    assert erased_files.remove_orphans() == 1


def test_out_of_scope_is_unknown(take_in: Importer) -> None:
    """EC-17: who does not see the party sees nothing of it, and states nothing."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    write(touch("1", "A"))
    blind = Principal(9, "user", "ada", frozenset({"party.*"}), clear=frozenset({"*"}),
                      scopes={"party": "row.owner_id == viewer.id"})  # fmt: skip
    for act in (
        lambda: read.of_party(blind, party, "touch"),
        lambda: values.values(blind, party),
        lambda: timeline(blind, party),
        lambda: as_it_was(blind, party, clock.now()),
        lambda: read.points_balance(blind, party),
        lambda: people.state(blind, party, "preference", {"kind": "channel", "value": "phone"}),
        lambda: people.end(blind, party, "preference", 1),
        lambda: values.confirm(blind, party, "phone", "1"),
        lambda: images.content(blind, party, 1),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_word_that_changes_what_needs_approval_waits(take_in: Importer) -> None:
    """EC-02: an ID number that ends waits for a second person, as a change of it would; then it is done in the asker's
    name, and the golden record follows."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    number = get(SYSTEM, party)["id_number"]
    said = values.end_value(CLERK, party, "identifier", number)
    assert said.state == "pending" and get(SYSTEM, party)["id_number"] == number
    assert not [row for row in values.values(SYSTEM, party) if row["valid_to"]], "nothing of it shows"
    lead = Principal(3, "user", "lead", frozenset({"party.*"}), clear=frozenset({"*"}))
    [row] = requests.pending(lead)
    assert (row["before"], row["requested_by"]) == ({"id_number": number}, CLERK.actor)
    changes.approve(lead, row["id"])
    assert get(SYSTEM, party)["id_number"] is None
    [ended] = [row for row in values.values(SYSTEM, party) if row["kind"] == "identifier"]
    assert ended["valid_to"] is not None and ended["value"] == number
    assert values.end_value(CLERK, party, "identifier", number).state == "done", "it changes nothing any more"


def test_a_word_about_one_value_is_not_for_who_asks_for_a_change(take_in: Importer) -> None:
    """EC-02: what a change is judged by is what it does: a word put into its body is not heard."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    party = parties()["A"]
    number = get(SYSTEM, party)["id_number"]
    word = {"kind": "identifier", "value": number, "detail": None, "use": None, "valid_from": "2026-01-01T00:00:00Z",
            "valid_to": "2026-01-02T00:00:00Z"}  # fmt: skip
    body = {"attributes": {"email": "w@163.com"}, "word": word}
    assert apply_change(CLERK, "modify", [party], body=body).state == "done"
    shown = get(SYSTEM, party)
    assert (shown["email"], shown["id_number"]) == ("w@163.com", number)
