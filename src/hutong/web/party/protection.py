"""Protection on the customer page (EC-17, EC-18): a masked value for a reason and a moment; who provided what."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from hutong.identity.http import SignedInSession
from hutong.party.quality import scores
from hutong.party.reading.reveal import reveal
from hutong.web.shell import render, show_phone

router = APIRouter(include_in_schema=False)
MOMENT = 30
"""Seconds a revealed value stays on the page."""


@router.post("/customers/{party_id}/reveal")
def reveal_value(
    request: Request,
    session: SignedInSession,
    party_id: int,
    field: Annotated[str, Form(max_length=100)],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """The value, for a moment; who asked and why is in the access log."""
    value = reveal(session.viewer, party_id, field, reason)
    shown = show_phone(value) if field in ("mobile", "phone") else value
    return render(request, "party/revealed.html", {"id": party_id, "value": shown, "seconds": MOMENT}, session)


@router.get("/customers/{party_id}/reveal")
def over(session: SignedInSession, party_id: int) -> Response:
    """The moment is over: nothing in place of the value."""
    del session, party_id
    return HTMLResponse("", headers={"Cache-Control": "no-store"})


@router.get("/customers/{party_id}/contributions")
def contributions(request: Request, session: SignedInSession, party_id: int) -> Response:
    """Who provided the customer's information, and who holds the claim."""
    found = scores.contributions(session.viewer, party_id)
    return render(request, "party/customer_contributions.html", {"contributions": found}, session)
