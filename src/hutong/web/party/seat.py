"""The call seat (EC-15): the screen that pops up with a caller, and working a call list off."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.ordering import queries as ordering_queries
from hutong.party.sharing import call_lists, calls, pop
from hutong.party.sharing.calls import Disposition
from hutong.party.sharing.document_kinds import CALL_LIST
from hutong.platform import database, documents
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.platform.settings import settings
from hutong.web.party.campaigns import condition_words
from hutong.web.shell import reader, render, to_page

router = APIRouter(include_in_schema=False)
DONE = ("completed", "cancelled", "rejected", "failed")


@router.get("/pop")
def pop_page(request: Request, session: SignedInSession, number: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Who may be calling, what is open with them, and what to say. The telephone system opens it with the number."""
    require(session.viewer, "party.read")
    found = pop.pop(reader(request, session), number) if number else None
    orders = {
        one["customer"]["id"]: open_orders(session.viewer, one["customer"]["id"])
        for one in (found or {}).get("candidates", [])
    }
    return render(request, "sharing/pop.html", {"asked": number, "found": found, "orders": orders}, session)


def open_orders(viewer: Principal, party_id: int) -> list[dict[str, Any]]:
    """A customer's orders that are not done, for those who may see orders."""
    if not viewer.may("ordering.read"):
        return []
    found = ordering_queries.orders(viewer, ordering_queries.OrderFilter(customer_id=party_id), limit=20)
    return [order for order in found if order["state"] not in DONE][:5]


@router.get("/calls")
def calls_page(request: Request, session: SignedInSession) -> Response:
    """The seat's lists."""
    lists = calls.mine(session.viewer)
    context = {"lists": lists, "titles": titles(locale_of(request)) if lists else {}}
    return render(request, "sharing/calls.html", context, session)


def titles(locale: str) -> dict[str, str]:
    """Campaign → its name."""
    with database.read("party") as conn:
        found = documents.all_in_force(conn, CALL_LIST).items()
    return {code: campaign.title.of(locale) for code, campaign in found}


@router.get("/calls/{list_id}")
def call_next(
    request: Request, session: SignedInSession, list_id: int, but: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> Response:
    """The next customer to call."""
    party_id = calls.following(session.viewer, list_id, but)
    if party_id is None:
        listed = next((row for row in calls.mine(session.viewer) if row["id"] == list_id), None)
        if listed is None:
            raise NotFound("party-calls-list-unknown", id=list_id)
        return render(request, "sharing/calls_done.html", {"list": listed}, session)
    return call_page(request, session, list_id, party_id)


@router.get("/calls/{list_id}/{party_id}")
def call_page(request: Request, session: SignedInSession, list_id: int, party_id: int) -> Response:
    """One customer of the list: glance, script, results before, and what comes of this call."""
    found = calls.target(reader(request, session), list_id, party_id)
    mine = next((row for row in calls.mine(session.viewer) if row["id"] == list_id), None)
    return render(request, "sharing/call.html", {**found, "mine": mine}, session)


@router.post("/calls/{list_id}/{party_id}")
def disposed(
    session: SignedInSession,
    list_id: int,
    party_id: int,
    *,
    disposition: Annotated[Disposition, Form()],
    note: Annotated[str, Form(max_length=1000)] = "",
    callback_at: Annotated[str, Form(max_length=20)] = "",
    never_again: Annotated[bool, Form()] = False,
    inbound: Annotated[bool, Form()] = False,
) -> Response:
    """Write down what came of the call; then the next customer."""
    at = datetime.fromisoformat(callback_at).replace(tzinfo=settings.zone) if callback_at else None
    calls.dispose(
        session.viewer,
        list_id,
        party_id,
        disposition,
        note=note,
        callback_at=at if disposition == "callback" else None,
        never_again=never_again,
        inbound=inbound,
    )
    return to_page(f"/calls/{list_id}?but={party_id}")


@router.get("/call-lists")
def lists_page(request: Request, session: SignedInSession) -> Response:
    """Campaigns and the lists made of them, for those who lead."""
    locale, campaigns = locale_of(request), call_lists.campaigns(session.viewer)
    context = {
        "campaigns": campaigns,
        "lists": call_lists.lists(session.viewer),
        "titles": {each.code: each.title.of(locale) for each in campaigns},
        "sentence": lambda condition: condition_words(condition, locale),
    }
    return render(request, "sharing/call_lists.html", context, session)
