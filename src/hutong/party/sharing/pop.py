"""Caller-id screen pop (EC-15): who may be calling, most likely first, and what is open with them; within 100 ms."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.sharing import call_scripts, facts
from hutong.party.sharing.glance import FACTS, SHOWN, shown, warnings
from hutong.party.standardise import phones
from hutong.party.tables import party, party_value
from hutong.platform import database
from hutong.platform.quick_read import QuickRead

Row = dict[str, Any]
MOST = 8
MANY = 4
"""Holders of a number from which on it tells little: an agency's, a switchboard."""


def pop(viewer: Principal, number: str) -> Row:
    """`number` (standardised, None: no phone number), `holders` (how many parties have it, seen or not), `shared`
    (own, household, company, many) and `candidates`: customer (masked), facts, warnings, scripts, open matters."""
    require(viewer, "party.read")
    standard = phones.phone(number).value
    if standard is None:
        return {"number": None, "holders": 0, "shared": "own", "candidates": []}
    with database.read("party") as conn:
        rows = _candidates(conn, viewer, standard)
        scripts = call_scripts.general(conn)
    holders = _holders(standard)
    ids = [row["id"] for row in rows]
    known = facts.quickly(ids, {*FACTS, *call_scripts.facts_named(scripts)})
    rows = [row for row in rows if row["id"] in known]  # merged away meanwhile, or erased
    matters = _open_matters(ids) if ids else {}
    assigned = _assigned(viewer, ids) if ids and viewer.kind == "user" else {}
    clear = shown(viewer, [{name: row[name] for name in SHOWN} for row in rows])
    return {
        "number": standard,
        "holders": holders["parties"],
        "shared": _shared(holders),
        "candidates": [
            {
                "customer": customer,
                "uses": {name: row[name] for name in ("detail", "current", "records", "last_seen_at")},
                "facts": known[row["id"]],
                "warnings": warnings(known[row["id"]]),
                "scripts": call_scripts.said(viewer, known[row["id"]], scripts),
                "matters": matters.get(row["id"], []),
                "lists": assigned.get(row["id"], []),
            }
            for row, customer in zip(rows, clear, strict=True)
        ],
    }


_ASKED = (
    select(
        *(party.c[name] for name in SHOWN),
        *(party_value.c[name] for name in ("detail", "current", "records", "last_seen_at")),
    )
    .join(party_value, party_value.c.party_id == party.c.id)
    .where(party_value.c.kind == "phone", party_value.c.value == bindparam("number"), party.c.state == "active")
    .order_by(
        (party.c.mobile == bindparam("number")).desc(),
        (party.c.kind == "person").desc(),
        *(party_value.c.current.desc(), party_value.c.records.desc(), party_value.c.last_seen_at.desc().nulls_last()),
        party.c.id,
    )
    .limit(MOST)
)


def _candidates(conn: Connection, viewer: Principal, number: str) -> list[Row]:
    """Parties in use that have the number and that the viewer sees: whose own number it is, as said most and last."""
    statement = _ASKED.where(visibility.seen(viewer))
    found: dict[int, Row] = {}
    for row in conn.execute(statement, {"number": number}).mappings():
        found.setdefault(row["id"], dict(row))
    return list(found.values())


_HOUSEHOLDS = QuickRead(
    "party",
    """
    SELECT count(DISTINCT m.household_id) AS households, count(DISTINCT x.party_id) AS members
    FROM party.party_value v JOIN party.xref x ON x.party_id = v.party_id
    JOIN party.household_member m ON m.of_source = x.source AND m.of_key = x.key AND m.word <> 'removed'
    WHERE v.kind = 'phone' AND v.value = $1""",
)
_HELD = QuickRead(
    "party",
    """
    SELECT count(*) AS parties, count(*) FILTER (WHERE kind = 'organisation') AS companies
    FROM (SELECT DISTINCT p.id, p.kind FROM party.party p JOIN party.party_value v ON v.party_id = p.id
          WHERE v.kind = 'phone' AND v.value = $1 AND p.state = 'active' LIMIT 100) AS holder""",
)


def _holders(number: str) -> Row:
    [(parties, companies)] = _HELD.rows([number])
    made = {"parties": parties, "companies": companies}
    if 1 < parties < MANY and not companies:
        [(made["households"], made["members"])] = _HOUSEHOLDS.rows([number])
    return made


def _shared(holders: Row) -> str:
    if holders["companies"]:
        return "company"
    if holders["parties"] >= MANY:
        return "many"
    if holders["parties"] > 1:
        one_home = holders.get("households") == 1 and holders.get("members") == holders["parties"]
        return "household" if one_home else "many"
    return "own"


_MATTERS = QuickRead(
    "party",
    """
    SELECT x.party_id, 'claim' AS kind, t.number AS subject, t.state, t.at FROM party.xref x
    JOIN party.claim_summary t ON t.of_source = x.source AND t.of_key = x.key
    WHERE x.party_id = ANY($1) AND t.closed_at IS NULL AND t.state NOT IN ('closed', 'paid', 'rejected', 'withdrawn')
    UNION ALL
    SELECT x.party_id, t.kind, t.subject, t.state, t.at FROM party.xref x
    JOIN party.customer_event t ON t.of_source = x.source AND t.of_key = x.key
    WHERE x.party_id = ANY($1) AND t.closed_at IS NULL AND coalesce(t.state NOT IN ('closed', 'done'), true)
    ORDER BY at DESC LIMIT 50""",
)


def _open_matters(ids: list[int]) -> dict[int, list[Row]]:
    """Claims, complaints and other events that are open, latest first."""
    made: dict[int, list[Row]] = {}
    for party_id, *told in _MATTERS.rows([ids]):
        made.setdefault(party_id, []).append(dict(zip(("kind", "subject", "state", "at"), told, strict=True)))
    return made


_ASSIGNED = QuickRead(
    "party",
    """
    SELECT t.party_id, l.id, l.code, t.state, t.callback_at FROM party.call_target t
    JOIN party.call_list l ON l.id = t.list_id AND l.state = 'open'
    WHERE t.party_id = ANY($1) AND t.seat_id = $2 ORDER BY l.id DESC""",
)


def _assigned(viewer: Principal, ids: list[int]) -> dict[int, list[Row]]:
    """Call lists on which the callers are, at this seat: an inbound call is worked off there."""
    made: dict[int, list[Row]] = {}
    for party_id, *told in _ASSIGNED.rows([ids, viewer.id]):
        made.setdefault(party_id, []).append(dict(zip(("id", "code", "state", "callback_at"), told, strict=True)))
    return made
