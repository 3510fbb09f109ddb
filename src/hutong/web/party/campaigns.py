"""Campaigns (EC-15), for those who lead telesales: whom a filter finds, freezing it as a list, how the list goes."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from hutong.identity import queries as identity_queries
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.sharing import call_lists, facts
from hutong.party.sharing.document_kinds import CALL_LIST
from hutong.platform import database, documents
from hutong.platform.http import locale_of
from hutong.web.shell import render, to_page
from hutong.web.words_of_codes import codes_named

router = APIRouter(include_in_schema=False)


def condition_words(condition: str, locale: str) -> str:
    """Whom a condition over customers means, as a sentence."""
    return codes_named(facts.sentence(facts.condition(condition), locale), locale)


@router.get("/campaigns/{code}")
def campaign_page(request: Request, session: SignedInSession, code: str) -> Response:
    """Whom the campaign finds now: how many, who is held back, a sample; its scripts; the seats to share it out to."""
    require(session.viewer, call_lists.LEAD)
    with database.read("party") as conn:
        campaign = documents.in_force(conn, CALL_LIST, code)
    context = {
        "campaign": campaign,
        "sentence": condition_words(campaign.where, locale_of(request)),
        "found": call_lists.preview(session.viewer, campaign),
        "seats": identity_queries.holders(session.viewer, call_lists.SEAT),
    }
    return render(request, "sharing/campaign.html", context, session)


@router.post("/campaigns/{code}/freeze")
def frozen(session: SignedInSession, code: str, seat: Annotated[list[int] | None, Form()] = None) -> Response:
    """Freeze the customers found now as a list, shared out to the seats chosen."""
    return to_page(f"/call-lists/{call_lists.freeze(session.viewer, code, seat or [])}")


@router.get("/call-lists/{list_id}")
def list_page(request: Request, session: SignedInSession, list_id: int) -> Response:
    """How a list goes, seat by seat."""
    rows = call_lists.progress(session.viewer, list_id)
    with database.read("party") as conn:
        listed = call_lists.the_list(conn, list_id)
        campaign = documents.all_in_force(conn, CALL_LIST).get(listed["code"])
    title = campaign.title.of(locale_of(request)) if campaign else listed["code"]
    names = {row["id"]: row["name"] for row in identity_queries.holders(session.viewer, call_lists.SEAT)}
    context = {"list": listed, "title": title, "rows": rows, "seats": names}
    return render(request, "sharing/call_list.html", context, session)


@router.post("/call-lists/{list_id}/share")
def shared_out(
    session: SignedInSession,
    list_id: int,
    seat: Annotated[list[int] | None, Form()] = None,
    from_seat: Annotated[int | None, Form()] = None,
) -> Response:
    """Share out anew what waits, of a seat or of nobody."""
    call_lists.reassign(session.viewer, list_id, seat or [], from_seat)
    return to_page(f"/call-lists/{list_id}")


@router.post("/call-lists/{list_id}/close")
def closed(session: SignedInSession, list_id: int) -> Response:
    """Close a list."""
    call_lists.close(session.viewer, list_id)
    return to_page(f"/call-lists/{list_id}")
