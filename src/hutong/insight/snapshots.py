"""Taking figures: every report's of a day by one statement each, replaced when taken again, gaps left as gaps."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import Connection, text

from hutong.insight.report import Report
from hutong.insight.reports import REPORTS
from hutong.platform import clock, database

BACK = 7
"""Days for which what happened is counted again, so that a day of no worker is made up for."""

_TAKE = """
INSERT INTO insight.figure (report, day, dimensions, measures)
SELECT :report, :day, {dimensions}, {measures} FROM ({sql}) AS taken ({columns})"""


def take(report: Report, day: date) -> int:
    """Take a report's figures of a day, instead of those taken before. Returns how many rows."""
    columns = [*(f"d{n}" for n in range(len(report.dimensions))), *(f"m{n}" for n in range(len(report.measures)))]
    parts = {
        "dimensions": ", ".join(f"coalesce(d{n}::text, '')" for n in range(len(report.dimensions))),
        "measures": ", ".join(f"coalesce(m{n}, 0)::bigint" for n in range(len(report.measures))),
    }
    statement = _TAKE.format(
        dimensions=f"ARRAY[{parts['dimensions']}]::text[]",
        measures=f"ARRAY[{parts['measures']}]",
        sql=report.sql,
        columns=", ".join(columns),
    )
    with database.begin("insight") as conn:
        lock = "SELECT pg_advisory_xact_lock(hashtextextended('insight.snapshot:' || :report, 0))"
        conn.execute(text(lock), {"report": report.id})
        _begin(conn, report, day)
        values = {"begin": clock.start_of_day(day), "end": clock.start_of_day(day + timedelta(days=1))}
        used = {name: value for name, value in values.items() if f":{name}" in report.sql}
        rows = conn.execute(text(statement), {"report": report.id, "day": day, **used}).rowcount
        done = "UPDATE insight.snapshot SET rows = :rows WHERE report = :report AND day = :day"
        conn.execute(text(done), {"rows": rows, "report": report.id, "day": day})
    return int(rows)


def _begin(conn: Connection, report: Report, day: date) -> None:
    values = {"report": report.id, "day": day, "now": clock.now()}
    conn.execute(text("DELETE FROM insight.snapshot WHERE report = :report AND day = :day"), values)
    conn.execute(
        text("INSERT INTO insight.snapshot (report, day, rows, taken_at) VALUES (:report, :day, 0, :now)"), values
    )


def take_all(tell: Callable[[int, int, str], None] = lambda *_: None) -> dict[str, int]:
    """Take all reports: what stands, of today; what happens, of today and the days before. Report → rows of today.

    Repeatable: the figures of a day are replaced.
    """
    today, made = clock.today(), {}
    for step, report in enumerate(REPORTS.values()):
        tell(step, len(REPORTS), report.id)
        for ago in range(0 if report.stock else BACK, -1, -1):
            made[report.id] = take(report, today - timedelta(days=ago))
    return made
