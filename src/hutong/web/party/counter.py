"""The counter (EC-15): issue a policy or open an account for a customer found or made; a customer at a glance; the way
of a claim."""

import secrets
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party import PartyData
from hutong.party.reading import listing
from hutong.party.sharing import claims, facts, glance, issue, on_file
from hutong.party.sharing.document_kinds import claim_condition
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.platform.money import to_micros
from hutong.web import words_of_codes
from hutong.web.party.fact_words import told
from hutong.web.shell import reader, render

router = APIRouter(include_in_schema=False)
BUSINESS = "policy-issue"


@router.get("/counter")
def counter_page(request: Request, session: SignedInSession) -> Response:
    """The short form."""
    require(session.viewer, "party.create")
    kinds = words_of_codes.code_labels("id_type", locale_of(request))
    return render(request, "sharing/counter.html", {"id_types": kinds, "key": secrets.token_hex(8)}, session)


@router.post("/counter")
def issued(
    request: Request,
    session: SignedInSession,
    *,
    key: Annotated[str, Form(pattern=r"^[0-9a-f]{16}$")],
    name: Annotated[str, Form(min_length=1, max_length=200)],
    kind: Annotated[Literal["person", "organisation"], Form()] = "person",
    id_type: Annotated[str, Form(max_length=40)] = "",
    id_number: Annotated[str, Form(max_length=40)] = "",
    mobile: Annotated[str, Form(max_length=40)] = "",
    address: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """The customer, found or else made, and what need not be asked for."""
    data = PartyData(
        kind,
        name,
        id_type=id_type or None,
        id_number=id_number or None,
        mobile=mobile or None,
        address=address or None,
    )
    made = issue.issue(reader(request, session), data, f"{session.viewer.actor}:{key}", BUSINESS)
    context = {**made, "next_key": secrets.token_hex(8)}
    return render(request, "sharing/issued.html", context, session)


@router.get("/customers/{party_id}/glance")
def glance_page(request: Request, session: SignedInSession, party_id: int) -> Response:
    """Class, value, history and warnings on one page."""
    viewer = reader(request, session)
    found = glance.glance(viewer, party_id)
    try:
        papers = on_file.reusable(viewer, party_id, BUSINESS)
    except NotFound:  # no business is described here: nothing to ask for
        papers = []
    decided = claims.decisions(viewer, party_id) if viewer.may(claims.RIGHT) else []
    return render(request, "sharing/glance.html", {**found, "papers": papers, "decisions": decided}, session)


@router.get("/claims-desk")
def claims_page(
    request: Request, session: SignedInSession, party_id: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """Routing a claim: who and what."""
    require(session.viewer, claims.RIGHT)
    name = listing.names(session.viewer, [party_id]).get(party_id) if party_id else None
    return render(request, "sharing/claims.html", {"party_id": party_id, "name": name}, session)


@router.post("/claims-desk")
def routed(
    request: Request,
    session: SignedInSession,
    *,
    party_id: Annotated[int, Form(ge=1, le=2**62)],
    number: Annotated[str, Form(min_length=1, max_length=60)],
    amount: Annotated[Decimal, Form(ge=0, le=10**12)],
    days: Annotated[int | None, Form(ge=0, le=100_000)] = None,
    injured: Annotated[bool, Form()] = False,
    complete: Annotated[bool, Form()] = False,
) -> Response:
    """The claim's way and priority, by which rule, and which rules were asked before."""
    claim: dict[str, Any] = {"amount_micros": to_micros(amount), "injured": injured, "documents_complete": complete}
    if days is not None:
        claim["days_since_loss"] = days
    viewer = reader(request, session)
    locale, decided = viewer.locale, claims.decide(viewer, party_id, number, claim)
    asked = claims.explained(viewer, decided["id"])["asked"]
    always = facts.sentence(claim_condition("true"), locale)

    def in_words(sentence: str) -> str:
        """A condition with its codes named; the last rule's, which always holds, as what it means there."""
        if sentence == always:
            return translate("web-claims-otherwise", locale)
        return words_of_codes.codes_named(sentence, locale)

    context = {
        "decided": {**decided, "sentence": in_words(decided["sentence"])},
        "asked": [{**step, "sentence": in_words(step["sentence"])} for step in asked],
        "told": told(decided["inputs"], locale),
    }
    return render(request, "sharing/claim_routed.html", context, session)
