"""Quality rules in force: published in versions; until the first is published, the delivered ones are version 0."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text

from hutong.identity import Principal, require
from hutong.party.quality.rules import DELIVERED, QualityDocument, parse_quality, read_text
from hutong.party.tables import quality_document, quality_rule
from hutong.platform import database

READ = "party.quality"
LEAD = "party.quality.lead"


def publish(conn: Connection, body: dict[str, Any], by: str) -> int:
    """Check a document and put it in force as the next version; equal content keeps its version, which is returned."""
    made = {key: value for key, value in body.items() if key != "version"}
    document = parse_quality(made, str(made.get("quality")))
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.quality_document', 0))"))
    newest = _newest(conn)
    if newest and newest.hash == digest:
        return int(newest.version)
    version = int(newest.version) + 1 if newest else 1
    values = {"version": version, "name": document.quality, "body": made, "hash": digest, "published_by": by}
    conn.execute(insert(quality_document).values(values))
    conn.execute(
        insert(quality_rule),
        [
            {"version": version, "name_zh": rule.zh, "name_en": rule.en}
            | {name: getattr(rule, name) for name in ("rule", "dimension", "entity", "severity", "owner")}
            for rule in document.rules
        ],
    )
    return version


def publish_file(conn: Connection, path: Path, by: str) -> int:
    """Publish a YAML file."""
    return publish(conn, read_text(path.read_text(encoding="utf-8"), path.name), by)


def publish_text(viewer: Principal, source: str) -> int:
    """Publish what a person wrote in the console. Needs the right `party.quality.lead`."""
    require(viewer, LEAD)
    with database.begin("party") as conn:
        return publish(conn, read_text(source, "quality.yaml"), viewer.actor)


def _newest(conn: Connection) -> Any:
    return conn.execute(select(quality_document).order_by(quality_document.c.version.desc()).limit(1)).one_or_none()


@lru_cache(maxsize=1)
def delivered() -> dict[str, Any]:
    """The delivered document."""
    return read_text(DELIVERED.read_text(encoding="utf-8"), DELIVERED.name)


@lru_cache(maxsize=8)
def _parsed(version: int, body: str) -> QualityDocument:
    return parse_quality(json.loads(body) | {"version": version}, "quality")


def active(conn: Connection) -> QualityDocument:
    """The rules in force; version 0 is the delivered document."""
    newest = _newest(conn)
    body, version = (newest.body, newest.version) if newest else (delivered(), 0)
    return _parsed(version, json.dumps(body, sort_keys=True))


def body_in_force(viewer: Principal) -> dict[str, Any]:
    """The document in force as it was written. Needs the right `party.quality`."""
    require(viewer, READ)
    with database.read("party") as conn:
        newest = _newest(conn)
    return dict(newest.body) if newest else delivered()


def versions(viewer: Principal) -> list[dict[str, Any]]:
    """All published versions, newest first. Needs the right `party.quality`."""
    require(viewer, READ)
    shown = [quality_document.c[name] for name in ("version", "name", "published_by", "published_at")]
    with database.read("party") as conn:
        rows = conn.execute(select(*shown).order_by(quality_document.c.version.desc()))
        return [dict(row) for row in rows.mappings()]
