"""Reads of reports: figures of a day, trends with their gaps, the records beneath. All on behalf of a viewer."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.insight.report import RIGHT, Report, Row, Taken
from hutong.insight.reports import REPORTS
from hutong.platform import clock, database
from hutong.platform.errors import NotFound


def reports(viewer: Principal) -> list[Report]:
    """The reports a viewer may see. Needs the right `insight.read`."""
    require(viewer, RIGHT)
    return [report for report in REPORTS.values() if viewer.may(report.right)]


def report_of(viewer: Principal, id: str) -> Report:
    """One report, for those who hold its right. Raises NotFound, Forbidden."""
    if id not in REPORTS:
        raise NotFound("insight-report-unknown", report=id)
    require(viewer, REPORTS[id].right)
    return REPORTS[id]


def days(viewer: Principal, id: str, limit: int = 400) -> list[date]:
    """The days a report has figures of, newest first."""
    report_of(viewer, id)
    with database.read("insight") as conn:
        statement = text("SELECT day FROM insight.snapshot WHERE report = :id ORDER BY day DESC LIMIT :limit")
        return list(conn.execute(statement, {"id": id, "limit": limit}).scalars())


def figures(viewer: Principal, id: str, day: date | None = None) -> Taken:
    """A report's figures of a day, or of the newest: rows with dimensions and measures by name, `rated` in percent."""
    report = report_of(viewer, id)
    with database.read("insight") as conn:
        wanted = day or _newest(conn, id)
        rows = conn.execute(
            text(
                "SELECT dimensions, measures FROM insight.figure WHERE report = :id AND day = :day ORDER BY dimensions"
            ),
            {"id": id, "day": wanted},
        ).all()
    return Taken(report, wanted, [_row(report, row.dimensions, row.measures) for row in rows])


def _newest(conn: Connection, id: str) -> date | None:
    found = conn.execute(text("SELECT max(day) FROM insight.snapshot WHERE report = :id"), {"id": id}).scalar()
    return found if isinstance(found, date) else None


def _row(report: Report, dimensions: list[str], measures: list[int]) -> Row:
    made: Row = dict(zip((dimension.name for dimension in report.dimensions), dimensions, strict=True))
    made |= dict(zip(report.measures, measures, strict=True))
    return {**made, "rated": report.rated(made)}


def trend(viewer: Principal, id: str, back: int = 90, by: str | None = None) -> tuple[list[date], dict[str, list[Any]]]:
    """Every day of a span, and per value of the dimension `by` (the report's own choice if none; "" without one) a
    value a day: the ratio in percent, or the first measure. A day without figures is None: a gap, not a zero."""
    report = report_of(viewer, id)
    today = clock.today()
    span = [today - timedelta(days=ago) for ago in range(back - 1, -1, -1)]
    with database.read("insight") as conn:
        taken = _days(conn, id, span[0])
        rows = conn.execute(
            text("SELECT day, dimensions, measures FROM insight.figure WHERE report = :id AND day >= :since"),
            {"id": id, "since": span[0]},
        ).all()
    wanted = report.trend_by if by is None else by
    sums: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: dict.fromkeys(report.measures, 0))
    for row in rows:
        found = _row(report, row.dimensions, row.measures)
        into = sums[found[wanted] if wanted else "", row.day]
        for measure in report.measures:
            into[measure] += found[measure]
    names = sorted({name for name, _ in sums})
    series = {name: [_value(report, sums, name, day) if day in taken else None for day in span] for name in names}
    return span, series


def _days(conn: Connection, id: str, since: date) -> set[date]:
    statement = text("SELECT day FROM insight.snapshot WHERE report = :id AND day >= :since")
    return set(conn.execute(statement, {"id": id, "since": since}).scalars())


def _value(report: Report, sums: Mapping[tuple[str, date], dict[str, int]], name: str, day: date) -> Any:
    row = sums.get((name, day))
    if report.ratio is None:
        return row[report.measures[0]] if row else 0
    rated = report.rated(row) if row else None
    return None if rated is None else round(rated, 2)


def records(viewer: Principal, id: str, row: Mapping[str, str], after: int = 0, limit: int = 100) -> list[Row]:
    """The records behind a row of figures, by key. Raises NotFound for a report without a way down."""
    report = report_of(viewer, id)
    names = {dimension.name for dimension in report.dimensions}
    if report.drill is None or set(row) != names:
        raise NotFound("insight-no-records", report=id)
    return report.drill.rows(viewer, row, after, limit)
