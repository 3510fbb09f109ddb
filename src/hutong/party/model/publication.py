"""What publishing other declared attributes would change (EC-10), tried on the data."""

from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.model import extension
from hutong.party.model.extension import ExtensionAttribute
from hutong.platform import database, documents

SAMPLE = 20_000
"""Values of an attribute that a preview looks at."""


def preview(viewer: Principal, source: str) -> dict[str, Any]:
    """What publishing would change: attributes `added`, `removed`, `changed`, and per attribute how many golden records
    state it and how many of these would not be valid (of the first 20,000). Needs `party.model`."""
    require(viewer, extension.MODEL.writes)
    wanted = documents.checked(extension.MODEL, source)
    with database.read("party") as conn:
        held = extension.active(conn).named()
        new = wanted.named()
        stated = {name: _stated(conn, attribute) for name, attribute in new.items()}
    return {
        "added": sorted(set(new) - set(held)),
        "removed": sorted(set(held) - set(new)),
        "changed": sorted(name for name in set(new) & set(held) if new[name] != held[name]),
        "stated": stated,
    }


def _stated(conn: Connection, attribute: ExtensionAttribute) -> dict[str, int]:
    rows = conn.execute(
        text(
            """SELECT attributes -> :name AS value, count(*) AS many FROM (
                   SELECT attributes FROM party.party WHERE attributes ? :name AND state = 'active'
                   LIMIT :sample) AS seen
               GROUP BY 1"""
        ).bindparams(name=attribute.name, sample=SAMPLE)
    )
    total = wrong = 0
    for value, many in rows:
        total += many
        try:
            wrong += 0 if attribute.holds(attribute.read(value)) else many
        except ValueError:
            wrong += many
    return {"parties": total, "invalid": wrong}
