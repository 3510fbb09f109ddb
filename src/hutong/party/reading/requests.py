"""Change requests for those who ask and decide (EC-02): what is pending, with before and after, masked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, any_, exists, func, literal, select

from hutong.identity import Principal, require
from hutong.identity.protection import mask_field, record_read
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.lifecycle.changes import RIGHT
from hutong.party.policies import POLICY
from hutong.party.tables import change_request, party
from hutong.platform import database, documents

Row = dict[str, Any]
_FIELDS = {**SENSITIVE, "name_key": "name"}


def pending(viewer: Principal, after: int = 0, limit: int = 50, *, kind: str | None = None) -> list[Row]:
    """Requests that wait, oldest first, by key; each with `party_names` and `because` (the policy's rule in words)."""
    require(viewer, RIGHT)
    conditions = [change_request.c.state == "pending", change_request.c.id > after]
    if kind:
        conditions.append(change_request.c.kind == kind)
    return _read(viewer, conditions, limit)


def of_requester(viewer: Principal, limit: int = 50) -> list[Row]:
    """What the viewer asked for that waits."""
    return _read(viewer, [change_request.c.state == "pending", change_request.c.requested_by == viewer.actor], limit)


def of_party(viewer: Principal, party_id: int, *, only_pending: bool = False, limit: int = 50) -> list[Row]:
    """A party's requests, oldest first."""
    require(viewer, "party.read")
    conditions = [_concerns(party_id)]
    if only_pending:
        conditions.append(change_request.c.state == "pending")
    return _read(viewer, conditions, limit)


def decided(viewer: Principal, before: int | None = None, limit: int = 50) -> list[Row]:
    """Requests that a person decided, or that ended, newest first."""
    require(viewer, RIGHT)
    conditions: list[ColumnElement[bool]] = [change_request.c.rule.isnot(None), change_request.c.state != "pending"]
    if before is not None:
        conditions.append(change_request.c.id < before)
    return _read(viewer, conditions, limit, newest=True)


def count_pending(viewer: Principal) -> int:
    """How many wait that the viewer may decide."""
    require(viewer, RIGHT)
    waiting = [change_request.c.state == "pending", change_request.c.requested_by != viewer.actor, ~_hidden(viewer)]
    with database.read("party") as conn:
        return conn.execute(select(func.count()).select_from(change_request).where(*waiting)).scalar_one()


def _concerns(party_id: int) -> ColumnElement[bool]:
    made: ColumnElement[bool] = change_request.c.result["party_id"].astext == str(party_id)
    return (literal(party_id) == any_(change_request.c.party_ids)) | made


def _hidden(viewer: Principal) -> ColumnElement[bool]:
    concerned = select(party.c.id).where(
        party.c.id == any_(change_request.c.party_ids), visibility.seen(viewer).is_not(True)
    )
    return exists(concerned)


def _read(viewer: Principal, conditions: list[ColumnElement[bool]], limit: int, *, newest: bool = False) -> list[Row]:
    order = change_request.c.id.desc() if newest else change_request.c.id
    names = select(func.array_agg(party.c.name)).where(party.c.id == any_(change_request.c.party_ids))
    statement = (
        select(change_request, names.scalar_subquery().label("party_names"))
        .where(*conditions, ~_hidden(viewer))
        .order_by(order)
        .limit(min(limit, 200))
    )
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(statement).mappings()]
        document = documents.in_force(conn, POLICY, "lifecycle")
    return [_shown(viewer, {**row, "because": document.words(row["rule"], viewer.locale)}) for row in rows]


def _shown(viewer: Principal, row: Row) -> Row:
    """Masked; what stays clear is logged."""
    after = dict(row["change"].get("attributes", {}))
    change = {name: value for name, value in row["change"].items() if name not in ("speaker", "word")}
    names = row["party_names"] or []
    if viewer.kind == "system":
        return {**row, "change": change}
    clear = {
        kind for name, kind in _FIELDS.items() if (after.get(name) or row["before"].get(name)) and viewer.sees(kind)
    }
    if names and viewer.sees("name"):
        clear.add("name")
    if clear:
        record_read(viewer, "party", row["party_ids"], sorted(clear))
    if "attributes" in change:
        change["attributes"] = _masked(viewer, after)
    return {
        **row, "change": change, "before": _masked(viewer, row["before"]),
        "party_names": names if viewer.sees("name") else mask_field("name", names),
    }  # fmt: skip


def _masked(viewer: Principal, values: Mapping[str, Any]) -> Row:
    hidden = {name: kind for name, kind in _FIELDS.items() if not viewer.sees(kind)}
    return {name: mask_field(hidden.get(name), value) for name, value in values.items()}
