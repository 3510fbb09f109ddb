"""Issuing a policy, opening an account (EC-15): find, else create; and which papers need not be asked for again."""

from typing import Any

from sqlalchemy import text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.realtime import intake
from hutong.party.realtime.stated import PartyData
from hutong.party.sharing import facts, on_file
from hutong.party.sharing.document_kinds import NEEDS
from hutong.party.sharing.glance import FACTS, party_row, shown, warnings
from hutong.platform import database, documents
from hutong.platform.errors import NotFound

Row = dict[str, Any]


def issue(viewer: Principal, data: PartyData, key: str, business: str = "policy-issue") -> Row:
    """The customer with its one id: `created` or found, `customer` (masked), `facts`, `warnings`, `papers` (what the
    business needs: on file, or to be asked for), `suspects` (parties that may be the same, waiting for a steward).

    The same `key` gives the same customer. `outside`: found, but not among the rows the viewer sees; then only the id.
    """
    require(viewer, "party.create")
    found = intake.find_or_create(viewer, data, key)
    made: Row = {"party_id": found.party_id, "created": found.created, "outside": False}
    try:
        with database.read("party") as conn:
            row = party_row(conn, viewer, found.party_id)
            needs = documents.all_in_force(conn, NEEDS).get(business)
            known = facts.of_party(conn, row["id"], {*FACTS, *(needs.facts() if needs else ())})
            papers = on_file.papers(conn, row["id"], needs, known, viewer.locale) if needs else []
            suspects = _suspects(conn, viewer, row["id"])
    except NotFound:
        return {**made, "outside": True, "customer": None, "facts": {}, "warnings": [], "papers": [], "suspects": []}
    return {
        **made,
        "customer": shown(viewer, [row])[0],
        "facts": known,
        "warnings": warnings(known),
        "papers": papers,
        "suspects": suspects,
    }


_SUSPECTS = text("""
    SELECT g.id, g.party_ids, g.strength FROM party.suspect_group g
    WHERE g.party_ids @> ARRAY[CAST(:id AS bigint)] AND g.state IN ('open', 'claimed')
    ORDER BY g.strength DESC LIMIT 5""")


def _suspects(conn: Any, viewer: Principal, party_id: int) -> list[Row]:
    """Groups of suspects it is in, as far as the viewer sees their parties."""
    groups = [dict(row) for row in conn.execute(_SUSPECTS, {"id": party_id}).mappings()]
    others = {id for group in groups for id in group["party_ids"]} - {party_id}
    seen = visibility.among(conn, viewer, sorted(others))
    return [
        {"group": group["id"], "strength": group["strength"], "parties": sorted(set(group["party_ids"]) & seen)}
        for group in groups
    ]
