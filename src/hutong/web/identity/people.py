"""Users, roles with their rights in words, and calling systems with their quotas: to be read by administrators."""

from collections.abc import Iterable
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from hutong.identity import queries
from hutong.identity.http import SignedInSession
from hutong.platform.http import locale_of
from hutong.platform.i18n import has_message, translate
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)


class Grant(NamedTuple):
    """A right in words; `center` names where it holds."""

    center: str
    words: str


def right_in_words(right: str, locale: str) -> Grant:
    """`party.merge` as people say it; `*` and `party.*` as everything."""
    center, _, action = right.partition(".")
    if right == "*":
        return Grant("", translate("web-right-all", locale))
    if action == "*":
        return Grant(center, translate("web-right-all-of-center", locale))
    message = f"web-right-{right.replace('.', '-')}"
    return Grant(center, translate(message, locale) if has_message(message, locale) else right)


def by_center(rights: Iterable[str], locale: str) -> dict[str, list[str]]:
    """Rights in words, by center."""
    made: dict[str, list[str]] = {}
    for right in sorted(rights):
        grant = right_in_words(right, locale)
        made.setdefault(grant.center, []).append(grant.words)
    return made


CLAUSES = {
    "row.assigned": "assigned",
    "row.mine": "mine",
    "row.owner_id == viewer.id": "own",
    "row.unit_path.startsWith(viewer.unit_path)": "unit",
}
"""What conditions of scope are made of, as far as it has words."""


def scope_in_words(condition: str, locale: str) -> str | None:
    """Which rows a condition of scope lets a role see; None where it has no words and is shown as it is written."""
    clauses = [clause.strip() for clause in condition.split("||")]
    if not all(clause in CLAUSES for clause in clauses):
        return None
    return translate("web-list-or", locale).join(translate(f"web-scope-{CLAUSES[each]}", locale) for each in clauses)


@router.get("/people")
def people_page(request: Request, session: SignedInSession) -> Response:
    """Accounts and roles."""
    locale = locale_of(request)
    roles = {row["code"]: row for row in queries.role_list(session.viewer)}
    context = {
        "people": queries.people(session.viewer),
        "roles": roles,
        "rights": {code: by_center(row["rights"], locale) for code, row in roles.items()},
        "scope": lambda condition: scope_in_words(condition, locale),
        "view": "people",
    }
    return render(request, "identity/people.html", context, session)


@router.get("/people/clients")
def clients_page(request: Request, session: SignedInSession) -> Response:
    """Calling systems."""
    locale = locale_of(request)
    clients = queries.client_list(session.viewer)
    rights = {row["id"]: by_center(row["rights"], locale) for row in clients}
    return render(request, "identity/clients.html", {"clients": clients, "rights": rights, "view": "clients"}, session)
