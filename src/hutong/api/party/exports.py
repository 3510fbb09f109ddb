"""Exports over HTTP (EC-14): a consumer lists its own, begins one, follows it, and fetches the file, nobody else's."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel

from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.sharing import exports
from hutong.party.sharing.files import MEDIA
from hutong.platform.http import locale_of

router = APIRouter(prefix="/party/v1/exports", tags=["Customer master: exports"])
Code = Annotated[str, Path(max_length=60)]
Key = Annotated[int, Path(ge=1, le=2**62)]


class DefinitionShown(BaseModel):
    """An export that may be made."""

    code: str
    version: int
    title: str
    columns: list[str]
    where: str
    format: str
    mode: str
    every: str | None


class RunShown(BaseModel):
    """A run: what was made, how much, its hash, and to where in the feed of changes it is complete."""

    id: int
    code: str
    version: int
    state: str
    mode: str
    format: str
    rows: int | None
    bytes: int | None
    sha256: str | None
    to_position: int | None
    made_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None


def shown(run: exports.Row) -> RunShown:
    """A run as its consumer sees it."""
    return RunShown(**{name: run[name] for name in RunShown.model_fields})


@router.get("", response_model=list[DefinitionShown], responses=problems(401, 403, 429))
def definitions(request: Request, viewer: Caller) -> list[DefinitionShown]:
    """The exports this caller may make."""
    locale = locale_of(request)
    return [
        DefinitionShown(
            title=export.title.of(locale),
            columns=[column.heading or column.fact for column in export.columns],
            **export.model_dump(include={"code", "version", "where", "format", "mode", "every"}),
        )
        for export in exports.definitions(viewer)
    ]


@router.post("/{code}/runs", status_code=202, response_model=RunShown, responses=problems(401, 403, 404, 429))
def start(code: Code, viewer: Caller) -> RunShown:
    """Begin to make a file; follow it by its id."""
    return shown(exports.start(viewer, code))


@router.get("/runs", response_model=list[RunShown], responses=problems(401, 403, 429))
def runs(viewer: Caller) -> list[RunShown]:
    """The caller's latest runs."""
    return [shown(run) for run in exports.runs(viewer)]


@router.get("/runs/{key}", response_model=RunShown, responses=problems(401, 403, 404, 429))
def run(key: Key, viewer: Caller) -> RunShown:
    """One run: its manifest."""
    return shown(exports.run(viewer, key))


@router.get(
    "/runs/{key}/file",
    response_class=FileResponse,
    responses={200: {"content": {media: {} for media in MEDIA.values()}}, **problems(401, 403, 404, 409, 410, 429)},
)
def fetch(key: Key, viewer: Caller) -> FileResponse:
    """The file, for its consumer."""
    found, path = exports.fetch(viewer, key)
    return file_answer(found, path)


def file_answer(found: exports.Row, path: object) -> FileResponse:
    """A run's file as a download."""
    name = f"{found['code']}-{found['id']}.{found['format']}"
    headers = {"Cache-Control": "no-store", "X-Content-SHA256": found["sha256"]}
    return FileResponse(str(path), media_type=MEDIA[found["format"]], filename=name, headers=headers)
