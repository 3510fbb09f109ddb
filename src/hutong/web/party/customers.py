"""Customers: the list, and the 360° page (EC-12) with its parts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.party.reading import listing, queries
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import words_of_codes
from hutong.web.party.customer_areas import areas
from hutong.web.party.customer_parts import PARTS
from hutong.web.party.customer_timeline import timeline
from hutong.web.shell import render, show_phone

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=100)]
the_customer = queries.get
"""Whom a page is about; raises NotFound alike for unknown and unseen."""


def columns(locale: str) -> list[dict[str, Any]]:
    """The list's columns."""

    def head(name: str) -> str:
        return translate(f"web-field-{name}", locale)

    return [
        {"field": "id", "headerName": head("id"), "width": 80, "narrow": False},
        {
            "field": "name",
            "headerName": head("name"),
            "kind": "link",
            "href": "/customers/{id}",
            "minWidth": 150,
            "flex": 2,
        },
        {"field": "kind", "headerName": head("kind"), "kind": "tag", "width": 84},
        {"field": "mobile", "headerName": head("mobile"), "width": 138},
        {"field": "id_number", "headerName": head("id_number"), "width": 176, "narrow": False},
        {"field": "city", "headerName": head("city"), "minWidth": 100, "flex": 1, "narrow": False},
        {"field": "grade", "headerName": head("grade"), "width": 92, "narrow": False},
        {"field": "branch", "headerName": head("branch"), "width": 96, "narrow": False},
        {"field": "record_count", "headerName": head("record_count"), "width": 110, "right": True, "narrow": False},
    ]


@router.get("/customers")
def customers_page(request: Request, session: SignedInSession, kind: Text = "", grade: Text = "") -> Response:
    """The list of customers."""
    require(session.viewer, "party.read")
    locale = locale_of(request)
    grades = words_of_codes.code_labels("customer_grade", locale)
    context = {"columns": columns(locale), "kind": kind, "grade": grade, "grades": grades, "query": request.url.query}
    return render(request, "party/customers.html", context, session)


@router.get("/customers/rows")
def customers_rows(
    request: Request,
    session: SignedInSession,
    *,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    kind: Text = "",
    grade: Text = "",
) -> dict[str, Any]:
    """Rows after a key; `next` is the key to go on with."""
    locale = locale_of(request)
    found = listing.parties(session.viewer, after=after, limit=limit, kind=kind or None, grade=grade or None)
    rows = [
        {
            **{name: row[name] for name in ("id", "name", "id_number", "city", "branch", "record_count")},
            "kind": [words_of_codes.code("party_kind", row["kind"], locale), ""],
            "mobile": show_phone(row["mobile"]),
            "grade": words_of_codes.code("customer_grade", row["grade"], locale),
        }
        for row in found
    ]
    return {"rows": rows, "next": found[-1]["id"] if len(found) == limit else None}


def tabs_for(viewer: Principal) -> list[str]:
    """The parts of the page that a viewer may open."""
    return [name for name, part in PARTS.items() if viewer.may(part.right)]


@router.get("/customers/{party_id}")
def customer_page(
    request: Request, session: SignedInSession, party_id: int, tab: Text = "overview", *, pending: bool = False
) -> Response:
    """Everything about a customer on one page; a retired id leads to its survivor."""
    customer = the_customer(session.viewer, party_id)
    if customer["id"] != party_id:
        return RedirectResponse(f"/customers/{customer['id']}", status_code=303)
    open_tab = tab if tab in tabs_for(session.viewer) else "overview"
    context = {
        "customer": customer,
        "tabs": tabs_for(session.viewer),
        "tab": open_tab,
        "pending": pending,
        "part": PARTS[open_tab].template,
        **PARTS[open_tab].read(session.viewer, customer, locale_of(request)),
    }
    return render(request, "party/customer.html", context, session)


@router.get("/customers/{party_id}/part/{tab}")
def customer_part(request: Request, session: SignedInSession, party_id: int, tab: str, *, on: Text = "") -> Response:
    """One part of the page, for htmx; the information also as it was `on` a day."""
    if tab not in PARTS:
        raise NotFound("web-page-unknown")
    require(session.viewer, PARTS[tab].right)
    customer = the_customer(session.viewer, party_id)
    if tab == "information" and on:
        facts = areas(session.viewer, customer, locale_of(request), on)
    else:
        facts = PARTS[tab].read(session.viewer, customer, locale_of(request))
    return render(request, PARTS[tab].template, {"customer": customer, **facts}, session)


@router.get("/customers/{party_id}/timeline")
def customer_timeline(
    request: Request, session: SignedInSession, party_id: int, *, group: Text = "", after: Text = ""
) -> Response:
    """More of the timeline, for htmx: of one group of kinds, after a place."""
    require(session.viewer, PARTS["timeline"].right)
    customer = the_customer(session.viewer, party_id)
    facts = timeline(session.viewer, customer, locale_of(request), group=group, after=after)
    return render(request, "party/customer_timeline_rows.html", {"customer": customer, **facts}, session)
