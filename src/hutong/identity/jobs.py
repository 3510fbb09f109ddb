"""Identity's upkeep: the access log is kept as long as the settings say, and no longer (EC-17)."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from hutong.platform import clock, database, jobs, schedules
from hutong.platform.settings import settings

PIECE = 50_000
_AHEAD = text("SELECT identity.part_reads(:now, CAST(:now AS timestamptz) + interval '2 months')")
_PARTS = text(r"""
    SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
    WHERE inhparent = CAST('identity.sensitive_read' AS regclass) AND relname ~ '_p\d{6}$' ORDER BY relname""")
_PIECE = text("""
    DELETE FROM identity.sensitive_read WHERE at < :before AND (at, id) IN (
        SELECT at, id FROM identity.sensitive_read WHERE at < :before ORDER BY at, id LIMIT :piece)""")


@jobs.job("identity.forget_reads")
def forget_reads(ctx: jobs.JobContext) -> None:
    """Drop the months of the access log that are older than `settings.access_log_days`, and of the month in which that
    ends delete the older entries, piece by piece; make the coming months' parts."""
    before = clock.now() - timedelta(days=settings.access_log_days)
    with database.begin("identity") as conn:
        conn.execute(_AHEAD, {"now": clock.now()})
    with database.begin("identity") as conn:
        done = sum(_dropped(conn, name) for name in conn.execute(_PARTS).scalars().all() if _end(name) <= before)
    while True:
        ctx.raise_if_cancelled()
        with database.begin("identity") as conn:
            deleted = conn.execute(_PIECE, {"before": before, "piece": PIECE}).rowcount
        done += deleted
        ctx.progress(done)
        if deleted < PIECE:
            break
    ctx.checkpoint({"deleted": done})


def _end(part: str) -> datetime:
    """Where a month's part ends: sensitive_read_p202601 → 2026-02-01."""
    year, month = int(part[-6:-2]), int(part[-2:])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _dropped(conn: Connection, part: str) -> int:
    """Drop a part; how many entries it had."""
    count = conn.execute(text(f"SELECT count(*) FROM identity.{part}")).scalar_one()  # noqa: S608  (of the catalogue)
    conn.execute(text(f"DROP TABLE identity.{part}"))
    return int(count)


schedules.schedule("identity.forget_reads", "10 4 * * *", "identity.forget_reads")
