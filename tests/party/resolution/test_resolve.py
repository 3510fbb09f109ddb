"""EC-05: identification and merge: strong rules, cannot-link, generic values, stable ids, reruns, order of arrival."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.state import parties, partition, state
from tests.thorough import examples

from hutong.identity import SYSTEM
from hutong.party import get, survivor_ids, why
from hutong.party.resolution.resolve import resolve
from hutong.party.standardise.identifiers import check_digit
from hutong.platform import database

pytestmark = pytest.mark.usefixtures("database")


def resident(number: int) -> str:
    """A valid resident ID."""
    seventeen = f"33010619900101{number:03d}"
    return seventeen + check_digit(seventeen)


def person(key: str, name: str, **columns: str) -> dict[str, str]:
    """A row of the CRM."""
    return {"客户编号": key, "客户名称": name, **columns}


def ids(number: int) -> dict[str, str]:
    """Columns of a resident ID."""
    return {"证件类型": "01", "证件号码": resident(number)}


def test_strong_rules_merge_by_themselves(take_in: Importer) -> None:
    """EC-05: same document and name, or same phone and name without contradiction."""
    take_in(
        person("A", "王小明", **ids(1), 联系电话="13912340001"),
        person("B", "王晓明先生", 联系电话="139-1234-0001"),
        person("C", "李丽华", 联系电话="13912340001"),
    )
    done = resolve()
    assert partition() == {frozenset("AB"), frozenset("C")}
    assert (done.records, done.parties, done.created) == (3, 2, 2)
    held = why(SYSTEM, parties()["A"])
    assert [(row["rule"], row["verdict"], row["made_by_kind"]) for row in held] == [("same_phone_name", "same", "rule")]
    assert "same.phone" in held[0]["reasons"]


def test_two_valid_documents_never_meet_not_even_through_a_third(take_in: Importer) -> None:
    """EC-05: the cluster that would hold two different valid ID cards is not formed; the weakest link is suspected."""
    take_in(
        person("A", "王小明", **ids(1), 联系电话="13912340001", 电子邮箱="wang@163.com"),
        person("B", "王小明", **ids(2), 联系电话="13912340002"),
        person("C", "王小明", 联系电话="13912340002", 电子邮箱="wang@163.com"),
    )
    done = resolve()
    assert partition() == {frozenset("AC"), frozenset("B")}
    assert done.suspect_groups == 1
    with database.read("party") as conn:
        group = conn.execute(text("SELECT party_ids, rules FROM party.suspect_group")).one()
    assert group.party_ids == sorted(set(parties().values())) and group.rules == ["conflict"]


def test_a_phone_of_many_says_nothing(take_in: Importer) -> None:
    """EC-05: a value shared by too many names is recognised by itself and disarmed."""
    shared = {"联系电话": "13912349999"}
    names = ["王明", "李华", "张伟", "刘洋", "陈静", "杨帆", "赵磊"]
    take_in(*(person(f"K{n}", name, **shared) for n, name in enumerate(names)), person("X", "王明", **shared))
    done = resolve()
    assert done.generic_values == 1
    assert len(partition()) == 8


def test_weak_rules_only_suspect(take_in: Importer) -> None:
    """EC-05: same document under another name is for people to decide."""
    take_in(person("A", "王小明", **ids(1)), person("B", "欧阳娜娜", **ids(1)))
    assert resolve().suspect_groups == 1
    assert len(partition()) == 2


def test_a_rerun_changes_nothing(take_in: Importer) -> None:
    """EC-05: same records, same ids, no new version of anything."""
    take_in(
        person("A", "王小明", 联系电话="13912340001"),
        person("B", "王小明", 联系电话="13912340001"),
        person("C", "李丽"),
    )
    resolve()
    before = state()
    again = resolve()
    assert state() == before
    assert (again.judgements_made, again.judgements_ended, again.created, again.changed) == (0, 0, 0, 0)
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.party_history")).scalar_one() == 2


def test_an_id_stays_with_the_larger_part_and_a_retired_one_redirects(take_in: Importer) -> None:
    """EC-05, EC-07: a party keeps its id by largest overlap; a retired id leads to its survivor."""
    take_in(
        person("A", "王小明", **ids(1)),
        person("B", "王小明", 联系电话="13912340001"),
        person("D", "王小明", 联系电话="13912340001"),
    )
    resolve()
    before = parties()
    assert before["A"] != before["B"] == before["D"]
    take_in(person("C", "王小明", **ids(1), 联系电话="13912340001"))
    done = resolve()
    assert partition() == {frozenset("ABCD")}
    assert set(parties().values()) == {before["B"]} and done.retired == 1
    assert survivor_ids([before["A"], before["B"]]) == {before["A"]: before["B"], before["B"]: before["B"]}
    assert get(SYSTEM, before["A"])["id"] == before["B"]
    with database.read("party") as conn:
        events = conn.execute(text("SELECT type, payload FROM party.outbox ORDER BY seq")).all()
    assert [event.type for event in events[:2]] == ["party.created", "party.created"]
    assert sorted(event.type for event in events[2:]) == ["party.changed", "party.merged"]
    merged = next(event.payload for event in events if event.type == "party.merged")
    assert (merged["party_id"], merged["survivor_id"]) == (before["A"], before["B"])


def test_survivorship_and_where_a_value_comes_from(take_in: Importer) -> None:
    """EC-05: the golden record takes each value by its rule and says from which record."""
    take_in(
        person("A", "王小明", **ids(1), 联系电话="13912340001", 更新时间="2025/01/01 08:00:00", 客户等级="2"),
        person("B", "王小明", **ids(1), 联系电话="13912340002", 更新时间="2026/01/01 08:00:00"),
    )
    resolve()
    golden = get(SYSTEM, parties()["A"])
    assert (golden["mobile"], golden["grade"], golden["record_count"]) == ("+8613912340002", "gold", 2)
    assert (golden["provenance"]["mobile"]["key"], golden["provenance"]["grade"]["key"]) == ("B", "A")
    phones = [value for value in golden["values"] if value["kind"] == "phone"]
    assert [(value["value"], value["current"]) for value in phones] == [
        ("+8613912340002", True),
        ("+8613912340001", False),
    ]


NAMES = ("王小明", "王晓明", "李丽")
ROWS = st.lists(
    st.fixed_dictionaries(
        {"客户名称": st.sampled_from(NAMES)},
        optional={
            "联系电话": st.sampled_from(["13912340001", "13912340002", "13912340003"]),
            "电子邮箱": st.sampled_from(["a@163.com", "b@163.com"]),
            "证件号码": st.sampled_from([resident(1), resident(2)]),
        },
    ),
    min_size=2,
    max_size=9,
)


@settings(max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, data=st.data())
def test_any_order_of_arrival_gives_the_same_parties(
    take_in: Importer, rows: list[dict[str, str]], data: st.DataObject
) -> None:
    """EC-05: the partition depends on the records, not on their order, nor on how many runs there were between."""
    keyed = [{**row, "客户编号": f"K{n}", "证件类型": "01"} for n, row in enumerate(rows)]
    order = data.draw(st.permutations(keyed))
    cut = data.draw(st.integers(0, len(order)))
    clear()
    take_in(*keyed)
    resolve()
    at_once = partition()
    clear()
    for part in (order[:cut], order[cut:]):
        if part:
            take_in(*part)
            resolve()
    assert partition() == at_once
    documents = {row["客户编号"]: row.get("证件号码") for row in keyed}
    assert all(len({documents[key] for key in group} - {None}) < 2 for group in at_once)


def clear() -> None:
    """An empty customer master."""
    with database.begin("party") as conn:
        conn.execute(
            text(
                """TRUNCATE party.party, party.party_history, party.xref, party.judgement, party.suspect_group,
                   party.operation, party.operation_record, party.redirect, party.party_value, party.source_record,
                   party.source_version, party.rejected_record, party.load, party.match_key,
                   party.changed_record, party.statistics, party.generic_value, party.crowded_key, party.run CASCADE"""
            )
        )


def test_one_person_in_many_records_makes_nothing_generic(take_in: Importer) -> None:
    """EC-05: a document, phone or card is generic by how many names state it, not by how many records: a customer who
    comes to have more records than the limit stays one customer."""
    own = {**ids(1), "联系电话": "13912340001"}
    take_in(*(person(f"K{number}", "王小明", **own) for number in range(3)))
    assert resolve().generic_values == 0
    take_in(*(person(f"K{number}", "王小明", **own) for number in range(16)))
    done = resolve()
    assert (done.generic_values, done.parties, done.created) == (0, 1, 0)
    take_in(*(person(f"N{number}", name, **ids(1)) for number, name in enumerate(("李丽", "赵云", "孙权", "周瑜"))))
    assert resolve().generic_values == 1, "under five names the document says nobody's identity"
