"""The access log (EC-17): who saw which sensitive data in clear, and when; by person and by customer."""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from hutong.identity import queries, users
from hutong.identity.http import SignedInSession
from hutong.identity.masking import MASKS
from hutong.identity.principal import Principal, require
from hutong.platform import clock, database
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import actors, words_of_codes
from hutong.web.shell import render, show_time

router = APIRouter(include_in_schema=False)
RIGHT = "identity.audit"
KINDS = tuple(MASKS)
ENTITIES = (
    "party",
    "quality_task",
    "source_record",
    "rejected_record",
    "product_instance",
    "order",
    "quarantine",
    "usage",
    "event",
    "party.export",
)
LISTED = 6
EXPORTED = re.compile(r"(?P<list>\S+) v(?P<version>\d+): (?P<rows>\d+) rows(?P<seen> on screen)?")
"""What an export notes as its reason."""


def columns(locale: str) -> list[dict[str, Any]]:
    """The list's columns."""

    def head(name: str) -> str:
        return translate(f"web-read-{name}", locale)

    return [
        {"field": "at", "headerName": head("at"), "width": 165},
        {"field": "who", "headerName": head("who"), "minWidth": 110, "flex": 1},
        {"field": "kinds", "headerName": head("kinds"), "minWidth": 120, "flex": 2},
        {"field": "entity", "headerName": head("entity"), "kind": "tag", "width": 120, "narrow": False},
        {"field": "count", "headerName": head("count"), "width": 90, "right": True, "narrow": False},
        {"field": "ids", "headerName": head("ids"), "minWidth": 160, "flex": 2, "narrow": False},
        {"field": "fields", "headerName": head("fields"), "minWidth": 140, "flex": 2, "narrow": False},
        {"field": "reason", "headerName": head("reason"), "minWidth": 120, "flex": 1, "narrow": False},
    ]


class Asked(BaseModel):
    """The filters: who, which things, which one of them, which kind of field, from and to which days, which reason."""

    actor: str = Field("", pattern=r"^((user|client):\d+)?$")
    entity: str = Field("", pattern=r"^[a-z_.]*$", max_length=40)
    number: str = Field("", pattern=r"^\s*\d{0,15}\s*$")
    kind: str = Field("", pattern=r"^[a-z_]*$", max_length=20)
    since: date | Literal[""] = ""
    until: date | Literal[""] = ""
    reasoned: bool = False
    reason: str = Field("", max_length=60)

    def found(self, viewer: Principal, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Reads that meet them, newest first, below an id."""
        until = self.until + timedelta(days=1) if self.until else None
        return queries.sensitive_reads(
            viewer,
            actor=self.actor or None,
            entity=self.entity or None,
            entity_id=int(self.number) if self.number.strip() else None,
            kind=self.kind or None,
            since=clock.start_of_day(self.since) if self.since else None,
            until=clock.start_of_day(until) if until else None,
            reason=self.reason if self.reason or self.reasoned else None,
            before=before,
            limit=limit,
        )


Filters = Annotated[Asked, Query()]


@router.get("/access-log")
def access_log_page(request: Request, session: SignedInSession, asked: Filters) -> Response:
    """The log with its filters."""
    require(session.viewer, RIGHT)
    with database.read("identity") as conn:
        people = users.names(conn)
    context = {
        "columns": columns(locale_of(request)),
        "people": people,
        "entities": ENTITIES,
        "kinds": KINDS,
        "asked": asked,
        "query": request.url.query,
    }
    return render(request, "identity/access_log.html", context, session)


class Block(Asked):
    """Filters, and which block of rows."""

    after: int = Field(0, ge=0)
    limit: int = Field(100, ge=1, le=500)


@router.get("/access-log/rows")
def access_log_rows(request: Request, session: SignedInSession, asked: Annotated[Block, Query()]) -> dict[str, Any]:
    """Rows, newest first, below a key; `next` is the key to go on with."""
    found = asked.found(session.viewer, asked.after or None, asked.limit)
    rows = [row_shown(row, locale_of(request)) for row in found]
    return {"rows": rows, "next": found[-1]["id"] if len(found) == asked.limit else None}


def row_shown(row: dict[str, Any], locale: str) -> dict[str, Any]:
    """A row in words."""
    ids = row["entity_ids"]
    every = "*" in row["kinds"] or set(row["kinds"]) >= MASKS.keys()
    kinds = ["all"] if every else row["kinds"]
    return {
        "at": show_time(row["at"]),
        "who": actors.name_of(row["actor"], locale),
        "kinds": translate("web-list-comma", locale).join(
            words_of_codes.word("web-kind", kind, locale) for kind in kinds
        ),
        "entity": [words_of_codes.word("web-entity", row["entity"], locale), ""],
        "count": len(ids),
        "ids": ", ".join(f"#{id}" for id in ids[:LISTED]) + (" …" if len(ids) > LISTED else ""),
        "fields": translate("web-list-comma", locale).join(
            words_of_codes.word("web-field", name, locale) for name in row["fields"]
        ),
        "reason": reason(row["reason"] or "", locale),
    }


def reason(given: str, locale: str) -> str:
    """A reason as it was given; what a center noted by itself in words."""
    export = EXPORTED.fullmatch(given)
    if export is not None:
        message = "web-read-list-seen" if export["seen"] else "web-read-list-made"
        return translate(message, locale, list=export["list"], version=export["version"], rows=int(export["rows"]))
    event_type = given.partition(" ")[2]
    event = words_of_codes.word("web-event-type", event_type, locale) if event_type else ""
    return given if event == event_type else event
