"""The console's routes, and its way to show a problem as a page."""

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from hutong.identity.http import COOKIE
from hutong.identity.sign_in import session_of
from hutong.platform.errors import Problem, Unauthenticated
from hutong.platform.http import locale_of, on_problem
from hutong.web import (
    access_log,
    catalog,
    customers,
    dead_letters,
    home,
    jobs,
    loads,
    order_actions,
    orders,
    people,
    resolution,
    search,
    sign_in,
    static_files,
    suspects,
)
from hutong.web.shell import render

ROUTERS = (
    static_files.router,
    sign_in.router,
    home.router,
    search.router,
    resolution.router,
    customers.router,
    suspects.router,
    orders.router,
    order_actions.router,
    catalog.router,
    loads.router,
    jobs.router,
    dead_letters.router,
    access_log.router,
    people.router,
)


def install(app: FastAPI) -> None:
    """Add the console to the application."""
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Problem, show_problem)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a whole page (not a script for data, not a program)."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers


async def show_problem(request: Request, error: Exception) -> Response:
    """A person gets a page that says what to do; everyone else problem details."""
    if not isinstance(error, Problem) or not wants_page(request):
        return await on_problem(request, error)
    if isinstance(error, Unauthenticated):
        return RedirectResponse(f"/sign-in?to={quote(request.url.path)}", status_code=303)
    context = {"title": error.message(locale_of(request)), "code": error.code}
    try:
        session = session_of(request.cookies.get(COOKIE))
    except Unauthenticated:
        session = None
    return render(request, "problem.html", context, session, error.status)
