"""Routes past the framework, for the paths where each microsecond counts: routing, middleware, dependency solving and
validation of FastAPI cost several times what taking an order does (docs/measurements/ordering.md).
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from hutong.platform.asgi import Asgi, Message, Receive, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class DirectRoute(APIRoute):
    """Calls its endpoint with the request and nothing else; described in OpenAPI by `openapi_extra`."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The endpoint itself."""
        endpoint: Endpoint = self.endpoint
        return endpoint


class DirectPaths:
    """ASGI middleware: requests for direct routes without path parameters go straight to their endpoints, errors to the
    application's handlers; everything else goes on."""

    def __init__(self, app: Asgi, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        direct = [route for route in routes if isinstance(route, DirectRoute) and not route.param_convertors]
        self.routes = {(method, route.path): route for route in direct for method in route.methods or ()}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        route = self.routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive)
        try:
            answer = await route.endpoint(request)
        except Exception as error:
            answer = await _answer(request, error)
        await answer(scope, receive, send)


async def _answer(request: Request, error: Exception) -> Response:
    """What the application answers to an error; errors it has no answer to go on."""
    handlers = request.app.exception_handlers
    for kind in type(error).__mro__:
        if kind in handlers:
            answer: Response = await handlers[kind](request, error)
            return answer
    raise error
