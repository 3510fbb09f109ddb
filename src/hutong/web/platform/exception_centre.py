"""The exception centre (异常中心, EC-19): everything that waits for hands, of every center, on one page."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.platform import clock, troubles
from hutong.platform.errors import Invalid, NotFound
from hutong.platform.http import locale_of
from hutong.web.shell import render, to_page
from hutong.web.words_of_codes import word

router = APIRouter(include_in_schema=False)
WORDS = {
    "platform.failed_jobs": "web-job",
    "platform.stalled_jobs": "web-job",
    "platform.schedules": "platform-schedule",
    "platform.dead_letters": "web-event-type",
    "ordering.exceptions": "ordering-reason",
    "ordering.stuck": "ordering-state",
    "billing.quarantine": "web-held-because",
}
"""Kinds whose items are codes → where the words of these codes are."""


def said(kind: troubles.Kind, item: troubles.Item, locale: str) -> str:
    """What an item is, in words."""
    prefix = WORDS.get(kind.name)
    if prefix is None:
        return item.words
    return word(prefix, item.words.replace("_", "-") if prefix == "platform-schedule" else item.words, locale)


def retries(viewer: Principal, kind: troubles.Kind) -> bool:
    """Whether a viewer may try items of a kind again."""
    center = kind.name.split(".", maxsplit=1)[0]
    return kind.again is not None and (
        viewer.may(f"{center}.jobs") or viewer.may(f"{center}.manage") or kind.name.startswith("platform.")
    )


@router.get("/exception-centre")
def centre(request: Request, session: SignedInSession) -> Response:
    """Counts and ages of every kind the viewer may see, and the first items of each."""
    viewer, locale = session.viewer, locale_of(request)
    require(viewer, "platform.jobs")
    found = troubles.seen_by(viewer)
    rows: list[dict[str, Any]] = [
        {"kind": kind, "found": one, "retries": retries(viewer, kind),
         "items": [(item, said(kind, item, locale)) for item in (one.items if one else ())]}
        for kind, one in found
    ]  # fmt: skip
    context = {"rows": rows, "now": clock.now(), "total": sum(one.count for _, one in found if one)}
    return render(request, "platform/exception_centre.html", context, session)


@router.post("/exception-centre/{name}/again")
def again(session: SignedInSession, name: str, keys: Annotated[list[str] | None, Form()] = None) -> Response:
    """Try the chosen items of a kind again; those the viewer may not are left as they are."""
    kind = next((kind for kind in troubles.kinds() if kind.name == name), None)
    if kind is None or kind.again is None:
        raise NotFound("web-page-unknown")
    require(session.viewer, kind.right)
    if not keys:
        raise Invalid("web-nothing-chosen", field="keys")
    done = kind.again(session.viewer, keys)
    return to_page(f"/exception-centre?again={done}")
