"""People's accounts: made by administrators, found for sign-in."""

from collections.abc import Sequence
from functools import lru_cache

from argon2 import PasswordHasher
from sqlalchemy import Connection, RowMapping, delete, select
from sqlalchemy.dialects.postgresql import insert

from hutong.identity.principal import Principal
from hutong.identity.roles import combine
from hutong.identity.tables import api_client, role, unit, user_account, user_role
from hutong.platform.errors import NotFound, Unprocessable

MINIMUM_PASSWORD = 10


@lru_cache
def hasher() -> PasswordHasher:
    """argon2id with the library's parameters (RFC 9106, low memory)."""
    return PasswordHasher()


def save(conn: Connection, *, login: str, name: str, password: str, unit_code: str, roles: Sequence[str]) -> int:
    """Create an account, or give the existing one of that login a new name, password, unit and roles."""
    if len(password) < MINIMUM_PASSWORD:
        raise Unprocessable("identity-password-too-short", field="password", minimum=MINIMUM_PASSWORD)
    unit_id = conn.execute(select(unit.c.id).where(unit.c.code == unit_code)).scalar()
    if unit_id is None:
        raise NotFound("identity-unit-unknown", field="unit", unit=unit_code)
    values = {"name": name, "password_hash": hasher().hash(password), "unit_id": unit_id}
    user_id = conn.execute(
        insert(user_account)
        .values(login=login, **values)
        .on_conflict_do_update(index_elements=["login"], set_={**values, "failures": 0, "locked_until": None})
        .returning(user_account.c.id)
    ).scalar_one()
    conn.execute(delete(user_role).where(user_role.c.user_id == user_id))
    conn.execute(insert(user_role), [{"user_id": user_id, "role": code} for code in roles])
    return int(user_id)


HELD = (
    select(
        *(user_account.c[name] for name in ("id", "name", "locale")),
        *(unit.c.path, role.c.code, role.c.rights, role.c.clear, role.c.scopes),
    )
    .join(unit, unit.c.id == user_account.c.unit_id)
    .outerjoin(user_role, user_role.c.user_id == user_account.c.id)
    .outerjoin(role, role.c.code == user_role.c.role)
    .where(user_account.c.active)
    .order_by(role.c.code)
)
"""Accounts in use with what their roles give, a row for each role (one without any: of none); for `viewer_of`."""


def viewer_of(held: Sequence[RowMapping]) -> Principal:
    """The viewer an account stands for, out of its rows of `HELD`."""
    one = held[0]
    roles = [dict(row) for row in held if row["code"] is not None]
    grants = combine(roles)
    codes = tuple(row["code"] for row in roles)
    return Principal(
        one["id"], "user", one["name"], grants.rights, codes, one["path"], grants.clear, grants.scopes, one["locale"]
    )


def principal(conn: Connection, user_id: int) -> Principal:
    """The viewer an account stands for, with what its roles give now."""
    held = conn.execute(HELD.where(user_account.c.id == user_id)).mappings().all()
    if not held:
        raise NotFound("identity-user-unknown")
    return viewer_of(held)


def named(conn: Connection, words: str) -> list[str]:
    """Actors ("user:7") whose name or login holds these words, at most 200; locked and former ones too."""
    met = user_account.c.name.icontains(words, autoescape=True) | user_account.c.login.icontains(words, autoescape=True)
    found = conn.execute(select(user_account.c.id).where(met).order_by(user_account.c.id).limit(200))
    return [f"user:{id}" for id in found.scalars()]


def names(conn: Connection) -> dict[str, str]:
    """Actor ("user:7", "client:3") → the name people know it by, for those who read histories and logs."""
    people = conn.execute(select(user_account.c.id, user_account.c.name))
    systems = conn.execute(select(api_client.c.id, api_client.c.name))
    return {**{f"user:{row.id}": row.name for row in people}, **{f"client:{row.id}": row.name for row in systems}}
