"""EC-05, XP-02: why, why not and how: for every link, non-link, cluster and golden value."""

import pytest
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties

from hutong.identity import SYSTEM, Principal
from hutong.party.explanations.how import how
from hutong.party.explanations.why_not import why_not
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship.merge import merge
from hutong.platform.errors import NotFound

pytestmark = pytest.mark.usefixtures("database")


def test_how_tells_the_joins_in_their_order(take_in: Importer) -> None:
    """Joins strongest first, with the sets they joined; links that joined nothing; refused ones; people's last."""
    take_in(
        person("A", "王小明", **ids(1), 联系电话="13912340001"),
        person("B", "王小明", **ids(1), 联系电话="13912340002", 更新时间="2026/02/02 10:00:00"),
        person("C", "王小明", 联系电话="13912340002"),
        person("D", "王小明", **ids(2), 联系电话="13912340002"),
        person("E", "李丽"),
    )
    resolve()
    home = parties()
    assert home["A"] == home["B"] == home["C"] != home["D"]
    merge(SYSTEM, [home["A"], home["E"]], "her maiden name")
    made = how(SYSTEM, parties()["A"])
    number = {row["key"]: row["id"] for row in made["records"]}
    joins = [(row["rule"], sorted([*row["left_set"], *row["right_set"]])) for row in made["joins"]]
    assert joins == [
        ("same_id_same_name", sorted([number["A"], number["B"]])),
        ("same_phone_name", sorted([number["A"], number["B"], number["C"]])),
        ("merge", sorted(number.values())),
    ]
    assert made["joins"][0]["rule_text"] and "same.id_number" in made["joins"][0]["reasons"]
    assert [row["rule"] for row in made["refused"]] == ["same_phone_name"]
    golden = {row["attribute"]: row for row in made["golden"]}
    assert (golden["mobile"]["key"], golden["mobile"]["decided_by"]) == ("B", "recency")
    assert {"merge", "resolve"} >= {row["kind"] for row in made["operations"]} >= {"merge"}


def test_why_not_tells_what_fails_also_of_pairs_never_judged(take_in: Importer) -> None:
    """Whether two ever met, by which key; which rules were tried and which of their conditions do not hold."""
    shared = "13912349999"
    names = ["王明", "李华", "张伟", "刘洋", "陈静", "杨帆", "赵磊"]
    take_in(
        person("A", "王小明", 联系电话="13912340001"),
        person("B", "欧阳娜", 联系电话="13912340001"),
        person("C", "赵云"),
        *(person(f"K{number}", name, 联系电话=shared) for number, name in enumerate(names)),
    )
    resolve()
    home = parties()
    near = why_not(SYSTEM, home["A"], home["B"])
    assert near["met"] == ["phone"] and near["judgements"] == [] and near["verdict"] is None
    tried = {row["rule"]: row for row in near["rules"]}["same_phone_name"]
    assert not tried["holds"] and {part["holds"] for part in tried["conditions"]} == {True, False}
    far = why_not(SYSTEM, home["A"], home["C"])
    assert far["met"] == [] and not any(row["holds"] for row in far["rules"])
    generic = why_not(SYSTEM, home["K0"], home["K1"])
    assert generic["met"] == [] and generic["unused"] == [{"block": "phone", "because": "generic"}]
    with pytest.raises(NotFound):
        own = {"party": "row.owner_id == viewer.id"}
        seller = Principal(5, "user", "seller", frozenset({"party.read"}), scopes=own)
        why_not(seller, home["A"], home["B"])
