"""Schedules (EC-19): what runs when; switched on and off, moved, run now."""

import importlib
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.platform import clock, database, periodic, schedules, subscriptions
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
RIGHT = "platform.jobs"
Name = Annotated[str, Form(max_length=200)]
WEEK = 7


def in_words(cron: str, locale: str) -> str:
    """A cron expression of the usual forms in words; others as they are. Pure."""
    minute, hour, day, month, weekday = cron.split()
    if (hour, day, month, weekday) == ("*", "*", "*", "*"):
        return _within_hours(minute, locale) or cron
    if minute.isdigit() and hour.isdigit() and month == "*":
        return _at(f"{int(hour):02d}:{int(minute):02d}", day, weekday, locale) or cron
    return cron


def _within_hours(minute: str, locale: str) -> str:
    if minute == "*":
        return translate("web-schedule-each-minute", locale)
    if minute.startswith("*/") and minute[2:].isdigit():
        return translate("web-schedule-each-minutes", locale, count=int(minute[2:]))
    return translate("web-schedule-hourly", locale, minute=f"{int(minute):02d}") if minute.isdigit() else ""


def _at(time: str, day: str, weekday: str, locale: str) -> str:
    if (day, weekday) == ("*", "*"):
        return translate("web-schedule-daily", locale, at=time)
    if day == "*" and weekday.isdigit():
        return translate(
            "web-schedule-weekly", locale, at=time, day=translate(f"web-schedule-weekday-{int(weekday) % WEEK}", locale)
        )
    return translate("web-schedule-monthly", locale, at=time, day=int(day)) if day.isdigit() and weekday == "*" else ""


def may_change(viewer: Principal, job: str) -> bool:
    """Whoever may run a center's jobs may say when they run."""
    return viewer.may(f"{job.split('.', maxsplit=1)[0]}.jobs")


@router.get("/schedules")
def schedules_page(request: Request, session: SignedInSession) -> Response:
    """Every schedule: when, last run and how long it took, next run."""
    viewer, locale = session.viewer, locale_of(request)
    require(viewer, RIGHT)
    subscriptions.load_handlers(database.CENTERS)
    importlib.import_module("hutong.platform.upkeep")
    rows: list[dict[str, Any]] = [
        {"row": row, "when": in_words(row.cron, locale), "mine": may_change(viewer, row.job),
         "dashed": row.name.replace("_", "-")}
        for row in schedules.listed()
    ]  # fmt: skip
    context = {
        "rows": rows,
        "now": clock.now(),
        "upkeep": [(name, in_words(cron, locale)) for name, cron in sorted(periodic.times().items())],
    }
    return render(request, "platform/schedules.html", context, session)


def _mine(viewer: Principal, name: str) -> None:
    require(viewer, RIGHT)
    require(viewer, f"{schedules.get(name).job.split('.', maxsplit=1)[0]}.jobs")


@router.post("/schedules/time")
def set_time(session: SignedInSession, name: Name, cron: Annotated[str, Form(max_length=100)]) -> Response:
    """Set when it runs."""
    _mine(session.viewer, name)
    schedules.change(name, cron=cron, by=session.viewer.actor)
    return to_page("/schedules")


@router.post("/schedules/switch")
def switch(session: SignedInSession, name: Name, enabled: Annotated[bool, Form()]) -> Response:
    """Switch it on or off."""
    _mine(session.viewer, name)
    schedules.change(name, enabled=enabled, by=session.viewer.actor)
    return to_page("/schedules")


@router.post("/schedules/run")
def run_now(session: SignedInSession, name: Name) -> Response:
    """Start its job at once; the page of the job shows how far it is."""
    _mine(session.viewer, name)
    return to_page(f"/jobs/{schedules.run_now(name, session.viewer.actor)}")
