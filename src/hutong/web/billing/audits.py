"""Audits (稽核): what came in is what was rated is what was billed; cycles and files beneath."""

import re

from fastapi import APIRouter, Request, Response

from hutong.billing import audit, queries
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.platform.http import locale_of
from hutong.web.shell import render
from hutong.web.words_of_codes import word

router = APIRouter(include_in_schema=False)


@router.get("/audits")
def audits_page(request: Request, session: SignedInSession) -> Response:
    """Every audit with both sides, the cycles, and the files with their own audit."""
    viewer = session.viewer
    require(viewer, "billing.audit")
    cycles = queries.cycles(viewer)
    audits = [(row, said(row.name, locale_of(request))) for row in audit.audit(viewer)]
    context = {
        "audits": audits,
        "held": sum(row.holds for row, _ in audits),
        "cycles": cycles,
        "unpriced": [
            row for cycle in cycles[:3] for row in queries.unpriced_page(viewer, cycle=cycle["cycle"], limit=20)
        ],
        "files": queries.files_page(viewer, limit=200),
    }
    return render(request, "billing/audits.html", context, session)


def said(name: str, locale: str) -> str:
    """An audit's name in the viewer's language."""
    words = word("web-audit", re.sub(r"[^a-z]+", "-", name), locale)
    return name if words == re.sub(r"[^a-z]+", "-", name) else words
