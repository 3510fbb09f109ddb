"""Exports and lists in the console (EC-14, EC-15): renewals, prospects and whatever else is defined, as a file."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.party.sharing import exports, facts
from hutong.party.sharing.files import MEDIA
from hutong.platform.http import locale_of
from hutong.platform.settings import settings
from hutong.web.party import fact_words
from hutong.web.party.campaigns import condition_words
from hutong.web.shell import render, to_page
from hutong.web.words_of_codes import word

router = APIRouter(include_in_schema=False)


def headings(locale: str) -> Callable[[str], str]:
    """How a column of a list is headed, by the fact it holds or the name it was given."""
    labels = facts.labels(locale)

    def heading(name: str) -> str:
        found = word("web-field", name, locale)
        return labels.get(f"customer.{name}", name) if found == name else found

    return heading


def made(viewer: Principal, locale: str) -> dict[str, Any]:
    """The files made, latest first, and what their lists are called."""
    titles = {each.code: each.title.of(locale) for each in exports.definitions(viewer)}
    return {"runs": exports.runs(viewer, limit=30), "titles": titles}


@router.get("/exports")
def exports_page(request: Request, session: SignedInSession) -> Response:
    """The lists that can be made, and the files made."""
    context = {
        "definitions": exports.definitions(session.viewer),
        "heading": headings(locale_of(request)),
        **made(session.viewer, locale_of(request)),
    }
    return render(request, "sharing/exports.html", context, session)


@router.get("/exports/runs")
def runs_part(request: Request, session: SignedInSession) -> Response:
    """The files made, looked at again while one is being made."""
    return render(request, "sharing/export_runs.html", made(session.viewer, locale_of(request)), session)


@router.get("/exports/runs/{run_id}/file")
def fetched(session: SignedInSession, run_id: int) -> Response:
    """A file, for whom it was made."""
    found, path = exports.fetch(session.viewer, run_id)
    name = f"{found['code']}-{found['id']}.{found['format']}"
    headers = {"Cache-Control": "no-store"}
    return FileResponse(path, media_type=MEDIA[found["format"]], filename=name, headers=headers)


@router.get("/exports/{code}")
def preview_page(request: Request, session: SignedInSession, code: str) -> Response:
    """How many a list has now, and its first rows, masked as the file will be."""
    locale, found = locale_of(request), exports.preview(session.viewer, code)
    context = {**found, "sentence": condition_words(found["export"].where, locale)}
    columns, heading = found["export"].columns, headings(locale)
    money = [facts.fact(column.fact).type.money for column in columns]
    named = zip(found["headings"], money, strict=True)
    context["headings"] = [f"{heading(name)} ({settings.currency})" if paid else heading(name) for name, paid in named]
    context["quantities"] = [fact_words.is_quantity(column) for column in columns]
    context["sample"] = [
        [fact_words.from_file(column, value, locale) for column, value in zip(columns, row, strict=True)]
        for row in found["sample"]
    ]
    return render(request, "sharing/export.html", context, session)


@router.post("/exports/{code}")
def started(session: SignedInSession, code: str) -> Response:
    """Begin to make a file."""
    exports.start(session.viewer, code)
    return to_page("/exports")
