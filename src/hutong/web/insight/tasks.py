"""Quality tasks (EC-18): the list with filters and bulk actions, one task with what happened to it, the ranking."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.party.columns import ATTRIBUTES
from hutong.party.quality import desk, reported, scores, task_states
from hutong.party.quality.rules import LEAD, READ, QualityRule
from hutong.platform.errors import NotFound, Unprocessable
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import actors, words_of_codes
from hutong.web.insight import charts, downloads, words
from hutong.web.insight.rules import labels
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 100
TRENDED = 8
"""Contributors whose scores are drawn over the months."""
Code = Annotated[str, Query(max_length=100)]
Place = Annotated[str, Query(pattern=r"^(\d+\.\d+)?$")]
EXPORTED = ("id", "state", "severity", "rule", "source", "key", "record_id", "party_id", "name", "branch",
            "contributor", "owner", "assignee", "opened_at", "sent_at", "closed_at")  # fmt: skip


def filters_of(request: Request) -> dict[str, str]:
    """The filters of an address; those that wait, unless another state is asked for."""
    asked = {name: request.query_params.get(name, "")[:100] for name in (*desk.FILTERS, "mine")}
    return {**asked, "state": asked["state"] or ("" if "state" in request.query_params else "waiting")}


@router.get("/quality/tasks")
def tasks_page(request: Request, session: SignedInSession, after: Place = "") -> Response:
    """Tasks, gravest first, to be sent, assigned, mended or waived in bulk."""
    viewer = session.viewer
    filters = filters_of(request)
    place = after.split(".") if after else None
    found = desk.tasks(viewer, filters, after=(int(place[0]), int(place[1])) if place else None, limit=PAGE)
    query = "&".join(f"{name}={value}" for name, value in filters.items() if value)
    context = {
        "tasks": found,
        "filters": filters,
        "query": query,
        "choices": desk.choices(viewer),
        "states": task_states.STATES,
        "counts": desk.counts(viewer),
        "workers": desk.workers(viewer) if viewer.may(LEAD) else [],
        "leads": viewer.may(LEAD),
        "following": f"{found[-1]['severity']}.{found[-1]['id']}" if len(found) == PAGE else None,
        "words": words,
    }
    return render(request, "insight/tasks.html", context, session)


@router.get("/quality/tasks/export.{form}")
def tasks_export(request: Request, session: SignedInSession, form: Literal["csv", "xlsx"]) -> Response:
    """The tasks that match as a file, for the source or branch that is to mend them."""
    locale = locale_of(request)
    rows = desk.every_task(session.viewer, filters_of(request))
    head = [translate(f"web-task-{name}", locale) for name in EXPORTED]

    def cells(row: dict[str, object]) -> list[object]:
        shown = row | {
            "state": words_of_codes.word("web-quality-state", str(row["state"]), locale),
            "rule": words.rule_words(str(row["rule"]), locale),
        }
        return [shown[name] for name in EXPORTED]

    title = translate("web-nav-quality-tasks", locale)
    return downloads.download(form, "quality-tasks", title, head, (cells(row) for row in rows))


@router.post("/quality/tasks")
def act(
    session: SignedInSession,
    *,
    action: Annotated[Literal["sent", "fixed", "verified", "waived", "reopened", "assign", "take"], Form()],
    chosen: Annotated[list[int] | None, Form()] = None,
    note: Annotated[str, Form(max_length=500)] = "",
    to: Annotated[str, Form(pattern=r"^\d{0,15}$")] = "",
    back: Annotated[str, Form(max_length=600)] = "",
) -> Response:
    """Do one thing with all chosen tasks; those whose state does not allow it stay as they are."""
    viewer = session.viewer
    if not chosen:
        raise Unprocessable("web-quality-none-chosen")
    if action == "take":
        desk.assign(viewer, chosen, viewer.id)
    elif action == "assign":
        desk.assign(viewer, chosen, int(to) if to else None)
    else:
        desk.move(viewer, chosen, action, note)
    return to_page(f"/quality/tasks{'?' + back if back else ''}")


@router.post("/quality/tasks/send-all")
def send_all(request: Request, session: SignedInSession, note: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Send every open task that matches the filters to those who mend."""
    desk.send_all(session.viewer, filters_of(request), note)
    return to_page("/quality/tasks?state=sent")


@router.get("/quality/report")
def report_page(
    request: Request, session: SignedInSession, party: Annotated[int | None, Query(ge=1)] = None, record: int = 0
) -> Response:
    """The source records of a customer side by side: which is wrong, and in what. Without one, which customer is asked
    for by number."""
    require(session.viewer, READ)
    records = reported.statements_of(session.viewer, party) if party else []
    context = {
        "party_id": party,
        "records": records,
        "chosen": record,
        "fields": [name for name in reported.FIELDS if any(row[name] is not None for row in records)],
        "differs": {name for name in reported.FIELDS if len({row[name] for row in records} - {None}) > 1},
    }
    return render(request, "insight/reporting.html", context, session)


@router.post("/quality/report")
def report(
    session: SignedInSession,
    *,
    record: Annotated[int, Form(ge=1)],
    wrong: Annotated[list[str] | None, Form()] = None,
    note: Annotated[str, Form(max_length=500)] = "",
    severity: Annotated[int, Form(ge=1, le=5)] = 3,
) -> Response:
    """Send a record back to who stated it."""
    return to_page(f"/quality/tasks/{reported.report(session.viewer, record, wrong or [], note, severity)}")


def record_of(viewer: Principal, task: Mapping[str, Any], rule: QualityRule | None) -> list[tuple[str, Any, bool]]:
    """What the record states that a task is about, masked: field, value, whether the task is about this field. The
    fields it is about are there though nothing is stated. Nothing of a customer the viewer does not see."""
    if task["entity"] != "source_record" or not task["party_id"]:
        return []
    try:
        found = reported.statements_of(viewer, task["party_id"], task["record_id"])
    except NotFound:
        return []
    about = set(task["fields"] or ()) | (rule_fields(rule) if rule else set())
    return [(name, row[name], name in about) for row in found for name in reported.FIELDS
            if row[name] is not None or name in about]  # fmt: skip


def rule_fields(rule: QualityRule) -> set[str]:
    """The fields a rule is about; of what is derived (whether a document is valid), what it is derived from."""
    expressions = [each for each in (rule.condition, rule.test) if each is not None]
    named = {name.removeprefix("record.") for each in expressions for name in each.names} | set(rule.unique or ())
    return {_DERIVED.get(name, name) for name in named}


_DERIVED = {attribute.name: attribute.group for attribute in ATTRIBUTES if attribute.group}


@router.get("/quality/tasks/{task_id}")
def task_page(request: Request, session: SignedInSession, task_id: int) -> Response:
    """One task: the record, the rule, what happened."""
    viewer, locale = session.viewer, locale_of(request)
    task = desk.task(viewer, task_id)
    rule = words.quality_rules().find(task["rule"])
    context = {
        "task": task,
        "rule": rule,
        "record": record_of(viewer, task, rule),
        "said": rule.test.explain(locale, labels(rule, locale)) if rule and rule.test else "",
        "next": [state for state in task_states.next_states(task["state"], task["rule"])
                 if desk.may_move(viewer, task, state)],
        "leads": viewer.may(LEAD),
        "words": words,
    }  # fmt: skip
    return render(request, "insight/task.html", context, session)


@router.get("/quality/ranking")
def ranking_page(
    request: Request,
    session: SignedInSession,
    kind: Literal["source", "branch", "clerk"] = "source",
    month: date | None = None,
    after: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """Scores of a month, best first, with the formula."""
    viewer, locale = session.viewer, locale_of(request)
    months = scores.months(viewer)
    chosen = month or (months[0] if months else None)
    score, _, name = after.partition(".")
    place = (int(score), name) if score.isdigit() else None
    rows = scores.ranking(viewer, kind, chosen, place, PAGE) if chosen else []
    named = {"source": actors.source_name, "branch": lambda value, _: value, "clerk": words.contributor_words}[kind]
    shown = [row["contributor"] for row in rows[:TRENDED]]
    span, series = scores.trend(viewer, kind, shown)
    context = {
        "rows": [row | {"name": named(row["contributor"], locale)} for row in rows],
        "trend": charts.lines(span, {named(name, locale): series[name] for name in shown}, percent=True, form="%Y-%m")
        if rows
        else None,
        "kind": kind,
        "kinds": tuple(scores.KINDS),
        "months": months,
        "month": chosen,
        "prior": scores.PRIOR,
        "following": f"{rows[-1]['score_thousandths']}.{rows[-1]['contributor']}" if len(rows) == PAGE else None,
        "words": words,
    }
    return render(request, "insight/ranking.html", context, session)
