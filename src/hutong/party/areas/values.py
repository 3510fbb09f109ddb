"""Names, contacts, addresses and identity documents of a party as rows of their own (EC-01): use, validity, sources,
confirmation. What source records state is derived (`party_value`); people add, confirm and end values by statements
(`stated_value`), which survivorship hears: a confirmed value is preferred, an ended one never shows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, require
from hutong.party.areas.people import RIGHT, anchor, check_codes, state_in
from hutong.party.areas.read import Row, shown_values
from hutong.party.columns import LEADERS
from hutong.party.erased_keys import hash_of
from hutong.party.information import AREAS
from hutong.party.lifecycle.changes import apply_change, check_direct
from hutong.party.living import whom
from hutong.party.resolution import membership
from hutong.party.resolution.regroup import records_of, regroup
from hutong.party.standardise.stated import main_attribute, standardised
from hutong.party.tables import party
from hutong.platform import clock, database
from hutong.platform.errors import NotFound

AREA = AREAS["stated_value"]

_VALUES = text("""
WITH own AS (
    SELECT v.* FROM party.party_value v WHERE v.party_id = ANY(:ids)
), stated AS (
    SELECT DISTINCT ON (x.party_id, s.kind, s.value) x.party_id, s.* FROM party.xref x
    JOIN party.stated_value s ON s.of_source = x.source AND s.of_key = x.key
    WHERE x.party_id = ANY(:ids) AND s.valid_from <= :at
    ORDER BY x.party_id, s.kind, s.value, s.stated_at DESC, s.id DESC
)
SELECT party_id AS id, s.id AS stated_id, kind, value,
       coalesce(nullif(o.detail, ''), s.detail, '') AS detail,
       s.use, coalesce(o.records, 0) AS records, coalesce(o.sources, ARRAY[s.source]) AS sources,
       coalesce(o.current, false) AS current, least(s.valid_from, o.first_seen_at) AS valid_from,
       CASE WHEN s.valid_to <= :at THEN s.valid_to END AS valid_to, s.valid_to AS ends_at,
       o.first_seen_at, o.last_seen_at, s.confirmed_at,
       s.confirmed_by
FROM own o FULL JOIN stated s USING (party_id, kind, value)
WHERE coalesce(o.first_seen_at <= :at, true)
ORDER BY party_id, kind, current DESC, valid_to IS NOT NULL, s.confirmed_at DESC NULLS LAST, records DESC, value""")


def values(viewer: Principal, party_id: int, at: datetime | None = None) -> list[Row]:
    """All names, contacts, documents of a party known at an instant (now), masked; ended ones with `valid_to`.

    `ends_at`: when it ends or has ended, as it was stated; `sources`: who states it; `stated_id`: the statement about
    it, if people made one; `token`: names the value without saying it. Needs `party.read`.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        rows = in_clear(conn, [whom(conn, viewer, party_id)], at)
    return shown_values(viewer, rows, "id")


def in_clear(conn: Connection, ids: Sequence[int], at: datetime | None = None) -> list[Row]:
    """`values` of living parties, unmasked: for functions of party."""
    rows = conn.execute(_VALUES, {"ids": list(ids), "at": at or clock.now()}).mappings().all()
    return [{**row, "token": hash_of(f"{row['id']}/{row['kind']}", row["value"])[:20]} for row in rows]


def add(
    viewer: Principal,
    party_id: int,
    kind: str,
    value: str,
    *,
    use: str | None = None,
    detail: str | None = None,
    main: bool = False,
    confirmed: bool = False,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> str:
    """State a value of a party. Returns it as it is kept (standardised).

    It holds from now on, or as `valid_from` and `valid_to` say. `main`: also as the attribute that survivorship chooses
    from; `confirmed`: the customer said so just now. Needs `party.change`. Raises Unprocessable when the value is not
    one of its kind.
    """
    require(viewer, RIGHT)
    made = standardised(kind, value, detail)
    check_codes(AREA, {"kind": kind, "use": use})
    if main and (attribute := main_attribute(kind, made, detail)):
        changes: dict[str, Any] = {attribute: made}
        if kind == "identifier":
            changes = {"id_type": detail, "id_number": made}
        apply_change(viewer, "modify", [party_id], body={"attributes": changes})  # a new identity may wait for approval
    said = {"confirmed_at": clock.now(), "confirmed_by": viewer.actor} if confirmed else {}
    began = valid_from or (min(clock.now(), valid_to) if valid_to else clock.now())
    given = {"kind": kind, "value": made, "detail": detail, "use": use, "valid_from": began, "valid_to": valid_to,
             **said}  # fmt: skip
    with database.begin("party") as conn:
        home, _ = anchor(conn, viewer, party_id)
        state_in(conn, viewer, party_id, AREA, given, key=_key(home, kind, made))
        _refresh(conn, viewer, home)
    return made


def confirm(viewer: Principal, party_id: int, kind: str, value: str) -> None:
    """The customer confirmed a value that some record or statement has: survivorship prefers it from now on.

    Raises NotFound for a value nobody states. Needs `party.change`.
    """
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        home, known = _known(conn, viewer, party_id, kind, value)
        given = {"kind": kind, "value": value, "detail": known["detail"], "use": known["use"],
                 "valid_from": known["valid_from"] or clock.now(), "confirmed_at": clock.now(),
                 "confirmed_by": viewer.actor}  # fmt: skip
        state_in(conn, viewer, party_id, AREA, given, key=_key(home, kind, value))
        _refresh(conn, viewer, home)


def end_value(viewer: Principal, party_id: int, kind: str, value: str) -> None:
    """A value is the customer's no more: it stays as what was, and never shows as the golden one. Needs
    `party.change`. Raises NotFound for a value nobody states."""
    require(viewer, RIGHT)
    now = clock.now()
    with database.begin("party") as conn:
        home, known = _known(conn, viewer, party_id, kind, value)
        given = {"kind": kind, "value": value, "detail": known["detail"], "use": known["use"],
                 "valid_from": known["valid_from"] or now, "valid_to": now}  # fmt: skip
        state_in(conn, viewer, party_id, AREA, given, key=_key(home, kind, value))
        _refresh(conn, viewer, home)


def _key(home: int, kind: str, value: str) -> str:
    """People share one statement about a value: the last word holds, who said it is written down."""
    return f"value/{home}/{kind}/{value}"


def _known(conn: Connection, viewer: Principal, party_id: int, kind: str, value: str) -> tuple[int, Row]:
    home, _ = anchor(conn, viewer, party_id)
    for row in in_clear(conn, [home]):
        if (row["kind"], row["value"]) == (kind, value):
            return home, row
    raise NotFound("party-value-unknown", kind=kind)


def _refresh(conn: Connection, viewer: Principal, home: int) -> None:
    """Bring the golden record to what is confirmed and ended now. Raises Conflict where the policy wants what that
    changes approved."""
    membership.lock(conn)
    golden = select(*(party.c[name] for name in LEADERS)).where(party.c.id == home)
    before = conn.execute(golden).one()
    records = records_of(conn, [home])[home]
    operation = membership.new_operation(conn, "intake", "value stated", viewer.actor)
    regroup(conn, records[:1], operation, viewer.actor, queue=False)
    after = conn.execute(golden).one_or_none()
    if after is not None:
        changed = [name for name, old, new in zip(LEADERS, before, after, strict=True) if old != new]
        check_direct(conn, viewer, home, changed)
