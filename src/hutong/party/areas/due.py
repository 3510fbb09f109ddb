"""Policies that fall due (续保, EC-15): a list by day, with whom to call."""

from datetime import date

from sqlalchemy import select
from sqlalchemy import tuple_ as row_of

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.areas.read import Row
from hutong.party.tables import area_tables, party, xref
from hutong.platform import database

_POLICY = area_tables["policy_summary"]
_SHOWN = (
    "id",
    "number",
    "state",
    "line",
    "product",
    "premium_micros",
    "due_on",
    "agent",
    "branch",
    "channel",
    "source",
)


def renewals_due(
    viewer: Principal, first: date, end: date, *, after: tuple[date, int] | None = None, limit: int = 100
) -> list[Row]:
    """Policies in force due from `first` to before `end`, by day and id after the place `after`; with the holder's
    `party_id`, `name`, `mobile`, `grade`, masked, within the viewer's rows. Needs `party.read`."""
    require(viewer, "party.read")
    columns = [_POLICY.c[name] for name in _SHOWN]
    holder = [party.c.id.label("party_id"), party.c.name, party.c.mobile, party.c.grade]
    referred = (xref.c.source == _POLICY.c.of_source) & (xref.c.key == _POLICY.c.of_key)
    statement = (
        select(*columns, *holder)
        .select_from(_POLICY.join(xref, referred).join(party, party.c.id == xref.c.party_id))
        .where(
            _POLICY.c.due_on >= first, _POLICY.c.due_on < end, _POLICY.c.state == "in_force", visibility.seen(viewer)
        )
        .order_by(_POLICY.c.due_on, _POLICY.c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(row_of(_POLICY.c.due_on, _POLICY.c.id) > after)
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(statement).mappings()]
    return protect(viewer, "party", rows, {"name": "name", "mobile": "phone"}, "party_id")
