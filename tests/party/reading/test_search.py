"""EC-11, EC-17: search of customers: what they are found by, in which order, within which rows, how they are shown."""

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties

from hutong.identity import SYSTEM, Principal
from hutong.party.reading import queries
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import merge
from hutong.platform import database
from hutong.platform.errors import Forbidden

pytestmark = pytest.mark.usefixtures("database")
CLERK = Principal(7, "user", "clerk", frozenset({"party.read"}), clear=frozenset({"name"}))


@pytest.fixture
def known(take_in: Importer) -> dict[str, int]:
    """Customers by key: persons with all that is searched, one of two sources' spellings, and an organisation."""
    take_in(
        person("A", "王小明", **ids(1), 联系电话="13912340001", 固定电话="0571-88881234", 电子邮箱="Wang@163.com"),
        person("A2", "王晓明", **ids(1), 联系电话="13912340002"),
        person("B", "王小华", **ids(2), 联系电话="13912340001"),
        person("C", "欧阳小明", **ids(3)),
        person("D", "李小明", 联系电话="13912340004"),
        person("E", "杭州小明贸易有限公司", 客户类型="2"),
    )
    resolve()
    found = parties()
    assert found["A"] == found["A2"] and len(set(found.values())) == 5
    return found


def found(query: str, viewer: Principal = SYSTEM, **how: int) -> list[int]:
    """Ids of what a search shows."""
    return [row["id"] for row in queries.search(viewer, query, **how)]


ANSWERS = {
    "王小明": "A",  # a whole name
    "王曉明": "A",  # traditional, and as the other source spells it
    "王": "AB",  # a surname
    "王小": "AB",  # the beginning of a name
    "小明": "",  # two characters are a beginning only
    "小明贸易": "E",  # three and more are found within
    "阳小明": "C",
    "wang xiao ming": "A",  # pinyin, as one writes it
    "WangXiaoming": "A",
    "wangx": "AB",  # its beginning
    "wan_x": "",  # a sign that means any character to the database
    "13912340001": "AB",  # a phone, as any source states it
    "139-1234-0002": "A",
    "0571-88881234": "A",
    "1391234": "",  # identifiers match whole
    resident(1): "A",
    resident(1).lower(): "A",
    resident(1)[:17]: "",
    "wang@163.com": "A",
    "WANG@163.COM": "A",
    "@163.com": "",
    "李%": "",
    "   ": "",
    "赵": "",
}
"""What is asked → keys of the customers found."""


def test_what_is_asked_finds(known: dict[str, int]) -> None:
    """Names by their beginning or a part, pinyin by its beginning, phones, documents and e-mails whole; each once."""
    wanted = {query: sorted(known[key] for key in keys) for query, keys in ANSWERS.items()}
    assert {query: found(query) for query in ANSWERS} == wanted


def test_pages_follow_each_other_whichever_way_they_are_found(
    known: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By id: each page goes on after the last; the same where there are so many that they are found along the ids."""
    for many in (4000, 1):
        monkeypatch.setattr(queries, "MANY", many)
        for query in ("王", "wang", "13912340001"):
            whole = found(query)
            assert whole == sorted({known["A"], known["B"]}), (query, many)
            assert [found(query, limit=1), found(query, after=whole[0])] == [whole[:1], whole[1:]]
            assert found(query, after=whole[-1]) == []


@pytest.mark.parametrize("many", [4000, 0])
def test_who_is_named_just_so_comes_first(
    known: dict[str, int], take_in: Importer, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Of a page that cannot hold all, before those whose names begin so and whose numbers are lower; each once."""
    monkeypatch.setattr(queries, "MANY", many)
    take_in(person("F", "王小", 联系电话="13912340008"), person("G", "wang xiao", 联系电话="13912340009"))
    resolve()
    everybody = parties()
    for query, key in (("王小", "F"), ("王 小", "F"), ("wang xiao", "G")):
        whole = found(query)
        first = everybody[key]
        assert first in whole and whole[0] != first, query
        told = [first, *(id for id in whole if id != first)]
        for limit in (1, 2, 50):
            assert [row["id"] for row in queries.suggest(SYSTEM, query, limit)] == told[:limit], (query, limit)
    assert queries.suggest(SYSTEM, "  ", 5) == [] and len(queries.suggest(SYSTEM, "13912340001", 5)) == 2


def test_a_merged_party_is_found_as_what_it_became(known: dict[str, int]) -> None:
    """By each of its names, once; never under the id that is no more."""
    merge.merge(SYSTEM, [known["A"], known["B"]], "the same person", force=True)
    living = parties()["A"]
    assert [found(query) for query in ("王小明", "王小华", "王", "13912340001", "wangx")] == [[living]] * 5


@pytest.mark.parametrize("many", [4000, 0])
def test_no_more_than_the_viewers_rows(known: dict[str, int], monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """EC-17: also where a page is filled from those that are seen, and where none is."""
    monkeypatch.setattr(queries, "MANY", many)
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.party SET unit_path = '/hq/east/' WHERE id = :id"), {"id": known["B"]})
    seen = {unit: Principal(9, "user", unit, CLERK.rights, unit_path=f"/hq/{unit}/", scopes=SCOPES) for unit in UNITS}
    for query in ("王", "王小华", "wang", "13912340001", resident(2), "王小明"):
        wanted = [] if query == "王小明" else [known["B"]]
        assert [found(query, seen["east"], limit=1), found(query, seen["west"])] == [wanted, []], query


UNITS = ("east", "west")
SCOPES = {"party": "row.unit_path.startsWith(viewer.unit_path)"}


def test_what_is_found_is_masked_and_what_is_clear_is_logged(known: dict[str, int]) -> None:
    """EC-17: as the viewer may see it, though it was found by its clear value."""
    (row,) = queries.search(CLERK, resident(1))
    assert row["name"] in ("王小明", "王晓明") and row["mobile"] == "+86139****" + row["mobile"][-4:], row
    assert resident(1) not in str(row) and "13912340001" not in str(row)
    with database.read("identity") as conn:
        logged = conn.execute(text("SELECT actor, entity_ids, kinds FROM identity.sensitive_read")).one()
    assert (logged.actor, logged.entity_ids, logged.kinds) == ("user:7", [known["A"]], ["name"])
    with pytest.raises(Forbidden):
        queries.search(Principal(8, "user", "none", frozenset()), "王")
