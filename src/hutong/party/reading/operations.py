"""Merge history (EC-07): what moved records between parties or holds them, searched by who, when, why, whom and rule;
and a party's flags: what people forced, that later runs respect."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.tables import judgement, operation, operation_record, party, redirect, xref
from hutong.platform import database

Row = dict[str, Any]
KINDS = ("merge", "split", "undo", "unflag", "enhance", "resolve", "intake")
BY_PEOPLE = ("merge", "split", "undo", "unflag", "enhance")


@dataclass(frozen=True)
class Sought:
    """Which operations. Without `kind`: those made by people. `party_id`: a retired id too; `words`: in the reason."""

    operation_id: int | None = None
    kind: str | None = None
    done_by: tuple[str, ...] | None = None
    party_id: int | None = None
    rule: str | None = None
    words: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    forced: bool = False


def search(viewer: Principal, sought: Sought = Sought(), before: int | None = None, limit: int = 50) -> list[Row]:
    """Operations, newest first, whose parties the viewer sees; the next page begins below the last id.

    Each with `records` moved, ids before and after, `judged_ids` (parties it judged about, as they are now),
    `undone_by`, and `held`: judgements of it still in force. Needs the right `party.read`.
    """
    require(viewer, "party.read")
    statement = select(operation).where(*_conditions(sought), ~_hidden(viewer))
    if before is not None:
        statement = statement.where(operation.c.id < before)
    page = statement.order_by(operation.c.id.desc()).limit(min(limit, 200)).subquery("page")
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(_told(page)).mappings()]


def flags(viewer: Principal, party_id: int) -> list[Row]:
    """What people's word holds together or apart of a party (forced-merge and forced-split flags), newest first: the
    operation, its verdict, who, when, why, whether `forced`, and the `others` that the viewer sees: parties it is held
    apart from."""
    require(viewer, "party.read")
    own, other = aliased(xref, name="own"), aliased(xref, name="other")
    sides = or_(
        (judgement.c.left_id == own.c.record_id) & (judgement.c.right_id == other.c.record_id),
        (judgement.c.right_id == own.c.record_id) & (judgement.c.left_id == other.c.record_id),
    )
    living = select(func.coalesce(func.max(redirect.c.survivor_id), party_id)).where(redirect.c.retired_id == party_id)
    statement = (
        select(
            operation.c.id, operation.c.kind, operation.c.forced, operation.c.reason, operation.c.done_by,
            operation.c.done_at, judgement.c.verdict, func.count(judgement.c.id.distinct()).label("pairs"),
            func.array_agg(other.c.party_id.distinct()).label("others"),
        )
        .select_from(own)
        .join(judgement, or_(judgement.c.left_id == own.c.record_id, judgement.c.right_id == own.c.record_id))
        .join(other, sides)
        .join(operation, operation.c.id == judgement.c.operation_id)
        .where(own.c.party_id == living.scalar_subquery(), judgement.c.ended_at.is_(None),
               judgement.c.made_by_kind == "person", judgement.c.verdict != "unsure", operation.c.kind != "intake")
        .group_by(operation.c.id, judgement.c.verdict)
        .order_by(operation.c.id.desc())
        .limit(200)
    )  # fmt: skip
    with database.read("party") as conn:
        visibility.check(conn, viewer, conn.execute(living).scalar_one())
        rows = [dict(row) for row in conn.execute(statement).mappings()]
        seen = visibility.among(conn, viewer, sorted({other for row in rows for other in row["others"]}))
    return [{**row, "others": [other for other in row["others"] if other in seen]} for row in rows]


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    made: list[ColumnElement[bool]] = []
    if sought.operation_id is not None:
        return [operation.c.id == sought.operation_id]
    made.append(operation.c.kind == sought.kind if sought.kind else operation.c.kind.in_(BY_PEOPLE))
    if sought.done_by is not None:
        made.append(operation.c.done_by.in_(sought.done_by))
    if sought.words:
        made.append(operation.c.reason.icontains(sought.words, autoescape=True))
    if sought.since:
        made.append(operation.c.done_at >= sought.since)
    if sought.until:
        made.append(operation.c.done_at < sought.until)
    if sought.forced:
        made.append(operation.c.forced)
    if sought.party_id is not None:
        made.append(operation.c.id.in_(_of_party(sought.party_id)))
    if sought.rule:
        made.append(operation.c.id.in_(_by_rule(sought.rule)))
    return made


def _of_party(party_id: int) -> Select[Any]:
    """Operations that took records from a party or brought it some, or judged about records it holds."""
    moved = [
        select(operation_record.c.operation_id).where(column == party_id)
        for column in (operation_record.c.before_id, operation_record.c.after_id)
    ]
    judged = [
        select(judgement.c.operation_id)
        .join(xref, xref.c.record_id == column)
        .where(xref.c.party_id == party_id, judgement.c.operation_id.isnot(None))
        for column in (judgement.c.left_id, judgement.c.right_id)
    ]
    found = union_all(*moved, *judged).subquery()
    return select(found.c[0])


def _by_rule(rule: str) -> Select[Any]:
    """Operations whose records a rule's judgement ties: what people wrote, or what moved by the rule."""
    tied = select(operation_record.c.operation_id).join(
        judgement,
        or_(judgement.c.left_id == operation_record.c.record_id, judgement.c.right_id == operation_record.c.record_id),
    )
    own = select(judgement.c.operation_id).where(judgement.c.rule == rule, judgement.c.operation_id.isnot(None))
    found = union_all(tied.where(judgement.c.rule == rule), own).subquery()
    return select(found.c[0])


def _hidden(viewer: Principal) -> ColumnElement[bool]:
    """Whether some party of an operation is out of the viewer's scope."""
    if "party" not in viewer.scopes:
        return literal(False)
    by_record = select(operation_record.c.record_id).where(operation_record.c.operation_id == operation.c.id)
    judged = [
        select(column).where(judgement.c.operation_id == operation.c.id)
        for column in (judgement.c.left_id, judgement.c.right_id)
    ]
    of = union_all(by_record, *judged).subquery()
    concerned = select(party.c.id).join(xref, xref.c.party_id == party.c.id).join(of, of.c[0] == xref.c.record_id)
    return exists(concerned.where(visibility.seen(viewer).is_not(True)))


def _told(page: Any) -> Select[Any]:
    """A page of operations with what they moved and hold."""
    moved = select(operation_record).where(operation_record.c.operation_id == page.c.id).subquery()
    undoing = aliased(operation, name="undoing")
    in_force = (judgement.c.operation_id == page.c.id) & judgement.c.ended_at.is_(None)
    return select(
        page,
        select(func.count()).select_from(moved).scalar_subquery().label("records"),
        select(func.array_agg(moved.c.before_id.distinct())).scalar_subquery().label("before_ids"),
        select(func.array_agg(moved.c.after_id.distinct())).scalar_subquery().label("after_ids"),
        select(func.array_agg(xref.c.party_id.distinct()))
        .where(xref.c.record_id.in_(select(judgement.c.left_id).where(judgement.c.operation_id == page.c.id).union(
            select(judgement.c.right_id).where(judgement.c.operation_id == page.c.id))))
        .scalar_subquery().label("judged_ids"),
        select(func.max(undoing.c.id)).where(undoing.c.undoes_id == page.c.id).scalar_subquery().label("undone_by"),
        select(func.count()).select_from(judgement).where(in_force).scalar_subquery().label("held"),
    ).order_by(page.c.id.desc())  # fmt: skip
