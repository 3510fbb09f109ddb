"""The living party that an id stands for now: itself, or the survivor of the merges since (EC-07)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from hutong.identity import Principal
from hutong.party import visibility
from hutong.party.tables import party, redirect
from hutong.platform import database
from hutong.platform.errors import NotFound


def stands_for(party_id: int) -> ColumnElement[int]:
    """The id of the living party that an id stands for now, in SQL."""
    survivor = select(redirect.c.survivor_id).where(redirect.c.retired_id == party_id).scalar_subquery()
    return func.coalesce(survivor, party_id)


def living(conn: Connection, party_id: int) -> int:
    """The party an id stands for now, whoever asks."""
    return int(conn.execute(select(stands_for(party_id))).scalar_one())


def survivor_ids(ids: Sequence[int]) -> dict[int, int]:
    """Party id → the living party it stands for now."""
    with database.read("party") as conn:
        asked = select(redirect.c.retired_id, redirect.c.survivor_id).where(redirect.c.retired_id.in_(ids))
        moved = {row.retired_id: row.survivor_id for row in conn.execute(asked)}
    return {id: moved.get(id, id) for id in ids}


def whom(conn: Connection, viewer: Principal, party_id: int) -> int:
    """The party an id stands for now. Raises NotFound, alike for a party unknown and one out of the viewer's rows."""
    found = conn.execute(select(party.c.id).where(party.c.id == stands_for(party_id), visibility.seen(viewer))).scalar()
    if found is None:
        raise NotFound("party-unknown", id=party_id)
    return int(found)
