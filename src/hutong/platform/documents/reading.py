"""Documents in force and their versions. A version's text is parsed once per process."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, Select, literal, select
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


class Listed(NamedTuple):
    """A document as a list shows it. `version`: in force; 0 where none is, or the shipped one says none. `newest`: the
    newest version, a retirement too (None: the shipped document); `draft`: the draft or proposal."""

    kind: str
    name: str
    version: int
    newest: Version | None
    draft: Version | None


def _columns(center: str) -> Select[Any]:
    table = table_of(center)
    return select(*(table.c[name] for name in Version.__dataclass_fields__))


def _version(row: Row[Any]) -> Version:
    return Version(**row._mapping)


def newest(conn: Connection, kind: Kind[Any], name: str | None = None) -> dict[str, Any]:
    """Name → version, state and checksum of the newest version, of one name or all."""
    return {row.name: row for row in _newest(conn, kind, name, "checksum")}


def _newest(conn: Connection, kind: Kind[Any], name: str | None, column: str) -> Sequence[Any]:
    table = table_of(kind.center).c
    asked = select(table.name, table.version, table.state, table[column]).where(
        table.kind == kind.code, table.version.is_not(None)
    )
    if name is not None:
        asked = asked.where(table.name == name)
    return conn.execute(asked.ext(distinct_on(table.name)).order_by(table.name, table.version.desc())).all()


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
    for row in _newest(conn, kind, name, "body"):
        made.pop(row.name, None)
        if row.state != "retired":
            made[row.name] = (row.version, row.body)
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


def listed(conn: Connection, kinds: Sequence[Kind[Any]]) -> list[Listed]:
    """The documents of kinds of one center, by kind (as given) and name; by one statement, without their texts."""
    if not kinds:
        return []
    table = table_of(kinds[0].center).c
    made = {
        (kind.code, name): Listed(kind.code, name, shipped_version(text), None, None)
        for kind in kinds for name, text in kind.shipped_texts().items()
    }  # fmt: skip
    columns = (table[name] for name in Version.__dataclass_fields__ if name != "body")
    draft = table.version.is_(None)
    asked = select(*columns, literal("").label("body")).where(table.kind.in_([kind.code for kind in kinds]))
    of_each = asked.ext(distinct_on(table.kind, table.name, draft))
    rows: Sequence[Any] = conn.execute(of_each.order_by(table.kind, table.name, draft, table.version.desc())).all()
    for row in rows:
        one, key = _version(row), (row.kind, row.name)
        known = made.get(key, Listed(*key, 0, None, None))
        if one.version is None:
            made[key] = known._replace(draft=one)
        else:
            made[key] = known._replace(version=0 if one.state == "retired" else one.version, newest=one)
    place = {kind.code: number for number, kind in enumerate(kinds)}
    return sorted(made.values(), key=lambda one: (place[one.kind], one.name))


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
