"""Identity's upkeep: the access log is kept as long as the settings say, and no longer (EC-17)."""

from datetime import timedelta

from sqlalchemy import text

from hutong.platform import clock, database, jobs, schedules
from hutong.platform.settings import settings

PIECE = 50_000

_PIECE = """
DELETE FROM identity.sensitive_read WHERE id IN (
    SELECT id FROM identity.sensitive_read WHERE at < :before ORDER BY at LIMIT :piece)"""


@jobs.job("identity.forget_reads")
def forget_reads(ctx: jobs.JobContext) -> None:
    """Delete the access log's entries older than `settings.access_log_days`, piece by piece."""
    before = clock.now() - timedelta(days=settings.access_log_days)
    done = 0
    while True:
        ctx.raise_if_cancelled()
        with database.begin("identity") as conn:
            deleted = conn.execute(text(_PIECE), {"before": before, "piece": PIECE}).rowcount
        done += deleted
        ctx.progress(done)
        if deleted < PIECE:
            break
    ctx.checkpoint({"deleted": done})


schedules.schedule("identity.forget_reads", "10 4 * * *", "identity.forget_reads")
