"""Which quality tasks a viewer sees (EC-17): the one place where the row scope of tasks is made.

What a role may ask of a task is its branch, the path of that unit (`row.unit_path`), and whether the viewer holds it,
entered the record, or reported it (`row.mine`). Tasks that are not the viewer's own are therefore seen or not by their
branch alone: lists ask which branches those are once, and compare each of a million tasks with that set.
"""

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, and_, any_, case, false, literal, or_, select, true

from hutong.identity import Principal, row_scope
from hutong.party import visibility
from hutong.party.tables import party, quality_task, xref
from hutong.platform import cel

_ENTITY = "quality_task"
_UNIT_PATH = "(SELECT u.path FROM identity.v1_unit u WHERE u.code = {branch})"


def _own(viewer: Principal) -> ColumnElement[bool]:
    """Tasks that the viewer holds, whose record it entered, or that it reported; each by an index of its own."""
    columns = (quality_task.c.assignee, quality_task.c.contributor, quality_task.c.reported_by)
    return or_(*(column == viewer.actor for column in columns)) if viewer.kind == "user" else false()


def _condition(viewer: Principal, branch: str, mine: str) -> ColumnElement[bool]:
    columns: dict[str, tuple[str, cel.Type]] = {
        "branch": (branch, cel.STRING),
        "unit_path": (_UNIT_PATH.format(branch=branch), cel.STRING),
        "mine": (mine, cel.BOOL),
    }
    return row_scope(viewer, _ENTITY, columns)


def _about(conn: Connection, viewer: Principal) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What finds tasks about parties, where the viewer sees few; and that a task is about rows the viewer sees: with a
    scope of parties none about a record without a party yet."""
    if "party" not in viewer.scopes:
        return true(), true()
    found = select(xref.c.party_id).where(xref.c.record_id == quality_task.c.record_id)
    of_record = found.correlate(quality_task).scalar_subquery()
    whom = case((quality_task.c.entity == "party", quality_task.c.record_id), else_=of_record)
    # One value for each task: an EXISTS would be planned as a set of everybody's records before the first is shown.
    its = select(visibility.seen(viewer)).where(party.c.id == whom)
    about = its.correlate(quality_task).scalar_subquery().is_(True)
    parties = visibility.few(conn, viewer)
    if parties is None:
        return true(), about
    of_them = xref.c.party_id == any_(literal(list(parties), ARRAY(BigInteger)))
    records = conn.execute(select(xref.c.record_id).where(of_them)).scalars().all()
    of_each = (
        and_(quality_task.c.entity == entity, quality_task.c.record_id == any_(literal(list(ids), ARRAY(BigInteger))))
        for entity, ids in (("party", parties), ("source_record", records))
    )
    return or_(*of_each), true()  # found by what the viewer sees: nothing is left to ask of each


def visible(conn: Connection, viewer: Principal) -> ColumnElement[bool]:
    """The condition that tasks meet which are addressed to the viewer and about rows it sees."""
    return and_(*visible_in_parts(conn, viewer))


def visible_in_parts(conn: Connection, viewer: Principal) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What indexes find (addressed to the viewer; of its parties, where they are few), and what is asked of each task
    found (about a row the viewer sees)."""
    near, about = _about(conn, viewer)
    if _ENTITY not in viewer.scopes:
        return near, about
    asked = _BRANCHES.format(scope=_condition(viewer, "b.branch", "false"))
    branches = conn.exec_driver_sql(asked.replace("%", "%%")).scalars().all()
    own = _own(viewer)
    of_branches = quality_task.c.branch.in_(branches)
    whole = _condition(viewer, "party.quality_task.branch", "true")
    return and_(or_(and_(of_branches, own.is_not(True)), and_(own, whole)), near), about


_BRANCHES = """
WITH RECURSIVE b AS (
    (SELECT branch FROM party.quality_task ORDER BY branch LIMIT 1)
    UNION ALL
    SELECT (SELECT t.branch FROM party.quality_task t WHERE t.branch > b.branch ORDER BY t.branch LIMIT 1) FROM b
    WHERE b.branch IS NOT NULL)
SELECT b.branch FROM b WHERE b.branch IS NOT NULL AND {scope}"""
"""The branches that have tasks, by an index, one step for each; of them those whose tasks are seen."""
