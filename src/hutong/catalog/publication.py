"""Publishing: a set of documents is saved as drafts, checked as a whole, and published at once as a release.

A published version never changes (a trigger holds it); changed content becomes the next version, the same content none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from hutong.catalog import differences, documents, events, selling, validation
from hutong.catalog.differences import Difference
from hutong.catalog.document import Kind
from hutong.catalog.documents import Draft, Refused
from hutong.catalog.snapshot import Catalog
from hutong.platform import clock, database, outbox
from hutong.platform.errors import Conflict

PUBLISHING = 0x48555431  # 'HUT1': one publication at a time


@dataclass(frozen=True)
class Release:
    """What a publication did. `number` is None when nothing differed from what is published."""

    number: int | None
    effective_from: datetime
    changes: tuple[Difference, ...]


SAVE = text("""
    INSERT INTO catalog.document AS d (kind, code, version, state, body, hash, changed_at, changed_by)
    SELECT g.kind, g.code, 1 + coalesce(latest.version, 0), 'draft', g.body, g.hash, :now, :by
    FROM jsonb_to_recordset(:drafts) AS g(kind text, code text, body jsonb, hash text)
    LEFT JOIN LATERAL (
        SELECT p.version, p.hash, p.state FROM catalog.document AS p
        WHERE p.kind = g.kind AND p.code = g.code AND p.state <> 'draft' ORDER BY p.version DESC LIMIT 1
    ) AS latest ON true
    WHERE latest.hash IS DISTINCT FROM g.hash OR latest.state = 'retired'
    ON CONFLICT (kind, code) WHERE state = 'draft'
    DO UPDATE SET body = excluded.body, hash = excluded.hash, changed_at = excluded.changed_at,
        changed_by = excluded.changed_by
""").bindparams(bindparam("drafts", type_=JSONB))
DISCARD_UNCHANGED = text("""
    DELETE FROM catalog.document AS d USING jsonb_to_recordset(:drafts) AS g(kind text, code text, hash text)
    WHERE d.kind = g.kind AND d.code = g.code AND d.state = 'draft' AND d.hash <> g.hash
""").bindparams(bindparam("drafts", type_=JSONB))
PUBLISH = text("""
    UPDATE catalog.document SET state = 'published', release = :number, changed_at = :now, changed_by = :by
    WHERE state = 'draft'
""")
WITHDRAW = text("""
    UPDATE catalog.document AS d SET state = 'retired', retired_release = :number, changed_at = :now, changed_by = :by
    FROM jsonb_to_recordset(:keys) AS k(kind text, code text)
    WHERE d.kind = k.kind AND d.code = k.code AND d.state = 'published' AND NOT EXISTS (
        SELECT FROM catalog.document AS n
        WHERE n.kind = d.kind AND n.code = d.code AND n.version > d.version AND n.state <> 'draft')
""").bindparams(bindparam("keys", type_=JSONB))


def save_drafts(drafts: Sequence[Draft], *, by: str) -> None:
    """Keep documents as drafts, each replacing its earlier draft. What equals the published version keeps no draft."""
    with database.begin("catalog") as conn:
        _save(conn, drafts, by)


def saved_drafts() -> list[Draft]:
    """The drafts waiting for publication."""
    with database.read("catalog") as conn:
        return _saved(conn)


def preview(drafts: Sequence[Draft]) -> list[Difference]:
    """What publishing these documents would change."""
    with database.read("catalog") as conn:
        return differences.between(_published(conn), drafts)


def publish(
    drafts: Sequence[Draft] = (),
    *,
    by: str,
    note: str = "",
    effective_from: datetime | None = None,
    withdraw: Sequence[tuple[Kind, str]] = (),
) -> Release:
    """Publish these documents and all saved drafts at once, effective from an instant (default: now).

    `withdraw` takes documents out of the catalog; an offer no longer sold is instead published with lifecycle
    `retired`. Raises Refused with every fault, Conflict when a later release already takes effect after
    `effective_from`. `by` is the principal's name. Tells `catalog.published`,
    and of each offer, product and price that changes (`selling.changes`), at once, whenever it takes effect.
    """
    with database.begin("catalog") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PUBLISHING})
        now = clock.now()
        starts = effective_from or now
        _save(conn, drafts, by)
        waiting = _saved(conn)
        changes = differences.between(_published(conn), waiting)
        if not waiting and not withdraw:
            return Release(None, starts, ())
        number = _next_number(conn, starts)
        before, prospect = _prospect(conn, number - 1, (), ()), _prospect(conn, number, waiting, withdraw)
        if found := validation.faults(prospect):
            raise Refused(found)
        named = {"number": number, "now": now, "by": by}
        conn.execute(
            text("INSERT INTO catalog.release VALUES (:number, :starts, :now, :by, :note)"),
            {**named, "starts": starts, "note": note},
        )
        conn.execute(PUBLISH, named)
        if withdraw:
            keys = [{"kind": kind.value, "code": code} for kind, code in withdraw]
            conn.execute(WITHDRAW, {**named, "keys": keys})
        events.published(conn, number, starts, changes, withdraw)
        outbox.publish(conn, "catalog", selling.changes(before, prospect))
        return Release(number, starts, tuple(changes))


def _save(conn: Connection, drafts: Sequence[Draft], by: str) -> None:
    if not drafts:
        return
    rows: list[dict[str, Any]] = [
        {"kind": draft.document.kind.value, "code": draft.document.code, "body": draft.body, "hash": draft.hash}
        for draft in drafts
    ]
    conn.execute(DISCARD_UNCHANGED, {"drafts": rows})
    conn.execute(SAVE, {"drafts": rows, "now": clock.now(), "by": by})


def _saved(conn: Connection) -> list[Draft]:
    rows = conn.execute(text("SELECT body FROM catalog.document WHERE state = 'draft' ORDER BY kind, code")).scalars()
    return documents.drafts(rows)


def _published(conn: Connection) -> dict[tuple[Kind, str], dict[str, Any]]:
    """The newest published bodies, those of a release still to come included."""
    rows = conn.execute(
        text("""
            SELECT * FROM (
                SELECT DISTINCT ON (kind, code) kind, code, body, state FROM catalog.document
                WHERE release IS NOT NULL ORDER BY kind, code, version DESC
            ) AS newest WHERE state = 'published'
        """)
    )
    return {(Kind(row.kind), row.code): row.body for row in rows}


def _last_start(conn: Connection) -> datetime | None:
    last: datetime | None = conn.scalar(text("SELECT max(effective_from) FROM catalog.release"))
    return last


def _next_number(conn: Connection, starts: datetime) -> int:
    last = _last_start(conn)
    if last and starts < last:
        raise Conflict("catalog-earlier-than-last", last=last.isoformat())
    return 1 + int(conn.scalar(text("SELECT max(number) FROM catalog.release")) or 0)


def _prospect(conn: Connection, number: int, waiting: Sequence[Draft], withdraw: Sequence[tuple[Kind, str]]) -> Catalog:
    """The catalog as it would be after publication."""
    bodies = _published(conn) | {draft.key: draft.body for draft in waiting}
    kept = {key: body for key, body in bodies.items() if key not in set(withdraw)}
    return Catalog(number, None, dict.fromkeys(kept, 1), {(*key, 1): body for key, body in kept.items()})
