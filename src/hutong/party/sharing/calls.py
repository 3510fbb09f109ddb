"""Working a call list off (EC-15): a seat's next customer, what to say, and what came of it, written back (回写)."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select, text, update

from hutong.identity import Principal, require
from hutong.party.areas.people import state_in
from hutong.party.ingest.areas.write import area_named
from hutong.party.sharing import call_scripts, facts
from hutong.party.sharing.call_lists import SEAT, the_list
from hutong.party.sharing.document_kinds import CALL_LIST
from hutong.party.sharing.glance import FACTS, party_row, shown, warnings
from hutong.party.tables import call_result, call_target
from hutong.platform import clock, database, documents
from hutong.platform.errors import Conflict, NotFound, Unprocessable

Row = dict[str, Any]
Disposition = Literal["reached", "callback", "refused", "sold", "unreachable"]
DISPOSITIONS: tuple[Disposition, ...] = ("reached", "callback", "refused", "sold", "unreachable")
OUTCOMES = {"unreachable": "missed", "callback": "promised"}
"""Disposition → code of touch_outcome, where they differ."""
TRIES = 3
"""Calls nobody answered until a customer counts as unreachable; before, the list comes back to it."""


def mine(viewer: Principal) -> list[Row]:
    """The open lists of the viewer's seat: code, waiting, callbacks due, worked, sold."""
    require(viewer, SEAT)
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(_MINE, {"seat": viewer.id, "now": clock.now()}).mappings()]


_MINE = text("""
    SELECT l.id, l.code, l.version, count(*) AS assigned, count(*) FILTER (WHERE t.state = 'waiting') AS waiting,
           count(*) FILTER (WHERE t.state = 'callback' AND t.callback_at <= :now) AS due,
           count(*) FILTER (WHERE t.state = 'callback') AS callbacks,
           count(*) FILTER (WHERE t.state NOT IN ('waiting', 'callback')) AS worked,
           count(*) FILTER (WHERE t.state = 'sold') AS sold
    FROM party.call_target t JOIN party.call_list l ON l.id = t.list_id AND l.state = 'open'
    WHERE t.seat_id = :seat GROUP BY l.id ORDER BY l.id DESC""")
_NEXT = text("""
    SELECT party_id FROM party.call_target
    WHERE list_id = :list AND seat_id = :seat AND party_id <> :but
      AND (state = 'waiting' OR (state = 'callback' AND callback_at <= :now))
    ORDER BY state = 'callback' DESC, callback_at, attempts, place LIMIT 1""")


def following(viewer: Principal, list_id: int, but: int = 0) -> int | None:
    """The customer the seat is to call next: call-backs that are due, then the list's order, the untried first."""
    require(viewer, SEAT)
    with database.read("party") as conn:
        asked = {"list": list_id, "seat": viewer.id, "now": clock.now(), "but": but}
        found = conn.execute(_NEXT, asked).scalar()
    return None if found is None else int(found)


def target(viewer: Principal, list_id: int, party_id: int) -> Row:
    """A customer on the seat's list: `target`, `customer` (masked), `facts`, `warnings`, `scripts`, `results` of calls
    before. Raises NotFound for another seat's."""
    require(viewer, SEAT)
    with database.read("party") as conn:
        held = _held(conn, viewer, list_id, party_id)
        listed = the_list(conn, list_id)
        campaign = documents.as_of(conn, CALL_LIST, listed["code"], listed["version"])
        scripts = [*campaign.scripts, *call_scripts.general(conn)]
        row = party_row(conn, viewer, party_id)
        known = facts.of_party(conn, row["id"], {*FACTS, *call_scripts.facts_named(scripts)})
        before = (
            select(call_result).where(call_result.c.party_id == party_id).order_by(call_result.c.id.desc()).limit(10)
        )
        results = [dict(one) for one in conn.execute(before).mappings()]
    return {
        "list": listed,
        "title": campaign.title.of(viewer.locale),
        "target": held,
        "customer": shown(viewer, [row])[0],
        "facts": known,
        "warnings": warnings(known),
        "scripts": call_scripts.said(viewer, known, scripts),
        "results": results,
    }


def _held(conn: Connection, viewer: Principal, list_id: int, party_id: int, *, lock: bool = False) -> Row:
    asked = select(call_target).where(call_target.c.list_id == list_id, call_target.c.party_id == party_id)
    asked = asked.where(call_target.c.seat_id == viewer.id)
    row = conn.execute(asked.with_for_update() if lock else asked).mappings().one_or_none()
    if row is None:
        raise NotFound("party-calls-target-unknown", id=party_id)
    return dict(row)


def dispose(
    viewer: Principal,
    list_id: int,
    party_id: int,
    disposition: Disposition,
    *,
    note: str = "",
    callback_at: datetime | None = None,
    never_again: bool = False,
    inbound: bool = False,
) -> None:
    """Write down what came of a call: on the list, in the customer's contact history, and, where the customer wants no
    more calls (`never_again`), as a refusal of consent. Raises NotFound, Conflict, Unprocessable."""
    require(viewer, SEAT)
    if disposition not in DISPOSITIONS or (disposition == "callback") != (callback_at is not None):
        raise Unprocessable("party-calls-disposition", field="disposition")
    now = clock.now()
    with database.begin("party") as conn:
        if the_list(conn, list_id)["state"] != "open":
            raise Conflict("party-calls-list-closed", id=list_id)
        held = _held(conn, viewer, list_id, party_id, lock=True)
        attempts = held["attempts"] + 1
        again = disposition == "unreachable" and attempts < TRIES
        conn.execute(
            update(call_target)
            .where(call_target.c.list_id == list_id, call_target.c.party_id == party_id)
            .values(
                state="waiting" if again else disposition, attempts=attempts, callback_at=callback_at, worked_at=now
            )
        )
        given = {"list_id": list_id, "party_id": party_id, "seat_id": viewer.id, "disposition": disposition}
        conn.execute(call_result.insert().values(**given, note=note, callback_at=callback_at))
        code = the_list(conn, list_id)["code"]
        outcome = OUTCOMES.get(disposition, disposition)
        touch = {"channel": "phone", "direction": "in" if inbound else "out", "purpose": "sales", "note": note,
                 "outcome": outcome, "handled_by": viewer.actor, "campaign": code}  # fmt: skip
        state_in(conn, viewer, party_id, area_named("touch"), touch, key=None)
        if never_again:
            refusal = {"purpose": "marketing", "given": False, "channel": "phone", "proof": f"call list {list_id}"}
            state_in(conn, viewer, party_id, area_named("consent"), refusal, key=None)
