"""A customer at a glance (EC-15): class, value, history and warnings with their reasons, in indexed reads of one party.

For underwriting, for the seat whose phone rings, and for the counter.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.areas.timeline import Happening, timeline
from hutong.party.columns import SENSITIVE
from hutong.party.living import living
from hutong.party.sharing import facts
from hutong.party.tables import party
from hutong.platform import database
from hutong.platform.errors import NotFound

Row = dict[str, Any]
SHOWN = ("id", "kind", "state", "name", "name_key", "gender", "birth_date", "id_type", "id_number", "mobile", "phone",
         "email", "address", "city", "grade", "branch", "record_count")  # fmt: skip
FIELDS = {name: kind for name, kind in {**SENSITIVE, "name_key": "name"}.items() if name in SHOWN}
FACTS = (
    "age", "roles", "policies", "policies_ever", "premium_micros", "insured_micros", "lines", "next_due_on",
    "days_to_due", "first_policy_at", "claims", "claims_open", "claims_last_year", "claims_paid_micros",
    "claims_rejected", "complaints", "complaints_open", "events_open", "classes", "value_class", "blacklisted",
    "watched", "risk_grade", "risk_score", "value_score", "marketing_refused", "consents", "do_not_call",
    "preferred_channel", "points", "household_size", "last_touch_at",
)  # fmt: skip
HISTORY = ("policy_summary", "claim_summary", "customer_event", "classification", "evaluation")
WARNINGS: dict[str, str] = {
    "blacklisted": "customer.blacklisted",
    "watched": "customer.watched && !customer.blacklisted",
    "claims_open": "customer.claims_open > 0",
    "complaints_open": "customer.complaints_open > 0",
    "claims_often": "customer.claims_last_year >= 3",
    "claims_rejected": "customer.claims_rejected > 0",
    "risk_high": 'customer.risk_grade == "high"',
    "do_not_call": "customer.do_not_call || customer.marketing_refused",
}
"""Warning → when it is given: each names its own reason."""


def party_row(conn: Connection, viewer: Principal, party_id: int) -> Row:
    """The golden record of a living party within the viewer's rows, unmasked. Raises NotFound."""
    wanted = select(*(party.c[name] for name in SHOWN)).where(
        party.c.id == living(conn, party_id), party.c.state != "merged", visibility.seen(viewer)
    )
    row = conn.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound("party-unknown", id=party_id)
    return dict(row)


def shown(viewer: Principal, rows: Sequence[Row]) -> list[Row]:
    """Golden records as the viewer may see them; what stays clear is logged."""
    return protect(viewer, "party", rows, FIELDS)


def glance(viewer: Principal, party_id: int) -> Row:
    """`customer` (masked), `facts`, `warnings` (those that hold), `history` (policies, claims, events, classes and
    evaluations, latest first: the reasons). Raises NotFound."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        row = party_row(conn, viewer, party_id)
        known = facts.of_party(conn, row["id"], FACTS)
    history = timeline(viewer, row["id"], kinds=HISTORY, limit=40)
    return {
        "customer": shown(viewer, [row])[0],
        "facts": known,
        "warnings": warnings(known),
        "history": [told(happening) for happening in history],
    }


def warnings(known: Row) -> list[str]:
    """The warnings that facts give, gravest first."""
    return [name for name, source in WARNINGS.items() if facts.condition(source).holds({"customer": known})]


_UNTOLD = frozenset({"of_source", "of_key", "source", "key", "stated_by", "stated_at", "source_changed_at", "party_id"})


def told(happening: Happening) -> Row:
    """A happening with what it says, without where its row is kept."""
    row = {name: value for name, value in happening.row.items() if name not in _UNTOLD}
    return {**row, "at": happening.at, "area": happening.kind}
