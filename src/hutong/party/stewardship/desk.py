"""Who works on which suspected group (EC-06): claim, assign, release; and the log of what people did with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from hutong.identity import Principal, require
from hutong.identity.queries import holders
from hutong.party import visibility
from hutong.party.resolution import suspect_states
from hutong.party.tables import suspect_group, suspect_note
from hutong.platform import database
from hutong.platform.errors import Conflict, NotFound, Unprocessable


@dataclass(frozen=True)
class Held:
    """A group, locked for the transaction."""

    id: int
    kind: str
    state: str
    assignee: str | None
    parties: list[int]
    strength: int
    rules: list[str]
    proposal: dict[str, Any] | None


def claim(viewer: Principal, group_id: int) -> None:
    """Take an open group to work on. Raises Conflict when someone else holds it or it is closed."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        group = own(conn, group_id, viewer)
        put(conn, group, "claim", viewer, assignee=viewer.actor)


def assign(viewer: Principal, group_id: int, to: str) -> None:
    """Give a group to a person (`user:12`) of `stewards`. Needs the right to lead them. Raises Unprocessable."""
    require(viewer, "party.steward.lead")
    if to not in {f"user:{row['id']}" for row in stewards(viewer)}:
        raise Unprocessable("party-suspect-assignee", field="to", to=to)
    with database.begin("party") as conn:
        put(conn, locked(conn, group_id, viewer), "assign", viewer, note=to, assignee=to)


def stewards(viewer: Principal) -> list[dict[str, Any]]:
    """Those a group may be given to: id, name."""
    return holders(viewer, "party.steward")


def release(viewer: Principal, group_id: int) -> None:
    """Hand a claimed group back to the pool."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        put(conn, own(conn, group_id, viewer), "release", viewer, assignee=None)


def locked(conn: Connection, group_id: int, viewer: Principal) -> Held:
    """A group the viewer sees, locked. Raises NotFound."""
    columns = ("id", "kind", "state", "assignee", "party_ids", "strength", "rules", "proposal")
    row = conn.execute(
        select(*(suspect_group.c[name] for name in columns))
        .where(suspect_group.c.id == group_id, visibility.group_seen(viewer, suspect_group.c.party_ids))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("party-suspect-unknown", id=group_id)
    return Held(*row)


def own(conn: Connection, group_id: int, viewer: Principal) -> Held:
    """A group that waits for a first decision and that nobody else holds. Raises Conflict."""
    group = locked(conn, group_id, viewer)
    suspect_states.after("decide", group.state, group_id)
    if group.assignee not in (None, viewer.actor):
        raise Conflict("party-suspect-taken", id=group_id)
    return group


def put(
    conn: Connection,
    group: Held,
    action: str,
    viewer: Principal,
    *,
    note: str | None = None,
    operations: Sequence[int] = (),
    **values: Any,
) -> None:
    """Bring a group to the state an action leads to, and write the action down."""
    state = suspect_states.after(action, group.state, group.id)
    conn.execute(update(suspect_group).where(suspect_group.c.id == group.id).values(state=state, **values))
    conn.execute(
        suspect_note.insert().values(
            group_id=group.id, action=action, done_by=viewer.actor, note=note, operations=list(operations)
        )
    )
