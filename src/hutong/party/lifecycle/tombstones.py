"""What is left of erased parties (EC-02): that there was one, when it was erased, by whom and why."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from hutong.identity import Principal, require
from hutong.party.tables import tombstone
from hutong.platform import database
from hutong.platform.errors import Gone


def tombstones(viewer: Principal, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Tombstones, by party, the newest ids first; for who may approve."""
    require(viewer, "party.approve")
    statement = select(tombstone).order_by(tombstone.c.party_id.desc()).limit(min(limit, 200))
    if before is not None:
        statement = statement.where(tombstone.c.party_id < before)
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def tombstone_of(conn: Connection, party_id: int) -> Mapping[str, Any] | None:
    """What is left of an erased party; None when it was not erased."""
    found = conn.execute(select(tombstone).where(tombstone.c.party_id == party_id)).mappings().one_or_none()
    return None if found is None else dict(found)


def check_erased(conn: Connection, party_id: int) -> None:
    """Raise Gone for a party that was erased."""
    if tombstone_of(conn, party_id) is not None:
        raise Gone("party-erased", id=party_id)


def check_tombstone(party_id: int) -> None:
    """`check_erased` in a transaction of its own."""
    with database.read("party") as conn:
        check_erased(conn, party_id)
