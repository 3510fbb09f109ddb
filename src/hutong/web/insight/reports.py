"""Reports (EC-13): the list, one report with chart, table and trend, the records behind a row, files of both."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.insight import queries
from hutong.insight.report import Report, Row, Taken
from hutong.platform.http import locale_of
from hutong.platform.i18n import has_message, translate
from hutong.web import actors, words_of_codes
from hutong.web.insight import charts, downloads, words
from hutong.web.shell import render, show_phone, show_time

router = APIRouter(include_in_schema=False)
SPANS = (30, 90, 365)
Span = Annotated[int, Query(ge=2, le=730)]


@router.get("/reports")
def reports_page(request: Request, session: SignedInSession) -> Response:
    """All reports the viewer may see, with the newest headline of each."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for report in queries.reports(session.viewer):
        taken = queries.figures(session.viewer, report.id)
        groups.setdefault(report.group, []).append({"report": report, "day": taken.day, "headline": headline(taken)})
    return render(request, "insight/reports.html", {"groups": groups, "words": words}, session)


def headline(taken: Taken) -> str:
    """A report in one figure: its share, or the sum of its first measure."""
    if taken.day is None:
        return "–"
    report = taken.report
    sums = {name: sum(row[name] for row in taken.rows) for name in report.measures}
    return words.share(report.rated(sums)) if report.ratio else words.number(sums[report.measures[0]])


def link_of(report: Report, row: Mapping[str, Any], day: date | None) -> str:
    """Where a row leads: to its records, or to the page that shows them already."""
    if report.link:
        return report.link.format(**{name.name: row[name.name] for name in report.dimensions})
    if report.drill is None or (not report.stock and day is None):
        return ""
    query = "&".join(f"{name.name}={row[name.name]}" for name in report.dimensions)
    return f"/reports/{report.id}/records?{query}"


def said(report: Report, row: Row, locale: str) -> list[str]:
    """A row's dimensions in words."""
    return [words.value_words(dimension, row[dimension.name], locale) for dimension in report.dimensions]


def picture(viewer: Principal, taken: Taken, locale: str, back: int) -> list[tuple[str, dict[str, Any]]]:
    """The pictures of a report: how it stands, where that says more than the trend, and the trend."""
    report, made = taken.report, []
    percent = report.ratio is not None
    if report.chart in ("ring", "bars"):
        parts = [(" · ".join(said(report, row, locale)), row["rated"] if percent else row[report.measures[0]],
                  link_of(report, row, taken.day)) for row in taken.rows]  # fmt: skip
        parts = sorted(
            ((name, value, href) for name, value, href in parts if value is not None), key=lambda part: -part[1]
        )
        made.append(
            (
                "web-report-standing",
                charts.ring(parts) if report.chart == "ring" else charts.bars(parts, percent=percent),
            )
        )
    span, series = queries.trend(viewer, report.id, back)
    by = next((dimension for dimension in report.dimensions if dimension.name == report.trend_by), None)
    largest = sorted(series.items(), key=lambda item: -max((value or 0 for value in item[1]), default=0))
    named = {words.value_words(by, name, locale) if by else translate(f"insight-name-{report.id}", locale): line
             for name, line in largest}  # fmt: skip
    drawn = (
        charts.lines(span, named, percent=percent)
        if percent or report.chart == "lines"
        else charts.stacked(span, named)
    )
    return [*made, ("web-report-trend", drawn)]


@router.get("/reports/{id}")
def report_page(
    request: Request, session: SignedInSession, id: str, day: date | None = None, back: Span = 90
) -> Response:
    """One report: pictures, table with the way down, trend, export."""
    viewer, locale = session.viewer, locale_of(request)
    taken = queries.figures(viewer, id, day)
    report = taken.report
    order = "rated" if report.ratio else report.measures[0]
    rows = sorted(taken.rows, key=lambda row: (row[order] is None, (row[order] or 0) * (1 if report.ratio else -1)))
    context = {
        "report": report,
        "day": taken.day,
        "days": queries.days(viewer, id),
        "charts": picture(viewer, taken, locale, back) if taken.day else [],
        "rows": [(said(report, row, locale), row, link_of(report, row, taken.day)) for row in rows],
        "totals": {name: sum(row[name] for row in rows) for name in report.measures},
        "back": back,
        "spans": SPANS,
        "words": words,
    }
    return render(request, "insight/report.html", context, session)


@router.get("/reports/{id}/export.{form}")
def report_export(
    request: Request,
    session: SignedInSession,
    id: str,
    form: Literal["csv", "xlsx"],
    *,
    what: Literal["day", "trend"] = "day",
    day: date | None = None,
    back: Span = 90,
) -> Response:
    """The table of a day, or the trend, as a file."""
    viewer, locale = session.viewer, locale_of(request)
    title = translate(f"insight-name-{id}", locale) if has_message(f"insight-name-{id}", locale) else id
    taken = queries.figures(viewer, id, day)
    report = taken.report
    if what == "trend":
        span, series = queries.trend(viewer, id, back)
        by = next((dimension for dimension in report.dimensions if dimension.name == report.trend_by), None)
        names = [words.value_words(by, name, locale) if by else name for name in series]
        lines = ([at, *(line[n] for line in series.values())] for n, at in enumerate(span))
        return downloads.download(form, f"{id}-trend", title, [translate("web-report-day", locale), *names], lines)
    head = [translate(f"insight-dimension-{dimension.name}", locale) for dimension in report.dimensions]
    head += [translate(f"insight-measure-{name}", locale) for name in report.measures]
    head += [translate("insight-measure-rated", locale)] if report.ratio else []
    rows = (
        [*said(report, row, locale), *(row[name] for name in report.measures),
         *([None if row["rated"] is None else round(row["rated"], 2)] if report.ratio else [])]
        for row in taken.rows
    )  # fmt: skip
    return downloads.download(form, f"{id}-{taken.day}", title, head, rows)


def asked_row(request: Request, report: Report) -> dict[str, str]:
    """The dimensions of a row, from its address."""
    return {dimension.name: request.query_params.get(dimension.name, "")[:200] for dimension in report.dimensions}


@router.get("/reports/{id}/records")
def records_page(request: Request, session: SignedInSession, id: str) -> Response:
    """The records behind a row of figures."""
    viewer, locale = session.viewer, locale_of(request)
    report = queries.report_of(viewer, id)
    row = asked_row(request, report)
    queries.records(viewer, id, row, limit=1)
    assert report.drill is not None  # noqa: S101  (records would have refused)
    columns: list[dict[str, Any]] = [
        {"field": name, "headerName": words_of_codes.word("web-column", name, locale), "minWidth": 110, "flex": 1,
         **({"kind": "link", "href": report.drill.page} if name in ("name", report.drill.columns[0]) else {})}
        for name in report.drill.columns
    ]  # fmt: skip
    context = {"report": report, "said": said(report, row, locale), "columns": columns, "query": request.url.query}
    return render(request, "insight/records.html", context, session)


@router.get("/reports/{id}/records/rows")
def records_rows(
    request: Request,
    session: SignedInSession,
    id: str,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Records behind a row, after a key."""
    viewer, locale = session.viewer, locale_of(request)
    report = queries.report_of(viewer, id)
    found = queries.records(viewer, id, asked_row(request, report), after=after, limit=limit)
    columns = report.drill.columns if report.drill else ()
    rows = [
        {"party_id": row.get("party_id"), **{name: shown(name, row[name], locale) for name in columns}} for row in found
    ]
    return {"rows": rows, "next": found[-1]["key"] if len(found) == limit else None}


SHOWN = {
    "kind": lambda value, locale: words_of_codes.code("party_kind", value, locale),
    "grade": lambda value, locale: words_of_codes.code("customer_grade", value, locale),
    "mobile": lambda value, _: show_phone(value),
    "source_code": actors.source_name,
    "source": actors.source_name,
    "entered_by": words.contributor_words,
    "rule": words.rule_words,
    "operation": lambda value, locale: words_of_codes.word("insight-operation", value, locale),
    "done_by": actors.name_of,
}


def shown(name: str, value: Any, locale: str) -> Any:
    """A field of a record in words."""
    if isinstance(value, datetime):
        return show_time(value)
    return SHOWN[name](value, locale) if name in SHOWN and value else value
