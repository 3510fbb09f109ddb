"""`/docs`: the OpenAPI description as a page to try it on, without inline scripts and from our own server."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Hutong API</title>
<link rel="stylesheet" href="/static/vendor/swagger-ui.css">
<script src="/static/vendor/swagger-ui.js" defer></script><script src="/static/js/docs.js" defer></script></head>
<body><div id="api"></div></body></html>
"""


@router.get("/docs")
def docs() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE)
