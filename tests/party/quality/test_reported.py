"""EC-18: who sees wrong data sends it back to clerk, branch, source; who is addressed sees the task and closes it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create
from hutong.party.ingest.load import LoadReport
from hutong.party.quality import desk, reported, task_states
from hutong.party.quality.measure import measure
from hutong.party.resolution.resolve import resolve
from hutong.platform import database as live
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
STEWARD = Principal(7, "user", "steward", frozenset({"party.*"}), clear=frozenset({"name"}))
OWN = {"quality_task": "row.mine || row.unit_path.startsWith(viewer.unit_path)"}
EAST = Principal(8, "user", "east", frozenset({"party.read", "party.quality"}), unit_path="/hq/east/", scopes=OWN)
WEST = replace(EAST, id=9, name="west", unit_path="/hq/west/")
ROW = {"客户编号": "A1", "客户名称": "王小明", "证件类型": "01", "证件号码": "11010519491231002X",
       "联系电话": "13912340001", "建档网点": "east-01", "性别": "1"}  # fmt: skip


@pytest.fixture
def units(database: URL) -> None:
    """Headquarters with two branches."""
    with live.begin("identity") as conn:
        conn.execute(
            text(
                """INSERT INTO identity.unit (code, path, name_zh, name_en) VALUES ('hq', '/hq/', '总', 'HQ'),
                   ('east-01', '/hq/east/east-01/', '东', 'East'), ('west-01', '/hq/west/west-01/', '西', 'West')"""
            )
        )


def record() -> tuple[int, int]:
    """The only source record and its party."""
    with live.read("party") as conn:
        row = conn.execute(text("SELECT record_id, party_id FROM party.xref")).one()
    return int(row[0]), int(row[1])


@pytest.mark.usefixtures("units")
def test_wrong_data_goes_to_its_branch_comes_back_stated_anew_and_is_verified(
    take_in: Callable[..., LoadReport],
) -> None:
    take_in(ROW)
    resolve()
    record_id, party_id = record()
    [stated] = reported.statements_of(STEWARD, party_id)
    assert (stated["source"], stated["key"], stated["name"]) == ("crm", "A1", "王小明")
    assert "1234" not in stated["mobile"], "masked"
    task = reported.report(STEWARD, record_id, ["mobile"], "客户说不是他的号码")
    [shown] = desk.tasks(EAST, {"state": "waiting"})
    assert (shown["id"], shown["owner"], shown["state"], shown["fields"]) == (task, "branch", "sent", ["mobile"])
    assert desk.tasks(WEST, {}) == []
    assert desk.counts(WEST)["sent"].seen == 0 and desk.choices(WEST)["branch"] == []
    with pytest.raises(NotFound):
        desk.task(WEST, task)
    assert desk.move(WEST, [task], "fixed") == 0
    measure()
    assert desk.task(EAST, task)["state"] == "sent", "no rule ends it"
    take_in({**ROW, "联系电话": "13912340002"})
    measure()
    assert desk.task(EAST, task)["state"] == "fixed", "the source stated the record anew"
    assert desk.move(EAST, [task], "verified") == 0, "not by who mended it"
    assert desk.move(STEWARD, [task], "verified") == 1
    assert [step["state"] for step in desk.task(STEWARD, task)["steps"]] == ["sent", "fixed", "verified"]
    assert reported.report(STEWARD, record_id, ["mobile"], "still wrong") == task
    assert (desk.task(EAST, task)["state"], desk.task(EAST, task)["reopened"]) == ("sent", 1)
    assert desk.move(EAST, [task], "fixed", "asked the customer") == 1


def test_it_goes_to_the_clerk_who_entered_it() -> None:
    made = find_or_create(
        replace(EAST, rights=frozenset({"party.create"}), scopes={}), PartyData("person", "王小明"), "k1"
    )
    task = desk.task(STEWARD, reported.report(STEWARD, made.record_id, ["name"], "another name on the card"))
    assert (task["owner"], task["assignee"], task["contributor"]) == ("clerk", EAST.actor, EAST.actor)
    assert desk.counts(EAST)["mine"].seen == 1
    assert desk.tasks(WEST, {}) == []


def test_what_cannot_be_reported_is_refused() -> None:
    made = find_or_create(SYSTEM, PartyData("person", "王小明"), "k1")
    for fields, note in (([], "x"), (["name"], " "), (["no_field"], "x")):
        with pytest.raises(Unprocessable):
            reported.report(STEWARD, made.record_id, fields, note)
    with pytest.raises(NotFound):
        reported.report(STEWARD, made.record_id + 1, ["name"], "x")
    with pytest.raises(NotFound):
        reported.report(replace(STEWARD, scopes={"party": "false"}), made.record_id, ["name"], "x")
    with pytest.raises(Forbidden):
        reported.report(replace(EAST, rights=frozenset({"party.read"})), made.record_id, ["name"], "x")
    with live.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.quality_task")).scalar_one() == 0


def test_a_persons_transitions_are_those_of_the_table() -> None:
    assert task_states.sources_of("verified", "any_rule") == []
    assert task_states.sources_of("verified", task_states.REPORTED) == ["fixed"]
    for rule in ("any_rule", task_states.REPORTED):
        for state in task_states.STATES:
            for to in task_states.STATES:
                assert (to in task_states.next_states(state, rule)) == (state in task_states.sources_of(to, rule))
