"""The data model (EC-10): documented from what is stored, with the attributes declared without code, previewed and
published; and their values on the customer's page."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.documents import desk
from hutong.party.lifecycle.changes import apply_change
from hutong.party.model import documentation, extension, publication
from hutong.party.model.extension import MODEL
from hutong.platform import database
from hutong.platform.http import locale_of
from hutong.platform.i18n import has_message, translate
from hutong.web.party.customer_actions import back
from hutong.web.party.customers import the_customer
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
Source = Annotated[str, Form(max_length=200_000)]


@router.get("/model")
def model_page(request: Request, session: SignedInSession) -> Response:
    """Entities and attributes, declared attributes, versions."""
    require(session.viewer, "party.steward")
    locale = locale_of(request)
    found = {**documentation.model(session.viewer), "meaning": lambda entity, one: meaning(entity, one, locale)}
    return render(request, "party/data_model.html", found, session)


def meaning(entity: str, attribute: documentation.Documented, locale: str) -> str:
    """What an attribute means, in the entity's own words, else in those of every entity that has it, else as its
    table declares it."""
    for message_id in (f"web-attribute-{entity}-{attribute.name}", f"web-attribute-{attribute.name}"):
        if has_message(message_id, locale):
            return translate(message_id, locale)
    return attribute.meaning


@router.get("/model/edit")
def edit_page(request: Request, session: SignedInSession) -> Response:
    """The document in force, to be edited."""
    require(session.viewer, MODEL.writes)
    version, source = desk.source(session.viewer, MODEL)
    return render(request, "party/data_model_edit.html", {"version": version, "source": source}, session)


@router.post("/model/preview")
def preview(request: Request, session: SignedInSession, source: Source) -> Response:
    """What publishing would change."""
    found = publication.preview(session.viewer, source)
    return render(request, "party/data_model_preview.html", found, session)


@router.post("/model/publish")
def publish(session: SignedInSession, source: Source) -> Response:
    """Put the document in force."""
    desk.publish(session.viewer, MODEL, source)
    return to_page("/model")


@router.post("/customers/{party_id}/attributes")
async def state_attributes(request: Request, session: SignedInSession, party_id: int) -> Response:
    """State declared attributes of a customer."""
    require(session.viewer, "party.change")
    customer = the_customer(session.viewer, party_id)
    given = {name: str(value) for name, value in (await request.form()).items()}
    with database.read("party") as conn:
        kept = extension.checked(conn, customer["kind"], given)
    changed = {name: value for name, value in kept.items() if value != customer["attributes"].get(name)}
    pending = False
    if changed:
        asked = {"attributes": {"attributes": changed}}
        pending = apply_change(session.viewer, "modify", [customer["id"]], body=asked).state == "pending"
    return back(customer["id"], "information", pending=pending)
