"""What people and interfaces state about a known party in an area, and end: statements of their own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from hutong import masterdata
from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.areas.given import typed
from hutong.party.information import Area, began
from hutong.party.ingest.areas.write import area_named, keeping, merge
from hutong.party.living import living
from hutong.party.realtime.intake import API_SOURCE, known_source
from hutong.platform import clock, database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable
from hutong.platform.outbox import Event, publish

RIGHT = "party.change"


def state(
    viewer: Principal, party_id: int, area_name: str, values: Mapping[str, Any], key: str | None = None
) -> list[int]:
    """State a row of an area about a party; `key` makes it idempotent. Returns the row's id, nothing if unchanged.

    A period begins now and a moment is now unless `values` say otherwise. Needs `party.change`. Raises NotFound,
    Unprocessable (field unknown or missing, value not of its type, code not of its set), Invalid (text too long),
    Forbidden for areas only systems state.
    """
    area = check_statement(viewer, area_name, values)
    with database.begin("party") as conn:
        return state_in(conn, viewer, party_id, area, values, key=key)


def check_statement(viewer: Principal, area_name: str, values: Mapping[str, Any]) -> Area:
    """Refuse what `state` would, whomever it is about, with nothing written; the area."""
    require(viewer, RIGHT)
    area = area_named(area_name)
    _not_by_value(area)
    if not area.by_people and viewer.kind == "user":
        raise Forbidden("party-area-systems-only", area=area.name)
    given = typed(area, values)
    check_codes(area, given)
    _in_order(area, {began(area): clock.now(), **given})
    return area


def _in_order(area: Area, row: Mapping[str, Any]) -> None:
    if area.timing == "period" and row.get("valid_to") and row["valid_to"] < row["valid_from"]:
        raise Unprocessable("party-area-period", area=area.name)


def state_in(
    conn: Connection, viewer: Principal, party_id: int, area: Area, values: Mapping[str, Any], *, key: str | None
) -> list[int]:
    """As `state`, in the caller's transaction; rights and codes were checked."""
    known_source(conn, API_SOURCE)
    home, reference = anchor(conn, viewer, party_id)
    row = {began(area): clock.now(), **typed(area, values), "of_source": reference[0], "of_key": reference[1],
           "source": API_SOURCE, "key": key or f"{viewer.actor}/{uuid4()}",
           "source_changed_at": clock.now()}  # fmt: skip
    _in_order(area, row)
    made = merge(conn, area, [row], viewer.actor)
    if made:
        tell(conn, home, area)
    return made


def end(viewer: Principal, party_id: int, area_name: str, row_id: int, at: datetime | None = None) -> None:
    """End a row that holds: it stays, as what was. Needs `party.change`. Raises NotFound where it is not this party's
    or has ended."""
    require(viewer, RIGHT)
    area = area_named(area_name)
    _not_by_value(area)
    if area.timing != "period":
        raise Unprocessable("party-area-period", area=area.name)
    with database.begin("party") as conn:
        home, _ = anchor(conn, viewer, party_id)
        change = "valid_to = greatest(:at, t.valid_from), stated_by = :by, stated_at = now()"
        _of_its_own(conn, area, home, row_id, change, "coalesce(t.valid_to > :at, true)", at=at or clock.now(),
                    by=viewer.actor)  # fmt: skip
        tell(conn, home, area)


def confirm(viewer: Principal, party_id: int, area_name: str, row_id: int) -> None:
    """The customer confirmed a row of an area just now. Needs `party.change`. Raises NotFound where it is not this
    party's, Unprocessable for names and contacts, which are confirmed by their value (`values.confirm`)."""
    require(viewer, RIGHT)
    area = area_named(area_name)
    _not_by_value(area)
    with database.begin("party") as conn:
        home, _ = anchor(conn, viewer, party_id)
        _of_its_own(conn, area, home, row_id, "confirmed_at = :at, confirmed_by = :by", "true", at=clock.now(),
                    by=viewer.actor)  # fmt: skip
        tell(conn, home, area)


def _not_by_value(area: Area) -> None:
    """Names, contacts and documents are stated, confirmed and ended by their value (`areas.values`): the golden record
    hears of them, and so does the policy."""
    if area.name == "stated_value":
        raise Unprocessable("party-area-by-value", area=area.name)


def _of_its_own(  # noqa: PLR0917  (a row and what to do to it)
    conn: Connection, area: Area, home: int, row_id: int, change: str, condition: str, **values: Any
) -> None:
    """Change a row of this party's. Raises NotFound where there is none that meets the condition."""
    done = conn.execute(
        text(
            keeping(
                area,
                f"""UPDATE party.{area.name} t SET {change} FROM party.xref x
                    WHERE t.id = :row AND x.source = t.of_source AND x.key = t.of_key AND x.party_id = :home
                      AND {condition}""",  # noqa: S608  (words of ours)
            )
        ),
        {"row": row_id, "home": home, **values},
    ).rowcount
    if not done:
        raise NotFound("party-area-row-unknown", id=row_id)


def anchor(conn: Connection, viewer: Principal, party_id: int) -> tuple[int, tuple[str, str]]:
    """The living party, and the cross-reference that what is stated about it hangs on: of its first record, the same
    that statements of attributes are tied to. Raises NotFound as for a party that does not exist."""
    home = living(conn, party_id)
    visibility.check(conn, viewer, home)
    row = conn.execute(
        text("SELECT source, key FROM party.xref WHERE party_id = :id ORDER BY record_id LIMIT 1"), {"id": home}
    ).one_or_none()
    if row is None:
        raise NotFound("party-unknown", id=party_id)
    return home, (row.source, row.key)


def tell(conn: Connection, party_id: int, area: Area) -> None:
    """Tell others that something was stated about a party."""
    publish(conn, "party", [Event("party.information_changed", f"party:{party_id}",
                                  {"party_id": party_id, "area": area.name})])  # fmt: skip


def check_codes(area: Area, values: Mapping[str, Any]) -> None:
    """Refuse codes that their code set, if it is loaded, does not have. Raises Unprocessable."""
    with database.read("masterdata") as conn:
        for field in area.fields:
            value = values.get(field.name)
            if field.code_set and value not in (None, ""):
                known = masterdata.standard_codes(conn, field.code_set)
                if known and value not in known:
                    raise Unprocessable("party-area-code-unknown", field=field.name, what=field.name, code=str(value))
