"""What people do with quality tasks (EC-18): look through them, assign, send, say what was mended, or waive."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)

from hutong.identity import Principal, protect, require
from hutong.identity.queries import holders
from hutong.party.quality import task_states
from hutong.party.quality.rules import LEAD, QUALITY_RULES, READ
from hutong.party.quality.task_scope import visible, visible_in_parts
from hutong.party.quality.task_states import REPORTED, State
from hutong.party.tables import party, quality_task, quality_task_step, source_record, xref
from hutong.party.visibility import Counted
from hutong.platform import clock, database, documents
from hutong.platform.errors import NotFound, Unprocessable

Row = dict[str, Any]
FILTERS = ("state", "rule", "source", "branch", "contributor", "owner")
MOST = 10_000
"""Tasks one action may take at once."""
COUNTED = 1000
"""Tasks of a kind looked at for a count: with a row scope each is looked at with its customer."""


def _wanted(conn: Connection, viewer: Principal, filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    made = [visible(conn, viewer)]
    for name, value in filters.items():
        if name in FILTERS and value:
            wanted = task_states.WAITING if (name, value) == ("state", "waiting") else (value,)
            made.append(quality_task.c[name].in_(wanted))
        elif name == "mine" and value:
            made.append(quality_task.c.assignee == viewer.actor)
        elif name not in FILTERS and name != "mine":
            made.append(false())
    return made


def _listed() -> Select[Any]:
    name = func.coalesce(
        select(source_record.c.name).where(
            quality_task.c.entity == "source_record", source_record.c.id == quality_task.c.record_id
        ).scalar_subquery(),
        select(party.c.name).where(
            quality_task.c.entity == "party", party.c.id == quality_task.c.record_id
        ).scalar_subquery(),
    )  # fmt: skip
    key = select(source_record.c.key).where(
        quality_task.c.entity == "source_record", source_record.c.id == quality_task.c.record_id
    )
    of = select(xref.c.party_id).where(
        quality_task.c.entity == "source_record", xref.c.record_id == quality_task.c.record_id
    )
    own = select(party.c.id).where(quality_task.c.entity == "party", party.c.id == quality_task.c.record_id)
    return select(
        quality_task,
        name.label("name"),
        key.scalar_subquery().label("key"),
        func.coalesce(of.scalar_subquery(), own.scalar_subquery()).label("party_id"),
    )


def tasks(
    viewer: Principal, filters: Mapping[str, str], *, after: tuple[int, int] | None = None, limit: int = 100
) -> list[Row]:
    """Tasks, gravest first; the next page begins after (severity, id) of the last row. Needs `party.quality`.

    `filters`: state (or `waiting`), rule, source, branch, contributor, owner → value; `mine` → "1". Names are masked.
    """
    require(viewer, READ)
    columns = quality_task.c
    place: list[ColumnElement[bool]] = []
    if after:  # as the index of the queue is ordered, downwards and then upwards: a row comparison cannot say that
        less, same = columns.severity < after[0], and_(columns.severity == after[0], columns.id > after[1])
        place = [columns.severity <= after[0], or_(less, same)]
    with database.read("party") as conn:
        statement = (
            _listed()
            .where(*_wanted(conn, viewer, filters), *place)
            .order_by(columns.severity.desc(), columns.id)
            .limit(min(limit, 1000))
        )
        rows = [dict(row) for row in conn.execute(statement).mappings()]
    return protect(viewer, "quality_task", rows, {"name": "name"})


def every_task(viewer: Principal, filters: Mapping[str, str], most: int = 100_000) -> Iterator[Row]:
    """All tasks that match, for the source that is to mend them. Needs `party.quality`, asked for at once."""
    require(viewer, READ)
    return _in_turn(viewer, filters, most)


def _in_turn(viewer: Principal, filters: Mapping[str, str], most: int) -> Iterator[Row]:
    after, given = None, 0
    while given < most and (rows := tasks(viewer, filters, after=after, limit=1000)):
        yield from rows
        after, given = (rows[-1]["severity"], rows[-1]["id"]), given + len(rows)


def counts(viewer: Principal) -> dict[str, Counted]:
    """State → tasks within the viewer's rows, of the first `COUNTED`; and `mine`, those that wait for the viewer."""
    require(viewer, READ)
    mine = and_(quality_task.c.assignee == viewer.actor, quality_task.c.state.in_(task_states.WAITING))
    of_name: dict[str, ColumnElement[bool]] = {state: quality_task.c.state == state for state in task_states.STATES}
    of_name["mine"] = mine
    with database.read("party") as conn:
        some = _looked_at(conn, viewer, of_name)
        rows = conn.execute(
            select(some.c.name, func.count().filter(some.c.seen), func.count()).group_by(some.c.name)
        ).all()
    made = dict.fromkeys(of_name, Counted(0, False))
    return made | {row[0]: Counted(row[1], row[2] == COUNTED) for row in rows}


def _looked_at(conn: Connection, viewer: Principal, of_name: Mapping[str, ColumnElement[bool]]) -> CTE:
    """The first tasks that meet each condition, and whether the viewer sees them."""
    addressed, about = visible_in_parts(conn, viewer)
    columns = [quality_task.c[name] for name in CHOICES]
    each = [
        select(literal(name).label("name"), *columns, about.label("seen")).where(
            quality_task.c.id.in_(select(quality_task.c.id).where(addressed, condition).limit(COUNTED))
        )
        for name, condition in of_name.items()
    ]
    return union_all(*each).cte("some")


def task(viewer: Principal, task_id: int) -> Row:
    """One task with what happened to it. Raises NotFound for one the viewer does not see."""
    require(viewer, READ)
    steps = select(quality_task_step).where(quality_task_step.c.task_id == task_id).order_by(quality_task_step.c.id)
    with database.read("party") as conn:
        known = _listed().where(quality_task.c.id == task_id, visible(conn, viewer))
        row = conn.execute(known).mappings().one_or_none()
        if row is None:
            raise NotFound("party-quality-task-unknown", id=task_id)
        history = [dict(step) for step in conn.execute(steps).mappings()]
    return {**protect(viewer, "quality_task", [dict(row)], {"name": "name"})[0], "steps": history}


def move(viewer: Principal, ids: Sequence[int], to: State, note: str = "") -> int:
    """Take tasks to a state, as a set; those whose state does not allow it stay. Returns how many moved.

    Sending, fixing: right `party.quality`; waiving, and taking up again: `party.quality.lead`, with a note. What a
    person reported they may verify, or take up again, themselves.
    """
    require(viewer, LEAD if to == "waived" else READ)
    if to in ("waived", "reopened") and not note.strip():
        raise Unprocessable("party-quality-note-missing", field="note")
    condition: ColumnElement[bool] = quality_task.c.id.in_(list(ids)[:MOST])
    if to in ("verified", "reopened") and not viewer.may(LEAD):
        condition = and_(condition, quality_task.c.rule == REPORTED, quality_task.c.reported_by == viewer.actor)
    return _move(viewer, lambda _: condition, to, note)


def may_move(viewer: Principal, task: Row, to: State) -> bool:
    """Whether `move` lets the viewer take this task to a state its rule's table allows."""
    own = task["rule"] == REPORTED and task["reported_by"] == viewer.actor
    return viewer.may(LEAD) or to in ("sent", "fixed") or (own and to != "waived")


def send_all(viewer: Principal, filters: Mapping[str, str], note: str = "") -> int:
    """Send every open task that matches to those who mend. Returns how many; needs `party.quality.lead`."""
    require(viewer, LEAD)
    every = {**filters, "state": "", "mine": ""}
    return _move(viewer, lambda conn: and_(*_wanted(conn, viewer, every)), "sent", note)


def _move(viewer: Principal, condition: Callable[[Connection], ColumnElement[bool]], to: State, note: str) -> int:
    now = clock.now()
    values: dict[str, Any] = {"state": to, "changed_at": now}
    values |= {"sent_at": now} if to == "sent" else {"closed_at": now} if to in ("waived", "verified") else {}
    values |= {"closed_at": None, "reopened": quality_task.c.reopened + 1} if to == "reopened" else {}
    reported = quality_task.c.rule == REPORTED
    allowed = or_(
        and_(reported, quality_task.c.state.in_(task_states.sources_of(to, REPORTED))),
        and_(~reported, quality_task.c.state.in_(task_states.sources_of(to, "a rule"))),
    )
    with database.begin("party") as conn:
        ids = (
            conn.execute(
                update(quality_task)
                .where(condition(conn), visible(conn, viewer), allowed)
                .values(**values)
                .returning(quality_task.c.id)
            )
            .scalars()
            .all()
        )
        told = {"ids": list(ids), "state": to, "note": note.strip() or None, "by": viewer.actor, "now": now}
        conn.execute(text(_TOLD), told)
    return len(ids)


_TOLD = """INSERT INTO party.quality_task_step (task_id, state, note, done_by, done_at)
SELECT id, :state, :note, :by, :now FROM unnest(CAST(:ids AS bigint[])) AS id"""


def assign(viewer: Principal, ids: Sequence[int], user_id: int | None) -> int:
    """Give waiting tasks to somebody who may work on them, or to nobody. Taking them oneself needs no more than the
    right `party.quality`; giving them to others `party.quality.lead`. Returns how many."""
    own = user_id is not None and viewer.kind == "user" and user_id == viewer.id
    require(viewer, READ if own else LEAD)
    if user_id is not None and not own and user_id not in {row["id"] for row in holders(viewer, READ)}:
        raise Unprocessable("party-quality-assignee-unknown", field="to")
    chosen = (quality_task.c.id.in_(list(ids)[:MOST]), quality_task.c.state.in_(task_states.WAITING))
    values = {"assignee": None if user_id is None else f"user:{user_id}", "changed_at": clock.now()}
    with database.begin("party") as conn:
        statement = update(quality_task).where(*chosen, visible(conn, viewer)).values(**values)
        return int(conn.execute(statement).rowcount)


def workers(viewer: Principal) -> list[Row]:
    """Who may be given tasks: id, name."""
    return holders(viewer, READ)


def choices(viewer: Principal) -> dict[str, list[str]]:
    """What the lists of filters offer: rules, sources, branches and contributors that have tasks; for a viewer with a
    row scope those of the first `COUNTED` tasks."""
    require(viewer, READ)
    with database.read("party") as conn:
        if "party" in viewer.scopes or "quality_task" in viewer.scopes:
            made = _choices_of_some(conn, viewer)
        else:
            made = {name: list(conn.execute(text(_DISTINCT.format(name=name))).scalars()) for name in CHOICES}
        known = documents.in_force(conn, QUALITY_RULES)
    return {**made, "rule": [name for name in made["rule"] if name == REPORTED or known.find(name)]}


CHOICES = ("rule", "source", "branch", "contributor")
_DISTINCT = """
WITH RECURSIVE each AS (
    (SELECT {name} AS value FROM party.quality_task WHERE {name} <> '' ORDER BY {name} LIMIT 1)
    UNION ALL
    SELECT (SELECT t.{name} FROM party.quality_task t WHERE t.{name} <> '' AND t.{name} > each.value
            ORDER BY t.{name} LIMIT 1) FROM each WHERE each.value IS NOT NULL)
SELECT value FROM each WHERE value IS NOT NULL LIMIT 200"""
"""The values of a column by its index, one step for each: of a million tasks few are looked at."""


def _choices_of_some(conn: Connection, viewer: Principal) -> dict[str, list[str]]:
    some = _looked_at(conn, viewer, {"all": true()})
    each = [select(literal(name).label("name"), some.c[name].label("value")).where(some.c.seen) for name in CHOICES]
    found = union_all(*each).subquery()
    made: dict[str, list[str]] = {name: [] for name in CHOICES}
    asked = select(found).distinct().where(found.c.value != "").order_by(found.c.name, found.c.value)
    for name, value in conn.execute(asked):
        made[name].append(value)
    return {name: values[:200] for name, values in made.items()}
