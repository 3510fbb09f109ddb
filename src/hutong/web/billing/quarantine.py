"""Quarantine (BL-05): usage records that could not be used, with reasons; given back to collection, or discarded."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.billing import quarantine, queries
from hutong.billing.usage_listing import LINE
from hutong.identity import record_read
from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.platform import jobs
from hutong.platform.errors import Invalid
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 100
CHUNK = 1000
STATES = ("held", "released", "accepted", "duplicate", "discarded")
Reason = Annotated[str, Query(pattern=r"^[a-z_]*$", max_length=40)]


def fields_of(content: str) -> list[tuple[str, str]]:
    """A usage line by its fields, those it lacks or has too many of as they are. Pure."""
    parts = content.split(",")
    if parts and parts[0] == "D":
        parts = parts[1:]
    names = [*LINE, *("" for _ in parts[len(LINE) :])]
    return [(name, value) for name, value in zip(names, parts, strict=False) if value]


def in_order(reasons: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Reason → state → records, the reason that holds most first. Pure."""
    made: dict[str, dict[str, int]] = {}
    for row in reasons:
        made.setdefault(row["reason"], {})[row["state"]] = row["records"]
    return dict(sorted(made.items(), key=lambda entry: -entry[1].get("held", 0)))


@router.get("/quarantine")
def quarantine_page(
    request: Request,
    session: SignedInSession,
    state: Annotated[str, Query(pattern="^(held|released|accepted|duplicate|discarded)$")] = "held",
    reason: Reason = "",
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Reasons with their counts, and the records of one state."""
    viewer = session.viewer
    reasons = in_order(queries.quarantine_reasons(viewer))
    rows = queries.quarantine_page(viewer, state=state, reason=reason or None, after=after, limit=PAGE)
    if rows and viewer.sees("phone"):
        record_read(viewer, "quarantine", [row["id"] for row in rows], ["phone"])
    context = {
        "reasons": reasons,
        "totals": {one: sum(found.get(one, 0) for found in reasons.values()) for one in STATES},
        "most": max((found.get(state, 0) for found in reasons.values()), default=1) or 1,
        "rows": [{**row, "fields": fields_of(row["content"])} for row in rows],
        "state": state,
        "reason": reason,
        "following": rows[-1]["id"] if len(rows) == PAGE else None,
    }
    return render(request, "billing/quarantined.html", context, session)


@router.post("/quarantine/decide")
def decide(
    session: SignedInSession,
    *,
    action: Annotated[str, Form(pattern="^(release|discard)$")],
    chosen: Annotated[list[int] | None, Form()] = None,
    every_of: Annotated[str, Form(pattern=r"^[a-z_]*$", max_length=40)] = "",
) -> Response:
    """Release or discard the chosen records, or every held one of a reason. Released ones are collected by a job."""
    viewer = session.viewer
    ids = chosen or (every_held(viewer, every_of) if every_of else [])
    if not ids:
        raise Invalid("web-nothing-chosen", field="chosen")
    if action == "discard":
        quarantine.discard(viewer, ids)
        return to_page("/quarantine")
    quarantine.release(viewer, ids)
    job = jobs.start("billing.collect_released", {"by": viewer.actor}, viewer.actor, exclusive="billing.collect")
    return to_page(f"/jobs/{job}" if viewer.may("platform.jobs") else "/quarantine?state=released")


def every_held(viewer: Principal, reason: str) -> list[int]:
    """The ids of all records held for a reason."""
    ids: list[int] = []
    while rows := queries.quarantine_page(viewer, reason=reason, after=ids[-1] if ids else 0, limit=CHUNK):
        ids += [row["id"] for row in rows]
    return ids
