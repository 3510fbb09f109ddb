"""The workbench (CR-08): key figures, how orders are getting on, and what waits for this viewer."""

from typing import Any

from babel.dates import format_date
from fastapi import APIRouter, Request, Response

from hutong.billing import queries as billing_queries
from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal
from hutong.ordering import monitoring, queries
from hutong.party.ingest import rejects
from hutong.party.reading import listing, requests, suspects
from hutong.party.sharing import calls
from hutong.platform import clock, jobs
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web.home_charts import by_source, by_state, by_time
from hutong.web.kept import kept
from hutong.web.navigation import beginnings
from hutong.web.shell import render, show_money

party_counts = kept(listing.figures)
known_to = kept(listing.by_sources)
router = APIRouter(include_in_schema=False)
Figure = tuple[str, Any, str]
"""Message id, value, where it leads."""


@router.get("/")
def home(request: Request, session: SignedInSession) -> Response:
    """The first page after signing in."""
    viewer, locale = session.viewer, locale_of(request)
    waits = todos(viewer)
    context = {
        "today": format_date(clock.today(), "full", locale=locale.replace("-", "_")),
        "begins": beginnings(viewer),
        "figures": [*party_figures(viewer), *order_figures(viewer), *billing_figures(viewer)],
        "todos": waits,
        "charts": charts(viewer, locale),
        "expedited": queries.orders(viewer, queries.OrderFilter(open=True), limit=8)
        if viewer.may("ordering.read")
        else None,
    }
    return render(request, "home.html", context, session)


def party_figures(viewer: Principal) -> list[Figure]:
    """Customers, and groups that wait for stewards; nothing for who sees only a part of them: the figures are of the
    whole."""
    if not viewer.may("party.read") or "party" in viewer.scopes:
        return []
    found = party_counts()
    made: list[Figure] = [
        ("web-figure-customers", found["parties"], "/customers"),
        ("web-figure-records", found["records"], ""),
    ]
    if viewer.may("party.steward"):
        made.append(("web-figure-suspects", found["suspects"], "/suspects"))
    return made


def order_figures(viewer: Principal) -> list[Figure]:
    """Orders today, in progress, with exceptions."""
    if not viewer.may("ordering.read"):
        return []
    found = monitoring.counts(viewer)
    return [
        ("web-figure-orders-today", sum(found["accepted"].values()), "/orders"),
        ("web-figure-orders-open", sum(found["open"].values()), "/orders?state=inProgress"),
        ("web-figure-exceptions", sum(found["exceptions"].values()), "/exceptions"),
    ]


def billing_figures(viewer: Principal) -> list[Figure]:
    """Usage rated, and what the newest billed cycle amounts to."""
    if not viewer.may("billing.read"):
        return []
    cycles = billing_queries.cycles(viewer)
    billed: dict[str, Any] = next((row for row in cycles if row["bills"]), {"total_micros": 0, "cycle": ""})
    leads = "/audits" if viewer.may("billing.audit") else ""
    return [
        ("web-figure-usage", sum(row["events"] for row in cycles), leads),
        ("web-figure-billed", show_money(billed["total_micros"]), f"/bills?cycle={billed['cycle']}"),
    ]


def todos(viewer: Principal) -> list[Figure]:
    """What waits for this viewer, by what they may do; nothing where there is nothing."""
    made: list[Figure] = []
    if viewer.may("party.steward"):
        groups = suspects.counts(viewer)
        for view in ("mine", "review", "pool"):
            if any(groups[view]):
                made.append((f"web-todo-{view}", str(groups[view]), f"/suspects?view={view}"))
    if viewer.may("party.calls"):
        lists = calls.mine(viewer)
        made.append(("web-todo-calls", sum(row["waiting"] + row["due"] for row in lists), "/calls"))
    if viewer.may(rejects.RIGHT):
        waiting = rejects.waiting(viewer)
        made.append(("web-todo-rejects", f"{waiting}+" if waiting == rejects.MANY else waiting, "/rejects"))
    if viewer.may("party.approve"):
        made.append(("web-todo-approvals", requests.count_pending(viewer), "/approvals"))
    if viewer.may("ordering.manage"):
        made.append(("web-todo-exceptions", len(queries.exceptions(viewer)), "/exceptions"))
        made.append(("web-todo-overdue", len(monitoring.overdue(viewer)), "/orders"))
    if viewer.may("billing.quarantine"):
        made.append(
            (
                "web-todo-quarantine",
                sum(row["records"] for row in billing_queries.quarantine_reasons(viewer) if row["state"] == "held"),
                "/quarantine",
            )
        )
    if viewer.may("platform.jobs"):
        made.append(("web-todo-jobs", len(jobs.recent(states=["failed"])), "/jobs?state=failed"))
    return [entry for entry in made if entry[1]]


def charts(viewer: Principal, locale: str) -> list[tuple[str, dict[str, Any]]]:
    """Title and ECharts option of each picture the viewer may see."""
    made = []
    if viewer.may("ordering.read"):
        made.append((translate("web-chart-orders-by-hour", locale), by_time(monitoring.by_hour(viewer), locale)))
        made.append(
            (translate("web-chart-orders-by-state", locale), by_state(monitoring.counts(viewer)["accepted"], locale))
        )
    if viewer.may("party.read") and "party" not in viewer.scopes:
        made.append((translate("web-chart-customers-by-source", locale), by_source(known_to(locale))))
    return made
