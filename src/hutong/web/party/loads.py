"""Imports (EC-03): files taken in with what became of their rows, rejected rows with reasons, codes nobody has mapped
yet (EC-09), and giving a new file to a job."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from hutong import masterdata
from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.masterdata import mapping as code_mapping
from hutong.party.ingest import loads, mappings, uploads
from hutong.platform import database, jobs
from hutong.platform.http import locale_of
from hutong.web import words_of_codes
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50
KEPT_NAME = re.compile(r"[^A-Za-z0-9._-]+")
Key = Annotated[int, Query(ge=0)]
Code = Annotated[str, Form(min_length=1, max_length=100)]


@router.get("/loads")
def loads_page(request: Request, session: SignedInSession, before: Key = 0) -> Response:
    """Files taken in, newest first; giving one; codes to be mapped."""
    found = loads.recent(session.viewer, before=before or None, limit=PAGE)
    with database.read("masterdata") as conn:
        unmapped = code_mapping.unmapped(conn)
    context = {
        "loads": found,
        "following": found[-1]["id"] if len(found) == PAGE else None,
        "mappings": mappings.in_force(),
        "unmapped": unmapped,
        "running": jobs.recent(10, states=("queued", "running"), kind="party.load"),
    }
    return render(request, "party/loads.html", context, session)


@router.get("/loads/codes")
def codes_page(request: Request, session: SignedInSession) -> Response:
    """Source codes met in files that no mapping covers, with the standard codes to choose from."""
    require(session.viewer, loads.RIGHT)
    locale = locale_of(request)
    with database.read("masterdata") as conn:
        unmapped = code_mapping.unmapped(conn)
        choices: dict[str, list[tuple[str, str]]] = {}
        for code_set in dict.fromkeys(entry.code_set for entry in unmapped):
            names = masterdata.labels(conn, code_set, locale)
            choices[code_set] = [(code, names[code]) for code in masterdata.standard_codes(conn, code_set)]
    return render(request, "party/codes.html", {"unmapped": unmapped, "choices": choices}, session)


@router.post("/loads/codes")
def map_code(
    session: SignedInSession, source: Code, code_set: Code, source_code: Code, standard_code: Code
) -> Response:
    """Say what a source's code means; files taken in from then on use it."""
    require(session.viewer, loads.RIGHT)
    with database.begin("masterdata") as conn:
        code_mapping.set_mapping(conn, source, code_set, {source_code: standard_code}, session.viewer.actor)
    return to_page("/loads/codes")


@router.post("/loads")
def upload(
    session: SignedInSession,
    file: UploadFile,
    mapping: Annotated[str, Form(max_length=100)],
    then_resolve: Annotated[bool, Form()] = False,
) -> Response:
    """Keep the file, and let a job take it in; the page of the job shows how far it is."""
    require(session.viewer, loads.RIGHT)
    document = mappings.named(mapping)
    token, name = uploads.keep(file.file, file.filename or "upload")
    args: dict[str, Any] = {"token": token, "file": name, "mapping": mapping, "by": session.viewer.actor,
                            "then_resolve": then_resolve}  # fmt: skip
    exclusive = f"party.load.{document.source.code}"
    return to_page(f"/jobs/{jobs.start('party.load', args, session.viewer.actor, exclusive=exclusive)}")


@router.get("/loads/{load_id}")
def load_page(
    request: Request,
    session: SignedInSession,
    load_id: int,
    reason: Annotated[str, Query(max_length=60)] = "",
    after: Key = 0,
) -> Response:
    """One load: counts, reasons, rejected rows as they came."""
    found = loads.get(session.viewer, load_id)
    rows = loads.rejected(session.viewer, load_id, reason=reason or None, after=after, limit=PAGE)
    context = {
        "load": found,
        "rows": rows,
        "reason": reason,
        "most": max(found["reasons"].values(), default=1),
        "following": rows[-1]["id"] if len(rows) == PAGE else None,
        "reason_words": lambda code: words_of_codes.reason(code, locale_of(request)),
    }
    return render(request, "party/load.html", context, session)


@router.get("/loads/{load_id}/rejected.csv")
def rejected_csv(session: SignedInSession, load_id: int) -> Response:
    """The rejected rows, to be mended at the source and sent again."""
    found = loads.get(session.viewer, load_id)
    name = KEPT_NAME.sub("_", f"{found['source']}-{load_id}-rejected.csv")
    lines = (
        ("\ufeff" if number == 0 else "") + line for number, line in enumerate(loads.export(session.viewer, load_id))
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
