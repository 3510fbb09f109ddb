"""What of the order center waits for hands: the exception list, and orders that nothing moves (OC-11)."""

from collections.abc import Sequence

from sqlalchemy import func, select

from hutong.identity import Principal, row_scope
from hutong.ordering import change, monitoring
from hutong.ordering.listing import READ, SCOPED, _order
from hutong.ordering.tables import exception_entry
from hutong.platform import database
from hutong.platform.errors import Problem
from hutong.platform.troubles import Found, Item, trouble


def retry(viewer: Principal, keys: Sequence[str]) -> int:
    """Run the failed steps of entries again, where they have one and may be."""
    wanted = select(exception_entry.c.step_id, exception_entry.c.order_id).where(
        exception_entry.c.id.in_([int(key) for key in keys]), exception_entry.c.resolved_at.is_(None)
    )
    with database.read("ordering") as conn:
        entries = conn.execute(wanted).all()
    done = 0
    for entry in entries:
        try:
            if entry.step_id is None:
                change.retry_planning(viewer, entry.order_id)
            else:
                change.retry_step(viewer, entry.step_id)
            done += 1
        except Problem:  # settled meanwhile, or not this viewer's
            continue
    return done


@trouble("ordering.exceptions", right=READ, path="/exceptions", again=retry)
def exceptions(viewer: Principal, limit: int) -> Found:
    """Orders that wait for a person, each with its reason."""
    entry = exception_entry
    statement = (
        select(entry, func.count().over().label("all_of_them"), func.min(entry.c.raised_at).over().label("oldest"))
        .join_from(entry, _order, _order.c.id == entry.c.order_id)
        .where(entry.c.resolved_at.is_(None), row_scope(viewer, "order", SCOPED))
        .order_by(entry.c.id)
        .limit(limit)
    )
    with database.read("ordering") as conn:
        rows = conn.execute(statement).all()
    items = [Item(str(row.id), row.raised_at, row.reason, f"/orders/{row.order_id}", row.assigned_to) for row in rows]
    return Found(rows[0].all_of_them, rows[0].oldest, items) if rows else Found(0, None)


@trouble("ordering.stuck", right="ordering.manage", path="/orders?state=inProgress")
def stuck(viewer: Principal, limit: int) -> Found:
    """Open orders with nothing to do and nothing to wait for: there should be none."""
    rows = monitoring.stuck(viewer, limit=limit)
    items = [Item(str(row["order_id"]), row["accepted_at"], row["state"], f"/orders/{row['order_id']}") for row in rows]
    return Found(len(rows), min((row["accepted_at"] for row in rows), default=None), items)
