"""Records moved between parties: cross-references, redirects of retired ids, golden records and events, as one set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, CursorResult, select, text

from hutong.party.golden import record as golden
from hutong.party.golden.record import Refreshed
from hutong.party.golden.survivorship import rules_in_force
from hutong.party.match.kernels import Ints
from hutong.party.resolution.identity_of_clusters import NEW
from hutong.party.tables import operation, party
from hutong.platform import history

LOCK = "party.membership"
FEW = 500
"""Moves up to which rows are parameters: temporary tables cost more than they save."""

MANY = 5000
"""Moves from which on the database counts anew what it moves among."""


@dataclass(frozen=True)
class Moved:
    """What an operation did to parties. `operation_id` is None when nothing moved from one party to another."""

    operation_id: int | None
    records: int
    created: int
    changed: int
    retired: list[int]
    revived: list[int]


def lock(conn: Connection) -> None:
    """One at a time moves records between existing parties."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": LOCK})


def new_operation(conn: Connection, kind: str, reason: str, by: str, undoes: int | None = None) -> int:
    """Open an operation; returns its id."""
    statement = (
        operation.insert().values(kind=kind, reason=reason, done_by=by, undoes_id=undoes).returning(operation.c.id)
    )
    return int(conn.execute(statement).scalar_one())


def lock_shared(conn: Connection) -> None:
    """Take part in moving single new records; waits only for those who move existing ones."""
    conn.execute(text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))"), {"name": LOCK})


def move(
    conn: Connection,
    record: Ints,
    before: Ints,
    after: Ints,
    *,
    operation_id: int,
    by: str,
    touched: Sequence[int] = (),
    everywhere: bool = False,
) -> Moved:
    """Give each record its party. `after` below zero: new parties; the same number means the same new party.

    `touched`: records whose content changed; `everywhere`: also renew golden records that other rules of survivorship
    chose, or whose unit has another path now.
    """
    after = _named(conn, after)
    changed = before != after
    moves = _Moves(conn, (record[changed], before[changed], after[changed]), touched, everywhere)
    retired: list[int] = []
    revived: list[int] = []
    if moves.count:
        moves.run(_XREF)
        revived = list(moves.run(_REVIVED).scalars())
    if (before[changed] > 0).any():
        moves.run(_OPERATION_RECORDS, operation=operation_id)
        retired = list(moves.run(_RETIRED).scalars())
        moves.run(_REPOINT, retired=retired, operation=operation_id)
    cause = f"operation:{operation_id}"
    refreshed = moves.refresh(by, cause)
    if retired:
        _retire(conn, retired, by, cause)
    moves.run(_EVENTS, operation=operation_id, cause=cause, revived=revived)
    return Moved(operation_id, moves.count, refreshed.created, refreshed.changed, retired, revived)


class _Moves:
    """The moves as relations that statements name: `moved` (record, before, after) and `stale` (party).

    Few are parameters of each statement, whose plans the database then keeps; many are temporary tables.
    """

    def __init__(self, conn: Connection, moved: tuple[Ints, Ints, Ints], touched: Sequence[int], everywhere: bool):
        record, before, after = moved
        self.conn = conn
        self.count = len(record)
        self.few = self.count <= FEW and len(touched) <= FEW and not everywhere
        if self.few:
            homes = conn.execute(text(_HOMES), {"ids": list(touched), "moved": record.tolist()}).scalars().all()
            parties = sorted({*homes, *before[before > 0].tolist(), *after.tolist()})
            self.parameters: dict[str, Any] = {
                "moved_records": record.tolist(), "befores": [one or None for one in before.tolist()],
                "afters": after.tolist(), "parties": parties,
            }  # fmt: skip
            return
        self.parameters = {}
        _fill(conn, moved, touched, everywhere)

    def run(self, statement: str, **parameters: Any) -> CursorResult[Any]:
        """A statement over `moved` and `stale`; it begins with a list of common tables, or none."""
        head, rest = statement.split("WITH", 1) if statement.startswith("\nWITH") else ("", statement)
        sql = head + _PRELUDE + (", " if head else "") + rest if self.few else statement
        bound = {name: value for name, value in {**self.parameters, **parameters}.items() if f":{name}" in sql}
        return self.conn.execute(text(sql), bound)

    def refresh(self, by: str, cause: str) -> Refreshed:
        """The golden records of `stale`."""
        if self.few:
            return golden.refresh_these(self.conn, self.parameters["parties"], by, cause)
        if self.count > MANY:
            columns = "id, kind, source, owner_id, withdrawn_at"
            self.conn.execute(text(f"ANALYZE party.xref, party.source_record ({columns})"))
        return golden.refresh(self.conn, by, cause)


_PRELUDE = """WITH moved AS (
    SELECT * FROM unnest(CAST(:moved_records AS bigint[]), CAST(:befores AS bigint[]), CAST(:afters AS bigint[]))
        AS m (record_id, before_id, after_id)
), stale AS (SELECT unnest(CAST(:parties AS bigint[])) AS party_id)
"""
_HOMES = "SELECT party_id FROM party.xref WHERE record_id = ANY(:ids) AND record_id <> ALL(:moved)"


def _fill(conn: Connection, moved: tuple[Ints, Ints, Ints], touched: Sequence[int], everywhere: bool) -> None:
    conn.execute(
        text(
            "CREATE TEMPORARY TABLE IF NOT EXISTS moved (record_id bigint, before_id bigint, after_id bigint) "
            "ON COMMIT DROP"
        )
    )
    conn.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS stale (party_id bigint PRIMARY KEY) ON COMMIT DROP"))
    conn.execute(text("TRUNCATE moved, stale"))
    records, befores, afters = (column.tolist() for column in moved)
    conn.execute(text(_MOVED), {"records": records, "befores": befores, "afters": afters})
    conn.execute(
        text(
            "INSERT INTO stale SELECT before_id FROM moved WHERE before_id IS NOT NULL UNION SELECT after_id FROM moved"
        )
    )
    if touched:
        touching = "INSERT INTO stale SELECT DISTINCT party_id FROM party.xref WHERE record_id = ANY(:ids)"
        conn.execute(text(f"{touching} ON CONFLICT DO NOTHING"), {"ids": list(touched)})
    conn.execute(text("ANALYZE moved, stale"))
    if everywhere:
        golden.mark_stale(conn, rules_in_force(conn).version)


_MOVED = """
INSERT INTO moved SELECT one, nullif(two, 0), three
FROM unnest(CAST(:records AS bigint[]), CAST(:befores AS bigint[]), CAST(:afters AS bigint[])) AS m (one, two, three)"""


def _named(conn: Connection, after: Ints) -> Ints:
    """New parties get their ids, in the order of their first record."""
    fresh = int(NEW + 1 - after.min(initial=0))
    if fresh <= 0 or not (after < 0).any():
        return after
    statement = text("SELECT nextval('party.party_id_seq') FROM generate_series(1, :count)")
    ids = np.array(sorted(conn.execute(statement, {"count": fresh}).scalars()), dtype=np.int64)
    return np.where(after < 0, ids[np.clip(NEW - after, 0, fresh - 1)], after)


_XREF = """
INSERT INTO party.xref (record_id, source, key, party_id)
SELECT r.id, r.source, r.key, m.after_id FROM moved m JOIN party.source_record r ON r.id = m.record_id
ON CONFLICT (record_id) DO UPDATE SET party_id = excluded.party_id"""

_OPERATION_RECORDS = """
INSERT INTO party.operation_record (operation_id, record_id, before_id, after_id)
SELECT :operation, record_id, before_id, after_id FROM moved WHERE before_id IS NOT NULL"""

_RETIRED = """
SELECT DISTINCT before_id FROM moved m
WHERE before_id IS NOT NULL AND NOT EXISTS (SELECT FROM party.xref x WHERE x.party_id = m.before_id) ORDER BY 1"""

_REVIVED = """
DELETE FROM party.redirect d WHERE EXISTS (SELECT FROM moved m WHERE m.after_id = d.retired_id) RETURNING retired_id"""

_REPOINT = """
WITH dead AS (
    SELECT unnest(CAST(:retired AS bigint[])) AS id, CAST(:operation AS bigint) AS operation_id
    UNION ALL
    SELECT d.retired_id, d.operation_id FROM party.redirect d JOIN stale t ON t.party_id = d.survivor_id
), heir AS (
    SELECT DISTINCT ON (dead.id) dead.id, x.party_id, dead.operation_id
    FROM dead JOIN party.operation_record o ON o.operation_id = dead.operation_id AND o.before_id = dead.id
    JOIN party.xref x ON x.record_id = o.record_id
    GROUP BY dead.id, x.party_id, dead.operation_id
    ORDER BY dead.id, count(*) DESC, x.party_id
)
INSERT INTO party.redirect AS d (retired_id, survivor_id, operation_id)
SELECT id, party_id, operation_id FROM heir
ON CONFLICT (retired_id) DO UPDATE SET survivor_id = excluded.survivor_id
WHERE d.survivor_id <> excluded.survivor_id"""
"""A retired id leads to the party that now holds most of the records it held last; so an undo needs no memory."""


def _retire(conn: Connection, retired: list[int], by: str, cause: str) -> None:
    conn.execute(text("DELETE FROM party.party_value WHERE party_id = ANY(:ids)"), {"ids": retired})
    gone = select(party.c.id).where(party.c.id.in_(retired))
    rows = [{"id": id, "state": "merged"} for id in conn.execute(gone).scalars()]
    history.change(conn, party, rows, columns=["state"], changed_by=by, cause=cause)


_EVENTS = """
WITH older AS (
    SELECT DISTINCT h.id FROM stale t JOIN party.party_history h ON h.id = t.party_id
    WHERE h.cause IS DISTINCT FROM :cause
), came AS (
    SELECT after_id AS id, jsonb_agg(DISTINCT before_id) AS split_from FROM moved
    WHERE before_id IS NOT NULL AND before_id <> after_id GROUP BY after_id
)
INSERT INTO party.outbox (type, aggregate, payload, occurred_at)
SELECT CASE WHEN p.state = 'merged' THEN 'party.merged'
            WHEN older.id IS NULL AND came.id IS NULL THEN 'party.created'
            WHEN older.id IS NULL OR p.id = ANY(:revived) THEN 'party.split'
            ELSE 'party.changed' END,
       'party:' || p.id,
       jsonb_strip_nulls(jsonb_build_object('party_id', p.id, 'kind', p.kind,
           'operation_id', CAST(:operation AS bigint), 'survivor_id', d.survivor_id, 'split_from', came.split_from)),
       p.changed_at
FROM stale t JOIN party.party p ON p.id = t.party_id
LEFT JOIN older ON older.id = p.id LEFT JOIN came ON came.id = p.id LEFT JOIN party.redirect d ON d.retired_id = p.id
WHERE p.cause = :cause
ORDER BY p.id"""
"""party.created, party.changed, party.split for the living, party.merged for the retired."""
