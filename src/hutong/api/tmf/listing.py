"""TMF630 conventions of lists: `fields`, filters (also dotted), `offset`/`limit`, and the count headers.

A query such as `?state=active,pending&relatedParty.id=7&fields=state&limit=10` becomes a `Wanted`; a center's query
answers it with a `Page`; `list_answer` renders it. An attribute no center can filter by is refused by name, never
ignored: a filter that silently does nothing returns other people's records.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import Request

from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields
from hutong.platform.errors import Invalid

DEFAULT_LIMIT = 100
GREATEST_LIMIT = 1000
GREATEST_OFFSET = 10_000_000
RESERVED = frozenset({"fields", "offset", "limit", "sort"})


class Wanted(NamedTuple):
    """What a list request asks for. `filters`: the center's name of a filter → the values it may have (any of them)."""

    filters: Mapping[str, Sequence[str]]
    offset: int
    limit: int
    fields: frozenset[str] | None


class Page(NamedTuple):
    """A part of the matching resources, and how many match in all."""

    resources: Sequence[Resource]
    total: int


def wanted(request: Request, filterable: Mapping[str, str]) -> Wanted:
    """Read a list request. `filterable`: attribute path of the resource → the center's filter name. Raises Invalid."""
    filters: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name in RESERVED:
            continue
        if name not in filterable:
            raise Invalid("api-filter-unknown", field=name, name=name, known=", ".join(sorted(filterable)))
        filters.setdefault(filterable[name], []).extend(part for part in value.split(",") if part)
    return Wanted(
        filters,
        _number(request, "offset", 0, GREATEST_OFFSET),
        _number(request, "limit", DEFAULT_LIMIT, GREATEST_LIMIT),
        fields_of(request),
    )


def fields_of(request: Request) -> frozenset[str] | None:
    """The attributes asked for, or None for all."""
    given = request.query_params.get("fields")
    if given is None:
        return None
    return frozenset(part.strip() for part in given.split(",") if part.strip() and part.strip() != "none")


def _number(request: Request, name: str, default: int, greatest: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()) or len(given) > 9 or int(given) > greatest:
        raise Invalid("api-number-invalid", field=name, name=name, greatest=greatest)
    return int(given)


def list_answer(page: Page, asked: Wanted) -> JsonAnswer:
    """The JSON array with `X-Total-Count` and `X-Result-Count`."""
    body: list[dict[str, Any]] = [chosen_fields(resource, asked.fields) for resource in page.resources]
    return JsonAnswer(body, headers={"X-Total-Count": str(page.total), "X-Result-Count": str(len(body))})
