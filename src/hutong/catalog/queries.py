"""All reads of the catalog: the snapshot others work with, versions of a document, releases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from hutong.catalog.document import Kind
from hutong.catalog.snapshot import Catalog
from hutong.platform import clock, database

NUMBER_AT = text("""
    SELECT number FROM catalog.release WHERE effective_from <= :instant
    ORDER BY effective_from DESC, number DESC LIMIT 1
""")
BODIES = text("""
    SELECT kind, code, version, body, release, retired_release FROM catalog.document WHERE release <= :release
    ORDER BY kind, code, version
""")
KEPT = 8
"""Snapshots kept in a process: the one in effect, the one coming, and those of running reports."""
_snapshots: dict[tuple[str, int], Catalog] = {}


def load(as_of: datetime | None = None) -> Catalog:
    """The catalog in effect now, or at an instant. One index read when the release is already known here."""
    with database.begin("catalog") as conn:
        return at_release(conn, release_number(conn, as_of or clock.now()))


def load_release(number: int) -> Catalog:
    """The catalog of a release, in effect or not yet."""
    with database.begin("catalog") as conn:
        return at_release(conn, number)


def release_number(conn: Connection, instant: datetime) -> int:
    """The release in effect at an instant; 0 before the first."""
    return int(conn.scalar(NUMBER_AT, {"instant": instant}) or 0)


def at_release(conn: Connection, number: int) -> Catalog:
    """The catalog of a release, read once per process."""
    key = (str(conn.engine.url), number)
    if key not in _snapshots:
        while len(_snapshots) >= KEPT:
            _snapshots.pop(next(iter(_snapshots)), None)
        _snapshots[key] = _read(conn, number)
    return _snapshots[key]


def _read(conn: Connection, number: int) -> Catalog:
    effective_from = conn.scalar(text("SELECT effective_from FROM catalog.release WHERE number = :n"), {"n": number})
    current: dict[tuple[Kind, str], int] = {}
    bodies: dict[tuple[Kind, str, int], dict[str, Any]] = {}
    for row in conn.execute(BODIES, {"release": number}):
        kind = Kind(row.kind)
        bodies[kind, row.code, row.version] = row.body
        current[kind, row.code] = row.version
        if row.retired_release is not None and row.retired_release <= number:
            del current[kind, row.code]
    return Catalog(number, effective_from, current, bodies)


def versions(kind: Kind, code: str) -> Sequence[Row[Any]]:
    """All versions of a document, newest first: version, state, release, changed_at, changed_by."""
    with database.read("catalog") as conn:
        return conn.execute(
            text("""
                SELECT version, state, release, retired_release, changed_at, changed_by FROM catalog.document
                WHERE kind = :kind AND code = :code ORDER BY version DESC
            """),
            {"kind": kind.value, "code": code},
        ).all()


def releases(before: int | None = None, limit: int = 50) -> Sequence[Row[Any]]:
    """Releases, newest first, below a number: number, effective_from, published_at, published_by, note, documents."""
    with database.read("catalog") as conn:
        return conn.execute(
            text("""
                SELECT r.*, (SELECT count(*) FROM catalog.document d WHERE d.release = r.number) AS documents
                FROM catalog.release r WHERE CAST(:before AS integer) IS NULL OR r.number < :before
                ORDER BY r.number DESC LIMIT :limit
            """),
            {"before": before, "limit": limit},
        ).all()
