"""Caller-id screen pop (EC-15): who may be calling, most likely first, and what is open with them; within 100 ms."""

from functools import lru_cache
from typing import Any

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.sharing import call_scripts, facts
from hutong.party.sharing.glance import FACTS, SHOWN, shown, warnings
from hutong.party.standardise import phones
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
    rows = _candidates(viewer, standard)
    with database.read("party") as conn:
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
                "uses": {name: row[name] for name in _USES},
                "facts": known[row["id"]],
                "warnings": warnings(known[row["id"]]),
                "scripts": call_scripts.said(viewer, known[row["id"]], scripts),
                "matters": matters.get(row["id"], []),
                "lists": assigned.get(row["id"], []),
            }
            for row, customer in zip(rows, clear, strict=True)
        ],
    }


_USES = ("detail", "current", "records", "last_seen_at")


@lru_cache(maxsize=64)
def _asked(seen: str) -> QuickRead:
    """Parties in use with a number, of those that meet a viewer's condition: whose own it is, as said most and last."""
    shown_of = ", ".join([*(f"party.party.{name}" for name in SHOWN), *(f"v.{name}" for name in _USES)])
    return QuickRead(
        "party",
        f"""
        SELECT {shown_of} FROM party.party JOIN party.party_value v ON v.party_id = party.party.id
        WHERE v.kind = 'phone' AND v.value = $1 AND party.party.state = 'active' AND {seen}
        ORDER BY party.party.mobile = $1 DESC, party.party.kind = 'person' DESC, v.current DESC, v.records DESC,
                 v.last_seen_at DESC NULLS LAST, party.party.id
        LIMIT {MOST}""",  # noqa: S608  (declared columns, compiled conditions)
    )


def _candidates(viewer: Principal, number: str) -> list[Row]:
    found: dict[int, Row] = {}
    for values in _asked(str(visibility.seen(viewer))).rows([number]):
        found.setdefault(values[0], dict(zip((*SHOWN, *_USES), values, strict=True)))
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
