"""The HTTP server: the APIs and the console in one application. Stateless: any number of processes may run it."""

import gc
import sys

from fastapi import FastAPI

from hutong import api, web
from hutong.composition import compose
from hutong.identity.read_log import LoggedReads
from hutong.party.realtime.warm import warm
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


QUICK_SWITCH_SECONDS = 0.0005
"""How long a thread may hold the interpreter while others wait: a request that comes back from the database must not
wait five milliseconds, Python's default, for each of its statements."""


def serving() -> FastAPI:
    """`create_app` in a server's process: its first answer is as quick as its thousandth, and what lives as long as the
    process is no part of later garbage collections."""
    app = create_app()
    warm()
    sys.setswitchinterval(QUICK_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return app
