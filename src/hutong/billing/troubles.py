"""What of billing waits for hands: usage records that could not be used (BL-05)."""

from collections.abc import Sequence

from sqlalchemy import text

from hutong.billing import quarantine
from hutong.identity import Principal
from hutong.platform import database, jobs
from hutong.platform.troubles import Found, Item, trouble

_HELD = """
SELECT q.reason, count(*) AS records, min(b.collected_at) AS since FROM billing.quarantine q
JOIN billing.usage_file f ON f.id = q.file_id JOIN billing.usage_batch b ON b.id = f.batch_id
WHERE q.state = 'held' GROUP BY q.reason ORDER BY 2 DESC
"""


def release(viewer: Principal, keys: Sequence[str]) -> int:
    """Let all records held for these reasons be collected again."""
    with database.read("billing") as conn:
        held = text("SELECT id FROM billing.quarantine WHERE state = 'held' AND reason = ANY(:reasons)")
        ids = list(conn.execute(held, {"reasons": list(keys)}).scalars())
    count = quarantine.release(viewer, ids)
    jobs.start("billing.collect_released", {"by": viewer.actor}, viewer.actor, exclusive="billing.collect")
    return count


@trouble("billing.quarantine", right=quarantine.RIGHT, path="/quarantine", again=release)
def held(viewer: Principal, limit: int) -> Found:
    """Usage records held, by reason."""
    del viewer
    with database.read("billing") as conn:
        rows = conn.execute(text(_HELD)).all()
    items = [Item(row.reason, row.since, row.reason, f"/quarantine?reason={row.reason}", None, row.records)
             for row in rows]  # fmt: skip
    return Found(sum(row.records for row in rows), min((row.since for row in rows), default=None), items[:limit])
