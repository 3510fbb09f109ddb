"""Customer groups (EC-11): lists kept by people, and rules whose members are whoever meets them now."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.relations import groups
from hutong.platform import cel
from hutong.platform.errors import Unprocessable
from hutong.platform.http import locale_of
from hutong.platform.i18n import has_message, translate
from hutong.web.shell import render, to_page
from hutong.web.words_of_codes import codes_named

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Form(min_length=1, max_length=100)]
Rule = Annotated[str, Form(max_length=2000)]
PAGE = 50
MOST = 10_000
"""Members counted at most: the number says that a group is large, not how large."""


def rule_words(condition: str | None, locale: str) -> str:
    """A group's rule as a sentence; nothing for a list."""
    if not condition:
        return ""
    known = {name: f"party-fact-{name.removeprefix('row.')}" for name in groups.COLUMNS}
    labels = {name: translate(words, locale) for name, words in known.items() if has_message(words, locale)}
    return codes_named(cel.parse_condition(condition, groups.ENVIRONMENT).explain(locale, labels), locale)


def shown(group: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """A group with its name and rule in the viewer's language."""
    name = group["name_zh"] if locale == "zh-CN" else group["name_en"]
    return {**group, "name": name, "rule": rule_words(group["condition"], locale)}


@router.get("/groups")
def groups_page(request: Request, session: SignedInSession) -> Response:
    """All groups in use."""
    require(session.viewer, "party.read")
    locale = locale_of(request)
    listed = [shown(group, locale) for group in groups.groups(session.viewer)]
    return render(request, "party/groups.html", {"groups": listed, "names": sorted(groups.COLUMNS)}, session)


@router.get("/groups/{group}")
def group_page(
    request: Request, session: SignedInSession, group: int, after: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> Response:
    """A group: its rule, its members by number, and for a list who is put on it and taken off."""
    members = groups.members(session.viewer, group, after=after, limit=PAGE)
    context = {
        "group": shown(groups.group(session.viewer, group), locale_of(request)),
        "members": members,
        "following": members[-1]["id"] if len(members) == PAGE else None,
        "after": after,
        "names": sorted(groups.COLUMNS),
    }
    return render(request, "party/group.html", context, session)


@router.get("/groups/{group}/size")
def group_size(request: Request, session: SignedInSession, group: int) -> Response:
    """How many members there are, for htmx: counted when the page is there already."""
    size = groups.size(session.viewer, group, MOST)
    return render(request, "party/group_size.html", {"size": size, "more": size == MOST}, session)


@router.post("/groups")
def defined(
    session: SignedInSession,
    code: Annotated[str, Form(pattern=r"^[a-z][a-z0-9_-]{0,59}$")],
    name_zh: Name,
    name_en: Name,
    condition: Rule = "",
) -> Response:
    """Make a group, or change one: without a rule it is a list."""
    return to_page(f"/groups/{groups.define(session.viewer, code, name_zh, name_en, condition.strip() or None)}")


@router.post("/groups/{group}/retire")
def retired(session: SignedInSession, group: int) -> Response:
    """Use a group no more."""
    groups.retire(session.viewer, group)
    return to_page("/groups")


@router.post("/groups/{group}/members")
def put_in(session: SignedInSession, group: int, numbers: Annotated[str, Form(max_length=4000)]) -> Response:
    """Put customers on a list, by their numbers."""
    given = numbers.replace(",", " ").replace("，", " ").replace("#", " ").split()
    if not given or not all(number.isdecimal() and len(number) < 19 for number in given):
        raise Unprocessable("web-group-numbers", field="numbers")
    groups.put_in(session.viewer, group, [int(number) for number in given])
    return to_page(f"/groups/{group}")


@router.post("/groups/{group}/members/{party_id}/end")
def take_out(session: SignedInSession, group: int, party_id: int) -> Response:
    """Take a customer off a list."""
    groups.take_out(session.viewer, group, party_id)
    return to_page(f"/groups/{group}")
