"""Documents that business people change without code (EC-05, EC-15, EC-18): rules, policies, definitions of sharing.
One list and one editor for all kinds: text, what it would do to the data, drafts, versions, and the second person."""

from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.party.documents import desk
from hutong.party.documents.effects import MEASURES, effects
from hutong.party.documents.kinds import KINDS, kind_of
from hutong.party.effect import Told
from hutong.party.sharing import facts
from hutong.platform import documents
from hutong.platform.documents import Kind, Version
from hutong.platform.documents.kind import body_of
from hutong.platform.documents.states import may
from hutong.platform.errors import Problem, Unprocessable
from hutong.platform.http import locale_of
from hutong.web.shell import render, to_page
from hutong.web.words_of_codes import word

router = APIRouter(include_in_schema=False)
NAME = r"^[a-z][a-z0-9_-]{1,59}$"
OF_CUSTOMERS = ("export", "call-list", "scripts", "needs", "claim-route")
"""Kinds whose conditions ask for facts of customers."""
ELSEWHERE = ("mapping",)
"""Kinds with an editor of their own."""


def _kind(kind: Annotated[str, Path(max_length=40)]) -> Kind[Any]:
    return kind_of(kind)


Of = Annotated[Kind[Any], Depends(_kind)]
Name = Annotated[str, Path(pattern=NAME)]
Text = Annotated[str, Form(max_length=400_000)]
Reason = Annotated[str, Form(max_length=500)]


def title_of(kind: Kind[Any], name: str, body: str, locale: str) -> str:
    """What people call a document: its own title, or the word for what each installation has one of; else its name."""
    if kind.fixed:
        return word("web-document-name", name, locale)
    return _titles(body).get("zh" if locale == "zh-CN" else "en") or name


@lru_cache(maxsize=200)
def _titles(body: str) -> dict[str, str]:
    try:
        title = body_of(body).get("title")
    except Problem:  # a draft with mistakes
        return {}
    return {code: str(words) for code, words in title.items()} if isinstance(title, dict) else {}


@router.get("/documents")
def documents_page(request: Request, session: SignedInSession) -> Response:
    """All documents the viewer may read, by kind; what waits for a second person first."""
    viewer = session.viewer
    found = [row for row in desk.listing(viewer) if row.kind not in ELSEWHERE]
    here = {code: kind for code, kind in KINDS.items() if code not in ELSEWHERE and viewer.may(kind.reads)}
    kinds = {code: [row for row in found if row.kind == code] for code in here}
    shipped = {code: kind.shipped_texts() for code, kind in here.items()}

    def title(row: documents.Listed) -> str:
        body = row.newest.body if row.newest else row.draft.body if row.draft else ""
        return title_of(here[row.kind], row.name, body or shipped[row.kind].get(row.name, ""), locale_of(request))

    context = {
        "kinds": kinds,
        "title": title,
        "waiting": [row for row in found if row.draft and row.draft.state == "proposed"],
        "writes": {code for code in kinds if viewer.may(KINDS[code].writes)},
        "grows": {code for code in kinds if not KINDS[code].fixed},
    }
    return render(request, "documents/list.html", context, session)


@router.post("/documents/{kind}")
def begin(session: SignedInSession, kind: Of, name: Annotated[str, Form(pattern=NAME)]) -> Response:
    """Begin a document of a new name: a draft after the pattern of the first there is."""
    viewer = session.viewer
    there = [row.name for row in desk.listing(viewer) if row.kind == kind.code and row.version]
    shipped = sorted(kind.shipped_texts())
    pattern = (there or shipped)[:1]
    body = desk.source(viewer, kind, pattern[0])[1] if pattern else "code: x\n"
    written = "\n".join(f"code: {name}" if line.startswith("code:") else line for line in body.splitlines())
    if name not in {*there, *shipped}:
        desk.save(viewer, kind, name, written + "\n", based_on=0)
    return to_page(f"/documents/{kind.code}/{name}")


def state_of(viewer: Principal, kind: Kind[Any], name: str) -> tuple[int, str, Version | None]:
    """Version in force (0: shipped, or none yet), the text to edit (a draft's before it), and the draft."""
    draft = desk.draft(viewer, kind, name)
    try:
        version, body = desk.source(viewer, kind, name)
    except Problem:
        if draft is None:
            raise
        version, body = 0, ""
    return version, draft.body if draft else body, draft


@router.get("/documents/{kind}/{name}")
def editor_page(request: Request, session: SignedInSession, kind: Of, name: Name) -> Response:
    """The editor: the text, its versions, what may be done with it now."""
    viewer = session.viewer
    version, body, draft = state_of(viewer, kind, name)
    state = draft.state if draft else "new"
    writes, own = viewer.may(kind.writes), draft is None or draft.author == viewer.actor
    context = {
        "kind": kind,
        "name": name,
        "title": title_of(kind, name, body, locale_of(request)),
        "version": version,
        "body": body,
        "draft": draft,
        "versions": desk.versions(viewer, kind, name),
        "editable": writes and own and may("save", state),
        "discardable": writes and own and may("discard", state),
        "approvable": bool(draft) and not own and may("approve", state) and viewer.may(kind.approves or kind.writes),
        "retirable": writes and not kind.fixed and not kind.approves and version > 0 and draft is None,
        "measured": kind.code in MEASURES,
        "facts": facts.labels(locale_of(request)) if kind.code in OF_CUSTOMERS else {},
    }
    return render(request, "documents/editor.html", context, session)


@router.post("/documents/{kind}/{name}/preview")
def previewed(request: Request, session: SignedInSession, kind: Of, name: Name, body: Text) -> Response:
    """Whether the text is valid, what of it differs, and what it would do to the data as it is; for htmx."""
    viewer = replace(session.viewer, locale=locale_of(request))
    require(viewer, kind.writes)
    context: dict[str, Any] = {"mistake": None, "told": Told(), "difference": []}
    try:
        _, before = desk.source(viewer, kind, name)
    except Problem:
        before = ""
    try:
        context["told"] = effects(viewer, kind, name, body)
        context["difference"] = documents.difference(before, body)
    except Problem as problem:
        context["mistake"] = problem.message(locale_of(request))
    return render(request, "documents/effects.html", {**context, "measured": kind.code in MEASURES}, session)


@router.post("/documents/{kind}/{name}/write")
def written(
    session: SignedInSession,
    kind: Of,
    name: Name,
    *,
    action: Annotated[str, Form(pattern="^(save|publish|discard|retire)$")],
    body: Text = "",
    reason: Reason = "",
    based_on: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Keep a draft; put it in force, or propose it where two people are needed; throw it away; take out of force."""
    viewer, place = session.viewer, f"/documents/{kind.code}/{name}"
    if action == "save":
        desk.save(viewer, kind, name, body, reason=reason, based_on=based_on)
    elif action == "discard":
        desk.discard(viewer, kind, name)
        place = "/documents"
    elif action == "retire":
        desk.retire(viewer, kind, name, reason)
        place = "/documents"
    elif kind.approves:
        desk.propose(viewer, kind, name, body, reason=reason, based_on=based_on)
    else:
        desk.publish(viewer, kind, body, name=name, reason=reason, based_on=based_on)
    return to_page(place)


@router.post("/documents/{kind}/{name}/review")
def reviewed(
    session: SignedInSession,
    kind: Of,
    name: Name,
    action: Annotated[str, Form(pattern="^(approve|send_back)$")],
    reason: Reason = "",
) -> Response:
    """The second person puts a proposal in force, or gives it back with a reason."""
    if action == "approve":
        desk.approve(session.viewer, kind, name)
    else:
        if not reason.strip():
            raise Unprocessable("platform-document-reason-missing", field="reason")
        desk.send_back(session.viewer, kind, name, reason)
    return to_page(f"/documents/{kind.code}/{name}")


@router.post("/documents/{kind}/{name}/versions/{version}")
def again(session: SignedInSession, kind: Of, name: Name, version: int) -> Response:
    """Put an earlier version in force again, as a new one."""
    desk.roll_back(session.viewer, kind, name, version)
    return to_page(f"/documents/{kind.code}/{name}")
