"""The customers behind a figure (EC-13): by conditions that reports name, page by page; and operations of a kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.tables import party
from hutong.platform import database

Found = dict[str, Any]
SHOWN = ("id", "kind", "state", "name", "mobile", "city", "grade", "branch")
CHANNELS = ("mobile", "phone", "email", "address")


def _is(name: str) -> Callable[[str], ColumnElement[bool]]:
    return lambda value: party.c[name] == value if value else party.c[name].is_(None)


def _without(channel: str) -> ColumnElement[bool]:
    """Customers whom a channel does not reach; `any`: whom none does."""
    asked = CHANNELS if channel == "any" else (channel,) if channel in CHANNELS else ()
    return and_(*(party.c[name].is_(None) for name in asked)) if asked else false()


CONDITIONS: Mapping[str, Callable[[str], ColumnElement[bool]]] = {
    "kind": _is("kind"), "state": _is("state"), "grade": _is("grade"), "city": _is("city"), "without": _without,
}  # fmt: skip


def members(viewer: Principal, conditions: Mapping[str, str], *, after: int = 0, limit: int = 100) -> list[Found]:
    """Customers that meet all conditions (names of `CONDITIONS`; an empty value asks for those that state none), by id
    after `after`, masked and within the viewer's rows (EC-17). Without `state`, those in use."""
    require(viewer, "party.read")
    wanted = [CONDITIONS[name](value) if name in CONDITIONS else false() for name, value in conditions.items()]
    if "state" not in conditions:
        wanted.append(party.c.state == "active")
    return _members(viewer, [party.c.id > after, *wanted], limit)


def chosen(viewer: Principal, ids: Sequence[int]) -> list[Found]:
    """Those of these customers (at most 1,000) that are in use and seen, by id, masked."""
    require(viewer, "party.read")
    return _members(viewer, [party.c.id.in_(ids), party.c.state == "active"], len(ids))


def _members(viewer: Principal, wanted: Sequence[ColumnElement[bool]], limit: int) -> list[Found]:
    statement = (
        select(*(party.c[name] for name in SHOWN))
        .where(party.c.state != "merged", visibility.seen(viewer), *wanted)
        .order_by(party.c.id)
        .limit(min(limit, 1000))
    )
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(statement).mappings()]
    return protect(viewer, "party", rows, {name: kind for name, kind in SENSITIVE.items() if name in SHOWN})


def operations(viewer: Principal, kind: str, *, before: int | None = None, limit: int = 100) -> list[Found]:
    """Operations of a kind, newest first, below the id `before`: id, when, by whom, why, records moved, a party it
    concerns (of those the viewer sees, as long as it lives; operations that moved only others' records are left out).
    """
    require(viewer, "party.read")
    seen = select(party.c.id).where(
        or_(party.c.id == text("r.after_id"), party.c.id == text("r.before_id")), visibility.seen(viewer)
    )
    scope = own = ""
    if "party" in viewer.scopes:
        scope = (
            f"AND EXISTS (SELECT FROM party.operation_record r WHERE r.operation_id = o.id AND EXISTS ({_sql(seen)}))"
        )
        own = f"AND {visibility.seen(viewer)}"
    statement = f"""
        SELECT o.id, o.kind AS operation, o.done_at, o.done_by, o.reason,
               (SELECT count(*) FROM party.operation_record r WHERE r.operation_id = o.id) AS records,
               (SELECT party.party.id FROM party.operation_record r
                JOIN party.party ON party.party.id IN (r.after_id, r.before_id)
                WHERE r.operation_id = o.id AND party.party.state <> 'merged' {own.replace("%", "%%")}
                ORDER BY r.record_id, party.party.id = r.after_id DESC LIMIT 1) AS party_id
        FROM party.operation o WHERE o.kind = %(kind)s AND o.id < %(before)s {scope.replace("%", "%%")}
        ORDER BY o.id DESC LIMIT %(limit)s"""  # noqa: S608  (scope is compiled)
    values = {"kind": kind, "before": before or 2**62, "limit": min(limit, 1000)}
    with database.read("party") as conn:
        return [dict(row) for row in conn.exec_driver_sql(statement, values).mappings()]


def _sql(statement: Any) -> str:
    return str(statement.compile(compile_kwargs={"literal_binds": True}))
