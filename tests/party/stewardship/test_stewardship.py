"""EC-06, EC-07: merge and split by hand with exact restore, forced flags, the suspects' queue."""

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import clear, ids, person
from tests.party.state import parties, partition, state
from tests.thorough import examples

from hutong.identity import SYSTEM, Principal
from hutong.party import survivor_ids
from hutong.party.reading import suspects
from hutong.party.reading.queries import operations, why_not
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship.decide import decide
from hutong.party.stewardship.desk import claim
from hutong.party.stewardship.merge import merge, preview_merge
from hutong.party.stewardship.split import split, undo
from hutong.party.tables import metadata
from hutong.platform import database, history
from hutong.platform.errors import Conflict, Forbidden, NotFound, Problem, Unprocessable

pytestmark = pytest.mark.usefixtures("database")


def records(*keys: str) -> list[int]:
    """Record ids of source keys."""
    with database.read("party") as conn:
        return list(
            conn.execute(
                text("SELECT record_id FROM party.xref WHERE key = ANY(:keys) ORDER BY 1"), {"keys": list(keys)}
            ).scalars()
        )


def test_an_undo_gives_no_id_that_another_party_holds(take_in: Importer) -> None:
    """EC-07: the id a record came from went to others since; undoing the merge does not put the record with them."""
    one, other = {"联系电话": "13912340001"}, {"联系电话": "13912340002"}
    take_in(person("A", "赵", **ids(1)), person("B", "赵小明"), person("C", "赵晓明", **one),
            person("D", "赵小明", **one), person("E", "赵丽华", **other))  # fmt: skip
    resolve()

    def join(left: str, right: str) -> int:
        home = parties()
        return merge(SYSTEM, [home[left], home[right]], "same", force=True).operation_id or 0

    done = [join("C", "E")]
    done.append(split(SYSTEM, parties()["C"], records("E"), "not same").operation_id or 0)
    done += [join("B", "E"), join("B", "C")]
    take_in(person("F", "赵小明", **one, **ids(1)))
    resolve()
    for operation in reversed(done):
        undo(SYSTEM, operation, "mistaken")
    assert partition() == {frozenset("ACDF"), frozenset("B"), frozenset("E")}
    again = resolve(full=True)
    assert (again.created, again.changed) == (0, 0)


def test_merge_is_previewed_and_undone_exactly(take_in: Importer) -> None:
    """EC-07: preview equals outcome; an undo restores the exact state; a retired id redirects, then is itself."""
    take_in(
        person("A", "王小明", 联系电话="13912340001"), person("B", "王明", 联系电话="13912340002", 电子邮箱="w@163.com")
    )
    resolve()
    before, home = state(), parties()
    preview = preview_merge(SYSTEM, list(home.values()))
    done = merge(SYSTEM, list(home.values()), "asked the customer")
    assert partition() == {frozenset("AB")} and done.operation_id
    with database.read("party") as conn:
        golden = (
            conn.execute(text("SELECT * FROM party.party WHERE id = :id"), {"id": preview["survivor_id"]})
            .mappings()
            .one()
        )
    assert {name: golden[name] for name in ("name", "mobile", "email", "record_count")} == {
        name: preview["golden"][name] for name in ("name", "mobile", "email", "record_count")
    }
    retired = done.retired[0]
    assert survivor_ids([retired]) == {retired: preview["survivor_id"]}
    assert [row["kind"] for row in operations(SYSTEM, retired)] == ["merge"]
    resolve()
    assert partition() == {frozenset("AB")}, "a later run respects it"
    undo(SYSTEM, done.operation_id, "mistaken")
    assert state() == before and parties() == home
    with pytest.raises(Conflict):
        undo(SYSTEM, done.operation_id, "twice")


def test_a_split_never_comes_back_by_itself(take_in: Importer) -> None:
    """EC-07: rules would link the two again; a person's word holds against them and against later bridges."""
    take_in(*(person(key, "王小明", 联系电话="13912340001") for key in "ABC"))
    resolve()
    before = state()
    party = parties()["A"]
    done = split(SYSTEM, party, records("C"), "father and son")
    assert partition() == {frozenset("AB"), frozenset("C")}
    assert parties()["A"] == party != parties()["C"]
    resolve()
    assert partition() == {frozenset("AB"), frozenset("C")}
    assert suspects.queue(SYSTEM) == [], "what people decided is not suspected again"
    assert {row["verdict"] for row in why_not(SYSTEM, party, parties()["C"])} == {"same", "not_same"}
    undo(SYSTEM, done.operation_id or 0, "they are one")
    assert state() == before
    split(SYSTEM, party, records("C"), "father and son after all")
    take_in(person("D", "王小明", 联系电话="13912340001"))
    resolve()
    groups = partition()
    assert not any({"A", "C"} <= group for group in groups) and len(groups) == 2


def test_merge_against_documents_needs_force(take_in: Importer) -> None:
    """EC-05, EC-07: two different valid ID cards are merged only by a forced flag, which later runs respect."""
    take_in(person("A", "王小明", **ids(1)), person("B", "王小明", **ids(2)))
    resolve()
    both, before = list(parties().values()), state()
    with pytest.raises(Unprocessable) as caught:
        merge(SYSTEM, both, "sure")
    assert caught.value.code == "party-merge-identifiers" and state() == before
    merge(SYSTEM, both, "sure", force=True)
    resolve()
    assert partition() == {frozenset("AB")}


def test_refusals_change_nothing(take_in: Importer) -> None:
    """EC-07: a refused request says why and leaves no trace."""
    take_in(person("A", "王小明"), {**person("O", "明达科技有限公司"), "客户类型": "2"})
    resolve()
    before, found = state(), parties()
    nobody = Principal(9, "user", "nobody", frozenset())
    refused: list[tuple[type[Problem], object]] = [
        (Unprocessable, lambda: merge(SYSTEM, [found["A"], found["A"]], "x")),
        (Unprocessable, lambda: merge(SYSTEM, list(found.values()), "x")),
        (NotFound, lambda: merge(SYSTEM, [found["A"], 999], "x")),
        (Unprocessable, lambda: split(SYSTEM, found["A"], records("A"), "x")),
        (Unprocessable, lambda: split(SYSTEM, found["A"], records("O"), "x")),
        (NotFound, lambda: undo(SYSTEM, 999, "x")),
        (Forbidden, lambda: merge(nobody, list(found.values()), "x")),
    ]
    for problem, attempt in refused:
        with pytest.raises(problem):
            attempt()  # type: ignore[operator]
    assert state() == before


def test_a_suspect_group_is_claimed_and_decided(take_in: Importer) -> None:
    """EC-06: one holder at a time; 'not the same' is remembered, 'the same' merges."""
    take_in(
        person("A", "王小明", **ids(1)),
        person("B", "欧阳娜", **ids(1)),
        person("C", "赵云", **ids(2)),
        person("D", "孙权", **ids(2)),
    )
    resolve()
    steward = Principal(1, "user", "s", frozenset({"party.*"}), clear=frozenset({"*"}))
    other = Principal(2, "user", "o", frozenset({"party.*"}))
    one, two = suspects.queue(steward)
    claim(steward, one["id"])
    with pytest.raises(Conflict):
        claim(other, one["id"])
    assert len(suspects.group(steward, one["id"])["parties"]) == 2
    decide(steward, one["id"], [[id] for id in one["party_ids"]], "different people")
    operations = decide(steward, two["id"], [two["party_ids"]], "one person, name changed").operations
    assert len(partition()) == 3 and len(operations) == 1
    resolve()
    assert len(partition()) == 3 and suspects.queue(steward) == []
    with pytest.raises(Conflict):
        decide(steward, one["id"], [one["party_ids"]], "again")


@settings(
    max_examples=examples(6),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10**6), steps=st.integers(1, 6))
def test_undoing_all_restores_all(take_in: Importer, seed: int, steps: int) -> None:
    """EC-07: after any sequence of merges, splits and reruns, taking all back gives the hash of before."""
    dice = random.Random(seed)
    clear()
    phones = [f"1391234000{n}" for n in range(4)]
    take_in(*(person(f"K{n}", dice.choice(["王小明", "李丽"]), 联系电话=dice.choice(phones)) for n in range(9)))
    resolve()
    before = state()
    done: list[int] = []
    for _ in range(steps):
        found = parties()
        groups = [keys for keys in partition() if len(keys) > 1]
        if dice.random() < 0.5 and len(set(found.values())) > 1:
            made = merge(SYSTEM, dice.sample(sorted(set(found.values())), 2), "property")
        elif groups:
            keys = sorted(dice.choice(sorted(groups, key=sorted)))
            made = split(
                SYSTEM, found[keys[0]], records(*dice.sample(keys, dice.randint(1, len(keys) - 1))), "property"
            )
        else:
            continue
        done.append(made.operation_id or 0)
        if dice.random() < 0.3:
            resolve()
    for operation in reversed(done):
        undo(SYSTEM, operation, "property")
    assert state() == before
    resolve()
    assert state() == before
    with database.read("party") as conn:
        assert history.check_center(conn, metadata) == []


def test_a_document_that_is_not_valid_speaks_against_no_merge(take_in: Importer) -> None:
    """EC-05, EC-07: only valid documents of two numbers hold two parties apart."""
    take_in(person("A", "王小明", **ids(1)), person("B", "王小明"))
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.source_record SET id_type = 'resident_id', id_number = '110105194912310029' "
                          "WHERE key = 'B'"))  # fmt: skip
    resolve()
    assert merge(SYSTEM, list(parties().values()), "one").operation_id


def test_ids_lead_on_through_later_merges(take_in: Importer) -> None:
    """EC-07: what was merged into a party that was merged later leads to where its records are; after the later merge
    is taken back, to where they were."""
    take_in(*(person(f"{name}{n}", name, **ids(number)) for number, (name, count) in
              enumerate({"王小明": 1, "李丽华": 2, "赵云": 4}.items(), 1) for n in range(count)))  # fmt: skip
    resolve()
    one, two, three = (parties()[f"{name}0"] for name in ("王小明", "李丽华", "赵云"))
    merge(SYSTEM, [one, two], "one", force=True)
    assert survivor_ids([one]) == {one: two}
    later = merge(SYSTEM, [two, three], "one", force=True)
    assert survivor_ids([one, two]) == {one: three, two: three}
    undo(SYSTEM, later.operation_id or 0, "mistaken")
    assert survivor_ids([one, two]) == {one: two, two: two}


def test_forced_is_what_speaks_against_it(take_in: Importer) -> None:
    """EC-07: a merge that nothing spoke against is not marked as forced, though it was asked to be."""
    take_in(person("A", "王小明", **ids(1)), person("B", "李丽"), person("C", "赵云", **ids(2)))
    resolve()
    home = parties()
    merge(SYSTEM, [home["A"], home["B"]], "one", force=True)
    merge(SYSTEM, [parties()["A"], home["C"]], "one", force=True)
    with database.read("party") as conn:
        query = text("SELECT forced FROM party.operation WHERE kind = 'merge' ORDER BY id")
        assert conn.execute(query).scalars().all() == [False, True]
