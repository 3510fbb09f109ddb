"""The transition period (过渡期, BL-10): from a product's completion until an offer–product relation takes effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal


@dataclass(frozen=True, slots=True)
class Relation:
    """A product instance in an offer instance, in effect in [since, until)."""

    offer_instance: int
    since: datetime
    until: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        """Whether it is in effect."""
        return self.since <= instant and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True)
class Span:
    """[since, until) of a product instance's life, in which these offer instances price it, in this phase. No offers:
    only the product's own plan does."""

    since: datetime
    until: datetime | None
    phase: Literal["transition", "regular"]
    offers: tuple[int, ...]


def spans(completed: datetime, ended: datetime | None, relations: Sequence[Relation]) -> tuple[Span, ...]:
    """A product instance's life from completion to its end, cut where what prices it changes.

    Before its first relation takes effect it is in transition to the offers that come first. Later gaps, and a product
    that no offer ever joins, are regular and priced by the product's own plan.
    """
    edges = {edge for relation in relations for edge in (relation.since, relation.until) if edge is not None}
    inside = sorted({completed, *(edge for edge in edges if completed < edge and (ended is None or edge < ended))})
    pieces = [piece(since, until, relations) for since, until in pairwise([*inside, ended]) if since is not None]
    return merged([found for found in pieces if found.until is None or found.since < found.until])


def piece(since: datetime, until: datetime | None, relations: Sequence[Relation]) -> Span:
    """What prices the product from `since` on, until something changes."""
    active = tuple(sorted(relation.offer_instance for relation in relations if relation.holds(since)))
    ahead = [relation for relation in relations if relation.since > since]
    if active or not ahead or len(ahead) < len(relations):
        return Span(since, until, "regular", active)
    first = min(relation.since for relation in ahead)
    coming = (relation.offer_instance for relation in ahead if relation.since == first)
    return Span(since, until, "transition", tuple(sorted(coming)))


def merged(pieces: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbours that say the same become one."""
    found: list[Span] = []
    for item in pieces:
        if found and (found[-1].phase, found[-1].offers) == (item.phase, item.offers):
            found[-1] = Span(found[-1].since, item.until, item.phase, item.offers)
        else:
            found.append(item)
    return tuple(found)
