"""Bills: the list, a bill whole, and for each line why it costs what it costs (XP-02)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from hutong.billing import line_sources, queries
from hutong.catalog import queries as catalog_queries
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import words_of_codes
from hutong.web.billing.bill_words import line_words, why
from hutong.web.ordering.orders import named
from hutong.web.party.customer_parts import holdings_of
from hutong.web.shell import render, show_money, show_time

router = APIRouter(include_in_schema=False)
Cycle = Annotated[str, Query(pattern=r"^\d{6}$|^$")]


def columns(locale: str) -> list[dict[str, Any]]:
    """The list's columns."""

    def head(name: str) -> str:
        return translate(f"web-field-{name}", locale)

    return [
        {"field": "id", "headerName": head("bill"), "kind": "link", "href": "/bills/{id}", "width": 100},
        {"field": "customer", "headerName": head("customer"), "kind": "link", "minWidth": 120, "flex": 1,
         "href": "/customers/{customer_id}?tab=bills"},
        {"field": "account_id", "headerName": head("account"), "width": 100, "narrow": False},
        {"field": "cycle", "headerName": head("cycle"), "width": 90},
        {"field": "state", "headerName": translate("web-state", locale), "kind": "tag", "width": 100, "narrow": False},
        {"field": "charges", "headerName": head("charges"), "width": 120, "right": True, "narrow": False},
        {"field": "discounts", "headerName": head("discounts"), "width": 120, "right": True, "narrow": False},
        {"field": "total", "headerName": head("total"), "width": 110, "right": True},
        {"field": "made_at", "headerName": head("made_at"), "width": 170, "narrow": False},
    ]  # fmt: skip


@router.get("/bills")
def bills_page(request: Request, session: SignedInSession, cycle: Cycle = "") -> Response:
    """The list of bills."""
    context = {
        "cycles": [row for row in queries.cycles(session.viewer) if row["bills"]],
        "cycle": cycle,
        "columns": columns(locale_of(request)),
        "query": request.url.query,
    }
    return render(request, "billing/bills.html", context, session)


@router.get("/bills/rows")
def bills_rows(
    request: Request,
    session: SignedInSession,
    after: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cycle: Cycle = "",
) -> dict[str, Any]:
    """Rows below a key, newest first."""
    locale = locale_of(request)
    found = queries.bills_page(session.viewer, before=after, limit=limit, cycle=cycle or None)
    rows = [
        {
            **{name: row[name] for name in ("id", "customer_id", "customer", "account_id", "cycle")},
            "state": words_of_codes.tag("web-bill-state", row["state"], locale),
            **{name: show_money(row[f"{name}_micros"]).striptags() for name in ("charges", "discounts", "total")},
            "made_at": show_time(row["made_at"]),
        }
        for row in named(session.viewer, found)
    ]
    return {"rows": rows, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/bills/{bill_id}")
def bill_page(request: Request, session: SignedInSession, bill_id: int) -> Response:
    """A bill: its lines by what they are for, discounts beneath what they lower."""
    viewer, locale = session.viewer, locale_of(request)
    [bill] = named(viewer, [queries.bill(viewer, bill_id)])
    catalog = catalog_queries.load()
    offers = holdings_of(viewer, bill["customer_id"], locale)["offers"] if viewer.may("inventory.read") else []
    names = {offer["id"]: offer["name"] for offer in offers}
    shown = {product["id"]: product for offer in offers for product in offer["products"]}
    groups: dict[tuple[int, int], dict[str, Any]] = {}
    for line in bill["items"]:
        key = (line["offer_instance_id"] or 0, line["product_instance_id"] or 0)
        group = groups.setdefault(key, heading(key, names, shown) | {"lines": []})
        group["lines"].append(line | line_words(catalog, line, locale))
    context = {"bill": bill, "groups": list(groups.values())}
    return render(request, "billing/bill.html", context, session)


def heading(key: tuple[int, int], names: dict[int, str], products: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """What a group of lines is about: the offer, the product and its number; by id where they are held no more."""
    offer, product = key
    return {
        "offer": names.get(offer, f"#{offer}") if offer else None,
        "product": products[product]["name"] if product in products else f"#{product}" if product else None,
        "number": products[product]["number"] if product in products else None,
    }


@router.get("/bills/{bill_id}/lines/{number}")
def line_part(request: Request, session: SignedInSession, bill_id: int, number: int) -> Response:
    """Why a line costs what it costs: plan and version, the conditions that led to the tariff, the computation."""
    require(session.viewer, "billing.read")
    locale, catalog = locale_of(request), catalog_queries.load()
    bill = queries.bill(session.viewer, bill_id)
    line = next((row for row in bill["items"] if row["line"] == number), None)
    if line is None:
        raise NotFound("billing-no-bill", bill=f"{bill_id}/{number}")
    if line["kind"] == "recurring":
        line |= line_sources.fee(session.viewer, line)
    events = line_sources.events(session.viewer, line) if line["kind"] == "usage" else []
    context = {
        "events": events,
        "line": line | line_words(catalog, line, locale),
        "why": why(catalog, line, bill["items"], locale),
    }
    return render(request, "billing/bill_line.html", context, session)
