"""Lists of resources that are held in memory (the catalog): every attribute can be filtered by, also dotted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request

from hutong.api.tmf.listing import RESERVED, Page, Wanted, wanted
from hutong.api.tmf.resource import Resource


def page_of(request: Request, resources: Sequence[Resource]) -> tuple[Page, Wanted]:
    """The page of resources that a request asks for."""
    paths = {name: name for name in request.query_params if name not in RESERVED}
    asked = wanted(request, paths)
    matching = [resource for resource in resources if matches(resource, asked.filters)]
    return Page(matching[asked.offset : asked.offset + asked.limit], len(matching)), asked


def matches(resource: Resource, filters: Mapping[str, Sequence[str]]) -> bool:
    """Whether, for each filter, some value at its path is among those asked for."""
    return all(any(text in allowed for text in values_at(resource, path)) for path, allowed in filters.items())


def values_at(value: Any, path: str) -> Iterator[str]:
    """The values at a dotted path, those in lists included, as they read in JSON."""
    if isinstance(value, list):
        for element in value:
            yield from values_at(element, path)
    elif isinstance(value, Mapping):
        head, _, rest = path.partition(".")
        if head in value:
            yield from values_at(value[head], rest) if rest else leaves(value[head])


def leaves(value: Any) -> Iterator[str]:
    """A scalar, or the scalars of a list."""
    if isinstance(value, list):
        for element in value:
            yield from leaves(element)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif not isinstance(value, Mapping):
        yield str(value)
