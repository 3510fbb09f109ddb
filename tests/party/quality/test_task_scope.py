"""EC-17, EC-18: which quality tasks a viewer sees, by branch and by what is its own; counts and filters of them."""

from itertools import product

import pytest
from sqlalchemy import text

from hutong.identity import SYSTEM, Principal, roles, row_scope
from hutong.party import PartyData, find_or_create, visibility
from hutong.party.quality import desk
from hutong.party.quality.task_scope import visible
from hutong.party.tables import quality_task
from hutong.platform import cel, database

pytestmark = pytest.mark.usefixtures("database")
BRANCHES = ("east-01", "east-02", "west-01", "elsewhere", "")
PEOPLE = (None, "user:7", "user:8")
RULES = {
    "own or within the unit": "row.mine || row.unit_path.startsWith(viewer.unit_path)",
    "own": "row.mine",
    "not own": "!row.mine",
    "others' of the unit, own anywhere else": 'row.mine != row.unit_path.startsWith("/hq/east/")',
    "of a branch by its name": 'row.branch == "elsewhere" || row.branch == ""',
    "of no unit": 'row.unit_path == null || row.unit_path == ""',
    "nothing": "false",
}


@pytest.fixture
def tasks(tmp_path: object) -> None:
    """A task of every branch, held by, entered by and reported by each or nobody."""
    from tests.party.test_scope import ORGANISATION

    with database.begin("identity") as conn:
        roles.load_documents(conn, ORGANISATION)
    rows = [
        {"id": id, "branch": branch, "assignee": holder, "contributor": clerk or "", "reporter": reporter}
        for id, (branch, holder, clerk, reporter) in enumerate(product(BRANCHES, PEOPLE, PEOPLE, PEOPLE))
    ]
    with database.begin("party") as conn:
        conn.execute(
            text("""INSERT INTO party.quality_task (rule, entity, record_id, source, branch, contributor, owner,
                                                    severity, assignee, reported_by)
                    VALUES ('person_once_per_source', 'source_record', :id, 'crm', :branch, :contributor, 'branch', 3,
                            :assignee, :reporter)"""),
            rows,
        )


def viewer(condition: str | None, id: int = 7, kind: str = "user") -> Principal:
    """Somebody of the east with a scope of tasks."""
    scopes = {} if condition is None else {"quality_task": condition}
    return Principal(id, kind, "one", frozenset({"party.quality"}), unit_path="/hq/east/", scopes=scopes)  # type: ignore[arg-type]


@pytest.mark.parametrize("condition", RULES.values(), ids=RULES)
def test_tasks_are_seen_as_if_the_scope_was_asked_of_each(tasks: None, condition: str) -> None:
    """EC-17: deciding by branch first changes nothing, whatever a scope asks of a task."""
    of_each: dict[str, tuple[str, cel.Type]] = {
        "branch": ("party.quality_task.branch", cel.STRING),
        "unit_path": ("(SELECT u.path FROM identity.v1_unit u WHERE u.code = party.quality_task.branch)", cel.STRING),
        "mine": (
            """(('user:7' IN (party.quality_task.assignee, party.quality_task.contributor,
                              party.quality_task.reported_by)) IS TRUE)""",
            cel.BOOL,
        ),
    }
    one = viewer(condition)
    with database.read("party") as conn:
        wanted = set(conn.execute(quality_task.select().where(row_scope(one, "quality_task", of_each))).scalars())
        found = set(conn.execute(quality_task.select().where(visible(conn, one))).scalars())
    assert found == wanted
    assert condition == "false" or 0 < len(found) < len(BRANCHES) * 27


def test_without_a_scope_every_task_is_seen_and_nothing_is_a_systems_own(tasks: None) -> None:
    """A calling system has no tasks of its own, even of the number of a user."""
    everything = len(BRANCHES) * 27
    with database.read("party") as conn:
        seen = {
            name: len(conn.execute(quality_task.select().where(visible(conn, one))).all())
            for name, one in {
                "none": viewer(None), "system": SYSTEM, "client": viewer("row.mine", kind="client"),
            }.items()
        }  # fmt: skip
    assert seen == {"none": everything, "system": everything, "client": 0}


def test_counts_and_filters_are_of_what_is_seen(tasks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-18: by state; up to a bound; the filters offer what the viewer's tasks have."""
    every, own = viewer(None), viewer("row.branch == 'east-01'")
    counts = desk.counts(every)
    assert [str(counts[name]) for name in ("open", "waived", "mine")] == ["135", "0", "45"]
    assert desk.choices(every) == {
        "rule": ["person_once_per_source"], "source": ["crm"],
        "branch": ["east-01", "east-02", "elsewhere", "west-01"], "contributor": ["user:7", "user:8"],
    }  # fmt: skip
    assert desk.choices(own)["branch"] == ["east-01"] and desk.counts(own)["open"] == (27, False)
    nothing = viewer("false")
    assert set(desk.counts(nothing).values()) == {(0, False)} and set(map(len, desk.choices(nothing).values())) == {0}
    monkeypatch.setattr(desk, "COUNTED", 10)
    assert desk.counts(every)["open"] == desk.counts(own)["open"] == (10, True)


def test_pages_of_tasks_join_without_gap_or_repeat(tasks: None) -> None:
    """EC-18: gravest first, then by id, also where a page ends within one severity."""
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.quality_task SET severity = 1 + id % 3"))
    listed = [(row["severity"], row["id"]) for row in desk.tasks(viewer(None), {}, limit=1000)]
    assert listed == sorted(listed, key=lambda place: (-place[0], place[1]))
    paged: list[tuple[int, int]] = []
    for _ in range(4):
        rows = desk.tasks(viewer(None), {}, after=paged[-1] if paged else None, limit=40)
        paged += [(row["severity"], row["id"]) for row in rows]
    assert paged == listed and len(listed) == len(BRANCHES) * 27


@pytest.mark.parametrize("largest", [visibility.FEW, 0], ids=["few", "many"])
def test_with_a_scope_of_parties_tasks_are_of_the_rows_that_are_seen(
    monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    """EC-17: about a party or about a record of it, found by the parties or asked of each task; never of others."""
    monkeypatch.setattr(visibility, "FEW", largest)
    east, west = (
        find_or_create(SYSTEM, PartyData("person", name, branch=branch), branch)
        for name, branch in (("王小明", "east"), ("李丽", "west"))
    )
    about = [(one.party_id, "party") for one in (east, west)] + [
        (one.record_id, "source_record") for one in (east, west)
    ]
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.source_record SET id = id + 1000"))  # so that numbers tell which they are of
        conn.execute(text("UPDATE party.xref SET record_id = record_id + 1000"))
        for id, entity in about:
            values = {"id": id + 1000 * (entity == "source_record"), "entity": entity}
            conn.execute(
                text("""INSERT INTO party.quality_task (rule, entity, record_id, source, branch, contributor, owner,
                        severity) VALUES ('r', :entity, :id, 'api', '', '', 'source', 1)"""), values)  # fmt: skip
    limited = Principal(7, "user", "one", frozenset({"party.*"}), scopes={"party": 'row.branch == "east"'})
    assert {(row["entity"], row["party_id"]) for row in desk.tasks(limited, {})} == {
        ("party", east.party_id), ("source_record", east.party_id)}  # fmt: skip
    assert len(desk.tasks(SYSTEM, {})) == 4
