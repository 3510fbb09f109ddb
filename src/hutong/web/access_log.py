"""The access log (EC-17): who saw which sensitive data in clear, and when; by person and by customer."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from hutong.identity import queries, users
from hutong.identity.http import SignedInSession
from hutong.identity.masking import MASKS
from hutong.identity.principal import require
from hutong.platform import database
from hutong.platform.http import locale_of
from hutong.platform.i18n import translate
from hutong.web import actors, words_of_codes
from hutong.web.shell import render, show_time

router = APIRouter(include_in_schema=False)
RIGHT = "identity.audit"
ENTITIES = ("party", "source_record", "rejected_record", "product_instance", "order", "quarantine", "event")
LISTED = 6

Actor = Annotated[str, Query(pattern=r"^((user|client):\d+)?$")]
Entity = Annotated[str, Query(pattern=r"^[a-z_]*$", max_length=40)]
Number = Annotated[str, Query(pattern=r"^\s*\d{0,15}\s*$")]


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
        {"field": "reason", "headerName": head("reason"), "minWidth": 120, "flex": 1, "narrow": False},
    ]


@router.get("/access-log")
def access_log_page(
    request: Request, session: SignedInSession, actor: Actor = "", entity: Entity = "", number: Number = ""
) -> Response:
    """The log with its filters."""
    require(session.viewer, RIGHT)
    with database.read("identity") as conn:
        people = users.names(conn)
    context = {
        "columns": columns(locale_of(request)),
        "people": people,
        "entities": ENTITIES,
        "actor": actor,
        "entity": entity,
        "number": number.strip(),
        "query": request.url.query,
    }
    return render(request, "access_log.html", context, session)


@router.get("/access-log/rows")
def access_log_rows(
    request: Request,
    session: SignedInSession,
    *,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    actor: Actor = "",
    entity: Entity = "",
    number: Number = "",
) -> dict[str, Any]:
    """Rows, newest first, below a key; `next` is the key to go on with."""
    locale = locale_of(request)
    asked = number.strip()
    found = queries.sensitive_reads(
        session.viewer,
        actor=actor or None,
        entity=entity or None,
        entity_id=int(asked) if asked else None,
        before=after or None,
        limit=limit,
    )
    return {"rows": [row_shown(row, locale) for row in found], "next": found[-1]["id"] if len(found) == limit else None}


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
        "reason": row["reason"] or "",
    }
