"""The API's routes, and its answers to what goes wrong: TMF error bodies below /tmf-api/, problem details elsewhere."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from hutong.api import (
    docs,
    peer_callbacks,
    webhook_forms,
)
from hutong.api.party import changes, explanations, exports, information, matching, records, requests, reveal, scenarios
from hutong.api.tmf import (
    customer,
    customer_bill,
    errors,
    hub,
    openapi,
    party,
    product_catalog,
    product_inventory,
    product_order,
    usage,
)
from hutong.api.tmf.direct import DirectPaths
from hutong.platform.errors import Problem
from hutong.platform.http import DATABASE_GONE, locale_of

ROUTERS = (
    docs.router,
    product_order.router,
    product_inventory.router,
    party.routes("individual"),
    party.routes("organization"),
    customer.router,
    customer_bill.router,
    usage.router,
    *(hub.routes(told, tag) for told, tag in webhook_forms.HUBS),
    product_catalog.router,
    changes.router,
    explanations.router,
    exports.router,
    information.router,
    information.renewals,
    records.router,
    requests.router,
    reveal.router,
    scenarios.router,
    peer_callbacks.router,
)
Handler = Callable[[Request, Any], Response | Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Add the API to the application; errors outside /tmf-api/ are answered as before."""
    for router in ROUTERS:
        app.include_router(router)
    for router in (product_order.direct, matching.direct):
        app.include_router(router)
    app.add_middleware(DirectPaths, routes=[*product_order.direct.routes, *matching.direct.routes])
    openapi.describe(app)
    for kind in (Problem, RequestValidationError, HTTPException, *DATABASE_GONE):
        app.add_exception_handler(kind, _below_tmf(app.exception_handlers[kind]))


def _below_tmf(otherwise: Handler) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(errors.PREFIX):
            if isinstance(error, Problem):
                return errors.problem_answer(error, locale_of(request))
            if isinstance(error, RequestValidationError):
                return errors.invalid_answer(error)
            if isinstance(error, HTTPException):
                return errors.http_answer(error)
            return errors.database_gone(error, locale_of(request))
        answered = otherwise(request, error)
        return await answered if inspect.isawaitable(answered) else answered

    return answer
