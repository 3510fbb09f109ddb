"""TMF630 conventions of one resource: id, href, @type, chosen fields, merge-patch, `Location` of what was made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from fastapi import Request
from fastapi.responses import Response

from hutong.api.tmf.body import json_object
from hutong.platform.errors import Invalid, NotFound
from hutong.platform.money import to_decimal
from hutong.platform.settings import settings

Resource = dict[str, Any]
ALWAYS = frozenset({"id", "href", "@type"})


def identified(base: str, kind: str, type_name: str, key: object, **attributes: Any) -> Resource:
    """A resource with what every one has; attributes that are None are left out.

    `base` is the API's path (`/tmf-api/party/v4`), `kind` the collection's name (`individual`).
    """
    head = {"id": str(key), "href": f"{settings.public_url}{base}/{kind}/{key}", "@type": type_name}
    return head | {name: value for name, value in attributes.items() if value is not None}


def reference(href: str | None, key: object, referred: str, **attributes: Any) -> Resource:
    """A reference to another resource (`relatedParty`, `productOffering`): id, href where we serve it, what it is."""
    head: Resource = {"id": str(key), "@referredType": referred}
    if href is not None:
        head["href"] = f"{settings.public_url}{href}/{key}"
    return head | {name: value for name, value in attributes.items() if value is not None}


def chosen_fields(resource: Mapping[str, Any], fields: frozenset[str] | None) -> Resource:
    """Only the attributes asked for; a dotted name keeps that part of its attribute. id, href and @type always stay."""
    if fields is None:
        return dict(resource)
    made = {name: value for name, value in resource.items() if name in ALWAYS or name in fields}
    parts: dict[str, set[str]] = {}
    for field in fields:
        head, dot, rest = field.partition(".")
        if dot and head in resource and head not in made:
            parts.setdefault(head, set()).add(rest)
    for head, inner in parts.items():
        made[head] = _part(resource[head], frozenset(inner))
    return made


def _part(value: Any, fields: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_part(element, fields) for element in value]
    return chosen_fields(value, fields) if isinstance(value, Mapping) else value


def instant(value: datetime | None) -> str | None:
    """An instant in RFC 3339, UTC, with milliseconds."""
    if value is None:
        return None
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(micros: int | None) -> Resource | None:
    """TMF Money: unit and value. The value is a JSON number with the exact decimal digits."""
    if micros is None:
        return None
    return {"unit": settings.currency, "value": to_decimal(micros)}


def key_of(text: str) -> int:
    """The bigint behind a resource id. Raises NotFound for what cannot be one: no such resource."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    raise NotFound("api-resource-unknown")


def merged(target: Any, patch: Any) -> Any:
    """JSON merge-patch (RFC 7396): null removes, objects merge, everything else replaces. `target` is left as it is."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), value)
    return made


async def patch_of(request: Request, fixed: frozenset[str]) -> Resource:
    """The merge-patch document of a request; attributes in `fixed` cannot be patched. Raises Invalid."""
    kind = request.headers.get("content-type", "").split(";")[0].strip()
    if kind not in ("application/merge-patch+json", "application/json"):
        raise Invalid("api-patch-kind", kind=kind or "-")
    document = await json_object(request)
    if unpatchable := sorted(fixed & set(document)):
        raise Invalid("api-patch-fixed", field=unpatchable[0], names=", ".join(unpatchable))
    return document


class JsonAnswer(Response):
    """A JSON answer that writes decimals as numbers with their exact digits: money is never a float."""

    media_type = "application/json"
    encoder = msgspec.json.Encoder(decimal_format="number")

    def render(self, content: Any) -> bytes:
        """The body."""
        return self.encoder.encode(content)


def created(resource: Resource) -> JsonAnswer:
    """201 with the resource and its Location."""
    return JsonAnswer(resource, status_code=201, headers={"Location": resource["href"]})
