"""EC-11: households found by rule and kept by people."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties

from hutong.identity import SYSTEM, Principal
from hutong.party.realtime.statements import deactivate_in
from hutong.party.relations import households, relate
from hutong.party.relations.find_households import find_households
from hutong.party.relations.household_rules import HOUSEHOLD_RULES
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import merge
from hutong.platform import clock, database
from hutong.platform.documents import checked
from hutong.platform.errors import Unprocessable

pytestmark = pytest.mark.usefixtures("database")
HOME = "浙江省杭州市西湖区文三路12号3幢1单元501室"


def family(take_in: Importer) -> Mapping[str, int]:
    """A and B are Wangs at one address, C lives there with another name, D is a Wang elsewhere."""
    take_in(
        person("A", "王小明", **ids(1), 通信地址=HOME),
        person("B", "王大明", **ids(2), 通信地址=HOME),
        person("C", "李丽华", **ids(3), 通信地址=HOME),
        person("D", "王海", **ids(4), 通信地址="浙江省宁波市海曙区文三路12号3幢1单元501室"),
    )
    resolve()
    return parties()


def together(key: str) -> set[str]:
    """Keys of the household of a key."""
    known = {party: key for key, party in parties().items()}
    found = households.household_of(SYSTEM, parties()[key])
    return {known[row["id"]] for row in found["members"]} if found else set()


def test_found_by_rule_with_reasons_and_stable_ids(take_in: Importer) -> None:
    """The same again changes nothing; a relation brings in whom the address did not."""
    known = family(take_in)
    first = find_households("test")
    assert (first.households, first.members, first.new) == (1, 2, 1)
    assert together("A") == {"A", "B"} and together("C") == set() == together("D")
    before = households.household_of(SYSTEM, known["A"])
    assert before and before["members"][0]["because"] == "same_address_family_name"
    assert find_households("test")._replace(new=1) == first
    relate.relate(SYSTEM, known["C"], known["A"], "spouse")
    assert find_households("test").new == 0
    after = households.household_of(SYSTEM, known["C"])
    assert after and after["id"] == before["id"] and together("B") == {"A", "B", "C"}


def test_people_have_the_last_word(take_in: Importer) -> None:
    """Whom people removed stays out at every run, whom they confirmed stays in, of this household only."""
    known = family(take_in)
    find_households("test")
    house = households.household_of(SYSTEM, known["A"])
    assert house
    households.remove(SYSTEM, house["id"], known["B"], "moved out")
    for _ in range(3):
        assert together("A") == set() == together("B")
        find_households("test")
    households.confirm(SYSTEM, house["id"], known["D"], "lives there in the week", role="child")
    find_households("test")
    assert together("D") == {"A", "D"}
    other = households.make(SYSTEM, [known["D"], known["C"]], "engaged")
    find_households("test")
    assert together("C") == {"C", "D"} and together("A") == set()
    kept = households.household_of(SYSTEM, known["D"])
    assert kept and kept["id"] == other and {row["word"] for row in kept["members"]} == {"confirmed"}


def test_ended_members_are_told_apart(take_in: Importer) -> None:
    """EC-12: whom people took out, and who is not in use any more, is of the household no more, but was."""
    known = family(take_in)
    relate.relate(SYSTEM, known["C"], known["A"], "spouse")
    relate.relate(SYSTEM, known["D"], known["A"], "child")
    find_households("test")
    house = households.household_of(SYSTEM, known["A"])
    assert house and len(house["members"]) == 4 and house["former"] == []
    households.remove(SYSTEM, house["id"], known["B"], "moved out")
    with database.begin("party") as conn:
        deactivate_in(conn, SYSTEM, known["D"])
    after = households.household_of(SYSTEM, known["A"])
    assert after and {row["id"] for row in after["members"]} == {known["A"], known["C"]}
    told = {row["id"]: row["because"] for row in after["former"]}
    assert told.keys() == {known["B"], known["D"]} and told[known["B"]].endswith(": moved out")


def test_members_follow_merges(take_in: Importer) -> None:
    """A merged member is one member."""
    known = family(take_in)
    find_households("test")
    merge.merge(SYSTEM, [known["A"], known["C"]], "one", force=True)
    found = households.household_of(SYSTEM, known["B"])
    assert found and len(found["members"]) == 2
    assert find_households("test").members == 2


def test_a_crowd_is_no_family(take_in: Importer) -> None:
    """More than `largest` persons at one address are not joined."""
    take_in(*(person(f"K{n}", f"王小{chr(0x5F00 + n)}", **ids(n), 通信地址=HOME) for n in range(1, 11)))
    resolve()
    assert find_households("test").households == 0


def test_kin_of_the_past_and_endless_kin_are_no_household(take_in: Importer) -> None:
    """Who is divorced, or to marry next year, is not brought in; nor are more than `largest` who are kin one by one."""
    take_in(*(person(f"K{n}", f"{surname}小明", **ids(n)) for n, surname in enumerate("赵钱孙李周吴郑王冯陈褚卫", 1)))
    resolve()
    home, now, year = parties(), clock.now(), timedelta(days=365)
    relate.relate(SYSTEM, home["K11"], home["K12"], "spouse", valid_from=now - 2 * year, valid_to=now - year)
    relate.relate(SYSTEM, home["K1"], home["K12"], "spouse", valid_from=now + year)
    for n in range(1, 10):
        relate.relate(SYSTEM, home[f"K{n}"], home[f"K{n + 1}"], "child")
    found = find_households("test")
    assert (found.households, found.too_large) == (0, 1)


def test_hidden_members_are_only_counted(take_in: Importer) -> None:
    """EC-17: who is out of scope is not named."""
    take_in(
        person("A", "王小明", **ids(1), 通信地址=HOME, 建档网点="east"),
        person("B", "王大明", **ids(2), 通信地址=HOME, 建档网点="west"),
    )
    resolve()
    find_households("test")
    viewer = Principal(5, "user", "ada", frozenset({"party.*"}), scopes={"party": 'row.branch == "east"'})
    found = households.household_of(viewer, parties()["A"])
    assert found and [row["name"] for row in found["members"]] == ["王**"] and found["hidden"] == 1


def test_wrong_rules_are_refused() -> None:
    """A rule that asks for what a pair does not have is refused with its place."""
    rule = {"code": "x", "zh": "x", "en": "x", "when": "pair.same_dog"}
    with pytest.raises(Unprocessable):
        checked(HOUSEHOLD_RULES, {"households": "x", "rules": [rule]})


def test_organisations_have_no_household(take_in: Importer) -> None:
    """Only persons."""
    take_in({"客户编号": "F", "客户类型": "2", "客户名称": "杭州云海科技有限公司"})
    resolve()
    with pytest.raises(Unprocessable):
        households.make(SYSTEM, [parties()["F"]], "no")


def test_whom_people_took_out_stays_out_whatever_household_they_join(take_in: Importer) -> None:
    """EC-11: who left A's home and is confirmed in another is not brought back there by the rules after leaving that
    too; since when somebody is said to belong is when it was said last."""
    known = family(take_in)
    find_households("test")
    house = households.household_of(SYSTEM, known["A"])
    assert house
    households.remove(SYSTEM, house["id"], known["B"], "moved out")
    other = households.make(SYSTEM, [known["B"], known["C"]], "engaged")
    households.remove(SYSTEM, other, known["B"], "not any more")
    find_households("test")
    assert together("B") == set() == together("A")
    households.confirm(SYSTEM, house["id"], known["B"], "back")
    find_households("test")
    assert together("B") == {"A", "B"}
