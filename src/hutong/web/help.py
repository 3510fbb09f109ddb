"""Help: what each room is for, the keys, the words of the trade, and the guides, in the viewer's language."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from hutong.identity.http import SignedInSession
from hutong.platform.errors import NotFound
from hutong.platform.http import locale_of
from hutong.web.navigation import entries_for
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)
DOCS = Path(__file__).parents[3] / "docs"
GUIDES = ("customer-master", "stewardship", "sharing", "operations")
SHOWN: tuple[tuple[Path, tuple[str, ...], str], ...] = (
    (DOCS / "pictures", (".png",), "image/png"),
    (DOCS / "guide" / "customer-master", (".csv", ".yaml"), "text/plain; charset=utf-8"),
)
"""What guides link to: folder, endings, how it is sent."""
PURPOSES = {
    "/groups": "web-groups-hint", "/suspects": "web-suspects-hint", "/approvals": "web-approvals-hint",
    "/enhancements": "web-enhance-hint", "/merges": "web-merges-hint", "/quality/tasks": "web-quality-tasks-hint",
    "/documents": "web-documents-hint", "/loads": "web-loads-hint", "/rejects": "web-rejects-hint",
    "/mappings": "web-mappings-hint", "/counter": "web-counter-hint", "/pop": "web-pop-hint",
    "/calls": "web-calls-hint", "/call-lists": "web-call-lists-hint", "/claims-desk": "web-claims-hint",
    "/exports": "web-exports-hint", "/reports": "web-reports-hint", "/jobs": "web-jobs-hint",
    "/exception-centre": "web-centre-hint", "/schedules": "web-schedules-hint", "/logs": "web-logs-hint",
    "/access-log": "web-access-log-hint", "/people": "web-people-hint", "/customers": "web-help-customers",
    "/models": "web-help-models", "/quality": "web-help-quality", "/model": "web-help-model",
    "/portal-accounts": "web-portal-accounts-hint",
}  # fmt: skip
"""Entry of the menu → what it is for; entries without one are not listed."""
KEYS = (("/", "search"), ("?", "help"), ("j k", "move"), ("Enter", "open"), ("x", "select"), ("c", "claim"),
        ("m", "merge"), ("s", "separate"), ("1 … 9", "letter"), ("d", "letters"), ("u", "unsure"), ("a", "approve"),
        ("b", "back"), ("g", "queue"), ("p", "preview"), ("Esc", "leave"))  # fmt: skip
TERMS = ("party", "source-record", "golden-record", "xref", "judgement", "strong-weak", "suspect-group", "survivorship",
         "match-key", "household", "touch", "code-set", "masking", "audit")  # fmt: skip


@router.get("/help")
def help_page(request: Request, session: SignedInSession) -> Response:
    """The rooms the viewer may enter, keys, words, guides."""
    rooms = [(group, [(entry, PURPOSES[entry.path]) for entry in entries if entry.path in PURPOSES])
             for group, entries in entries_for(session.viewer)]  # fmt: skip
    context = {"rooms": [room for room in rooms if room[1]], "keys": KEYS, "terms": TERMS, "guides": GUIDES}
    return render(request, "help.html", context, session)


@router.get("/help/guides/{guide}")
def guide_page(
    request: Request, session: SignedInSession, guide: Annotated[str, InPath(pattern="^[a-z-]{1,40}$")]
) -> Response:
    """A guide as a page."""
    name = f"{guide}.zh-CN.md" if locale_of(request) == "zh-CN" else f"{guide}.md"
    path = DOCS / "guide" / name
    if guide not in GUIDES or not path.is_file():
        raise NotFound("web-page-unknown")
    title, body = _as_page(path, path.stat().st_mtime)
    return render(request, "guide.html", {"title": title, "body": body, "guides": GUIDES, "guide": guide}, session)


@router.get("/help/files/{file}")
def guide_file(session: SignedInSession, file: Annotated[str, InPath(pattern=r"^[a-z0-9.-]{1,60}$")]) -> Response:
    """A picture or a sample file that a guide names."""
    del session
    for folder, suffixes, kind in SHOWN:
        if file.endswith(suffixes) and file in {path.name for path in folder.iterdir()}:
            return FileResponse(folder / file, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})
    raise NotFound("web-file-unknown")


@lru_cache(maxsize=16)
def _as_page(path: Path, _changed: float) -> tuple[str, Markup]:
    """A guide's title and its text as HTML; what it links to, it finds under /help. Raw HTML stays text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(path.read_text(encoding="utf-8"))
    title = next((tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"), path.stem)
    for token in tokens:
        token.attrs.pop("style", None)  # of table cells: pages carry no styles
    for token in _inline(tokens):
        for name in ("href", "src"):
            if (address := token.attrs.get(name)) is not None:
                token.attrs[name] = here_of(str(address))
    return title, Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704  (made of our own files)


def _inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def here_of(address: str) -> str:
    """Where the console has what a guide links to; addresses elsewhere stay as they are. Pure."""
    if "://" in address or address.startswith("#"):
        return address
    name = address.rsplit("/", 1)[-1]
    if name.endswith(".md"):
        return f"/help/guides/{name.removesuffix('.md').removesuffix('.zh-CN')}"
    return f"/help/files/{name}"
