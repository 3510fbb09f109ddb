"""Changes that wait for a second person (EC-02): the approvals page with before and after; what is pending, and
what may be asked for, on the customer page."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.billing import erasure
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.lifecycle import changes, tombstones
from hutong.party.reading import requests
from hutong.party.standardise import phones
from hutong.platform.errors import Unprocessable
from hutong.platform.http import locale_of
from hutong.web.party.consequences import consequences
from hutong.web.party.customers import the_customer
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50
VIEWS = ("waiting", "mine", "decided", "erased")
Reason = Annotated[str, Form(min_length=1, max_length=500)]
Note = Annotated[str, Form(max_length=500)]


@router.get("/approvals")
def approvals_page(
    request: Request,
    session: SignedInSession,
    view: Annotated[str, Query(max_length=10)] = "waiting",
    at: Annotated[str, Query(pattern=r"^\d{0,18}$")] = "",
) -> Response:
    """What waits for approval, what one asked for, what was decided, and what was erased; paged by key."""
    viewer, key = replace(session.viewer, locale=locale_of(request)), int(at) if at else None
    require(viewer, changes.RIGHT)
    chosen = view if view in VIEWS else "waiting"
    rows: list[dict[str, Any]] = {
        "waiting": lambda: requests.pending(viewer, key or 0, PAGE),
        "mine": lambda: requests.of_requester(viewer, PAGE),
        "decided": lambda: requests.decided(viewer, key, PAGE),
        "erased": lambda: tombstones.tombstones(viewer, key, PAGE),
    }[chosen]()  # type: ignore[no-untyped-call]
    name = "party_id" if chosen == "erased" else "id"
    context = {
        "view": chosen,
        "views": VIEWS,
        "rows": [with_lines(row) for row in rows],
        "waiting": requests.count_pending(viewer),
        "unbilled": erasure.waiting([row["party_id"] for row in rows]) if chosen == "erased" else {},
        "following": rows[-1][name] if len(rows) == PAGE and chosen != "mine" else None,
    }
    return render(request, "party/approvals.html", context, session)


def with_lines(row: dict[str, Any]) -> dict[str, Any]:
    """A request with its attributes side by side: name, before, after. Pure."""
    after = (row.get("change") or {}).get("attributes", {})
    extra = {f"attributes.{name}": value for name, value in (after.get("attributes") or {}).items()}
    stated = {**after, **extra}
    for name in ("mobile", "phone"):
        if stated.get(name):
            stated[name] = phones.phone(stated[name]).value or stated[name]
    return {**row, "lines": [(name, old, stated.get(name)) for name, old in (row.get("before") or {}).items()]}


@router.post("/approvals/{request_id}")
def decided(
    session: SignedInSession,
    request_id: int,
    verdict: Annotated[str, Form(pattern="^(approve|refuse|withdraw)$")],
    note: Note = "",
) -> Response:
    """Approve, refuse, or withdraw one's own."""
    if verdict == "approve":
        changes.approve(session.viewer, request_id, note)
    elif verdict == "refuse":
        if not note.strip():
            raise Unprocessable("party-change-why")
        changes.refuse(session.viewer, request_id, note)
    else:
        changes.withdraw(session.viewer, request_id)
    return to_page("/approvals?view=mine" if verdict == "withdraw" else "/approvals")


@router.get("/customers/{party_id}/requests")
def of_customer(request: Request, session: SignedInSession, party_id: int) -> Response:
    """A customer's pending changes, and what may be asked for, for htmx."""
    viewer = replace(session.viewer, locale=locale_of(request))
    customer = the_customer(viewer, party_id)
    context = {
        "customer": customer,
        "rows": [with_lines(row) for row in requests.of_party(viewer, customer["id"], only_pending=True)],
    }
    return render(request, "party/customer_requests.html", context, session)


@router.get("/customers/{party_id}/erase")
def erase_page(request: Request, session: SignedInSession, party_id: int) -> Response:
    """What an erasure means, before it is asked for."""
    require(session.viewer, "party.erase")
    customer = the_customer(session.viewer, party_id)
    follows, more = consequences(session.viewer, [customer["id"]])
    unbilled = erasure.waiting([customer["id"]]).get(customer["id"], [])
    context = {"customer": customer, "follows": follows, "follows_more": more, "unbilled": unbilled}
    return render(request, "party/erase.html", context, session)


@router.post("/customers/{party_id}/requests")
def ask(
    session: SignedInSession,
    party_id: int,
    kind: Annotated[str, Form(pattern="^(deactivate|reactivate|erase)$")],
    reason: Reason,
) -> Response:
    """Ask for the end of a customer's use, its return, or its erasure."""
    applied = changes.apply_change(session.viewer, kind, [party_id], reason=reason)
    return to_page(f"/customers/{party_id}?pending={'true' if applied.state == 'pending' else 'false'}")
