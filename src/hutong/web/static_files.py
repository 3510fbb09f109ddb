"""Styles and scripts: our own, and the page libraries' listed files out of node_modules. Nothing from elsewhere."""

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from hutong.platform.errors import NotFound

OWN = Path(__file__).parent / "static"
LIBRARIES = Path(__file__).parents[3] / "node_modules"
VENDOR = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "ag-grid.js": "ag-grid-community/dist/ag-grid-community.min.noStyle.js",
    "echarts.js": "echarts/dist/echarts.min.js",
    "mermaid.js": "mermaid/dist/mermaid.min.js",
    "bpmn.js": "bpmn-js/dist/bpmn-navigated-viewer.production.min.js",
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
}
ONE_YEAR = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@lru_cache(maxsize=256)
def _file(name: str) -> Path | None:
    """The file behind a public name, or none: names cannot climb out of the folder."""
    if name.startswith("vendor/"):
        listed = VENDOR.get(name.removeprefix("vendor/"))
        return LIBRARIES / listed if listed else None
    wanted = (OWN / name).resolve()
    return wanted if wanted.is_relative_to(OWN) else None


@lru_cache(maxsize=256)
def _digest(path: Path, _changed: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def versioned(name: str) -> str:
    """The address of a file with a digest of its content, so that browsers may keep it for ever."""
    path = _file(name)
    try:
        return f"/static/{name}?v={_digest(path, path.stat().st_mtime)}" if path else f"/static/{name}"
    except OSError:
        return f"/static/{name}"


@router.get("/static/{name:path}")
def static_file(name: str) -> FileResponse:
    """A style, script or picture."""
    path = _file(name)
    if path is None or not path.is_file():
        raise NotFound("web-file-unknown")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, headers={"Cache-Control": ONE_YEAR})
