"""The customers' own pages (EC-15): register, sign in by SMS code, see what is theirs, keep their contacts.

Separate from the console: an own cookie for /portal alone, own sessions, plain forms with their session's CSRF token.
"""

import hmac
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hutong.identity.http import SignedInSession
from hutong.party.sharing import portal, portal_codes
from hutong.party.sharing.portal import PortalSession
from hutong.platform.errors import Forbidden, Problem, Unauthenticated
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.platform.settings import settings
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
COOKIE = "hutong_portal"
Phone = Annotated[str, Form(max_length=40)]
Code = Annotated[str, Form(max_length=10)]
Line = Annotated[str, Form(max_length=300)]


def address_of(request: Request) -> str:
    """Where a request comes from, for limits."""
    return request.client.host if request.client else ""


def own_site(request: Request) -> None:
    """Refuse a form sent from another site, where no session protects it yet. Raises Forbidden."""
    origin = request.headers.get("origin")
    if origin not in (None, "null") and urlsplit(str(origin)).netloc != request.headers.get("host"):
        raise Forbidden("identity-csrf-mismatch")


def session_of(request: Request) -> PortalSession:
    """The signed-in customer. Raises Unauthenticated."""
    return portal.session_of(request.cookies.get(COOKIE))


def page(request: Request, template: str, context: dict[str, Any], status: int = 200) -> Response:
    """A page of the portal; `step`, `phone`, `refused`, `simulated` are there for all of them."""
    given = {
        "step": "phone",
        "phone": "",
        "refused": None,
        "simulated": None,
        "told": None,
        "csrf_field": "",
        **context,
    }
    return render(request, f"portal/{template}", given, status=status)


def refused(request: Request, template: str, problem: Problem, **context: Any) -> Response:
    """The form again, with what was wrong."""
    words = problem.message(locale_of(request))
    return page(request, template, {**context, "refused": words}, problem.status)


@router.get("/portal")
def home(request: Request) -> Response:
    """What is the customer's own; else the way in."""
    try:
        session = session_of(request)
    except Unauthenticated:
        return RedirectResponse("/portal/sign-in", status_code=303)
    told = request.query_params.get("told")
    words = translate(f"web-portal-told-{told}", locale_of(request)) if told in ("done", "pending") else None
    return page(request, "home.html", {**portal.overview(session), "csrf_field": session.csrf, "told": words})


@router.get("/portal/sign-in")
@router.get("/portal/register")
def way_in(request: Request) -> Response:
    """The forms to sign in and to register: first the phone, then the code."""
    return page(request, "sign_in.html" if request.url.path.endswith("sign-in") else "register.html", {})


@router.post("/portal/code")
def send_code(request: Request, phone: Phone, purpose: Annotated[str, Form(max_length=10)] = "sign-in") -> Response:
    """Send a code to the phone; the form then asks for it."""
    own_site(request)
    template = "register.html" if purpose == "register" else "sign_in.html"
    try:
        shown = portal_codes.send_code(phone, address_of(request), locale_of(request))
    except Problem as problem:
        return refused(request, template, problem, phone=phone)
    return page(request, template, {"step": "code", "phone": phone, "simulated": shown})


@router.post("/portal/sign-in")
def sign_in(request: Request, phone: Phone, code: Code) -> Response:
    """Sign in with the code."""
    own_site(request)
    try:
        token, _ = portal.sign_in(phone, code)
    except Problem as problem:
        return refused(request, "sign_in.html", problem, step="code", phone=phone)
    answer = RedirectResponse("/portal", status_code=303)
    life = int(portal.LIFE.total_seconds())
    answer.set_cookie(
        COOKIE, token, max_age=life, path="/portal", httponly=True, samesite="strict", secure=settings.cookie_secure
    )
    return answer


@router.post("/portal/register")
def register(request: Request, phone: Phone, code: Code, name: Line, id_number: Line) -> Response:
    """Open an account with phone, code, name and ID number."""
    own_site(request)
    try:
        state = portal.register(phone, code, name, id_number)
    except Problem as problem:
        return refused(request, "register.html", problem, step="code", phone=phone)
    return page(request, "registered.html", {"state": state})


def checked(request: Request, csrf: str) -> PortalSession:
    """The session of a form, which must carry its token. Raises Unauthenticated, Forbidden."""
    own_site(request)
    session = session_of(request)
    if not hmac.compare_digest(csrf.encode(), session.csrf.encode()):
        raise Forbidden("identity-csrf-mismatch")
    return session


@router.post("/portal/contact")
def maintain(
    request: Request,
    *,
    csrf: Annotated[str, Form(max_length=100)] = "",
    mobile: Line = "",
    phone: Line = "",
    email: Line = "",
    address: Line = "",
) -> Response:
    """State contacts anew; what the policy wants approved waits."""
    try:
        session = checked(request, csrf)
    except Unauthenticated:
        return RedirectResponse("/portal/sign-in", status_code=303)
    given = {"mobile": mobile, "phone": phone, "email": email, "address": address}
    try:
        state = portal.maintain(session, {name: value.strip() for name, value in given.items() if value.strip()})
    except Problem as problem:
        context = {**portal.overview(session), "csrf_field": session.csrf}
        return refused(request, "home.html", problem, **context)
    return RedirectResponse(f"/portal?told={state}", status_code=303)


@router.post("/portal/sign-out")
def sign_out(request: Request, csrf: Annotated[str, Form(max_length=100)] = "") -> Response:
    """End the session."""
    try:
        checked(request, csrf)
        portal.sign_out(request.cookies[COOKIE])
    except Unauthenticated:
        pass
    answer = RedirectResponse("/portal/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/portal")
    return answer


@router.get("/portal-accounts")
def waiting_page(request: Request, session: SignedInSession) -> Response:
    """For clerks: registrations that wait until somebody has seen the identity document."""
    return render(request, "portal/waiting.html", {"accounts": portal.waiting(session.viewer)}, session)


@router.post("/portal-accounts/{account_id}")
def decided(session: SignedInSession, account_id: int, confirm: Annotated[bool, Form()]) -> Response:
    """Confirm an account, or close it."""
    portal.decide(session.viewer, account_id, confirm=confirm)
    return to_page("/portal-accounts")
