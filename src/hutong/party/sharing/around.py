"""What stands around parties, as sets: whom they are related to, their credit, how they pay; for TMF632 and TMF629."""

from collections.abc import Sequence
from typing import Any

from hutong.identity import Principal, require
from hutong.party.areas.read import of_parties, shown_values
from hutong.party.areas.values import in_clear
from hutong.party.information import AREAS
from hutong.party.relations.read import related, shown
from hutong.party.standardise import addresses, phones
from hutong.platform import clock, database

Row = dict[str, Any]
VALUES = ("phone", "email", "social", "address", "identifier")


def around(viewer: Principal, ids: Sequence[int]) -> dict[int, dict[str, list[Row]]]:
    """Of living parties that the viewer sees already, what stands around each.

    `related`: others the viewer sees, names masked; `credit`: evaluations in force, latest first; `payment`:
    preferences of payment in force; `agreement`: policies that have not ended; `values`: contacts, addresses and
    documents that hold now, the main ones first, masked, with `mobile`, `city` and `province`, which masks hide.
    """
    require(viewer, "party.read")
    made: dict[int, dict[str, list[Row]]] = {
        id: {"related": [], "credit": [], "payment": [], "agreement": [], "values": []} for id in ids
    }
    if not ids:
        return made
    now = clock.now()
    with database.read("party") as conn:
        others = related(conn, viewer, ids)
        credit = of_parties(conn, AREAS["evaluation"], ids, at=now, limit=None)
        held = [_placed(row) for row in in_clear(conn, ids, now) if row["kind"] in VALUES and row["valid_to"] is None]
        payment = of_parties(conn, AREAS["preference"], ids, at=now, limit=None)
        policies = of_parties(conn, AREAS["policy_summary"], ids, at=now, limit=None)
    for row in shown_values(viewer, held, "id"):
        made[row["id"]]["values"].append(row)
    for row in shown(viewer, others):
        made[row["party_id"]]["related"].append(row)
    told = "party" not in viewer.fields or "agreement" in viewer.fields["party"]
    for row in policies if told else ():
        made[row["party_id"]]["agreement"].append(row)
    for name, rows, kind in (("credit", credit, "credit"), ("payment", payment, "payment")):
        for row in rows:
            if row["kind"] == kind:
                made[row["party_id"]][name].append(row)
    return made


def _placed(row: Row) -> Row:
    """A value with what its mask would hide of its kind: a mobile number, the city and province of an address."""
    if row["kind"] == "phone":
        return {**row, "mobile": phones.phone(row["value"]).kind == "mobile"}
    if row["kind"] == "address":
        place = addresses.address(row["value"])
        return {**row, "city": place.city, "province": place.province}
    return row
