"""How a customer came to be, and why two are not one (EC-05, XP-02), as pages."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.party.explanations.how import how
from hutong.party.explanations.why_not import why_not
from hutong.party.match.features import COLUMNS
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import actors
from hutong.web.party.customers import the_customer
from hutong.web.shell import render
from hutong.web.words_of_codes import word

router = APIRouter(include_in_schema=False)


@router.get("/customers/{party_id}/how")
def how_page(request: Request, session: SignedInSession, party_id: int) -> Response:
    """The joins that made a customer of its records, in their order; what was refused; where each value comes from."""
    customer = the_customer(session.viewer, party_id)
    made, locale = how(session.viewer, party_id), locale_of(request)
    names = {row["id"]: f"{actors.source_name(row['source'], locale)} {row['key']}" for row in made["records"]}
    context = {"customer": customer, "how": made, "names": names}
    return render(request, "party/customer_how.html", context, session)


@router.get("/customers/{party_id}/why-not")
def why_not_page(
    request: Request,
    session: SignedInSession,
    party_id: int,
    other: Annotated[int | None, Query(alias="with", ge=1, le=2**62)] = None,
) -> Response:
    """What keeps a customer and another apart: judgements, match keys, and each rule with the conditions that fail."""
    customer = the_customer(session.viewer, party_id)
    against = the_customer(session.viewer, other) if other else None
    locale = locale_of(request)
    viewer = replace(session.viewer, locale=locale)
    found = why_not(viewer, party_id, other, variables(locale)) if other else None
    context = {"customer": customer, "against": against, "found": found}
    return render(request, "party/customer_why_not.html", context, session)


def variables(locale: str) -> dict[str, str]:
    """What people call the variables of matching rules: `same.name` → "name agrees"."""
    of = ((name, *name.split(".")) for name in COLUMNS)
    return {
        name: translate(f"web-pair-{group}", locale, field=word("web-field", field, locale))
        for name, group, field in of
    }
