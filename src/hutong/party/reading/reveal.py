"""Reveal (EC-17): one masked value shown to somebody who says why; the reason is in the access log before the value."""

from sqlalchemy import select

from hutong.identity import Principal, record_read, require
from hutong.party.areas.whom import whom
from hutong.party.columns import GOLDEN, SENSITIVE
from hutong.party.tables import party
from hutong.platform import database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

RIGHT = "party.reveal"
FIELDS = tuple(name for name in GOLDEN if name in SENSITIVE)
SHORTEST = 4
"""Characters a reason has at least."""


def reveal(viewer: Principal, party_id: int, field: str, reason: str) -> str | None:
    """A sensitive value of a party's golden record in clear, for a reason. Needs the right `party.reveal`.

    Raises NotFound for a party out of the viewer's rows or a field that is none; Forbidden where the viewer's interface
    may not have the field; Unprocessable without a reason.
    """
    require(viewer, RIGHT)
    if field not in FIELDS:
        raise NotFound("party-reveal-field", name=field[:40])
    if not viewer.has("party", field):
        raise Forbidden("identity-right-missing", right=RIGHT)
    said = " ".join(reason.split())
    if len(said) < SHORTEST:
        raise Unprocessable("party-reveal-reason", field="reason")
    with database.read("party") as conn:
        living = whom(conn, viewer, party_id)
        value = conn.execute(select(party.c[field]).where(party.c.id == living)).scalar_one_or_none()
    record_read(viewer, "party", [living], [SENSITIVE[field]], said, fields=[field])
    return None if value is None else str(value)
