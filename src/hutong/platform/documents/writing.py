"""Drafts, proposals and new versions of documents, in the caller's transaction."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from hutong.platform import clock, outbox
from hutong.platform.documents.kind import Kind, as_text, checked, checksum, shipped_version, without_version
from hutong.platform.documents.reading import Version, as_of, newest, open_draft, source, text_of
from hutong.platform.documents.states import after
from hutong.platform.documents.tables import table_of
from hutong.platform.errors import Conflict, Forbidden, NotFound, Unprocessable

D = TypeVar("D")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('document:' || :which, 0))")


def publish(
    conn: Connection,
    kind: Kind[D],
    body: str | Mapping[str, Any],
    by: str,
    *,
    name: str | None = None,
    reason: str = "",
    based_on: int | None = None,
) -> D:
    """Check a text and put it in force as the next version; equal content keeps its version. `based_on`: the version
    the editor began with. The author's draft is done with. Raises Conflict when another version came in between."""
    written = body if isinstance(body, str) else as_text(body)
    wanted = _name(kind, checked(kind, written), name)
    _lock(conn, kind, wanted)
    row = newest(conn, kind, wanted).get(wanted)
    now = row.version if row else _shipped(kind, wanted)
    if based_on is not None and based_on != now:
        raise Conflict("platform-document-newer", name=wanted, version=now)
    table = table_of(kind.center)
    conn.execute(delete(table).where(*_draft(kind, wanted), table.c.author == by, table.c.state == "draft"))
    if row and row.state == "published" and row.checksum == checksum(written):
        return as_of(conn, kind, wanted, row.version)
    if row is None and checksum(kind.shipped_texts().get(wanted, "{}")) == checksum(written):
        return kind.shipped_document(wanted)
    values = {"author": by, "reason": reason, "based_on": based_on, "written_at": clock.now()}
    return _number(conn, kind, wanted, written, state="published", by=by, **values)


def retire(conn: Connection, kind: Kind[Any], name: str, by: str, reason: str = "") -> None:
    """Take a document out of force: a version that says so. Raises NotFound, Conflict for one that must be there."""
    _lock(conn, kind, name)
    if name in kind.fixed:
        raise Conflict("platform-document-needed", name=name)
    _, body = source(conn, kind, name)
    state = after("retire", "published", name)
    _number(conn, kind, name, body, state=state, by=by, author=by, reason=reason, written_at=clock.now())


def roll_back(conn: Connection, kind: Kind[D], name: str, version: int, *, by: str, reason: str = "") -> D:
    """Publish an earlier version's text again, as a new version. Raises NotFound."""
    return publish(conn, kind, text_of(conn, kind, name, version), by, name=name, reason=reason or f"↩ {version}")


def save(conn: Connection, kind: Kind[Any], name: str, body: str, by: str, *, reason: str = "",
         based_on: int | None = None) -> None:  # fmt: skip
    """Keep a draft, mistakes and all. Raises Conflict where a proposal waits, or somebody else's draft lies."""
    _keep(conn, kind, name, "save", body=without_version(body), author=by, reason=reason, based_on=based_on)


def propose(conn: Connection, kind: Kind[Any], name: str, body: str, by: str, *, reason: str = "",
            based_on: int | None = None) -> None:  # fmt: skip
    """Check a draft and let it wait for the second person."""
    _name(kind, checked(kind, body), name)
    _keep(conn, kind, name, "propose", body=without_version(body), author=by, reason=reason, based_on=based_on)


def _keep(conn: Connection, kind: Kind[Any], name: str, action: str, **written: Any) -> None:
    _lock(conn, kind, name)
    held = open_draft(conn, kind, name)
    state = after(action, held.state if held else "new", name)
    if held and held.author != written["author"]:
        raise Conflict("platform-document-drafted", name=name, by=held.author)
    values = {**written, "state": state, "written_at": clock.now()}
    table = table_of(kind.center)
    statement = upsert(table).values(kind=kind.code, name=name, checksum="", **values)
    where = table.c.version.is_(None)
    conn.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], index_where=where, set_=values))


def approve(conn: Connection, kind: Kind[D], name: str, by: str) -> D:
    """Put a proposal in force: by another person than its author (four eyes). Raises Conflict, Forbidden, NotFound."""
    _lock(conn, kind, name)
    held = _waiting(conn, kind, name)
    state = after("approve", held.state, name)
    if held.author == by:
        raise Forbidden("platform-document-four-eyes")
    row = newest(conn, kind, name).get(name)
    now = row.version if row else _shipped(kind, name)
    if held.based_on is not None and held.based_on != now:
        raise Conflict("platform-document-newer", name=name, version=now)
    _clear(conn, kind, name)
    told = {"author": held.author, "reason": held.reason, "based_on": held.based_on, "written_at": held.written_at}
    return _number(conn, kind, name, held.body, state=state, by=by, **told)


def send_back(conn: Connection, kind: Kind[Any], name: str, reason: str) -> None:
    """Give a proposal back to its author, who finds the reason with it. Raises NotFound, Conflict."""
    _lock(conn, kind, name)
    state = after("send_back", _waiting(conn, kind, name).state, name)
    table = table_of(kind.center)
    conn.execute(update(table).where(*_draft(kind, name)).values(state=state, reason=reason))


def discard(conn: Connection, kind: Kind[Any], name: str) -> None:
    """Throw a draft or proposal away. Raises NotFound."""
    _lock(conn, kind, name)
    after("discard", _waiting(conn, kind, name).state, name)
    _clear(conn, kind, name)


def _waiting(conn: Connection, kind: Kind[Any], name: str) -> Version:
    held = open_draft(conn, kind, name)
    if held is None:
        raise NotFound("platform-document-no-draft", name=name)
    return held


def _clear(conn: Connection, kind: Kind[Any], name: str) -> None:
    conn.execute(delete(table_of(kind.center)).where(*_draft(kind, name)))


def _draft(kind: Kind[Any], name: str) -> tuple[Any, ...]:
    table = table_of(kind.center).c
    return table.kind == kind.code, table.name == name, table.version.is_(None)


def _lock(conn: Connection, kind: Kind[Any], name: str) -> None:
    conn.execute(_LOCK, {"which": f"{kind.center}:{kind.code}:{name}"})


def _name(kind: Kind[D], document: D, given: str | None) -> str:
    """The name a document is kept under. Raises Unprocessable where the text says another than the editor's."""
    own = kind.name_of(document)
    name = given if given is not None else own
    if name is None or (own is not None and own != name) or (kind.fixed and name not in kind.fixed):
        raise Unprocessable("platform-document-name", field="name", name=str(name), own=str(own))
    return name


def _shipped(kind: Kind[Any], name: str) -> int:
    return shipped_version(kind.shipped_texts()[name]) if name in kind.shipped_texts() else 0


def _number(conn: Connection, kind: Kind[D], name: str, body: str, *, state: str, by: str, **values: Any) -> D:
    """Add the next version, run the kind's hook, and tell of it."""
    row = newest(conn, kind, name).get(name)
    version = max(row.version if row else 0, _shipped(kind, name)) + 1
    body = without_version(body)
    before = as_of(conn, kind, name, row.version) if row else None
    if before is None and name in kind.shipped_texts():
        before = kind.shipped_document(name)
    conn.execute(
        insert(table_of(kind.center)).values(
            kind=kind.code, name=name, version=version, state=state, body=body, checksum=checksum(body),
            published_by=by, published_at=clock.now(), **values,
        )
    )  # fmt: skip
    made = as_of(conn, kind, name, version)
    if kind.published:
        kind.published(conn, before, made)
    told = {"kind": kind.code, "name": name, "version": version, "state": state}
    aggregate = f"{kind.center}.document:{kind.code}:{name}"
    outbox.publish(conn, kind.center, [outbox.Event(f"{kind.center}.document_published", aggregate, told)])
    return made
