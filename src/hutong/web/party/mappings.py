"""Mapping documents (EC-03): their versions, an editor with columns on one side and attributes on the other, a preview
on a sample, the difference to what is in force, publishing and going back."""

import re
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Form, Query, Request, Response, UploadFile

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.identity.sign_in import Session
from hutong.party.areas.mapping import AreaMapping
from hutong.party.columns import SENSITIVE
from hutong.party.documents import desk
from hutong.party.ingest import mappings, preview, rejects, uploads
from hutong.party.ingest.mapping import KNOWN
from hutong.party.ingest.mappings import MAPPING
from hutong.platform import database, documents
from hutong.platform.documents.kind import LONGEST
from hutong.platform.errors import NotFound, Problem, Unprocessable
from hutong.platform.http import locale_of
from hutong.web import words_of_codes
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=LONGEST)]
Token = Annotated[str, Form(pattern=r"^([0-9a-f]{32})?$")]
FileName = Annotated[str, Form(max_length=100)]
_NAME = re.compile(r"^[a-z][a-z0-9-]{1,30}/[a-z][a-z0-9_-]{1,40}$")


def _name(pack: str, short: str) -> str:
    return f"{pack}/{short}"


Name = Annotated[str, Depends(_name)]


def _sources(session: Session, name: str) -> dict[str, tuple[int, str]]:
    """Version and text of a document, if it is in force."""
    require(session.viewer, MAPPING.reads)
    with database.read("party") as conn:
        return documents.sources(conn, MAPPING, name)


_SKELETON = """mapping: {short}
source: {{code: {code}, zh: {code}, en: {code}, trust: 50}}
file: {{format: {form}, encoding: utf-8}}
key: id
kind: {{always: person}}
columns: {{}}
admission:
  - code: no_name
    rule: row.name != null
"""


@router.get("/mappings")
def mappings_page(request: Request, session: SignedInSession) -> Response:
    """The documents in force, by source."""
    require(session.viewer, MAPPING.reads)
    return render(request, "party/mappings.html", {"mappings": mappings.in_force()}, session)


@router.post("/mappings")
def begin(
    session: SignedInSession,
    name: Annotated[str, Form(max_length=80)],
    form: Annotated[str, Form(alias="format", pattern="^(csv|xlsx|jsonl)$")],
) -> Response:
    """Begin a document of a new name."""
    require(session.viewer, MAPPING.reads)
    if not _NAME.match(name):
        raise Unprocessable("party-mapping-name", field="name", name=name)
    return to_page(f"/mappings/{name}?format={form}")


@router.get("/mappings/{pack}/{short}")
def mapping_page(
    request: Request,
    session: SignedInSession,
    name: Name,
    form: Annotated[str, Query(alias="format", pattern="^(|csv|xlsx|jsonl)$")] = "",
) -> Response:
    """The editor: the text in force, its versions, a sample."""
    require(session.viewer, MAPPING.reads)
    found = _sources(session, name).get(name)
    text = found[1] if found else None
    if text is None and not (form and _NAME.match(name)):
        raise NotFound("platform-document-unknown", field="mapping", kind=MAPPING.code, name=name)
    code = re.sub(r"[^a-z0-9_]", "_", name.partition("/")[2])
    context = {
        "name": name,
        "body": text or _SKELETON.format(short=code, code=code, form=form),
        "document": mappings.named(name) if text else None,
        "versions": desk.versions(session.viewer, MAPPING, name),
    }
    return render(request, "party/mapping.html", context, session)


@router.post("/mappings/{pack}/{short}/sample")
def sample(request: Request, session: SignedInSession, name: Name, file: UploadFile, body: Text) -> Response:
    """Keep a sample, and show its columns with values, each with the attribute the document gives it, or a guess."""
    require(session.viewer, MAPPING.reads)
    token, kept = uploads.keep(file.file, file.filename or "sample", most=preview.SAMPLE_BYTES)
    document = documents.checked(MAPPING, body)
    found = preview.samples(uploads.path_of(token, kept), document.file)
    given = {name: given.columns[0] for name, given in document.columns.items() if given.columns[0] in found}
    guess = {name: column for name, column in preview.guessed(found).items() if name not in given}
    taken = {**{column: name for name, column in guess.items() if column not in given.values()},
             **{column: name for name, column in given.items()}}  # fmt: skip
    shown = {
        column: [_hidden(session, taken.get(column), value) for value in values] for column, values in found.items()
    }
    context = {"name": name, "token": token, "file": kept, "samples": shown, "taken": taken,
               "given": set(given.values()), "key": document.key, "attributes": KNOWN}  # fmt: skip
    return render(request, "party/mapping_columns.html", context, session)


def _hidden(session: Session, attribute: str | None, value: str) -> str:
    kind = SENSITIVE.get(attribute or "")
    return value if kind is None or session.viewer.sees(kind) else "***"


@router.post("/mappings/{pack}/{short}/columns")
async def columns(request: Request, session: SignedInSession) -> Response:
    """The document's text with the columns as chosen beside the sample."""
    require(session.viewer, MAPPING.reads)
    form = await request.form()
    text = str(form.get("body", ""))
    documents.checked(MAPPING, text)
    document: dict[str, Any] = yaml.safe_load(text)
    before = document.get("columns") or {}
    chosen = {str(value): name[7:] for name, value in form.multi_items() if name.startswith("column:") and value}
    document["columns"] = {
        attribute: before[attribute] if _first(before.get(attribute)) == column else column
        for attribute, column in chosen.items()
        if attribute in KNOWN
    }
    if chosen.get("key"):
        document["key"] = chosen["key"]
    written = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    return render(request, "party/mapping_text.html", {"body": written}, session)


def _first(given: Any) -> str | None:
    if isinstance(given, dict):
        columns = [given["column"]] if "column" in given else given.get("columns") or []
        return str(columns[0]) if columns else None
    return given if isinstance(given, str) else None


@router.post("/mappings/{pack}/{short}/preview")
def previewed(  # noqa: PLR0917  (the fields of a form)
    request: Request,
    session: SignedInSession,
    name: Name,
    body: Text,
    token: Token = "",
    file: FileName = "",
) -> Response:
    """What the text as it is makes of the sample, and what differs from the version in force."""
    require(session.viewer, MAPPING.reads)
    locale = locale_of(request)
    _, before = _sources(session, name).get(name, (0, ""))
    try:
        document = documents.checked(MAPPING, body)
        rows = preview.of_file(document, uploads.path_of(token, file)) if token else []
    except Problem as problem:
        return render(request, "party/mapping_mistake.html", {"words": problem.message(locale)}, session)
    context = {
        "rows": [rejects.seen(session.viewer, document, row) for row in rows],
        "sampled": bool(token),
        "counts": _counts(rows),
        "difference": documents.difference(before, body),
        "columns": _shown(document),
        "reason_words": lambda code: words_of_codes.reason(code, locale),
    }
    return render(request, "party/mapping_preview.html", context, session)


def _shown(document: mappings.Document) -> list[str]:
    wanted = [name for name in document.columns if name not in ("created", "changed")]
    return ["key", "of_key", *wanted] if isinstance(document, AreaMapping) else ["key", "kind", *wanted]


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
