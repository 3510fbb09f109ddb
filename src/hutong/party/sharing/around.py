"""What stands around parties, as sets: whom they are related to, their credit, how they pay; for TMF632 and TMF629."""

from collections.abc import Sequence
from typing import Any

from hutong.identity import Principal, require
from hutong.party.areas.read import of_parties
from hutong.party.information import AREAS
from hutong.party.relations.read import related, shown
from hutong.platform import clock, database

Row = dict[str, Any]


def around(viewer: Principal, ids: Sequence[int]) -> dict[int, dict[str, list[Row]]]:
    """Party → `related` (others the viewer sees, names masked), `credit` (evaluations in force, latest first),
    `payment` (preferences of payment in force). Of living parties that the viewer sees already."""
    require(viewer, "party.read")
    made: dict[int, dict[str, list[Row]]] = {id: {"related": [], "credit": [], "payment": []} for id in ids}
    if not ids:
        return made
    now = clock.now()
    with database.read("party") as conn:
        others = related(conn, viewer, ids)
        credit = of_parties(conn, AREAS["evaluation"], ids, at=now, limit=None)
        payment = of_parties(conn, AREAS["preference"], ids, at=now, limit=None)
    for row in shown(viewer, others):
        made[row["party_id"]]["related"].append(row)
    for name, rows, kind in (("credit", credit, "credit"), ("payment", payment, "payment")):
        for row in rows:
            if row["kind"] == kind:
                made[row["party_id"]][name].append(row)
    return made
