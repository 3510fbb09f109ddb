"""The quality dashboard (EC-13, EC-18): how good the data is by dimension and source, where it fell, who leads."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.insight import queries
from hutong.insight.report import Row
from hutong.party.quality import desk
from hutong.party.quality.rules import DIMENSIONS, LEAD, READ
from hutong.platform import jobs
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import actors
from hutong.web.insight import charts, words
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
BACK = 60
WORST = 10


def share_of(rows: Sequence[Row]) -> float | None:
    """Checks passed of all checks, in percent."""
    checked = sum(row["checked"] for row in rows)
    return 100 * (1 - sum(row["failed"] for row in rows) / checked) if checked else None


def heat_map(taken: Mapping[str, Sequence[Row]], locale: str) -> dict[str, Any]:
    """Source × dimension; golden records first; a cell leads to its rules."""
    sources = sorted({row["source"] for rows in taken.values() for row in rows})
    cells = []
    for x, dimension in enumerate(DIMENSIONS):
        for y, source in enumerate(sources):
            found = share_of([row for row in taken[dimension] if row["source"] == source])
            if found is not None:
                cells.append((x, y, found, f"/quality/rules?dimension={dimension}&source={source or '-'}"))
    columns = [translate(f"insight-name-{name}", locale) for name in DIMENSIONS]
    names = [
        actors.source_name(source, locale) if source else translate("insight-golden", locale) for source in sources
    ]
    return charts.heat(columns, names, cells)


def worst(taken: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The rules that most records break, over all sources."""
    sums: dict[str, Row] = {}
    for dimension, rows in taken.items():
        for row in rows:
            into = sums.setdefault(
                row["rule"], {"rule": row["rule"], "dimension": dimension, "checked": 0, "failed": 0}
            )
            into["checked"] += row["checked"]
            into["failed"] += row["failed"]
    failing = [row | {"share": share_of([row])} for row in sums.values() if row["failed"]]
    severity = {rule.rule: rule.severity for rule in words.quality_rules().rules}
    for row in failing:
        row["severity"] = severity.get(row["rule"], 1)
    return sorted(failing, key=lambda row: row["severity"] * row["failed"], reverse=True)[:WORST]


def trends(viewer: Principal, locale: str) -> dict[str, Any]:
    """One line per dimension."""
    series: dict[str, list[Any]] = {}
    span: list[date] = []
    for name in DIMENSIONS:
        span, found = queries.trend(viewer, name, BACK, by="")
        series[translate(f"insight-name-{name}", locale)] = found.get("", [None] * len(span))
    return charts.lines(span, series, percent=True)


@router.get("/quality")
def dashboard(request: Request, session: SignedInSession) -> Response:
    """How good the customer data is."""
    viewer, locale = session.viewer, locale_of(request)
    require(viewer, READ)
    found = {name: queries.figures(viewer, name) for name in DIMENSIONS}
    taken: dict[str, list[Row]] = {name: figures.rows for name, figures in found.items()}
    days = [figures.day for figures in found.values() if figures.day]
    ranked = sorted(queries.figures(viewer, "source-ranking").rows, key=lambda row: -(row["rated"] or 0))
    context = {
        "day": max(days, default=None),
        "gauges": [
            (name, value := share_of(taken[name]), charts.gauge(value, words.share_colour(value)))
            for name in DIMENSIONS
        ],
        "overall": share_of([row for rows in taken.values() for row in rows]),
        "checked": sum(row["checked"] for rows in taken.values() for row in rows),
        "failed": sum(row["failed"] for rows in taken.values() for row in rows),
        "tasks": desk.counts(viewer),
        "heat": heat_map(taken, locale),
        "heat_rows": len({row["source"] for rows in taken.values() for row in rows}),
        "trend": trends(viewer, locale),
        "worst": worst(taken),
        "ranked": ranked,
        "leads": viewer.may(LEAD),
        "words": words,
    }
    return render(request, "insight/dashboard.html", context, session)


@router.post("/quality/measure")
def measure_now(session: SignedInSession) -> Response:
    """Measure now, then take the figures of the reports; the page of the job shows how far it is."""
    require(session.viewer, LEAD)
    made = jobs.start("insight.measure", by=session.viewer.actor, exclusive="insight.measure")
    return to_page(f"/jobs/{made}" if session.viewer.may("platform.jobs") else "/quality")
