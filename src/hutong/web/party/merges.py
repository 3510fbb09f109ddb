"""Merge history (EC-07): every merge, split, undo and forced flag, searched and taken back."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity import queries as identity_queries
from hutong.identity import users
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.reading import operations
from hutong.party.stewardship.flags import remove_flag
from hutong.party.stewardship.split import undo
from hutong.platform import database
from hutong.platform.settings import settings
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50
ASKED = ("kind", "by", "party", "rule", "words", "since", "until", "operation", "forced")
Reason = Annotated[str, Form(min_length=1, max_length=500)]
Number = Annotated[str, Query(pattern=r"^\d{0,18}$")]
Words = Annotated[str, Query(max_length=100)]


def instant(day: str) -> datetime | None:
    """The beginning of a business day; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), settings.zone)
    except ValueError:
        return None


def actors_of(name: str) -> tuple[str, ...]:
    """Who is meant by a name or login."""
    with database.read("identity") as conn:
        return tuple(users.named(conn, name.strip()))


@router.get("/merges")
def merges_page(
    request: Request,
    session: SignedInSession,
    *,
    kind: Words = "",
    by: Words = "",
    party: Number = "",
    rule: Words = "",
    words: Words = "",
    since: Words = "",
    until: Words = "",
    operation: Number = "",
    forced: bool = False,
    before: Number = "",
) -> Response:
    """What moved records between all customers, newest first, paged by key; one customer's own is on its page."""
    require(session.viewer, "party.merge")
    last = instant(until)
    sought = operations.Sought(
        operation_id=int(operation) if operation else None,
        kind=kind if kind in operations.KINDS else None,
        done_by=actors_of(by) if by else None,
        party_id=int(party) if party else None,
        rule=rule or None,
        words=words or None,
        since=instant(since),
        until=last + timedelta(days=1) if last else None,
        forced=forced,
    )
    found = operations.search(session.viewer, sought, int(before) if before else None, PAGE)
    asked = {name: request.query_params.get(name, "") for name in ASKED}
    context = {
        "operations": found,
        "kinds": operations.KINDS,
        "asked": asked,
        "following": {**asked, "before": found[-1]["id"]} if len(found) == PAGE else None,
        "may_undo": session.viewer.may("party.split"),
        "people": identity_queries.holders(session.viewer, "party.merge"),
    }
    return render(request, "party/merges.html", context, session)


@router.get("/customers/{party_id}/flags")
def flags_of(request: Request, session: SignedInSession, party_id: int) -> Response:
    """What people's word holds together or apart of a customer, for htmx."""
    flags = operations.flags(session.viewer, party_id)
    context = {"flags": flags, "party_id": party_id, "may_undo": session.viewer.may("party.split")}
    return render(request, "party/customer_flags.html", context, session)


@router.post("/merges/{operation_id}/undo")
def do_undo(session: SignedInSession, operation_id: int, reason: Reason) -> Response:
    """Take an operation back exactly."""
    undo(session.viewer, operation_id, reason)
    return to_page(f"/merges?operation={operation_id}")


@router.post("/merges/{operation_id}/unflag")
def do_unflag(session: SignedInSession, operation_id: int, reason: Reason) -> Response:
    """Let the rules alone decide again about what an operation holds."""
    remove_flag(session.viewer, operation_id, reason)
    return to_page(f"/merges?operation={operation_id}")
