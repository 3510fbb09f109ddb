"""What people do with quality tasks (EC-18): look through them, assign, send, say what was mended, or waive."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, text, tuple_, update

from hutong.identity import Principal, protect, require, row_scope
from hutong.identity.queries import holders
from hutong.party import visibility
from hutong.party.quality import task_states
from hutong.party.quality.rules import LEAD, QUALITY_RULES, READ
from hutong.party.quality.task_states import REPORTED, State
from hutong.party.tables import party, quality_task, quality_task_step, source_record, xref
from hutong.platform import cel, clock, database, documents
from hutong.platform.errors import NotFound, Unprocessable

Row = dict[str, Any]
FILTERS = ("state", "rule", "source", "branch", "contributor", "owner")
MOST = 10_000
"""Tasks one action may take at once."""


_UNIT_PATH = "(SELECT u.path FROM identity.v1_unit u WHERE u.code = party.quality_task.branch)"
_MINE = """('user:{id}' IN (party.quality_task.assignee, party.quality_task.contributor,
                            party.quality_task.reported_by)) IS TRUE"""


def _addressed(viewer: Principal) -> ColumnElement[bool]:
    """Tasks within the viewer's scope of tasks (EC-17): what a role may ask of one is its branch, the path of that unit
    (`row.unit_path`), and whether the viewer holds it, entered the record, or reported it (`row.mine`)."""
    columns: dict[str, tuple[str, cel.Type]] = {
        "branch": ("party.quality_task.branch", cel.STRING),
        "unit_path": (_UNIT_PATH, cel.STRING),
        "mine": (f"({_MINE.format(id=int(viewer.id) if viewer.kind == 'user' else 0)})", cel.BOOL),
    }
    return row_scope(viewer, "quality_task", columns)


def _scope(viewer: Principal) -> ColumnElement[bool]:
    """Tasks addressed to the viewer, about rows it sees. A viewer with a scope of parties sees none about records
    without a party yet."""
    if "party" not in viewer.scopes:
        return _addressed(viewer)
    seen = visibility.seen(viewer)
    own = exists().where(party.c.id == quality_task.c.record_id, seen)
    its = exists().where(xref.c.record_id == quality_task.c.record_id, party.c.id == xref.c.party_id, seen)
    about = or_(and_(quality_task.c.entity == "party", own), and_(quality_task.c.entity == "source_record", its))
    return and_(_addressed(viewer), about)


def _wanted(viewer: Principal, filters: Mapping[str, str]) -> list[ColumnElement[bool]]:
    made = [_scope(viewer)]
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
    severity, id = after or (6, 0)
    place = tuple_(-quality_task.c.severity, quality_task.c.id)
    statement = (
        _listed()
        .where(*_wanted(viewer, filters), place > (-severity, id))
        .order_by(-quality_task.c.severity, quality_task.c.id)
        .limit(min(limit, 1000))
    )
    with database.read("party") as conn:
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


def counts(viewer: Principal) -> dict[str, int]:
    """State → tasks, within the viewer's rows; and `mine`, those that wait for the viewer."""
    require(viewer, READ)
    waiting = quality_task.c.state.in_(task_states.WAITING)
    mine = func.count().filter(and_(waiting, quality_task.c.assignee == viewer.actor))
    statement = select(quality_task.c.state, func.count(), mine).where(_scope(viewer)).group_by(quality_task.c.state)
    with database.read("party") as conn:
        rows = conn.execute(statement).all()
    return {**dict.fromkeys(task_states.STATES, 0), **{row[0]: row[1] for row in rows}, "mine": sum(r[2] for r in rows)}


def task(viewer: Principal, task_id: int) -> Row:
    """One task with what happened to it. Raises NotFound for one the viewer does not see."""
    require(viewer, READ)
    steps = select(quality_task_step).where(quality_task_step.c.task_id == task_id).order_by(quality_task_step.c.id)
    with database.read("party") as conn:
        row = conn.execute(_listed().where(quality_task.c.id == task_id, _scope(viewer))).mappings().one_or_none()
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
    return _move(viewer, condition, to, note)


def may_move(viewer: Principal, task: Row, to: State) -> bool:
    """Whether `move` lets the viewer take this task to a state its rule's table allows."""
    own = task["rule"] == REPORTED and task["reported_by"] == viewer.actor
    return viewer.may(LEAD) or to in ("sent", "fixed") or (own and to != "waived")


def send_all(viewer: Principal, filters: Mapping[str, str], note: str = "") -> int:
    """Send every open task that matches to those who mend. Returns how many; needs `party.quality.lead`."""
    require(viewer, LEAD)
    condition = and_(*_wanted(viewer, {**filters, "state": "", "mine": ""}))
    return _move(viewer, condition, "sent", note)


def _move(viewer: Principal, condition: ColumnElement[bool], to: State, note: str) -> int:
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
                .where(condition, _scope(viewer), allowed)
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
    statement = (
        update(quality_task)
        .where(
            quality_task.c.id.in_(list(ids)[:MOST]), _scope(viewer), quality_task.c.state.in_(task_states.WAITING)
        )
        .values(assignee=None if user_id is None else f"user:{user_id}", changed_at=clock.now())
    )  # fmt: skip
    with database.begin("party") as conn:
        return int(conn.execute(statement).rowcount)


def workers(viewer: Principal) -> list[Row]:
    """Who may be given tasks: id, name."""
    return holders(viewer, READ)


def choices(viewer: Principal) -> dict[str, list[str]]:
    """What the lists of filters offer: rules, sources, branches and contributors that have tasks."""
    require(viewer, READ)
    with database.read("party") as conn:
        made = {
            name: list(
                conn.execute(
                    select(quality_task.c[name])
                    .where(quality_task.c[name] != "", _scope(viewer))
                    .distinct()
                    .order_by(quality_task.c[name])
                    .limit(200)
                ).scalars()
            )
            for name in ("rule", "source", "branch", "contributor")
        }
        known = documents.in_force(conn, QUALITY_RULES)
    return {**made, "rule": [name for name in made["rule"] if name == REPORTED or known.find(name)]}
