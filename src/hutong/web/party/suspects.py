"""The stewards' desk (EC-06): the queue of suspected groups, one group side by side decided by keyboard, review by a
second person, and many groups decided at once."""

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.party.reading import suspects
from hutong.party.reading.suspects import View, Wanted
from hutong.party.resolution import suspect_states
from hutong.party.stewardship import bulk, decide, desk
from hutong.platform.http import locale_of
from hutong.web.party.customer_parts import COMPARED
from hutong.web.party.resolution import differing
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50
VIEWS: tuple[View, ...] = ("pool", "mine", "review", "sent", "all", "done")
SETS = "ABCDEFGHIJKL"
Short = Annotated[str, Query(max_length=60)]
Where = Annotated[str, Form(pattern=r"^[\w=&%.:+-]*$", max_length=300)]
"""The queue's filter as a query string, so that the next group is the next of the same queue."""


def wanted_of(view: str, rule: str, kind: str, pool: str, assignee: str) -> Wanted:
    """A filter from an address; what it does not know is the pool."""
    known: View = next((each for each in VIEWS if each == view), "pool")
    return Wanted(known, rule or None, kind or None, pool or None, assignee or None)


def query_of(wanted: Wanted) -> str:
    """A filter as an address has it."""
    parts = {"view": wanted.view, "rule": wanted.rule, "kind": wanted.kind, "pool": wanted.pool,
             "assignee": wanted.assignee}  # fmt: skip
    return urlencode({name: value for name, value in parts.items() if value})


@router.get("/suspects")
def suspects_page(
    request: Request,
    session: SignedInSession,
    *,
    view: Short = "pool",
    rule: Short = "",
    kind: Short = "",
    pool: Short = "",
    assignee: Short = "",
    after: Annotated[str, Query(pattern=r"^\d+\.\d+$|^$")] = "",
) -> Response:
    """The queue: the pool's, one's own, what waits for review; filtered, paged by key."""
    wanted = wanted_of(view, rule, kind, pool, assignee)
    strength, _, id = after.partition(".")
    groups, overview = suspects.page(session.viewer, wanted, (int(strength), int(id)) if after else None, PAGE)
    context = {
        "groups": groups,
        "wanted": wanted,
        "views": VIEWS,
        "query": query_of(wanted),
        "facets": overview.facets,
        "counts": overview.counts,
        "following": f"{groups[-1]['strength']}.{groups[-1]['id']}" if len(groups) == PAGE else None,
        "selectable": wanted.view in ("pool", "mine"),
    }
    return render(request, "party/suspects.html", context, session)


@router.post("/suspects/bulk/preview")
def bulk_preview(
    request: Request,
    session: SignedInSession,
    verdict: Annotated[str, Form(pattern="^(same|not_same)$")],
    group: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """What deciding the chosen groups alike would do, for htmx."""
    rows = bulk.preview(replace(session.viewer, locale=locale_of(request)), group or [], verdict)
    return render(request, "party/suspects_bulk.html", {"rows": rows, "verdict": verdict, "outcomes": None}, session)


@router.post("/suspects/bulk")
def bulk_decide(
    request: Request,
    session: SignedInSession,
    verdict: Annotated[str, Form(pattern="^(same|not_same)$")],
    reason: Annotated[str, Form(min_length=1, max_length=500)],
    group: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Decide the chosen groups alike; what came of each, for htmx."""
    outcomes = bulk.decide_all(replace(session.viewer, locale=locale_of(request)), group or [], verdict, reason)
    context = {"rows": [], "verdict": verdict, "outcomes": outcomes}
    return render(request, "party/suspects_bulk.html", context, session)


@router.get("/suspects/{group_id}")
def suspect_page(
    request: Request,
    session: SignedInSession,
    group_id: int,
    *,
    view: Short = "pool",
    rule: Short = "",
    kind: Short = "",
    pool: Short = "",
    assignee: Short = "",
) -> Response:
    """The parties of a group side by side, why they are suspected, and what people did with it."""
    viewer = replace(session.viewer, locale=locale_of(request))
    wanted = wanted_of(view, rule, kind, pool, assignee)
    group = suspects.group(viewer, group_id)
    before, following = suspects.neighbours(viewer, wanted, (group["strength"], group_id))
    parties = group["parties"]
    context = {
        "group": group,
        "attributes": [name for name in COMPARED if any(row[name] is not None for row in parties)],
        "differs": differing(parties),
        "reference": {name: next((row[name] for row in parties if row[name] is not None), None) for name in COMPARED},
        "before": before,
        "next": following,
        "query": query_of(wanted),
        "stewards": desk.stewards(viewer) if viewer.may("party.steward.lead") else [],
        "letters": SETS,
        **may_do(viewer, group),
    }
    return render(request, "party/suspect.html", context, session)


def may_do(viewer: Principal, group: dict[str, Any]) -> dict[str, bool]:
    """What the viewer may do with a group now."""
    free = group["assignee"] in (None, viewer.actor)
    proposer = (group["proposal"] or {}).get("by")
    return {
        "mine": group["assignee"] == viewer.actor and suspect_states.may("release", group["state"]),
        "decidable": free and suspect_states.may("decide", group["state"]),
        "assignable": suspect_states.may("assign", group["state"]),
        "reviewable": suspect_states.may("approve", group["state"])
        and proposer != viewer.actor
        and viewer.may("party.steward.review"),
        "withdrawable": suspect_states.may("withdraw", group["state"]) and proposer == viewer.actor,
    }


def onward(following: int | None, where: str) -> Response:
    """To the next group of the queue one works through, or back to the queue."""
    return to_page(f"/suspects/{following}?{where}" if following else f"/suspects?{where}")


@router.post("/suspects/{group_id}/claim")
def claim(session: SignedInSession, group_id: int, where: Where = "") -> Response:
    """Take a group to work on."""
    desk.claim(session.viewer, group_id)
    return to_page(f"/suspects/{group_id}?{where}")


@router.post("/suspects/{group_id}/release")
def release(session: SignedInSession, group_id: int, where: Where = "") -> Response:
    """Hand a group back to the pool."""
    desk.release(session.viewer, group_id)
    return to_page(f"/suspects?{where}")


@router.post("/suspects/{group_id}/assign")
def assign(session: SignedInSession, group_id: int, to: Annotated[int, Form(ge=1)], where: Where = "") -> Response:
    """Give a group to somebody, for those who lead."""
    desk.assign(session.viewer, group_id, f"user:{to}")
    return to_page(f"/suspects/{group_id}?{where}")


@router.post("/suspects/{group_id}/decide")
def decided(
    session: SignedInSession,
    group_id: int,
    *,
    verdict: Annotated[str, Form(pattern="^(same|not_same|sets|unsure)$")],
    reason: Annotated[str, Form(max_length=500)] = "",
    party: Annotated[list[int] | None, Form()] = None,
    letter: Annotated[list[str] | None, Form()] = None,
    following: Annotated[int | None, Form()] = None,
    force: Annotated[bool, Form()] = False,
    where: Where = "",
) -> Response:
    """Same, not the same, or by sets (`letter` of each `party`; none: undecided); unsure: noted, back to the pool. Then
    the next group; a group decided in part stays."""
    if verdict == "unsure":
        decide.unsure(session.viewer, group_id, reason or verdict)
        return onward(following, where)
    ids = [row["id"] for row in suspects.group(session.viewer, group_id)["parties"]]
    lettered = by_letter(party or [], letter or [])
    sets = {"same": [ids], "not_same": [[id] for id in ids], "sets": lettered}[verdict]
    done = decide.decide(session.viewer, group_id, sets, reason or verdict, force=force)
    return to_page(f"/suspects/{group_id}?{where}") if done.state == "claimed" else onward(following, where)


def by_letter(parties: list[int], letters: list[str]) -> list[list[int]]:
    """Parties with the same letter are one set; those without one are left out. Pure."""
    sets: dict[str, list[int]] = {}
    for party, letter in zip(parties, letters, strict=False):
        if letter in SETS and letter:
            sets.setdefault(letter, []).append(party)
    return list(sets.values())


@router.post("/suspects/{group_id}/review")
def reviewed(
    session: SignedInSession,
    group_id: int,
    *,
    verdict: Annotated[str, Form(pattern="^(approve|send_back|withdraw)$")],
    note: Annotated[str, Form(max_length=500)] = "",
    following: Annotated[int | None, Form()] = None,
    where: Where = "",
) -> Response:
    """A second person lets a proposal take effect or sends it back; its author takes it back."""
    if verdict == "approve":
        decide.approve(session.viewer, group_id, note)
    elif verdict == "send_back":
        decide.send_back(session.viewer, group_id, note or verdict)
    else:
        decide.withdraw(session.viewer, group_id)
        return to_page(f"/suspects/{group_id}?{where}")
    return onward(following, where)
