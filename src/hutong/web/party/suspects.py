"""The stewards' desk (EC-06): the queue of suspected groups, and one group side by side to be decided by keyboard."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.party.reading import queries
from hutong.party.stewardship import decide
from hutong.web.party.customer_parts import COMPARED
from hutong.web.party.resolution import differing
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50


def queue(viewer: Principal, mine: bool, after: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """Groups the viewer holds, or those of the pool that nobody holds."""
    if not mine:
        return queries.suspect_queue(viewer, "open", after, PAGE)
    return [row for row in queries.suspect_queue(viewer, "claimed", None, 200) if row["assignee"] == viewer.actor]


@router.get("/suspects")
def suspects_page(
    request: Request,
    session: SignedInSession,
    view: Annotated[str, Query(max_length=10)] = "pool",
    after: Annotated[str, Query(pattern=r"^\d+\.\d+$|^$")] = "",
) -> Response:
    """The queue: the pool's, or one's own."""
    key = tuple(int(part) for part in after.split(".")) if after else None
    groups = queue(session.viewer, view == "mine", key)  # type: ignore[arg-type]  # the pattern says two numbers
    following = f"{groups[-1]['strength']}.{groups[-1]['id']}" if len(groups) == PAGE else None
    return render(request, "party/suspects.html", {"groups": groups, "view": view, "following": following}, session)


@router.get("/suspects/{group_id}")
def suspect_page(request: Request, session: SignedInSession, group_id: int) -> Response:
    """The parties of a group side by side, and why they are suspected."""
    group = queries.suspect_group(session.viewer, group_id)
    parties = group["parties"]
    used = [name for name in COMPARED if any(row[name] is not None for row in parties)]
    waiting = [*queue(session.viewer, True), *queue(session.viewer, False)]
    place = next((at for at, row in enumerate(waiting) if row["id"] == group_id), None)
    context = {
        "group": group,
        "attributes": used,
        "differs": differing(parties),
        "before": waiting[place - 1]["id"] if place else None,
        "next": waiting[place + 1]["id"] if place is not None and place + 1 < len(waiting) else None,
        "stewards": decide.stewards(session.viewer) if session.viewer.may("party.steward.lead") else [],
        "mine": group["assignee"] == session.viewer.actor,
        "decidable": group["state"] in ("open", "claimed") and group["assignee"] in (None, session.viewer.actor),
    }
    return render(request, "party/suspect.html", context, session)


@router.post("/suspects/{group_id}/claim")
def claim(session: SignedInSession, group_id: int) -> Response:
    """Take a group to work on."""
    decide.claim(session.viewer, group_id)
    return to_page(f"/suspects/{group_id}")


@router.post("/suspects/{group_id}/release")
def release(session: SignedInSession, group_id: int) -> Response:
    """Hand a group back to the pool."""
    decide.release(session.viewer, group_id)
    return to_page("/suspects")


@router.post("/suspects/{group_id}/assign")
def assign(session: SignedInSession, group_id: int, to: Annotated[int, Form(ge=1)]) -> Response:
    """Give a group to somebody, for those who lead."""
    decide.assign(session.viewer, group_id, f"user:{to}")
    return to_page(f"/suspects/{group_id}")


@router.post("/suspects/{group_id}/decide")
def decided(
    session: SignedInSession,
    group_id: int,
    *,
    verdict: Annotated[str, Form(pattern="^(same|not_same|unsure)$")],
    reason: Annotated[str, Form(max_length=500)] = "",
    chosen: Annotated[list[int] | None, Form()] = None,
    following: Annotated[int | None, Form()] = None,
    force: Annotated[bool, Form()] = False,
) -> Response:
    """Same: the chosen parties are one, the others are not it. Unsure: noted, back to the pool. Then the next group."""
    group = queries.suspect_group(session.viewer, group_id)
    ids = [row["id"] for row in group["parties"]]
    if verdict == "unsure":
        decide.unsure(session.viewer, group_id, reason or verdict)
    else:
        one = [id for id in ids if id in (chosen or ids)] if verdict == "same" else []
        apart = [[id] for id in ids if id not in one]
        decide.decide(session.viewer, group_id, [*([one] if one else []), *apart], reason or verdict, force=force)
    return to_page(f"/suspects/{following}" if following else "/suspects")
