"""Whom a read is about: the living party, if there is one and the viewer sees it."""

from sqlalchemy import Connection, text

from hutong.identity import Principal
from hutong.party import visibility
from hutong.party.realtime.intake import living
from hutong.platform.errors import NotFound


def whom(conn: Connection, viewer: Principal, party_id: int) -> int:
    """The party an id stands for now. Raises NotFound, alike for a party unknown and one out of the viewer's rows."""
    home = living(conn, party_id)
    visibility.check(conn, viewer, home)
    if not conn.execute(text("SELECT true FROM party.party WHERE id = :id"), {"id": home}).scalar():
        raise NotFound("party-unknown", id=party_id)
    return home
