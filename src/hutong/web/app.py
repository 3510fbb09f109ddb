"""The console's routes, and its way to show a problem as a page."""

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from hutong.identity.http import COOKIE
from hutong.identity.sign_in import session_of
from hutong.platform.errors import Problem, Unauthenticated
from hutong.platform.http import locale_of, on_defect, on_http_error, on_invalid_input, on_problem, request_id
from hutong.platform.i18n import translate
from hutong.web import help as helping
from hutong.web import home, portal, search, static_files
from hutong.web.billing import audits, bills, quarantine
from hutong.web.catalog import offers, releases
from hutong.web.identity import access_log, people, sign_in
from hutong.web.insight import dashboard, reports, rules, tasks
from hutong.web.ordering import order_actions, orders
from hutong.web.party import (
    approvals,
    campaigns,
    counter,
    customer_actions,
    customers,
    documents,
    enhancements,
    explanations,
    exports,
    groups,
    loads,
    mappings,
    matching_models,
    merges,
    model,
    protection,
    rejects,
    resolution,
    seat,
    suspects,
)
from hutong.web.platform import dead_letters, exception_centre, jobs, logs, schedules
from hutong.web.shell import render

ROUTERS = (
    static_files.router,
    sign_in.router,
    home.router,
    search.router,
    helping.router,
    dashboard.router,
    rules.router,
    tasks.router,
    reports.router,
    protection.router,
    resolution.router,
    approvals.router,
    counter.router,
    portal.router,
    seat.router,
    campaigns.router,
    documents.router,
    exports.router,
    customers.router,
    groups.router,
    explanations.router,
    customer_actions.router,
    model.router,
    suspects.router,
    merges.router,
    matching_models.router,
    enhancements.router,
    orders.router,
    order_actions.router,
    offers.router,
    releases.router,
    bills.router,
    quarantine.router,
    audits.router,
    loads.router,
    mappings.router,
    rejects.router,
    jobs.router,
    schedules.router,
    exception_centre.router,
    logs.router,
    dead_letters.router,
    access_log.router,
    people.router,
)


def install(app: FastAPI) -> None:
    """Add the console to the application."""
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Problem, show_problem)
    app.add_exception_handler(HTTPException, show_http_error)
    app.add_exception_handler(RequestValidationError, show_invalid_input)
    app.add_exception_handler(Exception, show_defect)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a whole page (not a script for data, not a program)."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers


async def show_problem(request: Request, error: Exception) -> Response:
    """A person gets a page that says what to do; everyone else problem details."""
    if not isinstance(error, Problem) or not wants_page(request):
        return await on_problem(request, error)
    if isinstance(error, Unauthenticated):
        return RedirectResponse(f"/sign-in?to={quote(request.url.path)}", status_code=303)
    return problem_page(request, error.message(locale_of(request)), error.code, error.status)


async def show_http_error(request: Request, error: Exception) -> Response:
    """An address that does not exist, or a method it does not have."""
    if not isinstance(error, HTTPException) or not wants_page(request):
        return await on_http_error(request, error)
    return problem_page(
        request, translate("web-page-unknown", locale_of(request)), str(error.status_code), error.status_code
    )


async def show_invalid_input(request: Request, error: Exception) -> Response:
    """An address or a form with values that cannot be."""
    if not wants_page(request):
        return await on_invalid_input(request, error)
    return problem_page(request, translate("web-input-invalid", locale_of(request)), "400", 400)


async def show_defect(request: Request, error: Exception) -> Response:
    """A defect of ours: the request's id finds it in the logs."""
    if not wants_page(request):
        return await on_defect(request, error)
    said = translate("platform-defect", locale_of(request), request=request_id(request))
    return problem_page(request, said, "500", 500)


def problem_page(request: Request, title: str, problem: str, status: int) -> Response:
    """What went wrong, and where to go on; with the menu for those who are signed in."""
    try:
        session = session_of(request.cookies.get(COOKIE))
    except Unauthenticated:
        session = None
    return render(
        request,
        "problem.html",
        {"title": title, "problem": problem, "request_id": request_id(request)},
        session,
        status,
    )
