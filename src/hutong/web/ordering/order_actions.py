"""What people do with a running order: cancel, expedite, retry, skip, compensate; and the exception list."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.ordering import change, monitoring, queries
from hutong.web.ordering.orders import named
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
Reason = Annotated[str, Form(min_length=1, max_length=500)]
PAGE = 50


@router.post("/orders/{order_id}/cancel")
def cancel(session: SignedInSession, order_id: int, reason: Reason) -> Response:
    """Cancel the order: what is done and not complete is undone."""
    queries.order(session.viewer, order_id)
    change.cancel_order(session.viewer, order_id, reason)
    return to_page(f"/orders/{order_id}")


@router.post("/orders/{order_id}/expedite")
def expedite(session: SignedInSession, order_id: int, reason: Reason) -> Response:
    """Note that the customer presses for progress (催单)."""
    queries.order(session.viewer, order_id)
    change.expedite(session.viewer, order_id, reason)
    return to_page(f"/orders/{order_id}")


@router.post("/orders/{order_id}/plan")
def plan_again(session: SignedInSession, order_id: int) -> Response:
    """Plan an order again whose planning failed."""
    change.retry_planning(session.viewer, order_id)
    return to_page(f"/orders/{order_id}")


@router.post("/orders/{order_id}/steps/{step_id}/retry")
def retry(session: SignedInSession, order_id: int, step_id: int) -> Response:
    """Run a failed step again."""
    change.retry_step(session.viewer, step_id)
    return to_page(f"/orders/{order_id}")


@router.post("/orders/{order_id}/steps/{step_id}/skip")
def skip(session: SignedInSession, order_id: int, step_id: int, reason: Reason) -> Response:
    """Pass a failed step by, saying why."""
    change.skip_step(session.viewer, step_id, reason)
    return to_page(f"/orders/{order_id}")


@router.post("/orders/{order_id}/business/{business_order_id}/compensate")
def compensate(session: SignedInSession, order_id: int, business_order_id: int, reason: Reason) -> Response:
    """Fail a business order and undo it with all that depend on it."""
    change.compensate(session.viewer, business_order_id, reason)
    return to_page(f"/orders/{order_id}")


@router.get("/exceptions")
def exceptions_page(
    request: Request,
    session: SignedInSession,
    view: Annotated[str, Query(max_length=10)] = "open",
    before: int | None = None,
) -> Response:
    """Orders that wait for a person, with the reason; and how long steps take (OC-12)."""
    found = queries.exceptions(session.viewer, open_only=view != "all", before=before, limit=PAGE)
    following = found[-1]["id"] if len(found) == PAGE else None
    context = {
        "rows": named(session.viewer, found),
        "view": view,
        "following": following,
        "durations": [] if before else monitoring.durations(session.viewer),
    }
    return render(request, "ordering/exceptions.html", context, session)


@router.post("/exceptions/{exception_id}/take")
def take(session: SignedInSession, exception_id: int) -> Response:
    """Take an exception on."""
    change.assign(session.viewer, exception_id, session.viewer.actor)
    return to_page("/exceptions")
