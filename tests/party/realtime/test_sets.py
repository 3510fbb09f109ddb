"""EC-05, EC-14: real time, files and runs in any order give what one run over everything gives; matching without
creating; suspects queued at once."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import URL
from tests.party.conftest import Importer
from tests.party.realtime.test_intake import wang
from tests.party.resolution.test_resolve import clear, ids, person, resident
from tests.party.state import parties, partition

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create
from hutong.party.defaults import FOLDER
from hutong.party.match.rules import RULES, read_rules
from hutong.party.realtime.intake import Found, Request, take
from hutong.party.realtime.match import match
from hutong.party.resolution.resolve import resolve
from hutong.platform import database
from hutong.platform.database import begin
from hutong.platform.documents import publish
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
NAMES = ("王小明", "王晓明", "李丽", "李莉", "王")
PHONES = ("13912340001", "13912340002", "13912340003")


def judgements() -> set[tuple[str, ...]]:
    """The rules' judgements in force, by source keys."""
    with database.read("party") as conn:
        rows = conn.execute(
            text(
                """SELECT least(l.key, r.key), greatest(l.key, r.key), j.verdict, j.rule, j.strength, j.reasons::text
                   FROM party.judgement j JOIN party.source_record l ON l.id = j.left_id
                   JOIN party.source_record r ON r.id = j.right_id WHERE j.ended_at IS NULL"""
            )
        )
        return {tuple(map(str, row)) for row in rows}


ROWS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(NAMES)},
        optional={
            "mobile": st.sampled_from(PHONES),
            "email": st.sampled_from(["a@163.com", "b@163.com"]),
            "id_number": st.sampled_from([resident(1), resident(2)]),
        },
    ),
    min_size=2,
    max_size=12,
)


def as_row(key: str, stated: dict[str, str]) -> dict[str, str]:
    """What a caller states, as a row of the CRM."""
    columns = {"mobile": "联系电话", "email": "电子邮箱", "id_number": "证件号码"}
    return person(key, stated["name"], 证件类型="01",
                  **{columns[name]: value for name, value in stated.items() if name != "name"})  # fmt: skip


def as_data(stated: dict[str, str]) -> PartyData:
    """What a caller states."""
    given_type = {"id_type": "resident_id"} if "id_number" in stated else {}
    return PartyData("person", **{**stated, **given_type})


def enter(part: Sequence[tuple[str, dict[str, str]]], way: str, take_in: Importer) -> None:
    """Bring records in: by a file, one by one, or as a set; then perhaps a run."""
    if way.startswith("file"):
        take_in(*(as_row(key, stated) for key, stated in part))
    elif way.startswith("set"):
        answers = take([Request(SYSTEM, as_data(stated), key, "crm") for key, stated in part])
        assert all(isinstance(answer, Found) for answer in answers)
    else:
        for key, stated in part:
            find_or_create(SYSTEM, as_data(stated), key, "crm")
    if way.endswith("run"):
        resolve()


@pytest.fixture
def narrow(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules under which few records make a value generic and a key crowded; runs take up changes, however many."""
    monkeypatch.setattr("hutong.party.resolution.resolve.MOST_CHANGES", 1.0)
    body = read_rules(FOLDER / "rules.yaml").model_dump()
    body |= {"generic": dict.fromkeys(body["generic"], 2), "largest_block": 4}
    with begin("party") as conn:
        publish(conn, RULES, body, "user:1")


@pytest.mark.usefixtures("narrow")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, data=st.data())
def test_any_way_in_gives_the_same_parties_and_judgements(
    take_in: Importer, rows: list[dict[str, str]], data: st.DataObject
) -> None:
    """EC-05: increments, real time and runs in any order are the same as one run over everything; a full run after
    them finds nothing new."""
    keyed = [(f"K{number:02}", stated) for number, stated in enumerate(rows)]
    clear()
    enter(keyed, "file+run", take_in)
    at_once = partition(), judgements()
    clear()
    ways = st.sampled_from(["file", "file+run", "single", "set", "single+run", "set+run"])
    order = data.draw(st.permutations(keyed))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    for first, last in zip([0, *cuts], [*cuts, len(order)], strict=True):
        if order[first:last]:
            enter(order[first:last], data.draw(ways), take_in)
    done = resolve()
    assert (partition(), judgements()) == at_once
    again = resolve(full=True)
    assert (again.judgements_made, again.judgements_ended, again.created, again.changed) == (0, 0, 0, 0)
    assert done.parties == again.parties == len(at_once[0])


def test_a_value_that_becomes_generic_is_disarmed_for_all(take_in: Importer) -> None:
    """EC-05: generic values belong to a version of the statistics; a run that finds a new one judges anew whom it
    concerns, with and without files between."""
    shared = "13912349999"
    for number, name in enumerate(["王明", "李华", "张伟"]):
        find_or_create(SYSTEM, PartyData("person", name, mobile=shared), f"A{number}")
    find_or_create(SYSTEM, PartyData("person", "王明", mobile=shared), "A3")
    assert len(partition()) == 3
    take_in(*(person(f"K{n}", name, 联系电话=shared) for n, name in enumerate(["刘洋", "陈静", "杨帆", "赵磊"])))
    done = resolve()
    assert (done.scope, done.generic_values, len(partition())) == ("full", 1, 8)
    find_or_create(SYSTEM, PartyData("person", "李华", mobile=shared), "A4")
    assert len(partition()) == 9
    with database.read("party") as conn:
        assert conn.execute(text("SELECT max(version) FROM party.statistics")).scalar_one() == 1


def test_matching_stores_nothing_and_says_why(take_in: Importer) -> None:
    """EC-14: the parties that data may mean, with rule, strength and reasons, of those the viewer sees."""
    take_in(person("A", "王小明", **ids(1)), person("B", "欧阳娜娜", **ids(1)), person("C", "李丽", **ids(2)))
    resolve()
    found = match(SYSTEM, wang())
    assert [(one.party_id, one.verdict, one.rule) for one in found] == [
        (parties()["A"], "same", "same_id_same_name"),
        (parties()["B"], "unsure", "same_id_other_name"),
    ]
    assert "same.id_number" in found[0].reasons
    assert match(SYSTEM, PartyData("person", "赵云")) == []
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.source_record")).scalar_one() == 3
    with pytest.raises(Forbidden):
        match(Principal(4, "user", "none", frozenset()), wang())
    nobody = Principal(5, "user", "seller", frozenset({"party.read"}), scopes={"party": "row.owner_id == viewer.id"})
    assert match(nobody, wang()) == []


def test_what_judges_anew_judges_the_next_match(take_in: Importer) -> None:
    """EC-05: the rules in memory are those in force, without a question of their own before each match."""
    take_in(person("A", "王小明", **ids(1)))
    resolve()
    assert [one.rule for one in match(SYSTEM, wang())] == ["same_id_same_name"]
    written = (FOLDER / "rules.yaml").read_text(encoding="utf-8")
    with begin("party") as conn:
        publish(conn, RULES, written.replace("same_id_same_name", "same_document"), "user:1", reason="a better word")
    assert [one.rule for one in match(SYSTEM, wang())] == ["same_document"]


def test_suspects_of_real_time_wait_at_once(take_in: Importer) -> None:
    """EC-06: what find-or-create suspects is in the queue with its answer, not with the next run."""
    take_in(person("A", "欧阳娜娜", **ids(1)))
    resolve()
    made = find_or_create(SYSTEM, wang(), "k")
    with database.read("party") as conn:
        group = conn.execute(text("SELECT party_ids, state FROM party.suspect_group")).one()
    assert group.party_ids == sorted([parties()["A"], made.party_id]) and group.state == "open"


def test_a_refusal_is_only_its_own() -> None:
    """EC-14: requests that share a transaction share no errors; a repeated key is one request."""
    bad = PartyData("person", "王小明", id_type="resident_id", id_number="110105194912310021")
    answers = take(
        [Request(SYSTEM, wang(), "k"), Request(SYSTEM, bad, "x"), Request(SYSTEM, wang(), "k"),
         Request(SYSTEM, wang(2), "y", "nowhere"), Request(SYSTEM, wang(3), "z")]
    )  # fmt: skip
    first, refused, again, unknown, other = answers
    assert isinstance(first, Found) and isinstance(again, Found) and isinstance(other, Found)
    assert (
        first.created and not again.created and (first.party_id, first.record_id) == (again.party_id, again.record_id)
    )
    assert isinstance(refused, Unprocessable) and isinstance(unknown, NotFound)
    assert other.created and other.party_id != first.party_id
