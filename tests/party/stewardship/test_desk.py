"""EC-06: decisions in part, four eyes by policy, many groups at once, and a queue brought up to date near a change."""

import random

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties, partition, state

from hutong.identity import SYSTEM, Principal
from hutong.party.policies import POLICY
from hutong.party.reading import suspects as queue
from hutong.party.reading.suspects import Wanted
from hutong.party.resolution import suspect_states, suspects
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import bulk, decide, desk, split
from hutong.platform import database, documents
from hutong.platform.errors import Conflict, Forbidden, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
PAIRS = {"甲": ("王小明", "欧阳娜"), "乙": ("赵云", "孙权"), "丙": ("诸葛亮", "刘备")}
ONE, TWO = (Principal(n, "user", f"steward{n}", frozenset({"party.*"}), clear=frozenset({"*"})) for n in (1, 2))
REVIEWED = {
    "policy": "stewardship",
    "rules": [{"rule": "always", "when": "group.records >= 2", "zh": "总是", "en": "always"}],
}


def suspected(take_in: Importer, *names: str, number: int = 1) -> int:
    """A group of parties with one identity number and different names; its id."""
    take_in(*(person(name, name, **ids(number)) for name in names))
    resolve()
    home = parties()
    return next(row["id"] for row in queue.queue(ONE) if home[names[0]] in row["party_ids"])


def groups() -> list[tuple[object, ...]]:
    """The waiting groups, without their ids."""
    with database.read("party") as conn:
        rows = conn.execute(
            text("SELECT party_ids, rules, strength, state FROM party.suspect_group WHERE state <> 'obsolete'")
        )
        return sorted((tuple(row[0]), tuple(row[1]), row[2], row[3]) for row in rows)


def test_a_group_is_decided_in_part(take_in: Importer) -> None:
    """EC-06: A is B; C stays open in the same group with the same holder; then C is apart, and the group is decided."""
    group = suspected(take_in, "王小明", "欧阳娜", "赵云")
    home = parties()
    done = decide.decide(ONE, group, [[home["王小明"], home["欧阳娜"]]], "asked")
    assert done.state == "claimed" and len(done.operations) == 1
    assert partition() == {frozenset({"王小明", "欧阳娜"}), frozenset({"赵云"})}
    [left] = queue.queue(ONE, Wanted("mine"))
    assert left["id"] == group and set(left["party_ids"]) == set(parties().values())
    done = decide.decide(ONE, group, [[id] for id in left["party_ids"]], "another")
    assert done.state == "decided" and queue.queue(ONE, Wanted("all")) == []
    resolve()
    assert queue.queue(ONE, Wanted("all")) == [] and len(partition()) == 2
    assert [row["action"] for row in queue.group(ONE, group)["notes"]] == ["decide_part", "decide"]


def test_a_b_c_by_sets(take_in: Importer) -> None:
    """EC-06: in one decision A is B, and C is apart from both for ever."""
    group = suspected(take_in, "王小明", "欧阳娜", "赵云")
    home = parties()
    done = decide.decide(ONE, group, [[home["王小明"], home["欧阳娜"]], [home["赵云"]]], "asked")
    assert done.state == "decided" and len(done.operations) == 2
    resolve()
    assert partition() == {frozenset({"王小明", "欧阳娜"}), frozenset({"赵云"})} and queue.queue(ONE) == []


def test_four_eyes(take_in: Importer) -> None:
    """EC-06: what the policy names is only proposed; its author cannot approve; sent back and proposed anew it is done
    by the second person's word, and history names the first."""
    with database.begin("party") as conn:
        documents.publish(conn, POLICY, REVIEWED, "test")
    group = suspected(take_in, "王小明", "欧阳娜")
    both, before = [list(parties().values())], state()
    assert decide.decide(ONE, group, both, "one person").rule == "always"
    assert state() == before and queue.counts(TWO)["review"].seen == 1 and queue.counts(ONE)["review"].seen == 0
    assert queue.queue(ONE, Wanted("sent"))[0]["id"] == group
    with pytest.raises(Forbidden):
        decide.approve(ONE, group)
    with pytest.raises(Conflict):
        decide.decide(TWO, group, both, "not mine to decide")
    decide.send_back(TWO, group, "look at the address")
    assert queue.queue(ONE, Wanted("mine"))[0]["id"] == group and state() == before
    decide.decide(ONE, group, both, "one person, address checked")
    done = decide.approve(TWO, group)
    assert done.state == "decided" and len(partition()) == 1
    with database.read("party") as conn:
        assert conn.execute(text("SELECT done_by FROM party.operation WHERE kind = 'merge'")).scalars().all() == [
            ONE.actor
        ]
    log = [(row["action"], row["done_by"]) for row in queue.group(ONE, group)["notes"]]
    assert log == [("propose", ONE.actor), ("send_back", TWO.actor), ("propose", ONE.actor), ("approve", TWO.actor)]
    split.undo(ONE, done.operations[0], "mistaken")
    assert len(partition()) == 2


def test_a_proposal_overtaken_is_not_carried_out(take_in: Importer) -> None:
    """EC-06: parties that changed since the proposal are decided anew."""
    with database.begin("party") as conn:
        documents.publish(conn, POLICY, REVIEWED, "test")
    group = suspected(take_in, "王小明", "欧阳娜", "赵云")
    home = parties()
    decide.decide(ONE, group, [list(home.values())], "one")
    from hutong.party.stewardship.merge import merge

    merge(SYSTEM, [home["王小明"], home["赵云"]], "meanwhile")
    before = state()
    with pytest.raises(Conflict) as caught:
        decide.approve(TWO, group)
    assert caught.value.code == "party-suspect-changed" and state() == before


def test_default_policy_reviews_forced_and_valued(take_in: Importer) -> None:
    """EC-06: valued customers are merged by two people; ordinary ones by one."""
    take_in(person("A", "王小明", 客户等级="4", **ids(1)), person("B", "欧阳娜", **ids(1)))
    take_in(person("C", "赵云", **ids(2)), person("D", "孙权", **ids(2)))
    resolve()
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.party SET grade = 'gold' WHERE id = :id"), {"id": parties()["A"]})
    found = {row["id"]: row["party_ids"] for row in queue.queue(ONE)}
    rules = {decide.decide(ONE, group, [members], "one").rule for group, members in found.items()}
    assert rules == {None, "valued_customer"}


def test_policies_are_checked_and_versioned(take_in: Importer) -> None:
    """EC-06: a rule that cannot be read is refused with its name; equal content keeps its version."""
    wrong = {"policy": "stewardship", "rules": [{"rule": "bad", "when": "group.colour == 1", "zh": "错", "en": "bad"}]}
    with database.begin("party") as conn:
        with pytest.raises(Unprocessable) as caught:
            documents.publish(conn, POLICY, wrong, "test")
        assert "bad" in str(caught.value.params["why"])
        assert [documents.publish(conn, POLICY, REVIEWED, "test").version for _ in range(2)] == [1, 1]
        assert documents.in_force(conn, POLICY, "stewardship").version == 1
        assert documents.in_force(conn, POLICY, "lifecycle").version == 0


def test_many_groups_at_once(take_in: Importer) -> None:
    """EC-06: looked at first; one operation each; what fails says why and stays."""
    group = {key: suspected(take_in, *names, number=n) for n, (key, names) in enumerate(PAIRS.items(), 1)}
    desk.claim(TWO, group["丙"])
    looked = bulk.preview(ONE, [*group.values(), 999], "same")
    assert [bool(row["problem"]) for row in looked] == [False, False, True, True]
    before = state()
    assert looked == bulk.preview(ONE, [*group.values(), 999], "same") and state() == before, "looking changes nothing"
    done = bulk.decide_all(ONE, [*group.values(), 999], "same", "same document")
    assert [one.state for one in done] == ["decided", "decided", "failed", "failed"]
    assert [len(one.operations) for one in done] == [1, 1, 0, 0] and all(one.problem for one in done[2:])
    assert len(partition()) == 4
    with pytest.raises(Unprocessable):
        bulk.decide_all(ONE, [], "same", "x")


def test_transitions_are_one_table() -> None:
    """EC-06: every action starts from known states, leads to a known one; ended groups allow nothing."""
    known = {"open", "claimed", "proposed", "decided", "obsolete"}
    for action, (sources, target) in suspect_states.TRANSITIONS.items():
        assert {*sources, target} <= known and not {"decided", "obsolete"} & set(sources), action
        for ended in ("decided", "obsolete"):
            with pytest.raises(Conflict):
                suspect_states.after(action, ended, 1)


@pytest.mark.parametrize("seed", range(4))
def test_near_refresh_is_the_whole_refresh(take_in: Importer, seed: int) -> None:
    """EC-06: what hand work does to the queue is what a refresh of everything would have done."""
    dice = random.Random(seed)
    names = ["王小明", "欧阳娜", "赵云", "孙权"]
    rows = [person(f"K{n}", dice.choice(names), **ids(dice.randint(1, 4))) for n in range(12)]
    take_in(*rows)
    resolve()
    for _ in range(4):
        waiting = queue.queue(ONE)
        if not waiting:
            break
        row = dice.choice(waiting)
        members = row["party_ids"]
        sets = [members] if dice.random() < 0.5 else [[id] for id in members]
        decide.decide(ONE, row["id"], sets, "dice")
        near = groups()
        with database.begin("party") as conn:
            suspects.refresh(conn)
        assert groups() == near


def test_filters_and_keys_of_the_queue(take_in: Importer) -> None:
    """EC-06: filtered by rule, kind, holder; before and after are of the same queue; pages join without gap."""
    made = [suspected(take_in, *names, number=n) for n, names in enumerate(PAIRS.values(), 1)]
    rule = queue.queue(ONE)[0]["rules"][0]
    assert len(queue.queue(ONE, Wanted(rule=rule))) == 3 and queue.queue(ONE, Wanted(rule="conflict")) == []
    assert queue.queue(ONE, Wanted(kind="organisation")) == []
    assert queue.page(ONE, Wanted()).overview.facets["rule"] == [(rule, 3)]
    order = [row["id"] for row in queue.queue(ONE)]
    one = queue.queue(ONE, limit=1)[0]
    rest = queue.queue(ONE, after=(one["strength"], one["id"]))
    assert [one["id"], *(row["id"] for row in rest)] == order and set(order) == set(made)
    middle = rest[0]
    assert queue.neighbours(ONE, Wanted(), (middle["strength"], middle["id"])) == (order[0], order[2])
    desk.claim(TWO, order[0])
    assert queue.queue(ONE, Wanted("all", assignee=TWO.actor))[0]["id"] == order[0]
    assert {view: one.seen for view, one in queue.counts(ONE).items()} == {"pool": 2, "mine": 0, "review": 0, "sent": 0}


def test_many_at_once_never_against_documents(take_in: Importer) -> None:
    """EC-05, EC-06: two valid ID cards are told in the preview and refused in the decision, which changes nothing."""
    group = suspected(take_in, "王小明", "欧阳娜")
    with database.begin("party") as conn:
        conn.execute(
            text("UPDATE party.source_record SET id_number = :other WHERE key = '欧阳娜'"), {"other": resident(2)}
        )
    before = state()
    assert [row["conflicts"] for row in bulk.preview(ONE, [group], "same")] == [["resident_id"]]
    [outcome] = bulk.decide_all(ONE, [group], "same", "in bulk")
    assert outcome.state == "failed" and outcome.problem and state() == before


def test_a_proposal_is_taken_back_by_its_author_alone(take_in: Importer) -> None:
    """EC-06: four eyes: nobody clears another's proposal away by 'withdrawing' it."""
    with database.begin("party") as conn:
        documents.publish(conn, POLICY, REVIEWED, "test")
    group = suspected(take_in, "王小明", "欧阳娜")
    decide.decide(ONE, group, [list(parties().values())], "one person")
    with pytest.raises(Conflict):
        decide.withdraw(TWO, group)
    decide.withdraw(ONE, group)
    assert queue.queue(ONE, Wanted("mine"))[0]["id"] == group


def test_parties_are_held_apart_by_all_their_records(take_in: Importer) -> None:
    """EC-06: after the record that was compared is gone from a party, the others still stand apart."""
    names = {"A": "王小明", "A2": "王小明", "B": "欧阳娜", "B2": "欧阳娜"}
    take_in(*(person(key, name, **ids(1)) for key, name in names.items()))
    resolve()
    [group] = queue.queue(ONE)
    decide.decide(ONE, group["id"], [[id] for id in group["party_ids"]], "different people")
    with database.read("party") as conn:
        query = text("SELECT count(*) FROM party.judgement WHERE verdict = 'not_same' AND ended_at IS NULL")
        assert conn.execute(query).scalar_one() == 4
