"""Mapping documents (EC-03, EC-16): their versions, an editor with columns on one side and attributes on the other,
admission rules line by line, a preview on a sample, the difference to what is in force, publishing and going back."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response, UploadFile

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.identity.sign_in import Session
from hutong.party.documents import desk
from hutong.party.information import AREAS
from hutong.party.ingest import mappings, preview, uploads
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.mappings import MAPPING
from hutong.party.ingest.masking import as_seen
from hutong.platform import database, documents
from hutong.platform.documents.kind import LONGEST
from hutong.platform.errors import NotFound, Problem, Unprocessable
from hutong.platform.http import locale_of
from hutong.web import words_of_codes
from hutong.web.party import area_words
from hutong.web.party import mapping_editor as editor
from hutong.web.party.recognised import form_of
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=LONGEST)]
Token = Annotated[str, Form(pattern=r"^([0-9a-f]{32})?$")]
FileName = Annotated[str, Form(max_length=100)]
LOOKED_AT, SHOWN = 50, 5
"""Values of each column of a sample: those guesses are made of, and those shown."""
FORM = ("format", "encoding", "delimiter")
"""What a sample tells of how its file is written."""
AreaName = Annotated[str, Form(pattern="^[a-z_]*$", max_length=40)]
_NAME = re.compile(r"^[a-z][a-z0-9-]{1,30}/[a-z][a-z0-9_-]{1,40}$")


def _name(pack: str, short: str) -> str:
    return f"{pack}/{short}"


Name = Annotated[str, Depends(_name)]


def _sources(session: Session, name: str) -> dict[str, tuple[int, str]]:
    """Version and text of a document, if it is in force."""
    require(session.viewer, MAPPING.reads)
    with database.read("party") as conn:
        return documents.sources(conn, MAPPING, name)


@router.get("/mappings")
def mappings_page(request: Request, session: SignedInSession) -> Response:
    """The documents in force, by source."""
    require(session.viewer, MAPPING.reads)
    locale = locale_of(request)
    areas = {name: area_words.area_name(name, locale) for name in AREAS}
    return render(request, "party/mappings.html", {"mappings": mappings.in_force(), "areas": areas}, session)


@router.post("/mappings")
def begin(
    session: SignedInSession,
    name: Annotated[str, Form(max_length=80)],
    form: Annotated[str, Form(alias="format", pattern="^(csv|xlsx|jsonl)$")],
    area: AreaName = "",
) -> Response:
    """Begin a document of a new name, of parties or of an area."""
    require(session.viewer, MAPPING.reads)
    if not _NAME.match(name):
        raise Unprocessable("party-mapping-name", field="name", name=name)
    return to_page(f"/mappings/{name}?format={form}&area={area}")


@router.get("/mappings/{pack}/{short}")
def mapping_page(
    request: Request,
    session: SignedInSession,
    name: Name,
    form: Annotated[str, Query(alias="format", pattern="^(|csv|xlsx|jsonl)$")] = "",
    area: Annotated[str, Query(pattern="^[a-z_]*$", max_length=40)] = "",
) -> Response:
    """The editor: the text in force, its admission rules and versions, a sample."""
    require(session.viewer, MAPPING.reads)
    found = _sources(session, name).get(name)
    text = found[1] if found else None
    if text is None and not (form and _NAME.match(name) and area in ("", *AREAS)):
        raise NotFound("platform-document-unknown", field="mapping", kind=MAPPING.code, name=name)
    code = re.sub(r"[^a-z0-9_]", "_", name.partition("/")[2])
    body = text or editor.skeleton(code, code, form, area)
    document = documents.checked(MAPPING, body)
    context = {
        "name": name,
        "body": body,
        "document": document,
        "published": text is not None,
        "area": _area(document, locale_of(request)),
        "versions": desk.versions(session.viewer, MAPPING, name),
        **_rules(document, [], locale_of(request)),
    }
    return render(request, "party/mapping.html", context, session)


def _area(document: mappings.Document, locale: str) -> str:
    return area_words.area_name(document.area, locale) if isinstance(document, AreaMapping) else ""


def _rules(document: mappings.Document, rows: list[preview.Row], locale: str) -> dict[str, Any]:
    """What the card of admission rules shows."""
    return {
        "rules": editor.rules(document, rows, locale),
        "blank": range(editor.BLANK_RULES),
        "variables": editor.variables(document),
        "sampled": bool(rows),
    }


@router.post("/mappings/{pack}/{short}/sample")
def sample(request: Request, session: SignedInSession, name: Name, file: UploadFile, body: Text) -> Response:
    """Keep a sample, and show its columns with values, each with the attribute the document gives it, or a guess."""
    require(session.viewer, MAPPING.reads)
    token, kept = uploads.keep(file.file, file.filename or "sample", most=preview.SAMPLE_BYTES)
    document, path = documents.checked(MAPPING, body), uploads.path_of(token, kept)
    form = form_of(path, document.file)
    found = preview.samples(path, form, LOOKED_AT)
    taken, given = editor.taken(document, found)
    context = {"name": name, "token": token, "file": kept, "taken": taken, "given": given, "form": form,
               "other": {part: value for part, value in form if part in FORM and value != getattr(document.file, part)},
               "dates": {column: forms for column, values in found.items() if (forms := preview.date_forms(values))},
               "samples": editor.shown(session.viewer, document, taken, _few(found)),
               "choices": editor.choices(document, locale_of(request))}  # fmt: skip
    return render(request, "party/mapping_columns.html", context, session)


def _few(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {column: values[:SHOWN] for column, values in found.items()}


@router.post("/mappings/{pack}/{short}/columns")
async def columns(request: Request, session: SignedInSession) -> Response:
    """The document's text with the columns as chosen beside the sample."""
    require(session.viewer, MAPPING.reads)
    form = await request.form()
    chosen = {name[7:]: str(value) for name, value in form.multi_items() if name.startswith("column:") and value}
    written = {part: str(form[f"form:{part}"]) for part in FORM if f"form:{part}" in form}
    dates = {name[5:]: [str(value) for value in form.getlist(name)] for name in form if name.startswith("date:")}
    text = editor.with_columns(str(form.get("body", "")), chosen, written, dates)
    return render(request, "party/mapping_text.html", {"body": text}, session)


@router.post("/mappings/{pack}/{short}/admission")
def admission(  # noqa: PLR0917  (the fields of a form)
    request: Request,
    session: SignedInSession,
    name: Name,
    body: Text,
    code: Annotated[list[str], Form(max_length=200)],
    rule: Annotated[list[str], Form(max_length=200)],
) -> Response:
    """The document's text with the admission rules as written line by line."""
    require(session.viewer, MAPPING.reads)
    text = editor.with_rules(body, code, rule)
    document = documents.checked(MAPPING, text)
    context = {"name": name, "body": text, "also": True, **_rules(document, [], locale_of(request))}
    return render(request, "party/mapping_text.html", context, session)


@router.post("/mappings/{pack}/{short}/preview")
def previewed(  # noqa: PLR0917  (the fields of a form)
    request: Request,
    session: SignedInSession,
    name: Name,
    body: Text,
    token: Token = "",
    file: FileName = "",
) -> Response:
    """What the text as it is makes of the sample and its rules reject of it, and what differs from the version in
    force."""
    require(session.viewer, MAPPING.reads)
    locale = locale_of(request)
    _, before = _sources(session, name).get(name, (0, ""))
    try:
        document = documents.checked(MAPPING, body)
        rows = preview.of_file(document, uploads.path_of(token, file)) if token else []
    except Problem as problem:
        return render(request, "party/mapping_mistake.html", {"words": problem.message(locale)}, session)
    context = {
        "name": name,
        "rows": [as_seen(session.viewer, document, row) for row in rows],
        "counts": _counts(rows),
        "difference": documents.difference(before, body),
        "columns": [(column, editor.field_words(document, column, locale)) for column in _shown(document, rows)],
        "reason_words": lambda code: words_of_codes.reason(code, locale),
        **_rules(document, rows, locale),
        "sampled": bool(token),
    }
    return render(request, "party/mapping_preview.html", context, session)


def _shown(document: mappings.Document, rows: list[preview.Row]) -> list[str]:
    """The columns a document names; and kinds of phone that another kind turned out to be."""
    wanted = [name for name in document.columns if name not in ("created", "changed")]
    if isinstance(document, AreaMapping):
        return ["key", "of_key", *wanted]
    phones = ("mobile", "phone", "other_phone")
    return ["key", "kind", *wanted, *(name for name in phones if name not in wanted and any(row[name] for row in rows))]


def _counts(rows: list[preview.Row]) -> dict[str, int]:
    return {
        "rows": len(rows),
        "admitted": sum(not row["reasons"] for row in rows),
        "rejected": sum(bool(row["reasons"]) for row in rows),
        "issues": sum(bool(row["issues"]) for row in rows),
    }


@router.post("/mappings/{pack}/{short}/publish")
def publish(
    session: SignedInSession,
    name: Name,
    body: Text,
    note: Annotated[str, Form(max_length=500)] = "",
    based_on: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Put the text in force as a new version; files given from then on are read by it."""
    if not _NAME.match(name):
        raise Unprocessable("party-mapping-name", field="name", name=name)
    desk.publish(session.viewer, MAPPING, body, name=name, reason=note, based_on=based_on)
    return to_page(f"/mappings/{name}")


@router.post("/mappings/{pack}/{short}/versions/{version}")
def roll_back(session: SignedInSession, name: Name, version: int) -> Response:
    """Put an earlier version in force again, as a new one."""
    desk.roll_back(session.viewer, MAPPING, name, version)
    return to_page(f"/mappings/{name}")
