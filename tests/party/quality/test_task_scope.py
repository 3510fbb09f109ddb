"""EC-17, EC-18: which quality tasks a viewer sees, by branch and by what is its own; counts and filters of them."""

from itertools import product

import pytest
from sqlalchemy import text

from hutong.identity import SYSTEM, Principal, roles, row_scope
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
