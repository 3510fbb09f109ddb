"""Webhooks: other systems register a callback and are told by HTTP (TMF `/hub`).

Each registration is a subscription of its own: one that is slow or down holds back nobody else. A delivery is a POST of
JSON with the headers

    Hutong-Event-Id: the same at every attempt, so that receivers can tell repetitions
    Hutong-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" with the registration's secret, hexadecimal>

Any 2xx answer is success. 408, 429, 5xx and silence pause the registration with growing pauses; other answers park the
event as failing. After `MAX_ATTEMPTS` events become dead letters (`dead_letters.parked("platform")`).
"""

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import msgspec
from sqlalchemy import Connection, delete, insert, select, text

from hutong.platform import clock, database
from hutong.platform.delivery import Inbox
from hutong.platform.errors import NotFound, Unprocessable
from hutong.platform.outbox import Delivered
from hutong.platform.settings import settings
from hutong.platform.subscriptions import RetryLater, Subscription
from hutong.platform.tables import webhook as table

TIMEOUT = 10.0
MAX_ATTEMPTS = 16
"""Pauses double from one second to one hour: about six hours in all."""
BATCH = 20
AGAIN = {408, 425, 429}

Form = Callable[[Delivered, str], dict[str, Any] | None]
"""From an event and the registration's owner to the body, or None for what that owner is not told."""


@dataclass(frozen=True)
class Webhook:
    """A registration. The secret is shown once, when it is made."""

    id: int
    callback: str
    events: tuple[str, ...]
    form: str | None
    query: str | None
    owner: str
    created_at: datetime


_forms: dict[str, Form] = {}
_ENCODER = msgspec.json.Encoder(decimal_format="number")  # amounts keep their exact digits


def form(name: str) -> Callable[[Form], Form]:
    """Declare how events look in a published form ("TMF622"); a form returns None for what it does not
    tell, and shows what the owner of the registration may see."""

    def register(write: Form) -> Form:
        _forms[name] = write
        return write

    return register


def own_form(event: Delivered) -> dict[str, Any]:
    """The body where no form is named."""
    return {
        "eventId": event.id,
        "eventType": event.type,
        "eventTime": event.occurred_at,
        "subject": event.aggregate,
        "event": dict(event.payload),
    }


def register(
    callback: str,
    events: Sequence[str],
    owner: str,
    *,
    form: str | None = None,
    query: str | None = None,
    secret: str | None = None,
) -> tuple[Webhook, str]:
    """Register a callback for event types ("ordering.order_changed", "ordering.*"), from now on.

    Returns the registration and its secret. Raises Unprocessable for a callback that is no http(s) address or that
    leads into a private network (unless `HUTONG_WEBHOOK_ALLOW_PRIVATE`).
    """
    try:
        check_address(callback)
    except RetryLater as reason:
        raise Unprocessable("platform-webhook-callback", field="callback") from reason
    made_secret = secret or secrets.token_urlsafe(32)
    sources = {event.split(".")[0] for event in events}
    if not sources or not sources <= set(database.CENTERS):
        raise Unprocessable("platform-webhook-events", events=", ".join(events))
    if form is not None and form not in _forms:
        raise ValueError(f"no form {form}")
    values = {"callback": callback, "events": list(events), "owner": owner, "form": form, "query": query}
    positions = {source: _position(source) for source in sorted(sources)}
    with database.begin("platform") as conn:
        row = conn.execute(
            insert(table).values(**values, secret=made_secret, created_at=clock.now()).returning(table)
        ).one()
        for source, position in positions.items():
            Inbox(_subscription(row), source).open(conn, position)
    return _shown(row), made_secret


def _position(source: str) -> int:
    with database.begin(source) as conn:
        return int(conn.execute(text(f"SELECT position FROM {source}.relay")).scalar() or 0)  # noqa: S608


def unregister(webhook_id: int, owner: str | None = None) -> None:
    """Delete a registration and what is parked for it. With `owner`, only its own. Raises NotFound."""
    with database.begin("platform") as conn:
        gone = delete(table).where(table.c.id == webhook_id)
        if owner is not None:
            gone = gone.where(table.c.owner == owner)
        if not conn.execute(gone).rowcount:
            raise NotFound("platform-webhook-unknown", webhook=str(webhook_id))
        name = {"name": subscription_name(webhook_id)}
        conn.execute(text("DELETE FROM platform.subscription WHERE name = :name"), name)
        conn.execute(text("DELETE FROM platform.parked_event WHERE subscription = :name"), name)


def registrations(owner: str | None = None) -> list[Webhook]:
    """Registrations, all or an owner's."""
    query = select(table).order_by(table.c.id)
    if owner is not None:
        query = query.where(table.c.owner == owner)
    with database.begin("platform") as conn:
        return [_shown(row) for row in conn.execute(query)]


def subscriptions() -> list[Subscription]:
    """The registrations as subscriptions, for the worker."""
    with database.begin("platform") as conn:
        return [_subscription(row) for row in conn.execute(select(table).order_by(table.c.id))]


def subscription_name(webhook_id: int) -> str:
    """The name under which dead letters of a registration are listed."""
    return f"platform.webhook.{webhook_id}"


def _shown(row: Any) -> Webhook:
    return Webhook(row.id, row.callback, tuple(row.events), row.form, row.query, row.owner, row.created_at)


def _subscription(row: Any) -> Subscription:
    callback, secret, form_name, owner = row.callback, row.secret, row.form, row.owner
    types = _types(row.query) if form_name else set()

    def handler(_conn: Connection, events: Sequence[Delivered]) -> None:
        for event in events:
            body = own_form(event) if form_name is None else _forms[form_name](event, owner)
            if body is not None and (not types or body.get("eventType") in types):
                post(callback, secret, event.id, _ENCODER.encode(body))

    name = subscription_name(row.id)
    return Subscription(name, tuple(row.events), handler, BATCH, one_by_one=True, max_attempts=MAX_ATTEMPTS)


def _types(query: str | None) -> set[str]:
    """The event types a registration's query (`eventType=A,B`) asks for; none: all."""
    given = parse_qs(query or "").get("eventType", [])
    return {part for value in given for part in value.split(",") if part}


def signature(secret: str, body: bytes, seconds: int) -> str:
    """The value of the header Hutong-Signature."""
    signed = hmac.new(secret.encode(), str(seconds).encode() + b"." + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def post(callback: str, secret: str, event_id: str, body: bytes) -> None:
    """Deliver a body. Raises RetryLater when the receiver is away or busy, Refused when it says no."""
    address = check_address(callback)
    parts = urlsplit(callback)
    host = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
    headers = {
        "Host": parts.netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "Hutong-Event-Id": event_id,
        "Hutong-Signature": signature(secret, body, int(clock.now().timestamp())),
    }
    server_name = {"sni_hostname": parts.hostname or ""}
    try:  # the address checked is the one called, whatever the name resolves to by then
        with httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
            answer = client.post(target, content=body, headers=headers, extensions=server_name)
    except httpx.HTTPError as failure:
        raise RetryLater(f"{type(failure).__name__}: {parts.hostname}") from failure
    if answer.status_code in AGAIN or answer.status_code >= 500:
        raise RetryLater(f"{parts.hostname} answered {answer.status_code}")
    if not answer.is_success:
        raise Refused(f"{parts.hostname} answered {answer.status_code}")


class Refused(Exception):
    """The receiver does not want this event."""


def check_address(callback: str) -> str:
    """An address of the callback's host that may be called. Raises Unprocessable, RetryLater for an unknown host."""
    try:
        parts = urlsplit(callback)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError(callback)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except ValueError as failure:  # also of addresses that urlsplit and IDNA cannot read
        raise Unprocessable("platform-webhook-callback", field="callback") from failure
    except OSError as failure:
        raise RetryLater(f"unknown host {parts.hostname}") from failure
    addresses = [str(entry[4][0]) for entry in found]
    if not settings.webhook_allow_private and any(not _public(address) for address in addresses):
        raise Unprocessable("platform-webhook-private", field="callback")
    return addresses[0]


def _public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    return (mapped or known).is_global and not (mapped or known).is_multicast
