"""One search box: customers by name, pinyin, phone, identity number; orders by number; access numbers."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.inventory import queries as inventory_queries
from hutong.ordering import queries as ordering_queries
from hutong.party.reading import queries
from hutong.party.standardise.text import is_han
from hutong.platform.http import locale_of
from hutong.web import words_of_codes
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)
Words = Annotated[str, Query(max_length=100)]
ORDER_NUMBER = re.compile(r"^#?(\d{1,15})$")
QUICK = 8
MOST = 100
"""Customers that the page of results shows."""


def customers(viewer: Principal, words: str, limit: int) -> list[dict[str, Any]]:
    """Customers that match, within the viewer's rows, those named just so first; also by customer number."""
    asked = words.strip()
    if not viewer.may("party.read") or (len(asked) < 2 and not is_han(asked)):
        return []
    return queries.suggest(viewer, words, limit)


def holder(viewer: Principal, words: str) -> dict[str, Any] | None:
    """Who an access number reaches."""
    number = re.sub(r"[\s-]", "", words)
    if not viewer.may("inventory.read") or len(number) < 5:
        return None
    return inventory_queries.find_by_number(viewer, number)


def orders(viewer: Principal, words: str) -> list[dict[str, Any]]:
    """Orders by their number, ours or the channel's."""
    asked = words.strip()
    if not viewer.may("ordering.read") or not asked:
        return []
    found = ordering_queries.orders(viewer, ordering_queries.OrderFilter(external_id=asked), limit=QUICK)
    if own := ORDER_NUMBER.match(asked):
        found += [
            row for row in ordering_queries.orders(viewer, before=int(own[1]) + 1, limit=1) if row["id"] == int(own[1])
        ]
    return found


def found_by(viewer: Principal, words: str, limit: int, locale: str) -> dict[str, Any]:
    """Everything that the words may mean."""
    found = customers(viewer, words, limit)
    for row in found:
        row["grade_words"] = words_of_codes.code("customer_grade", row["grade"], locale)
    more = len(found) == limit
    return {
        "q": words,
        "customers": found,
        "more": more,
        "orders": orders(viewer, words),
        "holder": holder(viewer, words),
    }


@router.get("/search/quick")
def quick(request: Request, session: SignedInSession, q: Words = "") -> Response:
    """The drop-down under the search box."""
    return render(request, "search_quick.html", found_by(session.viewer, q, QUICK, locale_of(request)), session)


@router.get("/search")
def search_page(request: Request, session: SignedInSession, q: Words = "") -> Response:
    """All that was found."""
    return render(request, "search.html", found_by(session.viewer, q, MOST, locale_of(request)), session)
