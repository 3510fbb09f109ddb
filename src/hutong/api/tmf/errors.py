"""The TMF error body: code, reason, message, status."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hutong.platform.errors import Problem, Unavailable
from hutong.platform.logs import log

PREFIX = "/tmf-api/"


def error_body(code: str, reason: str, status: int, message: str | None = None) -> dict[str, Any]:
    """TMF630 Error."""
    body = {"@type": "Error", "code": code, "reason": reason, "status": str(status)}
    return body | ({"message": message} if message else {})


def problem_answer(problem: Problem, locale: str) -> JSONResponse:
    """An expected failure in TMF's form; `message` names the attribute at fault."""
    return JSONResponse(
        error_body(problem.code, problem.message(locale), problem.status, problem.field),
        status_code=problem.status,
        headers={"Retry-After": "1"} if problem.status in (429, 503) else None,
    )


def invalid_answer(error: RequestValidationError) -> JSONResponse:
    """Input that does not fit the schema: every place and what is wrong there, without the values."""
    places = "; ".join(
        f"{'.'.join(str(part) for part in entry['loc'] if part != 'body')}: {entry['msg']}" for entry in error.errors()
    )
    return JSONResponse(error_body("api-input-invalid", "Invalid input", 400, places), status_code=400)


def http_answer(error: HTTPException) -> JSONResponse:
    """Unknown paths and methods."""
    body = error_body(f"api-http-{error.status_code}", str(error.detail), error.status_code)
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


def database_gone(error: Exception, locale: str) -> JSONResponse:
    """The database does not answer: to be tried again."""
    log().error("database does not answer", error=type(error).__name__)
    return problem_answer(Unavailable("platform-database-unavailable"), locale)
