"""Who sends a request: a calling system by its key, or a person by their session; with CSRF protection."""

import hmac
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from hutong.identity.clients import authenticate, remembered
from hutong.identity.principal import Principal
from hutong.identity.sign_in import SESSION_LIFE, Session, SignedIn, session_of
from hutong.platform.errors import Forbidden
from hutong.platform.settings import settings

COOKIE = "hutong_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def caller(request: Request) -> Principal:
    """The viewer of an API request: the client of its bearer key, else the session's person (with CSRF header)."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return authenticate(key.strip())
    if COOKIE in request.cookies:
        return signed_in(request).viewer
    return authenticate(None)


async def quick_caller(request: Request) -> Principal:
    """`caller` for endpoints on the event loop: a known client costs neither a thread nor the database."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    known = remembered(key.strip()) if scheme.lower() == "bearer" and key else None
    return known if known is not None else await run_in_threadpool(caller, request)


def signed_in(request: Request) -> Session:
    """The session of a page request; one that changes something must carry the session's CSRF token in its header."""
    session = session_of(request.cookies.get(COOKIE))
    if request.method not in SAFE and not hmac.compare_digest(
        request.headers.get("x-csrf-token", "").encode(), session.csrf.encode()
    ):
        raise Forbidden("identity-csrf-mismatch")
    return session


def set_session(response: Response, made: SignedIn) -> None:
    """Give the browser its session."""
    response.set_cookie(
        COOKIE,
        made.token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.cookie_secure,
    )


Caller = Annotated[Principal, Depends(caller)]
SignedInSession = Annotated[Session, Depends(signed_in)]
