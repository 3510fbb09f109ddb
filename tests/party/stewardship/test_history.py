"""EC-07: merge history searched, forced flags seen and removed, splits previewed, what hangs on a party told."""

import pytest
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties, partition, state
from tests.party.stewardship.test_stewardship import records

from hutong.identity import SYSTEM, Principal
from hutong.party.reading import consequences, operations
from hutong.party.reading.operations import Sought
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship.flags import remove_flag
from hutong.party.stewardship.merge import merge
from hutong.party.stewardship.split import preview_split, split, undo
from hutong.platform.errors import NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
ADA = Principal(5, "user", "ada", frozenset({"party.*"}), clear=frozenset({"*"}))


def test_a_forced_merge_is_seen_and_its_flag_removed(take_in: Importer) -> None:
    """EC-07: a merge against documents is marked; without the flag the rules decide anew; an undo gives it back."""
    take_in(person("A", "王小明", **ids(1)), person("B", "王小明", **ids(2)))
    resolve()
    before = state()
    done = merge(ADA, list(parties().values()), "twice the same card", force=True)
    [flag] = operations.flags(SYSTEM, parties()["A"])
    assert (flag["id"], flag["verdict"], flag["forced"], flag["done_by"]) == (done.operation_id, "same", True, "user:5")
    merged = state()
    removed = remove_flag(ADA, flag["id"], "they are two")
    assert len(partition()) == 2 and operations.flags(SYSTEM, parties()["A"]) == []
    resolve()
    assert len(partition()) == 2
    undo(ADA, removed.operation_id or 0, "they are one after all")
    assert state() == merged and operations.flags(SYSTEM, parties()["A"])[0]["forced"]
    undo(ADA, done.operation_id or 0, "two")
    assert state() == before
    with pytest.raises(NotFound):
        remove_flag(ADA, done.operation_id or 0, "nothing held")


def test_a_forced_split_is_seen_and_its_flag_removed(take_in: Importer) -> None:
    """EC-07: rules bring together again what no person holds apart any more."""
    take_in(*(person(key, "王小明", 联系电话="13912340001") for key in "AB"))
    resolve()
    split(ADA, parties()["A"], records("B"), "father and son")
    [apart] = operations.flags(SYSTEM, parties()["A"])
    assert apart["verdict"] == "not_same" and apart["others"] == [parties()["B"]]
    remove_flag(ADA, apart["id"], "one person")
    assert partition() == {frozenset("AB")}


def test_history_is_searched(take_in: Importer) -> None:
    """EC-07: by who, whom (retired ids too), why, kind and rule; pages join by key; hidden rows stay hidden."""
    take_in(person("A", "王小明"), person("B", "李丽"), person("C", "赵云", 建档网点="west-01"))
    resolve()
    home = parties()
    one = merge(ADA, [home["A"], home["B"]], "asked at the counter")
    two = merge(SYSTEM, [one.retired[0] and parties()["A"], home["C"]], "second look")
    found = operations.search(SYSTEM)
    assert [row["id"] for row in found] == [two.operation_id, one.operation_id]
    assert [row["id"] for row in operations.search(SYSTEM, before=two.operation_id)] == [one.operation_id]

    def ask(**sought: object) -> list[int]:
        return [row["id"] for row in operations.search(SYSTEM, Sought(**sought))]  # type: ignore[arg-type]

    assert ask(done_by=("user:5",)) == [one.operation_id] == ask(words="COUNTER") == ask(party_id=one.retired[0])[-1:]
    assert ask(rule="merge") == [two.operation_id, one.operation_id] and ask(rule="same_phone_name") == []
    assert (
        ask(kind="split") == [] and ask(forced=True) == [] and ask(operation_id=one.operation_id) == [one.operation_id]
    )
    limited = Principal(6, "user", "eve", frozenset({"party.*"}), scopes={"party": 'row.branch == "east-01"'})
    assert operations.search(limited) == []
    undo(ADA, two.operation_id or 0, "mistaken")
    rows = {row["id"]: row for row in operations.search(SYSTEM)}
    assert rows[two.operation_id]["undone_by"] == max(rows) and rows[one.operation_id]["undone_by"] is None


def test_a_split_is_previewed(take_in: Importer) -> None:
    """EC-07: the two records to be are what they become; what cannot be split is refused alike."""
    take_in(
        person("A", "王小明", 联系电话="13912340001"),
        person("B", "王小明", 联系电话="13912340001", 电子邮箱="w@163.com"),
    )
    resolve()
    party, before = parties()["A"], state()
    made = preview_split(SYSTEM, party, records("B"))
    assert (made["stays"]["email"], made["leaves"]["email"]) == (None, "w@163.com") and state() == before
    for wrong in ([], records("A", "B")):
        with pytest.raises(Unprocessable):
            preview_split(SYSTEM, party, wrong)


def test_consequences_within_the_customer_master(take_in: Importer) -> None:
    """EC-07: what hangs on each party, for those who see them."""
    take_in(person("A", "王小明", **ids(1)), person("B", "欧阳娜", **ids(1)))
    resolve()
    home = parties()
    counted = consequences.counts(SYSTEM, list(home.values()))
    assert set(counted["groups"].values()) == {1} and set(counted["roles"].values()) == {0}
    limited = Principal(6, "user", "eve", frozenset({"party.*"}), scopes={"party": 'row.branch == "east-01"'})
    with pytest.raises(NotFound):
        consequences.counts(limited, list(home.values()))
