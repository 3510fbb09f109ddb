"""Rejected rows worked off (EC-03): by source and reason; one row corrected, tried and taken in; many at once."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.party.ingest import rejects
from hutong.platform.http import locale_of
from hutong.web import words_of_codes
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50
STATES = ("open", "corrected", "dismissed")
Code = Annotated[str, Query(max_length=60)]
Key = Annotated[int, Query(ge=0)]
Reason = Annotated[str, Form(max_length=500)]


@router.get("/rejects")
def rejects_page(  # noqa: PLR0917  (the fields of a filter)
    request: Request,
    session: SignedInSession,
    source: Code = "",
    reason: Code = "",
    load: Key = 0,
    state: Annotated[str, Query(pattern="^(open|corrected|dismissed)$")] = "open",
    after: Key = 0,
) -> Response:
    """The rows that wait, with what waits by source and reason beside them."""
    rows = rejects.listing(
        session.viewer, load_id=load or None, source=source or None, reason=reason or None, state=state, after=after,
        limit=PAGE,
    )  # fmt: skip
    locale = locale_of(request)
    context = {
        "rows": rows,
        "counted": rejects.counted(session.viewer),
        "wanted": {"source": source, "reason": reason, "load": load, "state": state},
        "states": STATES,
        "following": rows[-1]["id"] if len(rows) == PAGE else None,
        "reason_words": lambda code: words_of_codes.reason(code, locale),
    }
    return render(request, "party/rejects.html", context, session)


@router.post("/rejects/again")
def again(
    request: Request,
    session: SignedInSession,
    source: Annotated[str, Form(max_length=60)] = "",
    reason: Annotated[str, Form(max_length=60)] = "",
    load: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Submit all rows of the filter again as they are, e.g. after the mapping changed."""
    admitted, tried = rejects.resubmit_all(
        session.viewer, load_id=load or None, source=source or None, reason=reason or None
    )
    return render(request, "party/rejects_again.html", {"admitted": admitted, "tried": tried}, session)


@router.post("/rejects/dismiss")
def dismiss(
    session: SignedInSession,
    reason: Reason,
    reject: Annotated[list[int] | None, Form(max_length=1000)] = None,
) -> Response:
    """Close rows without taking them in."""
    rejects.dismiss(session.viewer, reject or [], reason)
    return to_page("/rejects")


@router.get("/rejects/{reject_id}")
def reject_page(request: Request, session: SignedInSession, reject_id: int) -> Response:
    """One row: its columns to be corrected. What would become of it the page asks for once it is there (`tried`): the
    mapping is applied to a row as to a file, which takes longer than all else on the page."""
    locale = locale_of(request)
    row = rejects.get(session.viewer, reject_id)
    line = row["columns"].pop("line", None) if "line" in row["raw"] else None
    context = {
        "row": row,
        "line": line,
        "reason_words": lambda code: words_of_codes.reason(code, locale),
    }
    return render(request, "party/reject.html", context, session)


async def _changes(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name[7:]: str(value) for name, value in form.multi_items() if name.startswith("column:")}


@router.post("/rejects/{reject_id}/try")
async def tried(request: Request, session: SignedInSession, reject_id: int) -> Response:
    """What would become of the row as corrected."""
    locale = locale_of(request)
    made = rejects.tried(session.viewer, reject_id, await _changes(request))
    words = {"made": made, "reason_words": lambda code: words_of_codes.reason(code, locale)}
    return render(request, "party/reject_made.html", words, session)


@router.post("/rejects/{reject_id}")
async def resubmit(request: Request, session: SignedInSession, reject_id: int) -> Response:
    """Take the row in as corrected; if it is rejected again, its page says why."""
    fine = rejects.resubmit(session.viewer, reject_id, await _changes(request))
    return to_page("/rejects" if fine else f"/rejects/{reject_id}")
