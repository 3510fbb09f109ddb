"""What the inventory does when others tell something."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlalchemy import Connection, Table, select

from hutong.inventory import erasure  # noqa: F401  (registers its handlers)
from hutong.inventory.tables import account, offer_instance, product_instance
from hutong.platform import history
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

OWNED = (account, offer_instance, product_instance)
"""Tables that name a customer."""


@subscriber(name="inventory.follow_customers", events=["party.merged", "party.split"])
def follow_customers(conn: Connection, events: Sequence[Delivered]) -> None:
    """What a merged customer holds goes to the survivor; a split gives back what came from the customer it revives.

    What was acquired after the merge stays with the survivor.
    """
    for kind, told in groupby(events, key=lambda event: event.type):
        payloads = [event.payload for event in told]
        if kind == "party.merged":
            _move(conn, {item["party_id"]: item["survivor_id"] for item in payloads if "survivor_id" in item})
        else:
            for item in payloads:
                _give_back(conn, item["party_id"], item.get("split_from", ()))


def _move(conn: Connection, survivors: Mapping[int, int]) -> None:
    final: dict[int, int] = {}
    for retired, survivor in survivors.items():
        goal, seen = survivor, {retired}
        while goal in survivors and goal not in seen:
            seen.add(goal)
            goal = survivors[goal]
        final[retired] = goal
    for table in OWNED:
        found = conn.execute(select(table.c.id, table.c.customer_id).where(table.c.customer_id.in_(final)))
        _write(conn, table, {row.id: final[row.customer_id] for row in found}, "party.merged")


def _give_back(conn: Connection, revived: int, split_from: Sequence[int]) -> None:
    for table in OWNED:
        past = history.history_of(table)
        once_theirs = select(past.c.id).where(past.c.customer_id == revived)
        found = conn.execute(
            select(table.c.id).where(table.c.customer_id.in_(split_from), table.c.id.in_(once_theirs))
        ).scalars()
        _write(conn, table, dict.fromkeys(found, revived), "party.split")


def _write(conn: Connection, table: Table, owners: Mapping[int, int], cause: str) -> None:
    rows = [{"id": key, "customer_id": owner} for key, owner in owners.items()]
    history.change(conn, table, rows, columns=["customer_id"], cause=cause)
