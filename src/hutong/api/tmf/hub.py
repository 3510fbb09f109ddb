"""`/hub` of each API: others register a callback and are told by HTTP (XP-04, EC-14), in TM Forum's event form.

The callback's secret, with which deliveries are signed, is shown once, in the header `Hutong-Webhook-Secret`. `query`
may choose events: `eventType=ProductOrderStateChangeEvent,ProductOrderCreateEvent`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from hutong.api.tmf import body, openapi
from hutong.api.tmf.resource import JsonAnswer, Resource, key_of
from hutong.identity import Principal, require
from hutong.identity.http import Caller
from hutong.platform import webhooks
from hutong.platform.errors import Forbidden, NotFound, Unprocessable
from hutong.platform.settings import settings


@dataclass(frozen=True)
class Hub:
    """What an API tells. `form`: how (webhook_forms); `events`: TMF event type → our event types it may come from.

    `right` is needed to listen; `entities` name the row scopes that must not limit the listener: events are not scoped.
    """

    base: str
    form: str
    right: str
    entities: tuple[str, ...]
    events: Mapping[str, tuple[str, ...]]

    def scoped(self, viewer: Principal) -> str | None:
        """The row scope that keeps a viewer from listening."""
        return next((entity for entity in self.entities if entity in viewer.scopes), None)

    def tells(self, viewer: Principal) -> bool:
        """Whether a viewer may be told, by the rights it has now."""
        return viewer.may(self.right) and self.scoped(viewer) is None


class Listener(msgspec.Struct, forbid_unknown_fields=True):
    """TMF EventSubscriptionInput."""

    callback: Annotated[str, msgspec.Meta(max_length=2000)]
    query: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


decoder = msgspec.json.Decoder(Listener)


def routes(hub: Hub, tag: str) -> APIRouter:
    """The `/hub` of an API."""
    router = APIRouter(prefix=hub.base, tags=[tag])

    @router.post("/hub", status_code=201, responses=openapi.responses(201, 422), openapi_extra=openapi.body(Listener))
    async def register(request: Request, viewer: Caller) -> JsonAnswer:
        """Register a callback, from now on."""
        asked = await body.structure(request, decoder)
        made, secret = await run_in_threadpool(_register, hub, viewer, asked)
        place = f"{settings.public_url}{hub.base}/hub/{made['id']}"
        return JsonAnswer(made, status_code=201, headers={"Location": place, "Hutong-Webhook-Secret": secret})

    @router.delete("/hub/{key}", status_code=204, responses=openapi.responses(204, 404))
    def unregister(key: str, viewer: Caller) -> None:
        """Delete an own registration."""
        require(viewer, hub.right)
        number = key_of(key)
        if not any(own.id == number and own.form == hub.form for own in webhooks.registrations(viewer.actor)):
            raise NotFound("api-resource-unknown")
        webhooks.unregister(number, viewer.actor)

    return router


def _register(hub: Hub, viewer: Principal, asked: Listener) -> tuple[Resource, str]:
    require(viewer, hub.right)
    if entity := hub.scoped(viewer):
        raise Forbidden("api-hub-scoped", entity=entity)
    wanted = chosen(hub, asked.query)
    ours = sorted({event for name in wanted for event in hub.events[name]})
    made, secret = webhooks.register(asked.callback, ours, viewer.actor, form=hub.form, query=asked.query)
    shown = {"id": str(made.id), "callback": made.callback}
    return shown | ({"query": made.query} if made.query else {}), secret


def chosen(hub: Hub, query: str | None) -> list[str]:
    """The TMF event types that a registration's query asks for; all without one. Raises Unprocessable."""
    types: list[str] = []
    for name, value in parse_qsl(query or "", keep_blank_values=True):
        if name != "eventType":
            raise Unprocessable("api-hub-query", field="query", name=name)
        types += [part for part in value.split(",") if part]
    if unknown := sorted(set(types) - set(hub.events)):
        raise Unprocessable("api-hub-event", field="query", name=unknown[0], known=", ".join(hub.events))
    if query and not types:
        raise Unprocessable("api-hub-query", field="query", name=query[:40])
    return types or list(hub.events)
