"""Customers found by a declared attribute (EC-10): whole values, by an index over the golden record's attributes."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from hutong.identity import Principal
from hutong.party.model import extension


class Stating(NamedTuple):
    """A condition over `party.party`, and its parameters."""

    sql: str
    values: dict[str, Any]


def stating(conn: Connection, viewer: Principal, asked: str) -> Stating | None:
    """Parties of which a searchable attribute is what was asked, as text or as its type; None where there is none.

    Nothing is searched by what the viewer's interface does not have (EC-17); masked values must match whole, as
    identity numbers do.
    """
    if not viewer.has("party", "attributes"):
        return None
    wanted: list[dict[str, Any]] = []
    for attribute in extension.active(conn).attributes:
        if attribute.searchable:
            wanted.append({attribute.name: asked})
            try:
                wanted.append({attribute.name: attribute.read(asked)})
            except ValueError:
                continue
    values = {f"stated_{place}": msgspec.json.encode(one).decode() for place, one in enumerate(wanted)}
    if not values:
        return None
    either = " OR ".join(f"party.party.attributes @> CAST(:{name} AS jsonb)" for name in values)
    return Stating(f"party.party.attributes <> '{{}}' AND ({either})", values)
