"""A party as it was on a date (EC-01, EC-16): its golden record, its contacts and what was in force then, by the
records it had then, as they stood."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hutong.identity import Principal, protect, require
from hutong.party.areas.known_then import known_then
from hutong.party.areas.read import Row, shown, shown_values
from hutong.party.areas.records_then import Then, records_then
from hutong.party.columns import SENSITIVE
from hutong.party.information import AREAS
from hutong.party.living import whom
from hutong.party.tables import party
from hutong.platform import database, history
from hutong.platform.errors import NotFound

IN_FORCE = ("preference", "consent", "classification", "evaluation", "credit_limit", "party_role", "policy_summary")
LATEST = 20
"""Touches shown, those before the date."""
MOST = 1000
"""Statements about values that are looked at."""
STATED = (
    ("name", "name", "", None), ("phone", "mobile", "mobile", None), ("phone", "phone", "fixed", None),
    ("phone", "other_phone", "mobile", None), ("email", "email", "", None), ("bank_card", "bank_card", "", None),
    ("identifier", "id_number", "", "id_type"), ("address", "address", "", "address_key"),
)  # fmt: skip
"""Kind of value, the attribute that has it, and its detail: what it is, or the attribute that says so."""


def as_it_was(viewer: Principal, party_id: int, at: datetime) -> dict[str, Any]:
    """The party as known at an instant, masked: `party` (golden record), `values`, and by area what held then, with the
    latest touches before. What was stated anew, ended or confirmed since is told as it was known then; policies, of
    which only the latest state is kept (EC-16), as they are known now. A retired id gives what that party was before it
    was merged. `unread`: records whose content of then can be read no more. Needs `party.read`.

    Raises NotFound when the party did not exist then.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        whom(conn, viewer, party_id)
        row = conn.execute(history.as_of(party, at, [party_id])).mappings().one_or_none()
        if row is None or row["state"] == "merged":
            raise NotFound("party-not-then", id=party_id)
        then = records_then(conn, viewer, party_id, at)
        held = {name: known_then(conn, AREAS[name], then.ids, at) for name in IN_FORCE}
        held["touch"] = known_then(conn, AREAS["touch"], then.ids, at, limit=LATEST)
        said = known_then(conn, AREAS["stated_value"], then.ids, at, over=True, limit=MOST)
        values = _values(then, _last_words(said), dict(row), at)
    fields = {name: kind for name, kind in SENSITIVE.items() if name in party.c} | {"name_key": "name"}
    golden: Row = protect(viewer, "party", [dict(row)], fields)[0]
    return {
        "party": golden,
        "values": shown_values(viewer, values, "id"),
        "unread": then.unread,
        **{name: shown(viewer, AREAS[name], rows) for name, rows in held.items()},
    }


def _last_words(said: Iterable[Row]) -> list[Row]:
    """Of statements about one value the last. Pure."""
    made = {
        (each["kind"], each["value"]): each for each in sorted(said, key=lambda each: (each["stated_at"], each["id"]))
    }
    return list(made.values())


def _values(then: Then, said: Iterable[Row], golden: Mapping[str, Any], at: datetime) -> list[Row]:
    """Names, contacts and documents that records stated, or people: as `values.values` has them. Pure."""
    made: dict[tuple[str, str], Row] = {}

    def one(kind: str, value: str, detail: str | None) -> Row:
        nothing = {"id": golden["id"], "stated_id": None, "kind": kind, "value": value, "detail": detail or "",
                   "use": None, "records": 0, "sources": [], "current": False, "valid_from": None, "valid_to": None,
                   "confirmed_at": None, "confirmed_by": None}  # fmt: skip
        return made.setdefault((kind, value), nothing)

    for record in then.records:
        for kind, attribute, detail, said_by in STATED:
            if (value := record.get(attribute)) is not None:
                row = one(kind, value, record.get(said_by) if said_by else detail)
                row["records"] += 1
                row["sources"] = sorted({*row["sources"], record["source"]})
                row["current"] = row["current"] or value == golden.get(attribute)
                row["valid_from"] = row["valid_from"] or record.get("source_created_at")
    for each in said:
        row = one(each["kind"], each["value"], each["detail"])
        row["sources"] = row["sources"] or [each["source"]]
        row |= {
            "stated_id": each["id"],
            "valid_to": each["valid_to"] if each["valid_to"] and each["valid_to"] <= at else None,
        }
        row |= {name: each[name] for name in ("use", "valid_from", "confirmed_at", "confirmed_by")}
    return sorted(made.values(), key=lambda row: (row["kind"], not row["current"], -row["records"], row["value"]))
