"""Definitions of sharing that business people publish: exports, call lists, scripts, claim routes, renewal lists.

A document is checked (its conditions, its columns), gets a version, never changes; the newest of a code is in force.
Those of the installed packs hold, as version 0, until another is published under their code.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from sqlalchemy import Connection, Select, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from hutong.party.sharing.document_kinds import Document
from hutong.party.tables import sharing_document
from hutong.platform.errors import NotFound, Unprocessable

PACKS = Path(__file__).parents[4] / "packs"
D = TypeVar("D", bound=Document)


def parse(kind: type[D], body: dict[str, Any], version: int = 0) -> D:
    """A document, checked. Raises Unprocessable that says where it is wrong."""
    try:
        return kind.model_validate({**body, "version": version})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Unprocessable("party-sharing-document-wrong", field=place, place=place, reason=first["msg"]) from error


def publish(conn: Connection, kind: type[D], body: dict[str, Any], by: str) -> D:
    """Put a document in force as its code's next version; equal content keeps the version it has."""
    checked = parse(kind, body)
    made = checked.model_dump(mode="json", exclude={"version"})
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('party.sharing:' || :kind || ':' || :code, 0))")
    conn.execute(lock, {"kind": kind.kind, "code": checked.code})
    newest = conn.execute(_newest(kind).where(sharing_document.c.code == checked.code)).one_or_none()
    if newest is not None and newest.hash == digest:
        return checked.model_copy(update={"version": newest.version})
    version = newest.version + 1 if newest is not None else 1
    values = {"kind": kind.kind, "code": checked.code, "version": version, "body": made, "hash": digest}
    conn.execute(sharing_document.insert().values(**values, published_by=by))
    return checked.model_copy(update={"version": version})


def _newest(kind: type[Document]) -> Select[Any]:
    table = sharing_document
    wanted = select(table).where(table.c.kind == kind.kind).ext(distinct_on(table.c.code))
    return wanted.order_by(table.c.code, table.c.version.desc())


def in_force(conn: Connection, kind: type[D]) -> dict[str, D]:
    """Code → the document in force: the newest published, else the packs'."""
    found: dict[str, D] = dict(_delivered(kind))
    for row in conn.execute(_newest(kind)):
        found[row.code] = _parsed(kind, json.dumps(row.body, sort_keys=True), row.version)
    return dict(sorted(found.items()))


def one(conn: Connection, kind: type[D], code: str) -> D:
    """The document in force under a code. Raises NotFound."""
    found = in_force(conn, kind).get(code)
    if found is None:
        raise NotFound("party-sharing-document-unknown", kind=kind.kind, code=code)
    return found


def version_of(conn: Connection, kind: type[D], code: str, version: int) -> D:
    """A document as it was in a version. Raises NotFound."""
    table = sharing_document.c
    asked = select(table.body).where(table.kind == kind.kind, table.code == code, table.version == version)
    body = conn.execute(asked).scalar() if version else None
    found: D | None = _delivered(kind).get(code)
    if body:
        found = _parsed(kind, json.dumps(body, sort_keys=True), version)
    if found is None:
        raise NotFound("party-sharing-document-unknown", kind=kind.kind, code=code)
    return found


@lru_cache(maxsize=256)
def _parsed(kind: type[D], body: str, version: int) -> D:
    return parse(kind, json.loads(body), version)


@lru_cache(maxsize=16)
def _delivered(kind: type[D]) -> dict[str, D]:
    made: dict[str, D] = {}
    for path in sorted(PACKS.glob(f"*/sharing/{kind.kind}.*.yaml")):
        document = parse(kind, yaml.safe_load(path.read_text(encoding="utf-8")))
        made[document.code] = document
    return made
