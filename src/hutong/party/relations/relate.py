"""People and interfaces relate parties and end relations (EC-11).

Why files are judged by `ingest.areas.relation_admission` and not as here is said there.
"""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.areas.people import RIGHT, anchor, tell
from hutong.party.information import AREAS
from hutong.party.ingest.areas.write import merge
from hutong.party.living import living
from hutong.party.realtime.intake import API_SOURCE, known_source
from hutong.party.relation_kinds import BELOW, HIERARCHY, INVERSES, PERSONS
from hutong.platform import clock, database
from hutong.platform.errors import NotFound, Unprocessable

AREA = AREAS["party_relation"]
WHOLE = 10_000
"""All of the shares, in hundredths of a per cent."""


def relate(
    viewer: Principal,
    party_id: int,
    other_id: int,
    kind: str,
    *,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    percent: int | None = None,
    note: str | None = None,
) -> int:
    """State that a party is the other's `kind` (spouse, employer, shareholder, subsidiary ...). Returns the statement's
    id. `percent`: in hundredths of a per cent.

    Needs `party.change`. Raises Unprocessable: unknown kind, one party twice, the wrong kind of party, a period that
    overlaps one of the same kind between the two, a hierarchy that would close a circle; NotFound.
    """
    require(viewer, RIGHT)
    begin = valid_from or clock.now()
    _known(kind)
    if (valid_to and valid_to <= begin) or (percent is not None and not 0 < percent <= WHOLE):
        raise Unprocessable("party-area-period", area=AREA.name)
    with database.begin("party") as conn:
        known_source(conn, API_SOURCE)
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.relation', 0))"))
        home, reference = anchor(conn, viewer, party_id)
        other, to = anchor(conn, viewer, other_id)
        _check(conn, home, other, kind)
        _apart(conn, home, other, kind, begin=begin, end=valid_to)
        row = {"of_source": reference[0], "of_key": reference[1], "to_source": to[0], "to_key": to[1], "kind": kind,
               "source": API_SOURCE, "key": f"{viewer.actor}/{uuid4()}", "valid_from": begin, "valid_to": valid_to,
               "percent": percent, "note": note, "source_changed_at": clock.now()}  # fmt: skip
        [made] = merge(conn, AREA, [row], viewer.actor)
        tell(conn, home, AREA)
        tell(conn, other, AREA)
        return made


def check_relation(viewer: Principal, party_id: int, kind: str, *, to: str, other_id: int | None = None) -> None:
    """Refuse what `relate` would, with nothing written: a party may be the `kind` of another that is a person or an
    organisation (`to`), and, where it is made already, `other_id`."""
    require(viewer, RIGHT)
    _known(kind)
    with database.read("party") as conn:
        home, _ = anchor(conn, viewer, party_id)
        if other_id is not None:
            _check(conn, home, living(conn, other_id), kind)
            return
        own = conn.execute(text("SELECT kind FROM party.party WHERE id = :id"), {"id": home}).scalar_one()
        _fitting({own, to}, kind)


def _known(kind: str) -> None:
    if kind not in INVERSES:
        raise Unprocessable("party-relation-kind", kind=kind)


def end_relation(viewer: Principal, party_id: int, ids: list[int], at: datetime | None = None) -> None:
    """End statements of a relation of this party, from whichever end they were made. Needs `party.change`. Raises
    NotFound where none of them is the party's and in force."""
    require(viewer, RIGHT)
    moment = at or clock.now()
    with database.begin("party") as conn:
        home, _ = anchor(conn, viewer, party_id)
        ended = conn.execute(
            text(
                """UPDATE party.party_relation t SET valid_to = greatest(:at, t.valid_from), stated_by = :by,
                          stated_at = now()
                   WHERE t.id = ANY(:ids) AND coalesce(t.valid_to > :at, true)
                     AND EXISTS (SELECT 1 FROM party.v1_relation r WHERE r.id = t.id AND r.party_id = :home)"""
            ),
            {"ids": ids, "home": home, "at": moment, "by": viewer.actor},
        ).rowcount
        if not ended:
            raise NotFound("party-area-row-unknown", id=ids[0] if ids else 0)
        tell(conn, home, AREA)


def _check(conn: Connection, home: int, other: int, kind: str) -> None:
    """The two must be different, of the kind of party the relation ties, and not make a circle."""
    if home == other:
        raise Unprocessable("party-relation-self")
    rows = conn.execute(text("SELECT id, kind FROM party.party WHERE id IN (:one, :two)"), {"one": home, "two": other})
    _fitting({row.kind for row in rows}, kind)
    if kind in HIERARCHY:
        below, above = (home, other) if kind in BELOW else (other, home)
        if below in ancestors(conn, above):
            raise Unprocessable("party-relation-circle", one=below, other=above)


def _fitting(kinds: set[str], kind: str) -> None:
    if kind in PERSONS and kinds != {"person"}:
        raise Unprocessable("party-relation-persons", kind=kind)
    if kind in HIERARCHY and kinds != {"organisation"}:
        raise Unprocessable("party-relation-organisations", kind=kind)


def ancestors(conn: Connection, party_id: int, *, begun: bool = False) -> set[int]:
    """The organisations above one, itself included, over whatever circles merges may have closed: by relations that
    hold or are to come (`begun`: that hold now)."""
    rows = conn.execute(
        text(
            """WITH RECURSIVE up (id) AS (
                   SELECT CAST(:id AS bigint)
                   UNION
                   SELECT r.other_id FROM up JOIN party.v1_relation r ON r.party_id = up.id
                   WHERE r.other_is IN ('parent_company', 'head_office') AND coalesce(r.valid_to > now(), true)
                     AND (NOT :begun OR r.valid_from <= now()))
               SELECT id FROM up"""
        ),
        {"id": party_id, "begun": begun},
    )
    return set(rows.scalars())


def _apart(conn: Connection, home: int, other: int, kind: str, *, begin: datetime, end: datetime | None) -> None:
    """Between two parties, a kind holds once at a time, whoever states it."""
    taken = conn.execute(
        text(
            """SELECT 1 FROM party.v1_relation WHERE party_id = :other AND other_id = :home AND other_is = :kind
               AND coalesce(valid_to > :begin, true) AND coalesce(valid_from < :end, true) LIMIT 1"""
        ),
        {"home": home, "other": other, "kind": kind, "begin": begin, "end": end},
    ).scalar()
    if taken:
        raise Unprocessable("party-relation-overlaps", kind=kind)
