"""Documents in force and their versions. A version's text is parsed once per process."""

import difflib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from hutong.platform.documents.kind import Kind, checked, shipped_version, without_version
from hutong.platform.documents.tables import table_of
from hutong.platform.errors import NotFound

D = TypeVar("D")
KEPT_MOST = 2_000
_kept: dict[tuple[str, str, str, int, str], Any] = {}


@dataclass(frozen=True)
class Version:
    """A version, or a draft (`version` None), as it is kept. `published_by` None: nobody put it in force yet."""

    kind: str
    name: str
    version: int | None
    state: str
    body: str
    author: str
    reason: str
    based_on: int | None
    written_at: datetime
    published_by: str | None
    published_at: datetime | None


def _columns(center: str) -> Select[Any]:
    table = table_of(center)
    return select(*(table.c[name] for name in Version.__dataclass_fields__))


def _version(row: Row[Any]) -> Version:
    return Version(**row._mapping)


def newest(conn: Connection, kind: Kind[Any], name: str | None = None) -> dict[str, Any]:
    """Name → version, state and checksum of the newest version, of one name or all."""
    table = table_of(kind.center).c
    asked = select(table.name, table.version, table.state, table.checksum).where(
        table.kind == kind.code, table.version.is_not(None)
    )
    if name is not None:
        asked = asked.where(table.name == name)
    rows = conn.execute(asked.ext(distinct_on(table.name)).order_by(table.name, table.version.desc()))
    return {row.name: row for row in rows}


def _parsed(conn: Connection, kind: Kind[D], name: str, version: int, checksum: str) -> D:
    key = (kind.center, kind.code, name, version, checksum)
    if key not in _kept:
        if len(_kept) >= KEPT_MOST:
            _kept.clear()
        _kept[key] = checked(kind, _text(conn, kind, name, version) or "", version)
    found: D = _kept[key]
    return found


def _text(conn: Connection, kind: Kind[Any], name: str, version: int) -> str | None:
    table = table_of(kind.center).c
    asked = select(table.body).where(table.kind == kind.code, table.name == name, table.version == version)
    return conn.execute(asked).scalar()


def in_force(conn: Connection, kind: Kind[D], name: str | None = None) -> D:
    """The document in force under a name; without a name, a kind's only one. Raises NotFound."""
    wanted = name if name is not None else kind.fixed[0]
    row = newest(conn, kind, wanted).get(wanted)
    if row is None and wanted in kind.shipped_texts():
        return kind.shipped_document(wanted)
    if row is None or row.state == "retired":
        raise unknown(kind, wanted)
    return _parsed(conn, kind, wanted, row.version, row.checksum)


def all_in_force(conn: Connection, kind: Kind[D]) -> dict[str, D]:
    """Name → the document in force."""
    made = {name: kind.shipped_document(name) for name in kind.shipped_texts()}
    for name, row in newest(conn, kind).items():
        if row.state == "retired":
            made.pop(name, None)
        else:
            made[name] = _parsed(conn, kind, name, row.version, row.checksum)
    return dict(sorted(made.items()))


def as_of(conn: Connection, kind: Kind[D], name: str, version: int) -> D:
    """A document as it was in a version. Raises NotFound."""
    table = table_of(kind.center).c
    asked = select(table.checksum).where(table.kind == kind.code, table.name == name, table.version == version)
    checksum = conn.execute(asked).scalar()
    if checksum is not None:
        return _parsed(conn, kind, name, version, checksum)
    if name in kind.shipped_texts() and shipped_version(kind.shipped_texts()[name]) == version:
        return kind.shipped_document(name)
    raise unknown(kind, name, version)


def source(conn: Connection, kind: Kind[Any], name: str | None = None) -> tuple[int, str]:
    """Version and text in force, to be edited. Raises NotFound."""
    wanted = name if name is not None else kind.fixed[0]
    found = sources(conn, kind, wanted).get(wanted)
    if found is None:
        raise unknown(kind, wanted)
    return found


def sources(conn: Connection, kind: Kind[Any], name: str | None = None) -> dict[str, tuple[int, str]]:
    """Name → version and text in force, of one name or all."""
    shipped = kind.shipped_texts()
    made = {
        each: (shipped_version(text), without_version(text)) for each, text in shipped.items() if name in (None, each)
    }
    for each, row in newest(conn, kind, name).items():
        made.pop(each, None)
        if row.state != "retired":
            made[each] = (row.version, _text(conn, kind, each, row.version) or "")
    return dict(sorted(made.items()))


def versions(conn: Connection, kind: Kind[Any], name: str | None = None) -> list[Version]:
    """All versions of a document, newest first."""
    table = table_of(kind.center).c
    wanted = name if name is not None else kind.fixed[0]
    asked = _columns(kind.center).where(table.kind == kind.code, table.name == wanted, table.version.is_not(None))
    return [_version(row) for row in conn.execute(asked.order_by(table.version.desc()))]


def open_draft(conn: Connection, kind: Kind[Any], name: str | None = None) -> Version | None:
    """The draft of a document, or its proposal; None: there is none."""
    table = table_of(kind.center).c
    wanted = name if name is not None else kind.fixed[0]
    asked = _columns(kind.center).where(table.kind == kind.code, table.name == wanted, table.version.is_(None))
    row = conn.execute(asked).one_or_none()
    return _version(row) if row else None


def latest(conn: Connection, kind: Kind[Any]) -> dict[str, Version]:
    """Name → the newest version, a retirement too."""
    table = table_of(kind.center).c
    asked = _columns(kind.center).where(table.kind == kind.code, table.version.is_not(None))
    rows = conn.execute(asked.ext(distinct_on(table.name)).order_by(table.name, table.version.desc()))
    return {row.name: _version(row) for row in rows}


def open_drafts(conn: Connection, kind: Kind[Any]) -> dict[str, Version]:
    """Name → the draft or proposal."""
    table = table_of(kind.center).c
    rows = conn.execute(_columns(kind.center).where(table.kind == kind.code, table.version.is_(None)))
    return {row.name: _version(row) for row in rows}


def text_of(conn: Connection, kind: Kind[Any], name: str, version: int) -> str:
    """The text of a version, or of the shipped document. Raises NotFound."""
    found = _text(conn, kind, name, version)
    shipped = kind.shipped_texts().get(name)
    if found is None and shipped is not None and shipped_version(shipped) == version:
        found = without_version(shipped)
    if found is None:
        raise unknown(kind, name, version)
    return found


def difference(before: str, after: str) -> list[str]:
    """Lines of a unified difference, without its head."""
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]


def unknown(kind: Kind[Any], name: str, version: int | None = None) -> NotFound:
    """There is no such document, or no such version of it."""
    if version is None:
        return NotFound("platform-document-unknown", field="name", kind=kind.code, name=name)
    return NotFound("platform-document-version-unknown", kind=kind.code, name=name, version=version)
