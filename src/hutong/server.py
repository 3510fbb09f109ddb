"""The HTTP server: the APIs and the console in one application. Stateless: any number of processes may run it."""

from fastapi import FastAPI

from hutong import api, web
from hutong.composition import compose
from hutong.identity.read_log import LoggedReads
from hutong.platform import http, logs


def create_app() -> FastAPI:
    """The application that `hutong serve` runs."""
    logs.configure()
    compose()
    app = FastAPI(
        title="Hutong (户通)",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        telemetry={"tracing": False, "metrics": False, "logs": False},  # ours: platform.http; a tenth of a request
    )
    http.install(app)
    web.install(app)
    api.install(app)
    app.add_middleware(LoggedReads)
    http.observe(app)
    return app
