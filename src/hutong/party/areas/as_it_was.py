"""A party as it was on a date (EC-01, EC-16): its golden record, its contacts and what was in force then."""

from datetime import datetime
from typing import Any

from hutong.identity import Principal, protect, require
from hutong.party.areas.read import Row, of_parties, shown
from hutong.party.areas.values import values
from hutong.party.areas.whom import whom
from hutong.party.columns import SENSITIVE
from hutong.party.information import AREAS
from hutong.party.tables import party
from hutong.platform import database, history
from hutong.platform.errors import NotFound

IN_FORCE = ("preference", "consent", "classification", "evaluation", "credit_limit", "party_role")
LATEST = 20
"""Touches shown, those before the date."""


def as_it_was(viewer: Principal, party_id: int, at: datetime) -> dict[str, Any]:
    """The party as known at an instant, masked: `party` (golden record), `values`, and by area what held then, with the
    latest touches before. A retired id gives what that party was before it was merged. Needs `party.read`.

    Raises NotFound when the party did not exist then. Which records belonged to it then does not matter for contacts
    and areas: those of its records of today are shown.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        row = conn.execute(history.as_of(party, at, [party_id])).mappings().one_or_none()
        if row is None or row["state"] == "merged":
            raise NotFound("party-not-then", id=party_id)
        held = {name: of_parties(conn, AREAS[name], [home], at=at) for name in IN_FORCE}
        held["touch"] = of_parties(conn, AREAS["touch"], [home], at=at, limit=LATEST)
    fields = {name: kind for name, kind in SENSITIVE.items() if name in party.c} | {"name_key": "name"}
    golden: Row = protect(viewer, "party", [dict(row)], fields)[0]
    return {
        "party": golden,
        "values": values(viewer, party_id, at),
        **{name: shown(viewer, AREAS[name], rows) for name, rows in held.items()},
    }
