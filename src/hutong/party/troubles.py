"""What of the customer master waits for hands: rows that sources must mend (EC-03)."""

from sqlalchemy import func, select

from hutong.identity import Principal
from hutong.party.tables import load
from hutong.platform import clock, database
from hutong.platform.troubles import Found, Item, trouble
from hutong.platform.upkeep import KEEP_JOBS


@trouble("party.rejected", right="party.steward", path="/loads")
def rejected(viewer: Principal, limit: int) -> Found:
    """Files taken in within the last 90 days of which rows were rejected; counted are the rows."""
    del viewer
    recent = load.c.loaded_at > clock.now() - KEEP_JOBS
    statement = (
        select(
            load, func.sum(load.c.rejected).over().label("all_of_them"), func.min(load.c.loaded_at).over().label("o")
        )
        .where(load.c.rejected > 0, recent)
        .order_by(load.c.id.desc())
        .limit(limit)
    )
    with database.read("party") as conn:
        rows = conn.execute(statement).all()
    items = [Item(str(row.id), row.loaded_at, row.file_name, f"/loads/{row.id}", row.loaded_by, row.rejected)
             for row in rows]  # fmt: skip
    return Found(int(rows[0].all_of_them), rows[0].o, items) if rows else Found(0, None)
