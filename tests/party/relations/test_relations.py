"""EC-11: relations, roles, hierarchies, groups."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties, state

from hutong.identity import SYSTEM, Principal
from hutong.party.areas import people
from hutong.party.areas import read as read_area
from hutong.party.information import AREAS
from hutong.party.ingest.areas.write import merge
from hutong.party.lifecycle.changes import apply_change
from hutong.party.realtime import statements
from hutong.party.relations import groups, hierarchy, read, relate
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import merge as stewards
from hutong.party.stewardship import split
from hutong.platform import clock, database
from hutong.platform.errors import NotFound, Problem, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
Relation = tuple[int, str]
YEAR = timedelta(days=365)


def known(take_in: Importer, *names: str, **columns: str) -> list[int]:
    """Persons of these names, as parties; keys A, B, ..."""
    rows = [person(chr(65 + place), name, **ids(place + 1), **columns) for place, name in enumerate(names)]
    take_in(*rows)
    resolve()
    return [parties()[chr(65 + place)] for place in range(len(names))]


def firms(take_in: Importer, *names: str) -> list[int]:
    """Organisations, as parties; keys are their names."""
    take_in(*({"客户编号": name, "客户类型": "2", "客户名称": name} for name in names))
    resolve()
    return [parties()[name] for name in names]


def seen(party: int, viewer: Principal = SYSTEM) -> set[Relation]:
    """Whom a party is related to, and what they are to it."""
    return {(row["other_id"], row["other_is"]) for row in read.relations(viewer, party)}


def test_both_ends_see_the_relation(take_in: Importer) -> None:
    """A relation is stated once and reads from both ends, until it ends."""
    mother, child, boss = known(take_in, "李丽华", "王小明", "赵云")
    relate.relate(SYSTEM, mother, child, "parent")
    relate.relate(SYSTEM, child, boss, "employee", note="accountant")
    assert seen(child) == {(mother, "parent"), (boss, "employer")}
    assert (seen(mother), seen(boss)) == ({(child, "child")}, {(child, "employee")})
    [held] = read.relations(SYSTEM, boss)
    then = clock.now()
    relate.end_relation(SYSTEM, boss, held["ids"])
    assert seen(child) == {(mother, "parent")}
    assert {row["other_id"] for row in read.relations(SYSTEM, child, at=then)} == {mother, boss}
    assert {row["other_id"] for row in read.relations(SYSTEM, child, ended=True)} == {mother, boss}
    with pytest.raises(NotFound):
        relate.end_relation(SYSTEM, boss, held["ids"])
    around = read.neighbourhood(SYSTEM, mother)
    assert [(row["id"], row["distance"]) for row in around["nodes"]] == [(child, 1)]


def test_relations_follow_their_records(take_in: Importer) -> None:
    """Both ends survive merges and splits; what would tie a party to itself is back after the split."""
    one, two, three = known(take_in, "王小明", "李丽华", "赵云")
    relate.relate(SYSTEM, one, two, "spouse")
    relate.relate(SYSTEM, three, two, "sibling")
    before = state()
    done = stewards.merge(SYSTEM, [one, two], "same", force=True)
    home = parties()["A"]
    assert seen(home) == {(three, "sibling")} and seen(three) == {(home, "sibling")}
    split.undo(SYSTEM, done.operation_id or 0, "not the same")
    assert state() == before
    assert seen(two) == {(one, "spouse"), (three, "sibling")} and seen(one) == {(two, "spouse")}


def test_a_kind_holds_once_at_a_time(take_in: Importer) -> None:
    """Between two parties, from either end; another period is another relation."""
    one, two = known(take_in, "王小明", "李丽华")
    old = datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    relate.relate(SYSTEM, one, two, "guardian", valid_from=old[0], valid_to=old[1])
    relate.relate(SYSTEM, one, two, "guardian", valid_from=old[1])
    for party, other, kind in ((one, two, "guardian"), (two, one, "ward"), (one, one, "friend"), (one, two, "nobody")):
        with pytest.raises(Unprocessable):
            relate.relate(SYSTEM, party, other, kind)
    [firm] = firms(take_in, "杭州云海科技有限公司")
    for party, other, kind in ((one, firm, "spouse"), (one, firm, "subsidiary")):
        with pytest.raises(Unprocessable):
            relate.relate(SYSTEM, party, other, kind)
    relate.relate(SYSTEM, one, firm, "shareholder", percent=2550)
    assert read.relations(SYSTEM, firm)[0]["percent"] == 2550


def test_periods_begin_with_their_first_instant_and_end_before_their_last(take_in: Importer) -> None:
    """A relation holds from its first instant, not at its last; another may abut it on either side; what is to come
    does not hold yet; who is no party to it does not end it."""
    one, two, three = known(take_in, "王小明", "李丽华", "赵云")
    first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    relate.relate(SYSTEM, one, two, "guardian", valid_from=first, valid_to=last)
    for wrong in (
        {"valid_from": last, "valid_to": last}, {"valid_from": last, "percent": 0},
        {"valid_from": last, "percent": relate.WHOLE + 1}, {"valid_to": last, "valid_from": first - YEAR},
    ):  # fmt: skip
        with pytest.raises(Unprocessable):
            relate.relate(SYSTEM, one, two, "guardian", **wrong)
    relate.relate(SYSTEM, one, two, "guardian", valid_from=first - YEAR, valid_to=first)
    relate.relate(SYSTEM, one, two, "guardian", valid_from=last, valid_to=last + YEAR, percent=relate.WHOLE)
    relate.relate(SYSTEM, one, three, "friend", valid_from=clock.now() + YEAR)
    held = [(at, [row["valid_from"] for row in read.relations(SYSTEM, two, at=at)]) for at in (first, last)]
    assert held == [(first, [first]), (last, [last])]
    assert seen(one) == set() and read.relations(SYSTEM, two, at=last + YEAR) == []
    [coming] = read.relations(SYSTEM, one, at=clock.now() + 2 * YEAR)
    with pytest.raises(NotFound):
        relate.end_relation(SYSTEM, two, coming["ids"])
    assert read.relations(SYSTEM, one, at=clock.now() + 2 * YEAR) == [coming]


def test_the_graph_goes_as_far_as_asked_and_tells_each_edge_once(take_in: Importer) -> None:
    """A triangle, and somebody behind it."""
    one, two, three, four = known(take_in, "王小明", "李丽华", "赵云", "孙权")
    for party, other in ((one, two), (two, three), (three, one), (three, four)):
        relate.relate(SYSTEM, party, other, "friend")
    near, far = (read.neighbourhood(SYSTEM, one, depth) for depth in (1, 2))
    assert {(row["id"], row["distance"]) for row in near["nodes"]} == {(two, 1), (three, 1)}
    assert {(row["id"], row["distance"]) for row in far["nodes"]} == {(two, 1), (three, 1), (four, 2)}
    told = [frozenset((row["party_id"], row["other_id"])) for row in far["edges"]]
    assert len(told) == 4 and set(told) == {
        frozenset(ends) for ends in ((one, two), (two, three), (three, one), (three, four))
    }


def test_a_source_states_relations_before_the_parties_come(take_in: Importer) -> None:
    """EC-16: by files, to keys of its own, with sources together when two say the same."""
    row: dict[str, Any] = {"of_source": "crm", "of_key": "A", "to_source": "crm", "to_key": "B", "kind": "referrer",
                           "valid_from": datetime(2026, 1, 1, tzinfo=UTC)}  # fmt: skip
    rows = [{**row, "source": "crm", "key": "1"}, {**row, "source": "life", "key": "1"}]
    with database.begin("party") as conn:
        assert len(merge(conn, AREAS["party_relation"], rows, "test")) == 2
    one, two = known(take_in, "王小明", "李丽华")
    [held] = read.relations(SYSTEM, two)
    assert (held["other_id"], held["other_is"], held["sources"]) == (one, "referrer", ["crm", "life"])


def test_hierarchy_rolls_up_and_refuses_circles(take_in: Importer) -> None:
    """Group → subsidiary → branch, with policies of everything below; a circle is refused."""
    names = ("云海集团有限公司", "云海物流有限公司", "云海物流有限公司宁波分公司", "云海置业有限公司")
    head, logistics, branch, estate = firms(take_in, *names)
    relate.relate(SYSTEM, logistics, head, "subsidiary")
    relate.relate(SYSTEM, head, estate, "parent_company")
    relate.relate(SYSTEM, branch, logistics, "branch")
    policies = [
        {"of_source": "crm", "of_key": name, "source": "life", "key": str(place), "number": str(place),
         "state": "in_force", "premium_micros": 10 ** (6 + place), "valid_from": datetime(2026, 1, 1, tzinfo=UTC)}
        for place, name in enumerate(names)
    ]  # fmt: skip
    with database.begin("party") as conn:
        merge(conn, AREAS["policy_summary"], policies, "test")
    for start in (head, branch):
        tree = hierarchy.hierarchy(SYSTEM, start)
        assert [(row["id"], row["depth"], row["below"], row["all_premium_micros"] // 10**6) for row in tree] == [
            (head, 0, 3, 1111), (logistics, 1, 1, 110), (branch, 2, 0, 100), (estate, 1, 0, 1000)]  # fmt: skip
    for party, other, kind in ((head, branch, "subsidiary"), (branch, head, "parent_company")):
        with pytest.raises(Unprocessable) as refused:
            relate.relate(SYSTEM, party, other, kind)
        assert "circle" in refused.value.code
    done = stewards.merge(SYSTEM, [head, branch], "one", force=True)
    assert {row["id"] for row in hierarchy.hierarchy(SYSTEM, head)} >= {parties()[names[1]]}, "a circle by merge ends"
    split.undo(SYSTEM, done.operation_id or 0, "two")
    assert len(hierarchy.hierarchy(SYSTEM, estate)) == 4


def test_hierarchies_are_of_relations_that_hold(take_in: Importer) -> None:
    """What ended or is to come neither rolls up nor makes a head; what ended may be turned round, not what comes."""
    head, part, new = firms(take_in, "云海集团有限公司", "云海物流有限公司", "长河集团有限公司")
    relate.relate(SYSTEM, part, head, "subsidiary", valid_from=clock.now() - YEAR)
    relate.relate(SYSTEM, part, new, "subsidiary", valid_from=clock.now() + YEAR)
    assert [row["id"] for row in hierarchy.hierarchy(SYSTEM, part)] == [head, part]
    assert [row["id"] for row in hierarchy.hierarchy(SYSTEM, new)] == [new]
    with pytest.raises(Unprocessable):
        relate.relate(SYSTEM, new, part, "subsidiary")
    [held] = read.relations(SYSTEM, part)
    relate.end_relation(SYSTEM, part, held["ids"])
    assert [row["id"] for row in hierarchy.hierarchy(SYSTEM, head)] == [head]
    relate.relate(SYSTEM, head, part, "subsidiary", valid_to=clock.now() + YEAR / 2)
    assert [row["id"] for row in hierarchy.hierarchy(SYSTEM, head)] == [part, head]


def test_sums_of_a_hierarchy_tell_nothing_of_members_out_of_scope(take_in: Importer) -> None:
    """EC-17: nor does its head, where the viewer does not see it."""
    names = {"云海集团有限公司": "east", "云海物流有限公司": "west"}
    take_in(*({"客户编号": name, "客户类型": "2", "客户名称": name, "建档网点": unit} for name, unit in names.items()))
    resolve()
    head, part = (parties()[name] for name in names)
    relate.relate(SYSTEM, part, head, "subsidiary")
    east, west = (
        Principal(5, "user", "ada", frozenset({"party.*"}), scopes={"party": f'row.branch == "{unit}"'})
        for unit in ("east", "west")
    )
    [shown] = hierarchy.hierarchy(east, head)
    assert (shown["id"], shown["below"], shown["all_policies"], shown["all_premium_micros"]) == (head, None, None, None)
    [own] = hierarchy.hierarchy(west, part)
    assert (own["id"], own["depth"], own["below"]) == (part, 0, 0)


def test_roles_have_context_and_validity(take_in: Importer) -> None:
    """Roles in force are those of the party; what it took with us in general is there too."""
    [one] = known(take_in, "王小明")
    [row] = people.state(SYSTEM, one, "party_role", {"role": "policyholder", "context": "policy:P1"})
    people.state(SYSTEM, one, "party_role", {"role": "insured", "context": "policy:P1"})
    held = {(role["role"], role["context"]) for role in read.roles(SYSTEM, one, at=clock.now())}
    assert held == {("policyholder", "policy:P1"), ("insured", "policy:P1")}
    people.end(SYSTEM, one, "party_role", row)
    assert [role["role"] for role in read.roles(SYSTEM, one, at=clock.now())] == ["insured"]
    assert len(read.roles(SYSTEM, one)) == 2
    people.state(SYSTEM, one, "party_role", {"role": "beneficiary", "valid_from": clock.now() + YEAR})
    assert [role["role"] for role in read.roles(SYSTEM, one, at=clock.now())] == ["insured"]


def test_roles_follow_a_merge(take_in: Importer) -> None:
    """EC-07: what the retired party was to us, the survivor is."""
    one, two = known(take_in, "王小明", "李丽华")
    statements.take_role(SYSTEM, two, "agent")
    [retired] = stewards.merge(SYSTEM, [one, two], "one", force=True).retired
    assert retired == two and [role["role"] for role in read.roles(SYSTEM, one)] == ["agent"]


def test_groups_are_lists_or_conditions(take_in: Importer) -> None:
    """Lists kept by people; conditions evaluated over all parties as SQL, and for one."""
    one, two, three = known(take_in, "王小明", "李丽华", "赵云")
    people.state(SYSTEM, two, "consent", {"purpose": "marketing", "given": True})
    people.state(SYSTEM, three, "consent", {"purpose": "marketing", "given": False})
    rule = groups.define(SYSTEM, "callable", "可外呼", "May be called",
                         '"marketing" in row.consents && row.kind == "person" && row.age > 20')  # fmt: skip
    listed = groups.define(SYSTEM, "vip", "贵宾", "VIP")
    groups.put_in(SYSTEM, listed, [one, three, three])
    assert [row["id"] for row in groups.members(SYSTEM, rule)] == [two] and groups.size(SYSTEM, rule) == 1
    assert [row["id"] for row in groups.members(SYSTEM, listed, after=one)] == [three]
    assert {row["code"] for row in groups.groups_of(SYSTEM, two)} == {"callable"}
    groups.take_out(SYSTEM, listed, three)
    assert groups.size(SYSTEM, listed) == 1
    [consent] = read_area.of_party(SYSTEM, two, "consent")
    people.end(SYSTEM, two, "consent", consent["id"])
    assert groups.members(SYSTEM, rule) == [], "a consent that ended is none"
    apply_change(SYSTEM, "deactivate", [one])
    assert groups.members(SYSTEM, listed) == [] and groups.size(SYSTEM, listed) == 0, (
        "nor is who is not in use a member"
    )
    for refused in (
        lambda: groups.put_in(SYSTEM, rule, [one]),
        lambda: groups.take_out(SYSTEM, listed, three),
        lambda: groups.define(SYSTEM, "x", "x", "x", "row.nothing == 1"),
        lambda: groups.members(SYSTEM, 99),
    ):
        with pytest.raises(Problem):
            refused()


def test_others_out_of_scope_are_not_told_of(take_in: Importer) -> None:
    """EC-17: relations, graphs, hierarchies and groups show only parties the viewer sees, and names masked."""
    take_in(
        person("A", "王小明", **ids(1), 建档网点="east"),
        person("B", "李丽华", **ids(2), 建档网点="west"),
        person("C", "赵云", **ids(3), 建档网点="east"),
    )
    resolve()
    one, hidden, two = (parties()[key] for key in "ABC")
    relate.relate(SYSTEM, one, hidden, "spouse")
    relate.relate(SYSTEM, one, two, "friend")
    listed = groups.define(SYSTEM, "all", "全部", "All")
    groups.put_in(SYSTEM, listed, [one, hidden, two])
    viewer = Principal(5, "user", "ada", frozenset({"party.*"}), scopes={"party": 'row.branch == "east"'})
    assert seen(one, viewer) == {(two, "friend")}
    assert [row["name"] for row in read.neighbourhood(viewer, one)["nodes"]] == ["赵*"]
    assert [row["id"] for row in groups.members(viewer, listed)] == [one, two] and groups.size(viewer, listed) == 2
    for act in (
        lambda: read.relations(viewer, hidden),
        lambda: read.roles(viewer, hidden),
        lambda: read.neighbourhood(viewer, hidden),
        lambda: hierarchy.hierarchy(viewer, hidden),
        lambda: relate.relate(viewer, one, hidden, "colleague"),
        lambda: groups.put_in(viewer, listed, [hidden]),
        lambda: groups.groups_of(viewer, hidden),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_two_sources_state_holds_as_long_as_either_says(take_in: Importer) -> None:
    """EC-11, EC-16: from the first begin on; without an end while one source knows of none; premiums in a hierarchy are
    of policies in force."""
    begins = datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    end = clock.now() + YEAR
    row: dict[str, Any] = {"of_source": "crm", "of_key": "A", "to_source": "crm", "to_key": "B", "kind": "referrer"}
    rows = [{**row, "source": "crm", "key": "1", "valid_from": begins[1]},
            {**row, "source": "life", "key": "1", "valid_from": begins[0], "valid_to": end}]  # fmt: skip
    policies = [{"of_source": "crm", "of_key": "A", "source": "life", "key": state, "number": state, "state": state,
                 "premium_micros": 10**6, "valid_from": begins[0]} for state in ("in_force", "lapsed")]  # fmt: skip
    with database.begin("party") as conn:
        for each in rows:
            merge(conn, AREAS["party_relation"], [each], "test")
        merge(conn, AREAS["policy_summary"], policies, "test")
    one, two = known(take_in, "王小明", "李丽华")
    [held] = read.relations(SYSTEM, two)
    assert (held["valid_from"], held["valid_to"], held["sources"]) == (begins[0], None, ["crm", "life"])
    [alone] = hierarchy.hierarchy(SYSTEM, one)
    assert (alone["policies"], alone["all_premium_micros"]) == (2, 10**6)


def test_a_group_is_taken_up_again_and_knows_no_retired_party(take_in: Importer) -> None:
    """EC-11: a retired group's code makes the same group again; who was merged away is asked for by the survivor."""
    one, two = known(take_in, "王小明", "李丽华")
    listed = groups.define(SYSTEM, "vip", "贵宾", "VIP")
    groups.put_in(SYSTEM, listed, [one, two])
    groups.retire(SYSTEM, listed)
    assert groups.groups(SYSTEM) == []
    assert groups.define(SYSTEM, "vip", "贵宾", "VIP") == listed
    [retired] = stewards.merge(SYSTEM, [one, two], "one", force=True).retired
    with pytest.raises(NotFound):
        groups.groups_of(SYSTEM, retired)
    assert [row["code"] for row in groups.groups_of(SYSTEM, parties()["A"])] == ["vip"]
