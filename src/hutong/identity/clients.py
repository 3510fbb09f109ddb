"""Calling systems and channels: keys, rights, and their share of the server (EC-14, OC-01)."""

import secrets
import time
from collections.abc import Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from hutong.identity.principal import Principal
from hutong.identity.sign_in import digest
from hutong.identity.tables import api_client
from hutong.platform import database
from hutong.platform.errors import TooMany, Unauthenticated

REMEMBERED_FOR = 30.0  # seconds until a change of a client's rights is seen by every process


class Client(NamedTuple):
    """A calling system as remembered by this process."""

    principal: Principal
    per_second: int
    read_at: float


def register(
    conn: Connection,
    *,
    code: str,
    name: str,
    rights: Sequence[str],
    per_second: int,
    clear: Sequence[str] = (),
    scopes: Mapping[str, str] | None = None,
    fields: Mapping[str, Sequence[str]] | None = None,
    key: str | None = None,
) -> str:
    """Register a calling system, or replace its grants and key. Returns the key: shown once, only its hash is kept."""
    secret = key or secrets.token_urlsafe(32)
    values = {
        "name": name,
        "key_hash": digest(secret),
        "rights": list(rights),
        "clear": list(clear),
        "scopes": dict(scopes or {}),
        "fields": {entity: list(names) for entity, names in (fields or {}).items()},
        "per_second": per_second,
    }
    conn.execute(
        insert(api_client)
        .values(code=code, **values)
        .on_conflict_do_update(index_elements=["code"], set_={**values, "active": True})
    )
    return secret


class Bucket:
    """A token bucket: `per_second` sustained, one second's worth at once."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self.tokens = float(per_second)
        self.at = time.monotonic()

    def take(self) -> bool:
        """Whether one more request is within the quota."""
        now = time.monotonic()
        self.tokens = min(self.per_second, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


_clients: dict[str, Client] = {}
_buckets: dict[int, Bucket] = {}
_lock = Lock()


def authenticate(key: str | None) -> Principal:
    """The calling system behind a key, within its quota. Raises Unauthenticated or TooMany."""
    if not key:
        raise Unauthenticated("identity-key-needed")
    key_hash = digest(key)
    client = _clients.get(key_hash)
    if client is None or time.monotonic() - client.read_at > REMEMBERED_FOR:
        client = _read(key_hash)
        if client is None:
            _clients.pop(key_hash, None)
            raise Unauthenticated("identity-key-unknown")
        _clients[key_hash] = client
    _within_quota(client)
    return client.principal


def remembered(key: str) -> Principal | None:
    """Like `authenticate`, from this process's memory alone: None when the database must be asked."""
    client = _clients.get(digest(key))
    if client is None or time.monotonic() - client.read_at > REMEMBERED_FOR:
        return None
    _within_quota(client)
    return client.principal


def _within_quota(client: Client) -> None:
    with _lock:
        bucket = _buckets.get(client.principal.id)
        if bucket is None or bucket.per_second != client.per_second:
            bucket = _buckets[client.principal.id] = Bucket(client.per_second)
        if not bucket.take():
            raise TooMany("identity-over-quota", per_second=client.per_second)


def _read(key_hash: str) -> Client | None:
    with database.read("identity") as conn:
        row = conn.execute(
            select(api_client).where(api_client.c.key_hash == key_hash, api_client.c.active)
        ).one_or_none()
    return None if row is None else Client(_viewer(row), row.per_second, time.monotonic())


def principal(conn: Connection, client_id: int) -> Principal | None:
    """The viewer a calling system stands for, with its grants now; None for one that is gone or not active."""
    row = conn.execute(select(api_client).where(api_client.c.id == client_id, api_client.c.active)).one_or_none()
    return None if row is None else _viewer(row)


def _viewer(row: Row[Any]) -> Principal:
    return Principal(
        row.id,
        "client",
        row.code,
        frozenset(row.rights),
        clear=frozenset(row.clear),
        scopes=MappingProxyType(dict(row.scopes)),
        fields=MappingProxyType({entity: frozenset(names) for entity, names in row.fields.items()}),
        locale="en",
    )


def forget() -> None:
    """Drop what this process remembers of clients and their quotas (tests)."""
    _clients.clear()
    _buckets.clear()
