"""Reads for administrators: who read sensitive data (EC-17), accounts and roles, calling systems with their quotas."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    bindparam,
    func,
    literal,
    select,
    tuple_,
)

from hutong.identity import clients
from hutong.identity.principal import EVERYTHING, Principal, require
from hutong.identity.tables import api_client, role, sensitive_read, session, unit, user_account, user_role
from hutong.platform import clock, database

Found = dict[str, Any]
WALKED = 10_000
"""How many of the newest entries are looked through for a kind of field before the index is asked."""


def sensitive_reads(
    viewer: Principal,
    *,
    actor: str | None = None,
    entity: str | None = None,
    entity_id: int | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    reason: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Found]:
    """The access log, newest first: id, at, actor, entity, entity_ids, kinds, fields, reason. `before`: an id, for the
    next page; `entity_id`: only reads that showed this row; `kind`: only reads that showed this kind of field;
    `reason`: only reads for which one was given, holding these words ("" for any). Needs the right `identity.audit`.

    Every filter is served by an index, or met by most rows; times leave months out. A kind that most reads show fills a
    page from the newest entries; only one that does not is looked up.
    """
    require(viewer, "identity.audit")
    met = _asked(actor, entity, entity_id, since, until, reason)
    with database.read("identity") as conn:
        if before is not None:
            met += _older(conn, before)
        if kind and entity_id is None:
            walked = _newest(select(sensitive_read).where(*met), WALKED).subquery()
            found = _newest(select(walked).where(_of_kind(walked, kind)), limit)
            rows = conn.execute(found).mappings().all()
            if len(rows) == limit:
                return [dict(row) for row in rows]
        if kind:
            met.append(_of_kind(sensitive_read, kind))
        found = select(sensitive_read).where(*met)
        if kind or entity_id is not None:  # few; the planner takes them for many, and would walk the log to find them
            found = select(found.offset(0).subquery())
        return [dict(row) for row in conn.execute(_newest(found, limit)).mappings()]


def _asked(  # noqa: PLR0917  (the filters of `sensitive_reads`)
    actor: str | None,
    entity: str | None,
    entity_id: int | None,
    since: datetime | None,
    until: datetime | None,
    reason: str | None,
) -> list[ColumnElement[bool]]:
    """The conditions of the filters that are given, but for the kind of field."""
    log = sensitive_read.c
    met: list[ColumnElement[bool]] = []
    if actor:
        met.append(log.actor == actor)
    if entity:
        met.append(log.entity == entity)
    if entity_id is not None:
        met.append(log.entity_ids.op("@>")(bindparam("wanted", [entity_id], type_=ARRAY(BigInteger))))
    if reason is not None:
        met += [log.reason.isnot(None), log.reason.icontains(reason, autoescape=True)]
    if since is not None:
        met.append(log.at >= since)
    if until is not None:
        met.append(log.at < until)
    return met


def _older(conn: Connection, before: int) -> list[ColumnElement[bool]]:
    """What is older than an entry; `at` is said alone too, so that months after it are left out."""
    log = sensitive_read.c
    at = conn.execute(select(log.at).where(log.id == before)).scalar()
    return [log.at <= at, tuple_(log.at, log.id) < tuple_(literal(at), literal(before))]


def _of_kind(log: FromClause, kind: str) -> ColumnElement[bool]:
    """Reads that showed a kind of field. The value is a subquery so that the planner takes them for one in a hundred:
    one that statistics do not name, it takes for half as frequent as the rarest one named."""
    asked = select(bindparam("kind", [kind, EVERYTHING], type_=ARRAY(Text))).scalar_subquery()
    return log.c.kinds.op("&&")(asked)


def _newest(found: Select[Any], limit: int) -> Select[Any]:
    return found.order_by(found.selected_columns.at.desc(), found.selected_columns.id.desc()).limit(limit)


def people(viewer: Principal) -> list[Found]:
    """Accounts by login: name, unit, roles, whether locked, when last signed in. Needs the right `identity.read`."""
    require(viewer, "identity.read")
    held = select(func.array_agg(user_role.c.role)).where(user_role.c.user_id == user_account.c.id).scalar_subquery()
    last = select(func.max(session.c.created_at)).where(session.c.user_id == user_account.c.id).scalar_subquery()
    statement = (
        select(
            *(user_account.c[name] for name in ("id", "login", "name", "active", "failures", "locked_until")),
            unit.c.name_zh.label("unit_zh"),
            unit.c.name_en.label("unit_en"),
            held.label("roles"),
            last.label("last_session"),
        )
        .join(unit, unit.c.id == user_account.c.unit_id)
        .order_by(user_account.c.login)
    )
    now = clock.now()
    with database.read("identity") as conn:
        rows = [dict(row) for row in conn.execute(statement).mappings()]
    return [{**row, "locked": row["locked_until"] is not None and row["locked_until"] > now} for row in rows]


def role_list(viewer: Principal) -> list[Found]:
    """Roles with rights, kinds of field seen unmasked, and scopes. Needs the right `identity.read`."""
    require(viewer, "identity.read")
    with database.read("identity") as conn:
        return [dict(row) for row in conn.execute(select(role).order_by(role.c.code)).mappings()]


def holders(viewer: Principal, right: str) -> list[Found]:
    """Accounts in use whose roles give a right, by name: id, name. For those who hold the right themselves."""
    require(viewer, right)
    granting = [right, f"{right.split('.', 1)[0]}.*", EVERYTHING]
    gives = (
        select(user_role.c.user_id)
        .join(role, role.c.code == user_role.c.role)
        .where(role.c.rights.op("&&")(bindparam("granting", granting, type_=ARRAY(Text))))
    )
    statement = (
        select(user_account.c.id, user_account.c.name)
        .where(user_account.c.active, user_account.c.id.in_(gives))
        .order_by(user_account.c.name, user_account.c.id)
    )
    with database.read("identity") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def client_list(viewer: Principal) -> list[Found]:
    """Calling systems without their keys. Needs the right `identity.read`."""
    require(viewer, "identity.read")
    shown = [column for column in api_client.c if column.name != "key_hash"]
    with database.read("identity") as conn:
        return [dict(row) for row in conn.execute(select(*shown).order_by(api_client.c.code)).mappings()]


def client_by_code(code: str) -> Principal | None:
    """The viewer a calling system in use stands for, by its code."""
    with database.read("identity") as conn:
        found = conn.execute(select(api_client.c.id).where(api_client.c.code == code, api_client.c.active)).scalar()
        return None if found is None else clients.principal(conn, found)
