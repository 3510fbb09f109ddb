"""What must agree in the customer master whatever happened to it (EC-03, EC-05): rows told against rows kept, records
against loads and parties."""

from typing import NamedTuple

from sqlalchemy import text

from hutong.identity import Principal, require
from hutong.platform import database


class Agreement(NamedTuple):
    """Two counts that must be equal; `name` tells them in words (`party-audit-<name>`)."""

    name: str
    expected: int
    found: int


_AUDITS = {
    "rows": "SELECT coalesce(sum(rows), 0), coalesce(sum(admitted + rejected), 0) FROM party.load",
    # no foreign key holds these: it would cost half of what storing a record costs (ADR 0011)
    "origin": """
        SELECT 0, count(*) FROM party.source_record r
        WHERE NOT EXISTS (SELECT FROM party.source s WHERE s.code = r.source)
           OR r.load_id IS NOT NULL AND NOT EXISTS (SELECT FROM party.load l WHERE l.id = r.load_id)""",
    "party": """
        SELECT 0, count(*) FROM party.xref x
        WHERE NOT EXISTS (SELECT FROM party.party p WHERE p.id = x.party_id)""",
}


def audit(viewer: Principal) -> list[Agreement]:
    """Each comparison, with both sides. Reads whole tables: seconds at millions of records. Needs `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        return [Agreement(name, *conn.execute(text(query)).one()) for name, query in _AUDITS.items()]
