"""How endpoints outside /tmf-api/ describe their failures: problem details (RFC 9457)."""

from typing import Any

from hutong.api.tmf.openapi import TITLES

_BODY = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}},
}
_MORE = {410: "No longer there"}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The failures of an endpoint; input that does not fit (400) and a database that is gone (503) can always be."""
    return {
        status: {
            "description": {**TITLES, **_MORE}[status],
            "content": {"application/problem+json": {"schema": _BODY}},
        }
        for status in (400, *statuses, 503)
    }
