"""The console's frame: templates, words, formats, and how every page is answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from hutong.identity.principal import Principal
from hutong.identity.sign_in import Session
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.platform.money import to_decimal
from hutong.platform.settings import settings
from hutong.web import actors, words_of_codes
from hutong.web.navigation import entries_for, here
from hutong.web.party.differences import marked
from hutong.web.static_files import versioned

TEMPLATES = Path(__file__).parent / "templates"


@lru_cache
def environment() -> Environment:
    """Jinja with escaping on, and an error for any name a page forgot to pass."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        time=show_time,
        day=show_day,
        money=show_money,
        attribute=as_attribute,
        lasted=show_duration,
        span=show_seconds,
        phone=show_phone,
        who=actors.name_of,
        source_name=actors.source_name,
        marked=marked,
    )
    made.globals["static"] = versioned
    return made


def show_time(value: datetime | None) -> str:
    """An instant in the business time zone, to the second."""
    return "" if value is None else value.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S")


def show_day(value: date | datetime | None) -> str:
    """A business day."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(settings.zone).date()
    return value.isoformat()


def show_money(micros: int | None) -> Markup:
    """Micros as an amount with thousands separators; the currency is said once per page."""
    if micros is None:
        return Markup("")
    return Markup('<span class="amount{}">{:,}</span>').format(" minus" if micros < 0 else "", to_decimal(micros))


def show_phone(value: str | None) -> str:
    """A number as people write it here: 138 1234 5678, 010 8888 1234, 0571 8888 1234, masked ones too; numbers of other
    countries as they are."""
    if value is None or not value.startswith("+86") or not value[3:].replace("*", "0").isdigit():
        return value or ""
    number = value[3:]
    if number.startswith("1") and len(number) == 11:
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    if len(number) < 9:
        return f"0{number}"
    area = 2 if number.startswith(AREAS_OF_TWO) else 3
    return f"0{number[:area]} {number[area:-4]} {number[-4:]}"


AREAS_OF_TWO = ("10", "2")
"""Beginnings of area codes of two digits (without the 0): Beijing, and the cities of 02x."""


def show_duration(since: datetime | None, until: datetime | None) -> str:
    """How long something took, in the unit that reads best."""
    if since is None or until is None:
        return ""
    return show_seconds(max((until - since).total_seconds(), 0))


def show_seconds(seconds: float) -> str:
    """A time span in the unit that reads best."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def as_attribute(value: Any) -> Markup:
    """A value as JSON inside a double-quoted attribute, for a script of ours to read."""
    return escape(json.dumps(value, ensure_ascii=False, default=str))


def words(locale: str) -> Callable[..., str]:
    """The function a template calls for a message: `t('web-home')`."""

    def t(message_id: str, **params: Any) -> str:
        return translate(message_id, locale, **params)

    return t


def render(
    request: Request, template: str, context: Mapping[str, Any], session: Session | None = None, status: int = 200
) -> HTMLResponse:
    """A page (or, for an htmx request, the part of it that the template is) in the viewer's language."""
    locale = locale_of(request)
    viewer: Principal | None = session.viewer if session else None
    html = (
        environment()
        .get_template(template)
        .render(
            t=words(locale),
            code=lambda code_set, value: words_of_codes.code(code_set, value, locale),
            word=lambda prefix, value: words_of_codes.word(prefix, value, locale),
            tag=lambda prefix, value: words_of_codes.tag(prefix, value, locale),
            colour=words_of_codes.colour,
            issue_words=lambda issue: words_of_codes.issue(issue, locale),
            rule_words=lambda rule: words_of_codes.rule(rule, locale),
            locale=locale,
            viewer=viewer,
            csrf=session.csrf if session else "",
            path=request.url.path,
            menu_here=here(request.url.path),
            navigation=entries_for(viewer) if viewer else [],
            currency=settings.currency,
            **context,
        )
    )
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def reader(request: Request, session: Session) -> Principal:
    """The viewer of a page, in the page's language: for words that reads bring along."""
    return replace(session.viewer, locale=locale_of(request))


def to_page(path: str) -> Response:
    """After an action: htmx goes to a page, which then shows the new state."""
    return Response(status_code=204, headers={"HX-Redirect": path})
