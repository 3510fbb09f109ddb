"""Records moved between parties: cross-references, redirects of retired ids, golden records and events, as one set."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select, text

from hutong.party import documents
from hutong.party.golden import record as golden
from hutong.party.resolution.clusters import Ints
from hutong.party.resolution.identity_of_clusters import NEW
from hutong.party.tables import operation, party
from hutong.platform import database, history

LOCK = "party.membership"
MANY = 1000
"""Rows from which on the planner is told how many there are."""


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
    touched: list[int] | None = None,
) -> Moved:
    """Give each record its party. `after` below zero: new parties; the same number means the same new party.

    `touched`: records whose content changed; None: whatever the golden records do not know yet, all over.
    """
    after = _named(conn, after)
    changed = before != after
    conn.execute(
        text(
            "CREATE TEMPORARY TABLE IF NOT EXISTS moved (record_id bigint, before_id bigint, after_id bigint) "
            "ON COMMIT DROP"
        )
    )
    conn.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS stale (party_id bigint PRIMARY KEY) ON COMMIT DROP"))
    conn.execute(text("TRUNCATE moved, stale"))
    triples = zip(record[changed].tolist(), before[changed].tolist(), after[changed].tolist(), strict=True)
    rows = ((one, two or None, three) for one, two, three in triples)
    count = database.copy_rows(conn, "moved", ("record_id", "before_id", "after_id"), rows)
    parameters = {"operation": operation_id}
    if count:
        conn.execute(text(_XREF))
        conn.execute(text(_OPERATION_RECORDS), parameters)
        conn.execute(
            text(
                "INSERT INTO stale SELECT before_id FROM moved WHERE before_id IS NOT NULL "
                "UNION SELECT after_id FROM moved"
            )
        )
    if count > MANY:
        conn.execute(text("ANALYZE party.xref, party.source_record, stale, moved"))
    if touched is None:
        golden.mark_stale(conn, documents.active_survivorship(conn).version)
    else:
        conn.execute(
            text(
                "INSERT INTO stale SELECT party_id FROM party.xref WHERE record_id = ANY(:ids) ON CONFLICT DO NOTHING"
            ),
            {"ids": touched},
        )
    retired = list(conn.execute(text(_RETIRED)).scalars())
    revived = list(conn.execute(text(_REVIVED)).scalars())
    _redirect(conn, retired, operation_id)
    cause = f"operation:{operation_id}"
    created, altered = golden.refresh(conn, by, cause)
    if retired:
        _retire(conn, retired, by, cause)
    _publish(conn, operation_id, cause, revived)
    return Moved(operation_id, count, created, altered, retired, revived)


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


def _redirect(conn: Connection, retired: list[int], operation_id: int) -> None:
    conn.execute(text(_REPOINT), {"retired": retired, "operation": operation_id})


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


def _publish(conn: Connection, operation_id: int, cause: str, revived: list[int]) -> None:
    """party.created, party.changed, party.split for the living, party.merged for the retired."""
    conn.execute(text(_EVENTS), {"operation": operation_id, "cause": cause, "revived": revived})
