"""What every HTTP answer has: a request id, security headers, a log line, a metric, and errors as problem details."""

import re
import secrets
import time

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from hutong.platform import database, i18n
from hutong.platform.asgi import Asgi, Message, Receive, Send
from hutong.platform.errors import Problem
from hutong.platform.logs import log

DURATION = Histogram(
    "hutong_http_seconds",
    "time to answer a request",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
DATABASE_GONE = (OperationalError, InterfaceError, NoConnectionFree)
"""No answer, or no connection free in time: answered 503, to be tried again."""
REFUSED = 400
"""From this status on an answer is noted, whatever the level of logging."""
REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
SECURITY_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Observed:
    """ASGI middleware: request id, security headers, one log line and one measurement per request."""

    def __init__(self, app: Asgi) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on, and note what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    *SECURITY_HEADERS,
                ]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:
            log().exception("request failed")
            raise
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "unmatched")
            DURATION.labels(scope["method"], route, str(status)).observe(seconds)
            tell = log().debug if status < REFUSED else log().info
            tell("http", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
            structlog.contextvars.reset_contextvars(**bound)


def request_id_of(scope: Message) -> str:
    """The id the caller gave the request, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.match(given := value.decode("latin-1")):
            return str(given)
    return secrets.token_hex(16)


def locale_of(request: Request) -> str:
    """The language of an answer: the cookie the console sets, else what the client accepts."""
    return i18n.choose(request.cookies.get("locale"), request.headers.get("accept-language"))


def problem_answer(problem: Problem, locale: str) -> JSONResponse:
    """Problem details (RFC 9457)."""
    return JSONResponse(
        problem.details(locale),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={"Retry-After": "1"} if problem.status in (429, 503) else None,
    )


async def on_problem(request: Request, error: Exception) -> Response:
    """An expected failure."""
    if not isinstance(error, Problem):
        raise error
    return problem_answer(error, locale_of(request))


async def on_invalid_input(request: Request, error: Exception) -> Response:
    """Input that does not fit the schema: each place, and what is wrong there. The values are not repeated."""
    if not isinstance(error, RequestValidationError):
        raise error
    places = [
        {"field": ".".join(str(part) for part in entry["loc"]), "reason": entry["msg"]} for entry in error.errors()
    ]
    fields = ", ".join(dict.fromkeys(place["field"].rpartition(".")[2] for place in places))
    title = i18n.translate("platform-input-invalid", locale_of(request), fields=fields)
    body = {"type": "urn:hutong:problem:invalid-input", "title": title, "status": 400, "errors": places}
    return JSONResponse(body, status_code=400, media_type="application/problem+json")


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise error
    body = {"type": "about:blank", "title": str(error.detail), "status": error.status_code}
    return JSONResponse(
        body, status_code=error.status_code, headers=error.headers, media_type="application/problem+json"
    )


async def on_database_gone(request: Request, error: Exception) -> Response:
    """The database does not answer: say so, to be tried again; the embedded server is meanwhile restarted."""
    log().error("database does not answer", error=type(error).__name__)
    body = {
        "type": "urn:hutong:problem:platform-database-unavailable",
        "title": i18n.translate("platform-database-unavailable", locale_of(request)),
        "status": 503,
    }
    return JSONResponse(body, status_code=503, media_type="application/problem+json", headers={"Retry-After": "1"})


def request_id(request: Request) -> str:
    """The id under which the logs tell of a request."""
    return str(getattr(request.state, "request_id", ""))


async def on_defect(request: Request, _error: Exception) -> Response:
    """A defect of ours: logged under the request's id, which is all that is told."""
    body = {
        "type": "urn:hutong:problem:platform-defect",
        "title": i18n.translate("platform-defect", locale_of(request), request=request_id(request)),
        "status": 500,
        "request_id": request_id(request),
    }
    headers = {"X-Request-Id": request_id(request)}
    return JSONResponse(body, status_code=500, media_type="application/problem+json", headers=headers)


def install(app: FastAPI) -> None:
    """Give an application its error answers and the operators' endpoints."""
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid_input)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_defect)
    for kind in DATABASE_GONE:
        app.add_exception_handler(kind, on_database_gone)
    app.add_api_route("/healthz", alive, include_in_schema=False)
    app.add_api_route("/readyz", ready, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)


def observe(app: FastAPI) -> None:
    """Observe every request: to be called last, so that no other middleware is outside."""
    app.add_middleware(Observed)


def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


def ready() -> JSONResponse:
    """The process can serve: its database answers."""
    try:
        with database.read("platform") as conn:
            conn.execute(text("SELECT 1"))
    except DATABASE_GONE:
        return JSONResponse({"status": "database does not answer"}, status_code=503)
    return JSONResponse({"status": "ready"})


def metrics() -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
