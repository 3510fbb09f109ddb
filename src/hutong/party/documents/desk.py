"""What people do with documents, each with the right its kind asks: read, write drafts, propose, approve, publish.

A kind with `approves` needs two people: the first proposes, the second approves. The others are published at once.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from hutong.identity import Principal, require
from hutong.party.documents.kinds import KINDS
from hutong.platform import database, documents
from hutong.platform.documents import Kind, Listed, Version
from hutong.platform.errors import Forbidden

D = TypeVar("D")


def listing(viewer: Principal) -> list[Listed]:
    """All documents the viewer may read, by kind and name."""
    with database.read("party") as conn:
        return documents.listed(conn, [kind for kind in KINDS.values() if viewer.may(kind.reads)])


def source(viewer: Principal, kind: Kind[Any], name: str | None = None) -> tuple[int, str]:
    """Version and text in force. Raises NotFound."""
    require(viewer, kind.reads)
    with database.read(kind.center) as conn:
        return documents.source(conn, kind, name)


def versions(viewer: Principal, kind: Kind[Any], name: str | None = None) -> list[Version]:
    """All versions, newest first."""
    require(viewer, kind.reads)
    with database.read(kind.center) as conn:
        return documents.versions(conn, kind, name)


def draft(viewer: Principal, kind: Kind[Any], name: str | None = None) -> Version | None:
    """The draft or proposal, if there is one."""
    require(viewer, kind.reads)
    with database.read(kind.center) as conn:
        return documents.open_draft(conn, kind, name)


def publish(
    viewer: Principal,
    kind: Kind[D],
    body: str | Mapping[str, Any],
    *,
    name: str | None = None,
    reason: str = "",
    based_on: int | None = None,
) -> D:
    """Put a text in force. Raises Forbidden where a second person must approve it."""
    require(viewer, kind.writes)
    if kind.approves:
        raise Forbidden("platform-document-proposed-only")
    with database.begin(kind.center) as conn:
        return documents.publish(conn, kind, body, viewer.actor, name=name, reason=reason, based_on=based_on)


def save(viewer: Principal, kind: Kind[Any], name: str, body: str, *, reason: str = "",
         based_on: int | None = None) -> None:  # fmt: skip
    """Keep a draft, mistakes and all."""
    require(viewer, kind.writes)
    with database.begin(kind.center) as conn:
        documents.save(conn, kind, name, body, viewer.actor, reason=reason, based_on=based_on)


def propose(viewer: Principal, kind: Kind[Any], name: str, body: str, *, reason: str = "",
            based_on: int | None = None) -> None:  # fmt: skip
    """Check a text and let it wait for the second person."""
    require(viewer, kind.writes)
    with database.begin(kind.center) as conn:
        documents.propose(conn, kind, name, body, viewer.actor, reason=reason, based_on=based_on)


def approve(viewer: Principal, kind: Kind[D], name: str) -> D:
    """Put another person's proposal in force."""
    require(viewer, kind.approves or kind.writes)
    with database.begin(kind.center) as conn:
        return documents.approve(conn, kind, name, viewer.actor)


def send_back(viewer: Principal, kind: Kind[Any], name: str, reason: str) -> None:
    """Give a proposal back to its author with a reason."""
    require(viewer, kind.approves or kind.writes)
    with database.begin(kind.center) as conn:
        documents.send_back(conn, kind, name, reason)


def discard(viewer: Principal, kind: Kind[Any], name: str) -> None:
    """Throw a draft or proposal away."""
    require(viewer, kind.writes)
    with database.begin(kind.center) as conn:
        documents.discard(conn, kind, name)


def roll_back(viewer: Principal, kind: Kind[D], name: str, version: int, reason: str = "") -> None:
    """Publish an earlier version again; where two people are needed, propose it."""
    require(viewer, kind.writes)
    with database.begin(kind.center) as conn:
        if not kind.approves:
            documents.roll_back(conn, kind, name, version, by=viewer.actor, reason=reason)
            return
        body = documents.text_of(conn, kind, name, version)
        documents.propose(conn, kind, name, body, viewer.actor, reason=reason or f"↩ {version}")


def retire(viewer: Principal, kind: Kind[Any], name: str, reason: str = "") -> None:
    """Take a document out of force."""
    require(viewer, kind.approves or kind.writes)
    with database.begin(kind.center) as conn:
        documents.retire(conn, kind, name, viewer.actor, reason)
