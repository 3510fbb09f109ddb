"""Published documents of the model: the newest version of a kind is in force; until one is published, the delivered."""

import json
from pathlib import Path
from typing import Any, Literal

import yaml
from sqlalchemy import Connection, select, text

from hutong.party.tables import definition

Kind = Literal["model", "households"]
DELIVERED = Path(__file__).parents[1] / "defaults"


def newest(conn: Connection, kind: Kind) -> tuple[int, dict[str, Any]]:
    """Version and body in force; version 0 is the delivered one."""
    statement = select(definition.c.version, definition.c.body).where(definition.c.kind == kind)
    row = conn.execute(statement.order_by(definition.c.version.desc()).limit(1)).one_or_none()
    return (row.version, row.body) if row else (0, read_document(DELIVERED / f"{kind}.yaml"))


def read_document(path: Path) -> dict[str, Any]:
    """A document's body from YAML."""
    body: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return body


def publish(conn: Connection, kind: Kind, body: dict[str, Any], by: str) -> int:
    """Put a checked document in force as the next version; an equal one keeps its version, which is returned."""
    conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('party.definition:' || :kind, 0))"), {"kind": kind}
    )
    version, held = newest(conn, kind)
    if json.dumps(held, sort_keys=True) == json.dumps(body, sort_keys=True):
        return version
    conn.execute(definition.insert().values(kind=kind, version=version + 1, body=body, published_by=by))
    return version + 1


def versions(conn: Connection, kind: Kind) -> list[dict[str, Any]]:
    """All published versions, newest first."""
    rows = conn.execute(select(definition).where(definition.c.kind == kind).order_by(definition.c.version.desc()))
    return [dict(row) for row in rows.mappings()]
