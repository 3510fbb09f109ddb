"""EC-14: find-or-create: one party under concurrency, the same rules as a run over everything."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties, partition, state

from hutong.identity import SYSTEM, Principal
from hutong.party import Found, PartyData, find_or_create, get, search, update
from hutong.party.realtime import intake
from hutong.party.realtime.intake import API_SOURCE, Request
from hutong.party.realtime.stated import kept
from hutong.party.resolution.resolve import resolve
from hutong.platform import database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")


def wang(number: int = 1, **more: str) -> PartyData:
    """A caller's statement about one person."""
    return PartyData(
        "person", "王小明", id_type="resident_id", id_number=resident(number), mobile="13912340001", **more
    )


def test_two_hundred_callers_one_party() -> None:
    """EC-14: 200 concurrent callers with the same person get one party, made once."""

    def call(number: int) -> Found:
        return find_or_create(SYSTEM, wang(), f"caller-{number}")

    with ThreadPoolExecutor(200) as pool:
        found = list(pool.map(call, range(200)))
    assert len({made.party_id for made in found}) == 1
    assert sum(made.created for made in found) == 1
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.party")).scalar_one() == 1
        assert conn.execute(text("SELECT record_count FROM party.party")).scalar_one() == 200
        links = conn.execute(text("SELECT count(*) FROM party.judgement WHERE verdict = 'same'")).scalar_one()
    assert links == 200 * 199 / 2, "all links are in the log, as a run would write them"


def test_the_same_key_gives_the_same_answer() -> None:
    """EC-14: a repeated request is one request."""
    first = find_or_create(SYSTEM, wang(), "k")
    assert find_or_create(SYSTEM, wang(), "k") == Found(first.party_id, first.record_id, False)


def test_it_finds_what_files_brought_and_a_run_finds_nothing_new(take_in: Importer) -> None:
    """EC-05: real time and batch are the same rules: the next run over everything changes nothing."""
    take_in(
        person("A", "王小明", **ids(1)),
        person("B", "李丽", 联系电话="13912340002"),
        person("C", "李丽", 电子邮箱="li@163.com"),
    )
    resolve()
    found = find_or_create(SYSTEM, wang(), "api-1")
    assert (found.party_id, found.created) == (parties()["A"], False)
    bridge = find_or_create(SYSTEM, PartyData("person", "李丽", mobile="13912340002", email="li@163.com"), "api-2")
    assert {parties()[key] for key in ("B", "C", "api-2")} == {bridge.party_id}
    stranger = find_or_create(SYSTEM, wang(2), "api-3")
    assert stranger.created and stranger.party_id != found.party_id
    before = state()
    resolve()
    assert state() == before


def test_statements_survive_like_any_others() -> None:
    """EC-05: an interface states its record; survivorship decides what shows."""
    made = find_or_create(SYSTEM, wang(), "k")
    update(SYSTEM, made.party_id, wang(email="wang@163.com", grade="gold"), "k")
    golden = get(SYSTEM, made.party_id)
    assert (golden["email"], golden["grade"], golden["record_count"]) == ("wang@163.com", "gold", 1)
    assert partition() == {frozenset({"k"})}
    with pytest.raises(NotFound):
        update(SYSTEM, made.party_id, wang(), "another key")


def test_what_is_stated_anew_is_judged_anew_and_by_its_own_caller() -> None:
    """EC-05, EC-14: links of the old phone end with it; a key of another party's record states nothing of this one."""
    one = find_or_create(SYSTEM, wang(), "k1").party_id
    both = PartyData("person", "王小明", mobile="13912340001")
    assert find_or_create(SYSTEM, both, "k2").party_id == one
    moved = update(SYSTEM, one, PartyData("person", "王小明", mobile="13912340009"), "k2").party_id
    assert moved != one and partition() == {frozenset({"k1"}), frozenset({"k2"})}
    before = state()
    with pytest.raises(NotFound):
        update(SYSTEM, moved, wang(email="wrong@163.com"), "k1")
    resolve()
    assert state() == before


def test_a_record_that_waits_for_its_run_is_found_by_its_key(take_in: Importer) -> None:
    """EC-14: a file brought it, no run has judged it yet: the caller's answer is that record's party, made now."""
    take_in(person("A", "王小明", **ids(1)))
    found = find_or_create(SYSTEM, wang(), "A", "crm")
    assert found.created and partition() == {frozenset("A")}
    resolve()
    assert parties() == {"A": found.party_id}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PartyData("person", ""), "party-name-missing"),
        (PartyData("person", "测试"), "party-name-not-a-name"),
        (PartyData("person", "王小明", id_type="resident_id", id_number="110105194912310021"), "party-id-invalid"),
        (PartyData("organisation", "明达科技", id_type="uscc", id_number="123"), "party-id-invalid"),
        (PartyData("person", "王小明", id_type="passport", id_number="1111111"), "party-id-invalid"),
        (PartyData("person", "王小明", mobile="139"), "party-value-not-one"),
        (PartyData("person", "王小明", mobile="13912340001", phone="call me"), "party-value-not-one"),
        (PartyData("person", "王小明", email="ming(at)hutong.cn"), "party-value-not-one"),
        (PartyData("person", "王小明", bank_card="6222"), "party-value-not-one"),
    ],
)
def test_what_is_not_valid_is_refused(data: PartyData, code: str) -> None:
    """EC-03: refused with the field, in words, and nothing stored."""
    with pytest.raises(Unprocessable) as caught:
        find_or_create(SYSTEM, data, "k")
    assert caught.value.code == code and caught.value.field and caught.value.message("zh-CN")
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.source_record")).scalar_one() == 0


def test_what_only_says_that_nobody_knows_is_no_wrong_value() -> None:
    """EC-04: `none` in a field is left out; the customer is made."""
    data = PartyData("person", "王小明", mobile="13912340001", email="无", phone=" ", address="")
    assert get(SYSTEM, find_or_create(SYSTEM, data, "k").party_id)["email"] is None


def test_search_by_all_that_people_type(take_in: Importer) -> None:
    """EC-14: name, part of it, pinyin, phone, ID number; and what a viewer may not see is masked."""
    take_in(person("A", "欧阳小明", **ids(1), 联系电话="13912340001", 电子邮箱="wang@163.com"), person("B", "李丽"))
    resolve()
    wanted = parties()["A"]
    asked = (
        "欧阳小明",
        "欧阳",
        "歐陽小明",
        "阳小明",
        "ouyangxiaoming",
        "ouyang",
        "13912340001",
        "139-1234-0001",
        resident(1),
        "WANG@163.com",
    )
    for query in asked:
        assert [row["id"] for row in search(SYSTEM, query)] == [wanted], query
    assert search(SYSTEM, "100%") == [] and search(SYSTEM, "") == []
    clerk = Principal(3, "user", "clerk", frozenset({"party.read"}))
    shown = search(clerk, "13912340001")[0]
    assert shown["id"] == wanted and "13912340001" not in str(shown) and resident(1) not in str(shown)
    assert resident(1) not in str(get(clerk, wanted)) and "13912340001" not in str(get(clerk, wanted))
    with pytest.raises(Forbidden):
        search(Principal(4, "user", "none", frozenset()), "王")


def test_one_key_twice_at_once_is_one_record() -> None:
    """EC-14: another process holds the same key with other words, not yet committed: the second call waits for it and
    answers its party, though nothing but the key ties the two."""
    find_or_create(SYSTEM, PartyData("person", "孙权"), "another")
    asked = Request(SYSTEM, PartyData("person", "王小明", mobile="13912340001"), "k")
    record = {**kept(asked.data), "source": API_SOURCE, "key": asked.key}
    with ThreadPoolExecutor(1) as pool:
        with database.begin("party") as conn:
            first = intake._take(conn, [asked], {0: record})[0]
            second = pool.submit(find_or_create, SYSTEM, PartyData("person", "李丽", mobile="13912340002"), "k")
            while not (second.done() or somebody_waits()):
                time.sleep(0.02)
        assert second.result() == Found(first.party_id, first.record_id, False)
    assert get(SYSTEM, first.party_id)["name"] == "王小明" and partition() == {frozenset({"k"}), frozenset({"another"})}


def somebody_waits() -> bool:
    """Whether a connection to this database waits for a lock."""
    waits = text("""SELECT EXISTS (SELECT FROM pg_stat_activity
                                   WHERE datname = current_database() AND wait_event_type = 'Lock')""")
    with database.read("party") as conn:
        return bool(conn.execute(waits).scalar_one())
