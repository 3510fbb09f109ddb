"""The OpenAPI description of endpoints that read their input themselves: bodies, list parameters, answers."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI

REF = "#/components/schemas/{name}"
ERROR = {"schema": {"$ref": REF.format(name="Error")}}
TITLES = {
    400: "Input that cannot be understood",
    401: "No valid key or session",
    403: "Without the right",
    301: "Merged into another: read it there",
    308: "Merged into another: ask the same there again",
    404: "No such resource",
    410: "Erased",
    409: "The state does not allow it, or the key was used before",
    413: "The body is too large",
    422: "Understood, and refused by a rule",
    429: "Over the quota",
    503: "The database does not answer",
}
JSON = "application/json"
_schemas: dict[str, Any] = {
    "Error": {
        "type": "object",
        "required": ["code", "reason"],
        "properties": {name: {"type": "string"} for name in ("@type", "code", "reason", "message", "status")},
    }
}


described: dict[str, str] = {}
"""Tag → what is said of its API as a whole."""


def moved(status: int) -> dict[int | str, dict[str, Any]]:
    """The answer for an id that was merged into another, whose place is in `Location`."""
    place = {"Location": {"schema": {"type": "string"}}}
    return {status: {"description": TITLES[status], "headers": place, "content": {JSON: ERROR}}}


def responses(success: int, *failures: int, many: bool = False) -> dict[int | str, dict[str, Any]]:
    """Answers of an endpoint: what succeeds, and the ways it fails."""
    shape: dict[str, Any] = {"type": "array", "items": {"type": "object"}} if many else {"type": "object"}
    good: dict[str, Any] = {"description": "Success"}
    if success != 204:
        good["content"] = {JSON: {"schema": shape}}
    if many:
        counts = {name: {"schema": {"type": "integer"}} for name in ("X-Total-Count", "X-Result-Count")}
        good["headers"] = counts
    bad: dict[int | str, dict[str, Any]] = {
        status: {"description": TITLES[status], "content": {JSON: ERROR}} for status in (400, 401, 403, 429, 503)
    }
    bad |= {status: {"description": TITLES[status], "content": {JSON: ERROR}} for status in failures}
    return {success: good, **bad}


def body(kind: type[Any], media: str = JSON) -> dict[str, Any]:
    """`openapi_extra` of an endpoint whose body is a msgspec type."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template=REF)
    _schemas.update(components)
    return {"requestBody": {"required": True, "content": {media: {"schema": schema}}}}


def lists(filterable: Mapping[str, str] | Iterable[str]) -> dict[str, Any]:
    """`openapi_extra` of a list: its filters, and the parameters of every list."""
    made = [_query(name, {"type": "string"}) for name in filterable]
    made.append(_query("fields", {"type": "string"}))
    made += [
        _query(name, {"type": "integer", "minimum": 0, "maximum": greatest})
        for name, greatest in (("offset", 10_000_000), ("limit", 1000))
    ]
    return {"parameters": made}


def fields() -> dict[str, Any]:
    """`openapi_extra` of reading one resource."""
    return {"parameters": [_query("fields", {"type": "string"})]}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def describe(app: FastAPI) -> None:
    """Give the OpenAPI document the schemas that endpoints refer to, and how callers show who they are."""
    otherwise = app.openapi

    def openapi() -> dict[str, Any]:
        document = otherwise()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update(_schemas)
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"key": []}]
        document["tags"] = [{"name": tag, "description": text} for tag, text in sorted(described.items())]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
