"""Events that could not be handled: dead letters per center to be replayed or discarded, how far each subscription is,
and other systems' webhooks with their state."""

import json
import re
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity import record_read
from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.platform import dead_letters, subscription_states, webhooks
from hutong.platform.dead_letters import Parked
from hutong.platform.errors import NotFound
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
RIGHT = "platform.jobs"
MOST = 200
HIDDEN = "***"
LONG_NUMBER = re.compile(r"\d{7,}")
OPEN_KEYS = ("id", "type", "state", "kind", "code", "action", "version", "number_class", "cycle", "at")
"""Ends of payload keys whose texts are no personal data."""

Name = Annotated[str, Query(max_length=100)]


def of_center(center: str, states: tuple[str, ...]) -> list[Parked]:
    """Parked events of a center, or of all."""
    centers = [center] if center else subscription_states.centers()
    found = [event for name in centers for event in dead_letters.parked(name, states, limit=MOST)]
    return sorted(found, key=lambda event: event.parked_at, reverse=True)[:MOST]


def may_settle(viewer: Principal, subscription: str) -> bool:
    """Whether a viewer may replay or discard: those who may run the consuming center's jobs."""
    return viewer.may(f"{subscription.split('.', maxsplit=1)[0]}.jobs")


def shown(viewer: Principal, payload: Any, key: str = "") -> Any:
    """A payload for a viewer: whoever does not see everything sees numbers, codes and states, no other texts."""
    if viewer.sees("*"):
        return payload
    if isinstance(payload, dict):
        return {name: shown(viewer, value, name) for name, value in payload.items()}
    if isinstance(payload, list):
        return [shown(viewer, value, key) for value in payload]
    return HIDDEN if isinstance(payload, str) and not key.endswith(OPEN_KEYS) else payload


def error_shown(viewer: Principal, error: str | None) -> str:
    """Why an event failed: long numbers in it may be people's."""
    said = (error or "").strip()
    return said if viewer.sees("*") else LONG_NUMBER.sub(HIDDEN, said)


@router.get("/dead-letters")
def dead_letters_page(
    request: Request,
    session: SignedInSession,
    center: Name = "",
    view: Annotated[str, Query(pattern="^(dead|waiting|subscriptions)$")] = "dead",
) -> Response:
    """Dead letters, events that are tried again or wait behind one, and every subscription with its backlog."""
    require(session.viewer, RIGHT)
    centers = subscription_states.centers()
    if center and center not in centers:
        raise NotFound("web-page-unknown")
    states = subscription_states.states()
    events = (
        [] if view == "subscriptions" else of_center(center, ("dead",) if view == "dead" else ("failing", "waiting"))
    )
    context = {
        "events": [(event, error_shown(session.viewer, event.error)) for event in events],
        "states": [state for state in states if not center or state.name.startswith(f"{center}.")],
        "dead": sum(state.dead for state in states),
        "waiting": sum(state.waiting for state in states),
        "per_center": {
            name: sum(state.dead for state in states if state.name.startswith(f"{name}.")) for name in centers
        },
        "center": center,
        "view": view,
    }
    return render(request, "platform/dead_letters.html", context, session)


@router.get("/dead-letters/{subscription}/{source}/{position}")
def dead_letter_page(
    request: Request, session: SignedInSession, subscription: str, source: str, position: int
) -> Response:
    """One parked event: what it says, why it failed, what waits behind it."""
    require(session.viewer, RIGHT)
    center = subscription.split(".", maxsplit=1)[0]
    if center not in subscription_states.centers():
        raise NotFound("web-page-unknown")
    event = dead_letters.get(subscription, source, position)
    everything = session.viewer.sees("*")
    if everything:
        record_read(session.viewer, "event", [position], ["*"], f"{source} {event.type}")
    context = {
        "event": asdict(event) | {"error": error_shown(session.viewer, event.error)},
        "payload": json.dumps(shown(session.viewer, event.payload), ensure_ascii=False, indent=2),
        "masked": not everything,
        "settles": may_settle(session.viewer, subscription),
    }
    return render(request, "platform/dead_letter.html", context, session)


@router.post("/dead-letters/{subscription}/{source}/{position}/{action}")
def settle(session: SignedInSession, subscription: str, source: str, position: int, action: str) -> Response:
    """Replay a dead letter, or discard it for good."""
    require(session.viewer, RIGHT)
    center = subscription.split(".", maxsplit=1)[0]
    require(session.viewer, f"{center}.jobs")
    if action not in ("replay", "discard") or center not in subscription_states.centers():
        raise NotFound("web-page-unknown")
    settler = dead_letters.replay if action == "replay" else dead_letters.discard
    settler(subscription, source, position)
    return to_page(f"/dead-letters?center={center}")


@router.post("/dead-letters/replay-all")
def replay_all(session: SignedInSession, center: Annotated[str, Form(max_length=30)]) -> Response:
    """Replay every dead letter of a center, after its cause is mended."""
    require(session.viewer, RIGHT)
    require(session.viewer, f"{center}.jobs")
    if center not in subscription_states.centers():
        raise NotFound("web-page-unknown")
    while dead := dead_letters.parked(center, limit=MOST):
        for event in dead:
            dead_letters.replay(event.subscription, event.source, event.position)
    return to_page(f"/dead-letters?center={center}")


@router.get("/dead-letters/webhooks")
def webhooks_page(request: Request, session: SignedInSession) -> Response:
    """Callbacks that other systems registered, and how their deliveries go."""
    require(session.viewer, RIGHT)
    states = subscription_states.states()
    rows = [
        {"hook": hook, "states": [state for state in states if state.name == webhooks.subscription_name(hook.id)]}
        for hook in webhooks.registrations()
    ]
    return render(request, "platform/webhooks.html", {"rows": rows, "view": "webhooks"}, session)
