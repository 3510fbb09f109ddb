"""What people state on the customer page (EC-01, EC-02, EC-11): values, areas, images, relations, households, changes
of basic data. Changes that the policy wants approved wait; the page says so."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response, UploadFile

from hutong.identity.http import SignedInSession
from hutong.party.areas import images, people, values
from hutong.party.ingest.areas.write import area_named
from hutong.party.lifecycle.changes import apply_change
from hutong.party.relations import households, relate
from hutong.platform.errors import Unprocessable
from hutong.web.party import area_words
from hutong.web.party.customer_areas import EDITED
from hutong.web.party.customers import the_customer
from hutong.web.shell import to_page

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=200)]
Reason = Annotated[str, Form(min_length=1, max_length=500)]


def back(party_id: int, tab: str, *, pending: bool = False) -> Response:
    """To the customer's tab, where what was said is seen."""
    return to_page(f"/customers/{party_id}?tab={tab}{'&pending=1' if pending else ''}")


@router.post("/customers/{party_id}/basic")
async def change_basic(request: Request, session: SignedInSession, party_id: int) -> Response:
    """Change basic data: what differs from what is shown, through the policy of changes."""
    customer = the_customer(session.viewer, party_id)
    given = await request.form()
    asked = {name: str(given[name]).strip() or None for name in EDITED if name in given}
    changed = {name: value for name, value in asked.items() if value != _shown(customer[name])}
    if not changed:
        return back(party_id, "information")
    applied = apply_change(session.viewer, "modify", [customer["id"]], body={"attributes": changed},
                           reason=str(given.get("reason") or ""))  # fmt: skip
    return back(customer["id"], "information", pending=applied.state == "pending")


def _shown(value: object) -> str | None:
    return None if value in (None, "") else str(value)


@router.post("/customers/{party_id}/values")
def add_value(
    session: SignedInSession,
    party_id: int,
    kind: Short,
    value: Short,
    *,
    use: Short = "",
    detail: Short = "",
    main: Annotated[bool, Form()] = False,
    confirmed: Annotated[bool, Form()] = False,
) -> Response:
    """State a value, through the policy of changes."""
    said = values.add(session.viewer, party_id, kind, value, use=use or None, detail=detail or None, main=main,
                      confirmed=confirmed)  # fmt: skip
    return back(party_id, "information", pending=said.state == "pending")


@router.post("/customers/{party_id}/values/{action}")
def say_of_value(session: SignedInSession, party_id: int, action: str, kind: Short, value: Short) -> Response:
    """Confirm or end a value, through the policy of changes."""
    if action not in ("confirm", "end"):
        raise Unprocessable("party-area-value", field="action", what="action")
    said = (values.confirm if action == "confirm" else values.end_value)(session.viewer, party_id, kind, value)
    return back(party_id, "information", pending=said.state == "pending")


@router.post("/customers/{party_id}/areas/{area}")
async def state_area(request: Request, session: SignedInSession, party_id: int, area: str) -> Response:
    """State a row of an area."""
    given = area_words.read_form(area_named(area), dict(await request.form()))
    people.state(session.viewer, party_id, area, given)
    return back(party_id, "information")


@router.post("/customers/{party_id}/areas/{area}/{row_id}/confirm")
def confirm_area(session: SignedInSession, party_id: int, area: str, row_id: int) -> Response:
    """The customer confirmed a row of an area just now."""
    people.confirm(session.viewer, party_id, area, row_id)
    return back(party_id, "information")


@router.post("/customers/{party_id}/areas/{area}/{row_id}/end")
def end_area(session: SignedInSession, party_id: int, area: str, row_id: int) -> Response:
    """End a row of an area."""
    people.end(session.viewer, party_id, area, row_id)
    return back(party_id, "information")


@router.post("/customers/{party_id}/images")
async def add_image(
    session: SignedInSession, party_id: int, kind: Short, file: UploadFile, reference: Short = ""
) -> Response:
    """Keep an image of a document."""
    content = await file.read(images.LARGEST_BYTES + 1)
    images.store(session.viewer, party_id, kind, file.filename or "image", content, reference=reference or None)
    return back(party_id, "information")


@router.get("/customers/{party_id}/images/{row_id}")
def show_image(session: SignedInSession, party_id: int, row_id: int) -> Response:
    """An image's content, for those who see identity documents; never run by the browser."""
    row, content = images.content(session.viewer, party_id, row_id)
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(row['file_name'])}",
        "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Security-Policy": "sandbox",
    }  # fmt: skip
    return Response(content, media_type=row["media_type"], headers=headers)


@router.post("/customers/{party_id}/relations")
def add_relation(
    session: SignedInSession,
    party_id: int,
    other: Annotated[int, Form()],
    kind: Short,
    *,
    percent: Annotated[float | None, Form(gt=0, le=100)] = None,
    valid_from: Short = "",
    note: Short = "",
) -> Response:
    """State a relation: the customer is the other's `kind`."""
    begin = area_words.day_begins(valid_from) if valid_from else None
    hundredths = round(percent * 100) if percent is not None else None
    relate.relate(session.viewer, party_id, other, kind, valid_from=begin, percent=hundredths, note=note or None)
    return back(party_id, "relations")


@router.post("/customers/{party_id}/relations/end")
def end_relation(session: SignedInSession, party_id: int, ids: Annotated[list[int], Form()]) -> Response:
    """End a relation."""
    relate.end_relation(session.viewer, party_id, ids)
    return back(party_id, "relations")


@router.post("/customers/{party_id}/household")
def into_household(
    session: SignedInSession,
    party_id: int,
    member: Annotated[int, Form()],
    reason: Reason,
    *,
    household: Annotated[int | None, Form()] = None,
    role: Short = "",
) -> Response:
    """A person belongs to the customer's household; without one, one is made of the two."""
    if household is None:
        households.make(session.viewer, [party_id, member], reason)
    else:
        households.confirm(session.viewer, household, member, reason, role=role or None)
    return back(party_id, "relations")


@router.post("/customers/{party_id}/household/{household_id}/{member}/{action}")
def say_of_member(
    session: SignedInSession, party_id: int, household_id: int, member: int, *, action: str, reason: Reason
) -> Response:
    """Confirm a member, or take one out."""
    if action not in ("confirm", "remove"):
        raise Unprocessable("party-area-value", field="action", what="action")
    (households.confirm if action == "confirm" else households.remove)(session.viewer, household_id, member, reason)
    return back(party_id, "relations")
