"""EC-17: a salesperson sees the customers they brought and their unit's, wherever customers are read or worked on."""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties, state
from tests.party.stewardship.test_stewardship import records

from hutong.identity import SYSTEM, Principal, roles, users
from hutong.party import Found, PartyData, find_or_create, get, search, update
from hutong.party.golden import explanation
from hutong.party.lifecycle.changes import apply_change
from hutong.party.reading import listing, operations, pages, queries, segments, suspects
from hutong.party.realtime import statements
from hutong.party.resolution.resolve import resolve
from hutong.party.sharing import claims
from hutong.party.stewardship import flags, merge, split
from hutong.party.stewardship.decide import unsure
from hutong.party.stewardship.desk import assign, claim, stewards
from hutong.platform import database
from hutong.platform.errors import NotFound, Unprocessable

ORGANISATION = Path(__file__).parents[2] / "packs/base/identity/organisation.yaml"
PASSWORD = "a-good-password"
EVERYTHING = frozenset({"party.*"})


@pytest.fixture
def staff(database: object) -> dict[str, Principal]:
    """Salespeople by unit, two in the first; stewards, one of them limited to the east."""
    from hutong.platform import database as live

    with live.begin("identity") as conn:
        roles.load_documents(conn, ORGANISATION)
        for login, unit, role in (
            ("ada", "east-01", "salesperson"),
            ("bob", "east-01", "salesperson"),
            ("eve", "west-01", "salesperson"),
            ("leader", "hq", "steward"),
        ):
            users.save(conn, login=login, name=login, password=PASSWORD, unit_code=unit, roles=[role])
        numbers = conn.execute(text("SELECT login, id FROM identity.user_account")).all()
        return {row.login: users.principal(conn, row.id) for row in numbers}


def steward_of(someone: Principal) -> Principal:
    """The same person, with a steward's rights and the same rows."""
    return Principal(someone.id, "user", someone.name, EVERYTHING, unit_path=someone.unit_path, scopes=someone.scopes)


def brought(by: Principal, number: int, name: str, key: str | None = None) -> Found:
    """A customer a user brings."""
    data = PartyData("person", name, id_type="resident_id", id_number=resident(number))
    return find_or_create(by, data, key or f"{by.name}-{number}")


def listed(viewer: Principal) -> list[set[int]]:
    """What each list of parties shows."""
    return [
        {row["id"] for row in search(viewer, "王")} | {row["id"] for row in search(viewer, "李丽")},
        {row["id"] for row in listing.parties(viewer)},
        {row["id"] for row in pages.page(viewer, {}).rows},
        listing.seen(viewer, list(parties().values())),
        set(listing.names(viewer, list(parties().values()))),
    ]


def test_own_and_own_units_customers_are_listed(staff: dict[str, Principal]) -> None:
    """Own and the unit's; a colleague elsewhere sees neither; the product itself and those without scope see all."""
    own = brought(staff["ada"], 1, "王小明").party_id
    units = brought(staff["bob"], 2, "王大明").party_id
    others = brought(staff["eve"], 3, "李丽").party_id
    nobodys = find_or_create(SYSTEM, PartyData("person", "李丽"), "system").party_id
    for name, expected in (("ada", {own, units}), ("bob", {own, units}), ("eve", {others})):
        assert listed(staff[name]) == [expected] * 5, name
    for viewer in (SYSTEM, staff["leader"]):
        assert listed(viewer) == [{own, units, others, nobodys}] * 5
    moved = Principal(staff["ada"].id, "user", "ada", EVERYTHING, unit_path="/hq/west/", scopes=staff["ada"].scopes)
    assert listed(moved) == [{own, others}] * 5, "who changes the unit keeps the customers they brought"


@pytest.mark.parametrize(
    "act",
    [
        get,
        queries.source_records,
        queries.why,
        queries.operations,
        explanation.side_by_side,
        explanation.versions,
        lambda viewer, id: queries.why_not(viewer, id, id),
        lambda viewer, id: apply_change(viewer, "modify", [id], body={"attributes": {"grade": "gold"}}),
        lambda viewer, id: statements.take_role(viewer, id, "partner"),
        lambda viewer, id: apply_change(viewer, "deactivate", [id]),
        lambda viewer, id: apply_change(viewer, "erase", [id]),
        lambda viewer, id: update(viewer, id, PartyData("person", "王小明"), "eve-1"),
        lambda viewer, id: merge.preview_merge(viewer, [id, parties()["eve-2"]]),
        lambda viewer, id: merge.merge(viewer, [id, parties()["eve-2"]], "one"),
        lambda viewer, id: split.split(viewer, id, records("eve-1"), "two"),
    ],
)
def test_a_customer_out_of_scope_is_unknown(staff: dict[str, Principal], act: Callable[..., Any]) -> None:
    """Each read and action on a customer refuses as if there were none, and changes nothing; its owner may."""
    hidden = brought(staff["eve"], 1, "王小明").party_id
    brought(staff["eve"], 2, "李丽")
    find_or_create(SYSTEM, PartyData("person", "王小明", id_type="resident_id", id_number=resident(1)), "api-1")
    before = state()
    with pytest.raises(NotFound):
        act(steward_of(staff["ada"]), hidden)
    assert state() == before
    with contextlib.suppress(Unprocessable):  # seen, and refused for what it is
        act(steward_of(staff["eve"]), hidden)


def test_finding_does_not_take_over(staff: dict[str, Principal], take_in: Importer) -> None:
    """A customer belongs to who made it; finding it, or naming another branch, gives nobody anything."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    found = brought(staff["ada"], 1, "王小明")
    assert (found.party_id, found.created) == (parties()["A"], False)
    stated = PartyData("person", "王小明", id_type="resident_id", id_number=resident(1), branch="east-01")
    find_or_create(staff["ada"], stated, "again")
    hers = brought(staff["eve"], 2, "李丽")
    assert hers.created and not brought(staff["ada"], 2, "李丽").created
    for party in (found.party_id, hers.party_id):
        with pytest.raises(NotFound):
            get(staff["ada"], party)
    assert get(staff["eve"], hers.party_id)["owner_id"] == staff["eve"].id


def test_imported_customers_are_their_branchs_units(staff: dict[str, Principal], take_in: Importer) -> None:
    """The branch's unit, also when the organisation changes later; unknown branches are no unit's."""
    take_in(
        person("A", "王小明", 建档网点="east-01"),
        person("B", "王大明", 建档网点="west-01"),
        person("C", "李丽", 建档网点="nowhere"),
    )
    resolve()
    assert listed(staff["ada"]) == [{parties()["A"]}] * 5
    assert [get(SYSTEM, parties()[key])["unit_path"] for key in "BC"] == ["/hq/west/west-01/", None]
    with database.begin("identity") as conn:
        conn.execute(
            text("UPDATE identity.unit SET code = 'nowhere', path = '/hq/east/nowhere/' WHERE code = 'east-02'")
        )
    assert resolve().changed == 1 and resolve().changed == 0
    assert get(SYSTEM, parties()["C"])["unit_path"] == "/hq/east/nowhere/"


def test_merging_and_splitting_keep_whose_it_is(staff: dict[str, Principal], take_in: Importer) -> None:
    """The first who brought one keeps the merged customer; taken back, each has their own again."""
    take_in(person("A", "王小明", 建档网点="west-01"))
    resolve()
    ada, eve = brought(staff["ada"], 1, "王大明").party_id, brought(staff["eve"], 2, "李丽").party_id
    before = state()
    first = merge.merge(SYSTEM, [parties()["A"], ada], "one")
    second = merge.merge(SYSTEM, [parties()["A"], eve], "one", force=True)
    one = get(SYSTEM, ada)
    assert (one["owner_id"], one["unit_path"], one["record_count"]) == (staff["ada"].id, "/hq/east/east-01/", 3)
    assert listed(staff["eve"])[1] == set() and len(listed(staff["ada"])[1]) == 1
    assert resolve().changed == 0
    for done in (second, first):
        split.undo(SYSTEM, done.operation_id or 0, "two")
    assert state() == before and get(staff["eve"], eve)["owner_id"] == staff["eve"].id


def test_made_against_a_conflict_is_still_the_makers(staff: dict[str, Principal], take_in: Importer) -> None:
    """Who is tied by one rule and kept apart by documents is a customer of its own, and its maker's."""
    take_in(person("A", "王小明", **ids(1), 联系电话="13912340001"))
    resolve()
    data = PartyData("person", "王小明", id_type="resident_id", id_number=resident(2), mobile="13912340001")
    made = find_or_create(staff["ada"], data, "twin")
    assert made.created and get(staff["ada"], made.party_id)["owner_id"] == staff["ada"].id


def suspected(take_in: Importer) -> dict[str, Any]:
    """A suspected group of the east and one of the west."""
    take_in(
        person("A", "王小明", **ids(1), 建档网点="east-01"),
        person("B", "欧阳娜", **ids(1), 建档网点="east-01"),
        person("C", "赵云", **ids(2), 建档网点="east-01"),
        person("D", "孙权", **ids(2), 建档网点="west-01"),
    )
    resolve()
    return {"east" if parties()["A"] in row["party_ids"] else "mixed": row for row in suspects.queue(SYSTEM)}


def test_suspects_are_seen_where_all_parties_are(staff: dict[str, Principal], take_in: Importer) -> None:
    """EC-06: a limited steward works groups whose parties they all see, and no others."""
    groups = suspected(take_in)
    limited = steward_of(staff["ada"])
    assert [row["id"] for row in suspects.queue(limited)] == [groups["east"]["id"]]
    assert len(suspects.group(limited, groups["east"]["id"])["parties"]) == 2
    for act in (suspects.group, claim, lambda viewer, id: unsure(viewer, id, "x")):
        with pytest.raises(NotFound):
            act(limited, groups["mixed"]["id"])


def test_unsure_is_remembered_with_its_note(staff: dict[str, Principal], take_in: Importer) -> None:
    """EC-06: the group goes back as it was, the note is on it; what a person said before stands; it changes nobody."""
    group, golden = suspected(take_in)["east"], parties()
    claim(staff["leader"], group["id"])
    unsure(staff["leader"], group["id"], "asked the shop")
    unsure(staff["leader"], group["id"], "the shop does not know")
    resolve()
    assert [row["id"] for row in suspects.queue(SYSTEM)].count(group["id"]) == 1 and parties() == golden
    seen = suspects.group(staff["leader"], group["id"])
    assert (seen["state"], seen["assignee"], seen["strength"]) == ("open", None, group["strength"])
    noted = [row for row in seen["judgements"] if row["made_by_kind"] == "person"]
    assert [(row["verdict"], row["reasons"], row["made_by"]) for row in noted] == [
        ("unsure", ["the shop does not know"], staff["leader"].actor)
    ]


def test_a_group_is_given_to_a_steward_only(staff: dict[str, Principal], take_in: Importer) -> None:
    """EC-06: those who may be chosen have the right."""
    group = suspected(take_in)["east"]["id"]
    leader = staff["leader"]
    assert stewards(leader) == [{"id": leader.id, "name": "leader"}]
    with pytest.raises(Unprocessable):
        assign(leader, group, staff["ada"].actor)
    assign(leader, group, leader.actor)
    assert suspects.group(leader, group)["assignee"] == leader.actor


def test_rules_are_read_once_for_many_judgements(staff: dict[str, Principal], take_in: Importer) -> None:
    """A party of many records costs no statement per judgement."""
    counts = []
    for size in (3, 12):
        take_in(*(person(f"K{n}", "王小明", **ids(1)) for n in range(size)))
        resolve()
        asked: list[object] = []
        note = partial(_note, asked)
        event.listen(database.engine(), "before_cursor_execute", note)
        assert len(queries.why(SYSTEM, parties()["K0"])) >= size - 1
        event.remove(database.engine(), "before_cursor_execute", note)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def _note(asked: list[object], *arguments: object) -> None:
    asked.append(arguments[2])


def test_what_was_done_out_of_scope_is_neither_taken_back_nor_told(staff: dict[str, Principal]) -> None:
    """Undo, flags, previews, and how a claim was routed: as if there were none; whoever sees the customers may."""
    one = brought(staff["eve"], 1, "王小明").party_id
    brought(staff["eve"], 2, "李丽")
    done = merge.merge(SYSTEM, list(parties().values()), "one", force=True).operation_id or 0
    route = claims.decide(SYSTEM, one, "C-1", {})["id"]
    before, far, near = state(), steward_of(staff["ada"]), steward_of(staff["eve"])
    for act in (
        lambda viewer: split.preview_split(viewer, parties()["eve-1"], records("eve-1")),
        lambda viewer: claims.explained(viewer, route),
        lambda viewer: claims.decisions(viewer, one),
        lambda viewer: flags.remove_flag(viewer, done, "wrong"),
        lambda viewer: split.undo(viewer, done, "wrong"),
    ):
        with pytest.raises(NotFound):
            act(far)
    assert state() == before
    assert claims.explained(near, route)["rule"] == "otherwise"
    assert split.undo(near, done, "wrong").revived


def test_operations_behind_a_figure_name_only_customers_in_scope(staff: dict[str, Principal]) -> None:
    """EC-13, EC-17: of an operation that concerned others too, the customer that the viewer sees is named."""
    hidden = brought(staff["eve"], 1, "王小明").party_id
    own = brought(staff["ada"], 2, "李丽").party_id
    done = merge.merge(SYSTEM, [hidden, own], "one", force=True).operation_id or 0
    split.undo(SYSTEM, done, "not the same")
    assert [row["party_id"] for row in segments.operations(staff["ada"], "undo")] == [own]
    assert [row["party_id"] for row in segments.operations(staff["eve"], "undo")] == [hidden]
    split.split(SYSTEM, merge.merge(SYSTEM, [hidden, own], "one", force=True) and hidden, records("ada-2"), "two")
    seen = {name: operations.flags(staff[name], parties()[f"{name}-{n}"]) for name, n in (("eve", 1), ("ada", 2))}
    assert all(row["others"] == [] for rows in seen.values() for row in rows) and all(seen.values())
    assert operations.flags(SYSTEM, parties()["ada-2"])[0]["others"] == [parties()["eve-1"]]
