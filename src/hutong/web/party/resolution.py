"""Merging and splitting customers by hand (EC-07): chosen, previewed, confirmed with a reason, taken back exactly."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.golden import explanation
from hutong.party.lifecycle.changes import apply_change
from hutong.party.living import survivor_ids
from hutong.party.reading import listing
from hutong.party.stewardship.merge import preview_merge
from hutong.party.stewardship.split import preview_split, undo
from hutong.platform.errors import NotFound, Unprocessable
from hutong.web import search
from hutong.web.party.consequences import consequences
from hutong.web.party.customer_parts import COMPARED
from hutong.web.party.customers import the_customer
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
Reason = Annotated[str, Form(min_length=1, max_length=500)]


@router.get("/customers/{party_id}/merge")
def merge_page(
    request: Request,
    session: SignedInSession,
    party_id: int,
    other: Annotated[list[int] | None, Query(alias="with", max_length=11)] = None,
) -> Response:
    """Choose whom to merge with; then the customers side by side, and what would become of them."""
    require(session.viewer, "party.merge")
    chosen = [the_customer(session.viewer, id) for id in dict.fromkeys([party_id, *(other or ())])]
    context: dict[str, Any] = {"customer": chosen[0], "chosen": chosen, "attributes": COMPARED, "preview": None}
    if len(chosen) > 1:
        context["preview"] = preview_merge(session.viewer, [row["id"] for row in chosen])
        context["differs"] = differing(chosen)
        context["reference"] = chosen[0]
        context["follows"], context["follows_more"] = consequences(session.viewer, [row["id"] for row in chosen])
    return render(request, "party/merge.html", context, session)


def differing(parties: list[dict[str, Any]]) -> set[str]:
    """Attributes of which the parties state different values."""
    return {name for name in COMPARED if len({str(row[name]) for row in parties if row[name] is not None}) > 1}


@router.get("/customers/{party_id}/merge/candidates")
def candidates(
    request: Request, session: SignedInSession, party_id: int, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Customers to choose from, as one types."""
    require(session.viewer, "party.merge")
    found = [row for row in search.customers(session.viewer, q, 12) if row["id"] != party_id]
    return render(request, "party/merge_candidates.html", {"party_id": party_id, "found": found}, session)


@router.post("/customers/{party_id}/merge")
def do_merge(
    session: SignedInSession,
    party_id: int,
    reason: Reason,
    other: Annotated[list[int], Form()],
    force: Annotated[bool, Form()] = False,
) -> Response:
    """Merge; the customer that remains is shown."""
    seen(session, [party_id, *other])
    applied = apply_change(session.viewer, "merge", [party_id, *other], body={"force": force}, reason=reason)
    if applied.state == "pending":
        return to_page(f"/customers/{party_id}?pending=true")
    return to_page(f"/customers/{survivor_ids([party_id])[party_id]}?tab=records")


@router.get("/customers/{party_id}/split")
def split_page(request: Request, session: SignedInSession, party_id: int) -> Response:
    """Choose the source records that are somebody else."""
    require(session.viewer, "party.split")
    customer = the_customer(session.viewer, party_id)
    found = explanation.side_by_side(session.viewer, customer["id"])
    return render(request, "party/split.html", {"customer": customer, "attributes": COMPARED, **found}, session)


@router.post("/customers/{party_id}/split/preview")
def split_preview(
    request: Request, session: SignedInSession, party_id: int, record: Annotated[list[int] | None, Form()] = None
) -> Response:
    """The two customers to be, for htmx; nothing while the choice makes no two."""
    try:
        made = preview_split(session.viewer, party_id, record or [])
    except Unprocessable as problem:
        made = {"problem": problem.message(session.viewer.locale)}
    return render(request, "party/split_preview.html", {"attributes": COMPARED, "made": made}, session)


@router.post("/customers/{party_id}/split")
def do_split(
    session: SignedInSession, party_id: int, reason: Reason, record: Annotated[list[int] | None, Form()] = None
) -> Response:
    """Take the chosen records out into a customer of their own."""
    seen(session, [party_id])
    applied = apply_change(session.viewer, "split", [party_id], body={"records": record or []}, reason=reason)
    return to_page(f"/customers/{party_id}?{'pending=true' if applied.state == 'pending' else 'tab=changes'}")


@router.post("/customers/{party_id}/undo/{operation_id}")
def do_undo(session: SignedInSession, party_id: int, operation_id: int, reason: Reason) -> Response:
    """Take an operation back."""
    seen(session, [party_id])
    undo(session.viewer, operation_id, reason)
    return to_page(f"/customers/{party_id}?tab=changes")


def seen(session: SignedInSession, ids: list[int]) -> None:
    """Refuse, as unknown, what the viewer's rows do not include."""
    missing = set(ids) - listing.seen(session.viewer, ids)
    if missing:
        raise NotFound("party-unknown", id=min(missing))
