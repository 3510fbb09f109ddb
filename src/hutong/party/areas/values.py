"""Names, contacts, addresses and identity documents of a party as rows of their own (EC-01): use, validity, sources,
confirmation. What source records state is derived (`party_value`); people add, confirm and end values by statements
(`stated_value`), which survivorship hears: a confirmed value is preferred, an ended one never shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, text

from hutong.identity import Principal, require
from hutong.party.areas.people import RIGHT, anchor, check_codes, state_in
from hutong.party.areas.read import Row, shown_values
from hutong.party.columns import LEADERS
from hutong.party.erased_keys import hash_of
from hutong.party.information import AREAS
from hutong.party.lifecycle.changes import apply_change, waits
from hutong.party.lifecycle.kinds import WORDS, Change
from hutong.party.living import living, whom
from hutong.party.realtime import statements
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


class Word(msgspec.Struct, frozen=True):
    """What is said of one value; `main`: it is also stated as these attributes of the party."""

    kind: str
    value: str
    detail: str | None
    use: str | None
    valid_from: datetime
    valid_to: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    main: dict[str, Any] | None = None


@dataclass(frozen=True)
class Said:
    """`value` as it is kept; `state`: done, or pending where the policy wants approved what it would change."""

    value: str
    state: str


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
) -> Said:
    """State a value of a party; where the golden record would change and the policy wants that approved, it waits.

    It holds from now on, or as `valid_from` and `valid_to` say. `main`: also as the attribute that survivorship chooses
    from; `confirmed`: the customer said so just now. Needs `party.change`. Raises Unprocessable when the value is not
    one of its kind.
    """
    require(viewer, RIGHT)
    made = standardised(kind, value, detail)
    check_codes(AREA, {"kind": kind, "use": use})
    attribute = main_attribute(kind, made, detail) if main else None
    states: dict[str, Any] | None = {attribute: made} if attribute else None
    if attribute and kind == "identifier":
        states = {"id_type": detail, "id_number": made}
    began = valid_from or (min(clock.now(), valid_to) if valid_to else clock.now())
    word = Word(kind, made, detail, use, began, valid_to, *_now_by(viewer, confirmed), main=states)
    if states:
        asked = apply_change(viewer, "modify", [party_id], body={"attributes": states}, word=word)
        return Said(made, asked.state)
    return Said(made, _say(viewer, party_id, lambda conn: (anchor(conn, viewer, party_id)[0], word)))


def confirm(viewer: Principal, party_id: int, kind: str, value: str) -> Said:
    """The customer confirmed a value that some record or statement has: survivorship prefers it from now on, unless
    the policy wants that approved.

    Raises NotFound for a value nobody states. Needs `party.change`.
    """
    require(viewer, RIGHT)

    def word(conn: Connection) -> tuple[int, Word]:
        home, known = _known(conn, viewer, party_id, kind, value)
        began = known["valid_from"] or clock.now()
        return home, Word(kind, value, known["detail"], known["use"], began, None, *_now_by(viewer, True))

    return Said(value, _say(viewer, party_id, word))


def end_value(viewer: Principal, party_id: int, kind: str, value: str) -> Said:
    """A value is the customer's no more: it stays as what was, and never shows as the golden one, unless the policy
    wants that approved. Needs `party.change`. Raises NotFound for a value nobody states."""
    require(viewer, RIGHT)
    now = clock.now()

    def word(conn: Connection) -> tuple[int, Word]:
        home, known = _known(conn, viewer, party_id, kind, value)
        return home, Word(kind, value, known["detail"], known["use"], known["valid_from"] or now, now)

    return Said(value, _say(viewer, party_id, word))


def _now_by(viewer: Principal, confirmed: bool) -> tuple[datetime | None, str | None]:
    return (clock.now(), viewer.actor) if confirmed else (None, None)


def _say(viewer: Principal, party_id: int, make: Callable[[Connection], tuple[int, Word]]) -> str:
    """Write a word down, or ask for it where what it changes must be approved; `done` or `pending`. What it changes is
    found by doing it."""
    with database.begin("party") as conn:
        home, word = make(conn)
        trial = conn.begin_nested()
        changed = _write(conn, viewer, home, word)
        if not waits(conn, viewer, home, list(changed)):
            trial.commit()
            return "done"
        trial.rollback()
    return apply_change(viewer, "modify", [party_id], body={"attributes": changed}, word=word).state


def _write(conn: Connection, viewer: Principal, home: int, word: Word) -> dict[str, Any]:
    """Write a word down and bring the golden record to it. Returns the attributes that changed, as they are now."""
    membership.lock(conn)
    golden = select(party.c.id_type, *(party.c[name] for name in LEADERS)).where(party.c.id == home)
    before = conn.execute(golden).mappings().one()
    # People share one statement about a value: the last word holds, who said it is written down.
    given = {name: told for name, told in msgspec.structs.asdict(word).items() if name != "main"}
    state_in(conn, viewer, home, AREA, given, key=f"value/{home}/{word.kind}/{word.value}")
    operation = membership.new_operation(conn, "intake", "value stated", viewer.actor)
    regroup(conn, records_of(conn, [home])[home][:1], operation, viewer.actor, queue=False)
    after = conn.execute(golden).mappings().one_or_none() or before
    changed = {name: after[name] for name in LEADERS if after[name] != before[name]}
    if changed.get("id_number"):
        changed["id_type"] = after["id_type"]
    return changed


def _approved(conn: Connection, change: Change) -> dict[str, Any]:
    """Write down a word that was asked for, in the asker's name."""
    word = msgspec.convert(change.body["word"], Word)
    home = change.party_ids[0]
    if word.main:
        home = statements.state_in(conn, change.speaker, home, word.main)
    _write(conn, change.speaker, living(conn, home), word)
    return {"party_id": home}


WORDS["value"] = _approved


def _known(conn: Connection, viewer: Principal, party_id: int, kind: str, value: str) -> tuple[int, Row]:
    home, _ = anchor(conn, viewer, party_id)
    for row in in_clear(conn, [home]):
        if (row["kind"], row["value"]) == (kind, value):
            return home, row
    raise NotFound("party-value-unknown", kind=kind)
