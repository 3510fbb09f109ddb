"""Upkeep of the ground: telling of versions whose date has come, dropping old parts of event logs."""

from datetime import timedelta

from sqlalchemy import text

from hutong.platform import clock, database, history, log_files, migrations, schedules
from hutong.platform.periodic import periodic
from hutong.platform.relay import rotate
from hutong.platform.worker import speaking

KEEP_JOBS = timedelta(days=90)


@periodic("* * * * *", "platform.schedules")
def start_due() -> int:
    """Start the jobs whose time has come. Returns how many."""
    return schedules.start_due()


@periodic("* * * * *", "platform.announce")
def announce() -> int:
    """Publish `<center>.<table>_effective` for versions whose date has come. Returns how many."""
    count = 0
    for center in speaking():
        for table in migrations.tables_of(center).metadata.sorted_tables:
            if history.is_historical(table):
                with database.begin(center) as conn:
                    count += history.announce(conn, table)
    return count


@periodic("17 3 * * *", "platform.rotate")
def rotate_logs() -> list[str]:
    """Drop partitions of event logs that all subscriptions have read and that are older than a week."""
    lowest: dict[str, int] = {}
    for consumer in speaking():
        with database.begin(consumer) as conn:
            query = f"SELECT source, min(position) FROM {consumer}.subscription GROUP BY source"  # noqa: S608
            for source, position in conn.execute(text(query)):
                lowest[source] = min(position, lowest.get(source, position))
    return [name for center in speaking() for name in rotate(center, lowest.get(center, 2**62))]


@periodic("37 3 * * *", "platform.forget_logs")
def forget_logs() -> list[str]:
    """Delete logs that are older, or more, than the settings allow. Returns their names."""
    return log_files.forget_old()


@periodic("47 3 * * *", "platform.forget_jobs")
def forget_jobs() -> int:
    """Delete finished jobs older than 90 days."""
    with database.begin("platform") as conn:
        query = text("DELETE FROM platform.job WHERE finished_at < :before")
        return conn.execute(query, {"before": clock.now() - KEEP_JOBS}).rowcount
