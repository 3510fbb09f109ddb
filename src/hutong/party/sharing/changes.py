"""The feed of changes (EC-14): what happened to parties, in the order in which it was committed, for those who follow.

The cursor is a place in the center's event log, which the relay fills without gaps and never out of order (ADR 0004): a
transaction that commits late gets a later place, so a follower misses nothing, however many write at once. A follower
that begins takes a full export and goes on from the export's `to_position`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, protect, require, row_scope
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.model import extension
from hutong.party.tables import party
from hutong.platform import database
from hutong.platform.errors import Gone

Row = dict[str, Any]
MOST = 1000
ERASED = "party.erased"
WITHDRAWN = "party.withdrawn"
SHOWN = tuple(name for name in party.c.keys() if name not in ("valid_from", "ended", "owner_id"))  # noqa: SIM118
_FIELDS = {name: kind for name, kind in {**SENSITIVE, "name_key": "name"}.items() if name in SHOWN}
_OTHERS = ("survivor_id", "split_from")
"""Of a payload: parties that are named besides the one it tells of."""


class Change(NamedTuple):
    """One thing that happened. `record`: the golden record as it is now, with its state, masked; None where the party
    was merged or erased since, or is not to be seen. `party.withdrawn`: it left the rows the follower may see."""

    cursor: int
    type: str
    party_id: int
    kind: str | None
    at: datetime
    detail: Row
    record: Row | None


class Changes(NamedTuple):
    """A page of the feed. `cursor`: where to go on, past what the follower may not see; `more`: there is more now."""

    changes: list[Change]
    cursor: int
    more: bool


_LOG = text("""
    SELECT position, type, payload, occurred_at FROM party.event_log
    WHERE position > :after ORDER BY position LIMIT :limit""")
_BOUNDS = text("""
    SELECT coalesce((SELECT position FROM party.relay), 0) AS head,
           coalesce((SELECT position FROM party.event_log ORDER BY position LIMIT 1), 1) AS first""")


def head(conn: Connection) -> int:
    """The last place given in the log: all up to it is committed and to be seen by transactions that begin now."""
    return int(conn.execute(_BOUNDS).one().head)


def changes(viewer: Principal, after: int, limit: int = 100, *, records: bool = True) -> Changes:
    """What happened after a cursor (0: from the beginning of the log), within the viewer's rows.

    Raises Gone when the log no longer reaches back that far: take a full export and go on from its position.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        bounds = conn.execute(_BOUNDS).one()
        if after + 1 < bounds.first:
            raise Gone("party-changes-gone", first=bounds.first - 1)
        rows = conn.execute(_LOG, {"after": after, "limit": min(limit, MOST)}).all()
        told = [row for row in rows if "party_id" in row.payload]
        ids = {int(row.payload["party_id"]) for row in told}
        seen = visibility.among(conn, viewer, sorted(ids | _named(told)))
        left = (
            set()
            if "party" not in viewer.scopes
            else _left(conn, viewer, [row for row in told if _id(row) not in seen])
        )
        known = _records(conn, viewer, sorted(ids & seen)) if records else {}
    made = [change for row in told if (change := _change(row, seen, known, left, whole="party" not in viewer.scopes))]
    cursor = int(rows[-1].position) if rows else after
    return Changes(made, cursor, bool(rows) and cursor < bounds.head)


def _id(row: Any) -> int:
    return int(row.payload["party_id"])


def _named(rows: Sequence[Any]) -> set[int]:
    """The other parties that events name."""
    found: set[int] = set()
    for row in rows:
        for name in _OTHERS:
            value = row.payload.get(name)
            found |= set(value) if isinstance(value, list) else {value} if value else set()
    return found


def _records(conn: Connection, viewer: Principal, ids: Sequence[int]) -> dict[int, Row]:
    wanted = select(*(party.c[name] for name in SHOWN)).where(party.c.id.in_(ids), party.c.state != "merged")
    rows = [dict(row) for row in conn.execute(wanted).mappings()]
    shown = extension.mask_attributes(conn, viewer, protect(viewer, "party", rows, _FIELDS))
    return {row["id"]: row for row in shown}


_BEFORE = """
SELECT asked.position FROM unnest(CAST(:positions AS bigint[]), CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[]))
    AS asked (position, id, at)
JOIN LATERAL (SELECT * FROM party.party_history h WHERE h.id = asked.id AND h.changed_at < asked.at
              ORDER BY h.changed_at DESC, h.valid_from DESC LIMIT 1) AS before ON true
WHERE {scope}"""


def _left(conn: Connection, viewer: Principal, rows: Sequence[Any]) -> set[int]:
    """Places of events by which a party left the viewer's rows: its version before was seen, the party now is not."""
    if not rows:
        return set()
    columns = {
        name: (sql.replace("party.party.", "before."), kind) for name, (sql, kind) in visibility.columns(viewer).items()
    }
    scope = str(row_scope(viewer, "party", columns))
    given = {
        "positions": [row.position for row in rows],
        "ids": [_id(row) for row in rows],
        "ats": [row.occurred_at for row in rows],
    }
    statement = text(_BEFORE.format(scope=scope.replace(":", "\\:")))
    return set(conn.execute(statement, given).scalars())


def _change(
    row: Any, seen: Collection[int], known: dict[int, Row], left: Collection[int], *, whole: bool
) -> Change | None:
    """A change as the follower may know it; None for one of a party outside its rows."""
    party_id = _id(row)
    if row.type == ERASED or (not whole and row.position in left):
        what = row.type if row.type == ERASED else WITHDRAWN
        return Change(row.position, what, party_id, None, row.occurred_at, {}, None)
    if not whole and party_id not in seen:
        return None
    detail = {name: value for name, value in row.payload.items() if name not in ("party_id", "kind")}
    if not whole:
        for name in _OTHERS:
            value = detail.get(name)
            if isinstance(value, list):
                detail[name] = [each for each in value if each in seen]
            elif value and value not in seen:
                del detail[name]
    return Change(
        row.position, row.type, party_id, row.payload.get("kind"), row.occurred_at, detail, known.get(party_id)
    )
