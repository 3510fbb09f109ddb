"""Among whom a definition of sharing is tried while it is looked at (EC-14, EC-15): all the viewer sees where they are
few, some evenly chosen ones of many, so that a page does not wait for a pass over everybody."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from hutong.identity import Principal
from hutong.party import visibility
from hutong.party.effect import choose

MOST = 4_000
"""Customers looked at; of more, evenly chosen ones."""


class Some(NamedTuple):
    """`ids`: whom to look at, None for all; `looked_at` of `there`, which is no exact count of many."""

    ids: Sequence[int] | None
    looked_at: int
    there: int

    def about(self, counted: int) -> int:
        """How many there are of what so many were counted of among those looked at."""
        return counted if self.ids is None else round(counted * self.there / max(self.looked_at, 1))


def some_of(conn: Connection, viewer: Principal) -> Some:
    """Of the customers in use that a viewer sees."""
    ids, there = choose(conn, "party.party", f"party.party.state = 'active' AND {visibility.seen(viewer)}", MOST)
    return Some(ids if len(ids) < there else None, len(ids), there)
