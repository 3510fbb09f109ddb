"""A release of the catalog with what it changed, place by place (BL-03)."""

import json
from typing import Any

from fastapi import APIRouter, Request, Response

from hutong.catalog import queries, release_changes
from hutong.catalog.document import Kind
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.web.catalog.names import name_of
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)
PAGES = {Kind.OFFER: "offers", Kind.PRICE_PLAN: "plans", Kind.ORDER_TEMPLATE: "templates"}


@router.get("/catalog/releases/{number}")
def release_page(request: Request, session: SignedInSession, number: int) -> Response:
    """One release: when it takes effect, who published it, and every place that changed."""
    require(session.viewer, "catalog.read")
    release = next((row for row in queries.releases(before=number + 1, limit=1) if row.number == number), None)
    if release is None:
        raise NotFound("web-page-unknown")
    catalog, locale = queries.load_release(number), locale_of(request)
    changed = [
        {
            "difference": difference,
            "name": name_of(catalog, difference.kind, difference.code, locale),
            "href": f"/catalog/{PAGES[difference.kind]}/{difference.code}" if difference.kind in PAGES else None,
            "edits": [(edit.path, said(edit.before, locale), said(edit.after, locale)) for edit in difference.edits],
        }
        for difference in release_changes.changes(number)
    ]
    context = {"release": release, "changed": changed, "withdrawn": release_changes.withdrawn(number)}
    return render(request, "catalog/release.html", context, session)


def said(value: Any, locale: str) -> str:
    """A value of a document as people read it: names in their language, texts as they are, parts as JSON. Pure."""
    if value is None:
        return "–"
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        return str(value["zh" if locale.startswith("zh") else "en"])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
