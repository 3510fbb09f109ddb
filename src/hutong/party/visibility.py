"""Which parties a viewer sees (EC-17): the one place where the row scope of party's reads and actions is made."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, any_, select

from hutong.identity import Principal, row_scope
from hutong.party.tables import party
from hutong.platform import cel
from hutong.platform.errors import NotFound

COLUMNS: dict[str, tuple[str, cel.Type]] = {
    "id": ("party.party.id", cel.INT),
    "branch": ("party.party.branch", cel.STRING),
    "unit_path": ("party.party.unit_path", cel.STRING),
    "owner_id": ("party.party.owner_id", cel.INT),
}
"""What a role's scope may ask of a party: its branch as stated, the path of its unit, the user who brought it; and
`assigned`, whether it is on an open call list of the viewer's seat."""
_ASSIGNED = """EXISTS (SELECT FROM party.call_target t JOIN party.call_list l ON l.id = t.list_id AND l.state = 'open'
    WHERE t.party_id = party.party.id AND t.seat_id = {seat})"""


def columns(viewer: Principal) -> dict[str, tuple[str, cel.Type]]:
    """`COLUMNS`, and what depends on who asks."""
    seat = viewer.id if viewer.kind == "user" else 0
    return {**COLUMNS, "assigned": (_ASSIGNED.format(seat=int(seat)), cel.BOOL)}


def seen(viewer: Principal) -> ColumnElement[bool]:
    """The condition a row of `party.party` (not aliased) meets when the viewer sees it."""
    return row_scope(viewer, "party", columns(viewer))


def group_seen(viewer: Principal, party_ids: ColumnElement[list[int]]) -> ColumnElement[bool]:
    """The condition a suspected group of these parties meets when the viewer sees all that live."""
    if "party" not in viewer.scopes:
        return seen(viewer)
    hidden = select(party.c.id).where(
        party.c.id == any_(party_ids), party.c.state != "merged", seen(viewer).is_not(True)
    )
    return ~hidden.exists()


FEW = 2000
"""Parties a viewer sees up to which what is about them is found by them, rather than seen among everybody's."""


def few(conn: Connection, viewer: Principal) -> list[int] | None:
    """The living parties a viewer with a row scope sees, where they are few; None where they are not."""
    if "party" not in viewer.scopes:
        return None
    ids = conn.execute(select(party.c.id).where(party.c.state != "merged", seen(viewer)).limit(FEW + 1)).scalars().all()
    return list(ids) if len(ids) <= FEW else None


class Counted(NamedTuple):
    """How many a viewer sees of those looked at; `more`: others were not looked at."""

    seen: int
    more: bool

    def __str__(self) -> str:
        return f"{self.seen:,}{'+' if self.more else ''}"


def among(conn: Connection, viewer: Principal, ids: Sequence[int]) -> set[int]:
    """Those of the parties that the viewer sees. A viewer without a scope is not asked for."""
    if "party" not in viewer.scopes:
        return set(ids)
    return set(conn.execute(select(party.c.id).where(party.c.id.in_(ids), seen(viewer))).scalars())


def check(conn: Connection, viewer: Principal, *ids: int) -> None:
    """Raise NotFound, as for parties that do not exist, unless the viewer sees all of them (living ids)."""
    if hidden := set(ids) - among(conn, viewer, ids):
        raise NotFound("party-unknown", id=min(hidden))
