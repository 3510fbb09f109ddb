"""Reveal (EC-17): one masked value shown to somebody who says why; the reason is in the access log before the value.

What is revealed is named by `field`: an attribute of the golden record (`mobile`); a name, contact, address or document
of the customer by its token (`values/<token>`). Other areas have no masked fields.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from hutong.identity import Principal, record_read, require
from hutong.party.areas.values import in_clear
from hutong.party.columns import GOLDEN, SENSITIVE
from hutong.party.information import VALUE_MASKS
from hutong.party.living import whom
from hutong.party.standardise.stated import main_attribute
from hutong.party.tables import party
from hutong.platform import database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

RIGHT = "party.reveal"
FIELDS = tuple(name for name in GOLDEN if name in SENSITIVE)
SHORTEST = 4
"""Characters a reason has at least."""


class _Found(NamedTuple):
    """A value, how it is masked, and the attribute by which interfaces are granted it."""

    value: Any
    mask: str
    granted: str


def reveal(viewer: Principal, party_id: int, field: str, reason: str) -> str | None:
    """One sensitive value of a party in clear, for a reason. Needs the right `party.reveal`.

    Raises NotFound for a party out of the viewer's rows or a field that is none; Forbidden where the viewer's interface
    may not have the field; Unprocessable without a reason.
    """
    require(viewer, RIGHT)
    said = " ".join(reason.split())
    if len(said) < SHORTEST:
        raise Unprocessable("party-reveal-reason", field="reason")
    with database.read("party") as conn:
        living = whom(conn, viewer, party_id)
        found = _found(conn, living, field)
    if found is None:
        raise NotFound("party-reveal-field", name=field[:40])
    if not viewer.has("party", found.granted):
        raise Forbidden("identity-right-missing", right=RIGHT)
    record_read(viewer, "party", [living], [found.mask], said, fields=[field.partition("/")[0]])
    return None if found.value is None else str(found.value)


def _found(conn: Connection, living: int, field: str) -> _Found | None:
    """The value a field names; None for what is no sensitive field of this party."""
    first, *rest = field.split("/")
    if not rest and field in FIELDS:
        value = conn.execute(select(party.c[field]).where(party.c.id == living)).scalar_one_or_none()
        return _Found(value, SENSITIVE[field], field)
    if first == "values" and len(rest) == 1:
        row = next((row for row in in_clear(conn, [living]) if row["token"] == rest[0]), None)
        mask = VALUE_MASKS.get(row["kind"]) if row else None
        if row is None or mask is None:
            return None
        return _Found(row["value"], mask, main_attribute(row["kind"], row["value"], row["detail"]) or row["kind"])
    return None
