"""Whom a read is about: the living party, if there is one and the viewer sees it."""

from sqlalchemy import ColumnElement, Connection, func, select

from hutong.identity import Principal
from hutong.party import visibility
from hutong.party.tables import party, redirect
from hutong.platform.errors import NotFound


def stands_for(party_id: int) -> ColumnElement[int]:
    """The id of the living party that an id stands for now, in SQL."""
    survivor = select(redirect.c.survivor_id).where(redirect.c.retired_id == party_id).scalar_subquery()
    return func.coalesce(survivor, party_id)


def whom(conn: Connection, viewer: Principal, party_id: int) -> int:
    """The party an id stands for now. Raises NotFound, alike for a party unknown and one out of the viewer's rows."""
    found = conn.execute(select(party.c.id).where(party.c.id == stands_for(party_id), visibility.seen(viewer))).scalar()
    if found is None:
        raise NotFound("party-unknown", id=party_id)
    return int(found)
