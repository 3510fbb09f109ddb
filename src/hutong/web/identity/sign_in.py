"""Signing in and out, and switching the language."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hutong.identity import http as identity_http
from hutong.identity import sign_in as identity_sign_in
from hutong.platform.errors import Forbidden, Unauthenticated
from hutong.platform.http import locale_of
from hutong.platform.i18n import LOCALES
from hutong.platform.settings import settings
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)


def local_path(wanted: str) -> str:
    """Where to go next, on this site only."""
    parts = urlsplit(wanted)
    return wanted if wanted.startswith("/") and not wanted.startswith("//") and not parts.netloc else "/"


@router.get("/sign-in")
def sign_in_page(request: Request, to: str = "/") -> Response:
    """The sign-in form."""
    return render(request, "identity/sign_in.html", {"to": local_path(to), "refused": None, "login": ""})


@router.post("/sign-in")
def sign_in(
    request: Request,
    login: Annotated[str, Form()],
    password: Annotated[str, Form()],
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Check the password; a form sent from another site is refused, since there is no session to protect it."""
    origin = request.headers.get("origin")
    if origin not in (None, "null") and urlsplit(str(origin)).netloc != request.headers.get("host"):
        raise Forbidden("identity-csrf-mismatch")
    try:
        made = identity_sign_in.sign_in(login, password)
    except Unauthenticated as refused:
        context = {"to": local_path(to), "refused": refused.message(locale_of(request)), "login": login}
        return render(request, "identity/sign_in.html", context, status=401)
    answer = RedirectResponse(local_path(to), status_code=303)
    identity_http.set_session(answer, made)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, _session: identity_http.SignedInSession) -> Response:
    """End the session."""
    identity_sign_in.sign_out(request.cookies[identity_http.COOKIE])
    answer = Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    answer.delete_cookie(identity_http.COOKIE)
    return answer


@router.get("/language/{locale}")
def switch_language(locale: str, to: str = "/") -> Response:
    """Show everything in the other language, from this page on."""
    answer = RedirectResponse(local_path(to), status_code=303)
    chosen = locale if locale in LOCALES else settings.default_locale
    answer.set_cookie("locale", chosen, max_age=31536000, samesite="lax", secure=settings.cookie_secure)
    return answer
