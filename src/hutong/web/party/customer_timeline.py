"""Everything that happened with a customer, latest first (EC-12): areas, changes, orders, bills, products; paged."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, time
from itertools import chain
from typing import Any, NamedTuple

from hutong.billing import queries as billing_queries
from hutong.catalog import queries as catalog_queries
from hutong.catalog.document import Kind
from hutong.identity.principal import Principal
from hutong.inventory import queries as inventory_queries
from hutong.ordering import queries as ordering_queries
from hutong.party.areas import timeline as party_timeline
from hutong.party.areas.timeline import Happening, Place
from hutong.party.information import AREAS
from hutong.platform.errors import Unprocessable
from hutong.platform.i18n import translate
from hutong.platform.money import to_decimal
from hutong.platform.settings import settings
from hutong.web import actors, words_of_codes
from hutong.web.catalog.names import name_of
from hutong.web.party import area_words

Facts = dict[str, Any]
PAGE = 40
LATEST = 200
"""Orders, bills and products looked at; older ones are on their own tabs."""
GROUPS = {
    "policies": ("policy_summary", "party_role"),
    "claims": ("claim_summary",),
    "events": ("customer_event", "activity"),
    "touches": ("touch",),
    "orders": ("order", "holding"),
    "bills": ("bill",),
    "care": ("preference", "consent", "evaluation", "classification", "credit_limit", "expense", "points_entry",
             "document_image"),
    "relations": ("party_relation",),
    "changes": ("operation", "version"),
}  # fmt: skip
"""Filters of the timeline → kinds."""


class Told(NamedTuple):
    """A line of the timeline. `day`: what is dated by the day has no time of it."""

    at: datetime
    kind: str
    title: str
    detail: str
    by: str | None
    href: str
    colour: str
    day: bool


def timeline(
    viewer: Principal,
    customer: Mapping[str, Any],
    locale: str,
    *,
    group: str = "",
    after: str = "",
    latest: int = LATEST,
) -> Facts:
    """A page of the timeline after a place, of one group of kinds or all; `next`: where to go on, empty at the end.

    `latest`: orders, bills and products looked at; who shows so many lines needs no more."""
    kinds = GROUPS.get(group) or tuple(chain.from_iterable(GROUPS.values()))
    place = place_of(after)
    own = party_timeline.timeline(viewer, customer["id"], kinds=kinds, after=place, limit=PAGE)
    others = chain.from_iterable(read(viewer, customer["id"], kinds, latest) for read in _OTHERS)
    earlier = [each for each in others if place is None or each.place < place]
    found = sorted([*own, *earlier], key=lambda each: each.place, reverse=True)[:PAGE]
    last = found[-1].place if len(found) == PAGE else None
    return {
        "told": [tell(each, locale, roles) for each, roles in with_roles(found)],
        "next": f"{last.at.isoformat()}|{last.kind}|{last.id}" if last else "",
        "group": group,
        "groups": list(GROUPS),
    }


def with_roles(found: Iterable[Happening]) -> list[tuple[Happening, list[str]]]:
    """What is told, and for a policy the customer's roles in it that began with it: they are no lines of their own."""
    rows = list(found)
    policies = {(each.at, each.row["number"]) for each in rows if each.kind == "policy_summary"}
    roles: dict[tuple[datetime, str], list[str]] = {}
    for each in rows:
        if each.kind == "party_role" and (each.at, each.row["context"]) in policies:
            roles.setdefault((each.at, each.row["context"]), []).append(each.row["role"])
    return [
        (each, roles.get((each.at, each.row["number"]), []) if each.kind == "policy_summary" else [])
        for each in rows
        if each.kind != "party_role" or (each.at, each.row["context"]) not in policies
    ]


def place_of(token: str) -> Place | None:
    """A place from an address. Raises Unprocessable when it is none."""
    if not token:
        return None
    try:
        at, kind, id = token.split("|")
        return Place(datetime.fromisoformat(at), kind, int(id))
    except ValueError as problem:
        raise Unprocessable("party-area-value", field="after", what="after") from problem


def _orders(viewer: Principal, party: int, kinds: Collection[str], most: int) -> Iterable[Happening]:
    if "order" in kinds and viewer.may("ordering.read"):
        wanted = ordering_queries.OrderFilter(customer_id=party)
        for row in ordering_queries.orders(viewer, wanted, limit=most):
            yield Happening(row["accepted_at"], "order", row["id"], row)


def _bills(viewer: Principal, party: int, kinds: Collection[str], most: int) -> Iterable[Happening]:
    if "bill" in kinds and viewer.may("billing.read"):
        for row in billing_queries.bills_page(viewer, customer_id=party, limit=most):
            yield Happening(row["made_at"], "bill", row["id"], row)


def _holdings(viewer: Principal, party: int, kinds: Collection[str], most: int) -> Iterable[Happening]:
    if "holding" in kinds and viewer.may("inventory.read"):
        offers = (row for row in inventory_queries.over_time(viewer, party) if row["what"] == "offer")
        for row in sorted(offers, key=lambda one: (one["valid_from"], one["id"]))[-most:]:
            yield Happening(row["valid_from"], "holding", row["id"], row)


_OTHERS: tuple[Callable[[Principal, int, Collection[str], int], Iterable[Happening]], ...] = (
    _orders,
    _bills,
    _holdings,
)
_COLOURS = {"claim_summary": "bad", "customer_event": "bad", "policy_summary": "good", "order": "good"}


def tell(each: Happening, locale: str, roles: Sequence[str] = ()) -> Told:
    """A happening in words; `roles`: the customer's in a policy."""
    row = each.row
    title, detail, href = translate(f"web-told-{each.kind}", locale), "", ""
    if each.kind in AREAS:
        area = AREAS[each.kind]
        title = f"{title} · {area_words.title_words(area, row, locale)}"
        played = ", ".join(words_of_codes.code("party_role", role, locale) for role in roles)
        detail = " · ".join(part for part in (played, area_words.detail_words(area, row, locale)) if part)
    elif each.kind == "operation":
        title = translate(f"web-happening-{row['kind']}", locale)
        detail, href = row["reason"], "?tab=changes"
    elif each.kind == "version":
        title = translate("web-told-first" if row["changed"] is None else "web-told-version", locale)
        names = [name for name in row["changed"] or () if name in _NAMED]
        if row["changed"] is not None:
            detail = ", ".join(translate(f"web-field-{name}", locale) for name in names or ["record_count"])
    elif each.kind == "order":
        detail = words_of_codes.word("ordering-state", row["state"], locale)
        title, href = f"{title} #{each.id}", f"/orders/{each.id}"
    elif each.kind == "bill":
        detail = f"{to_decimal(row['total_micros']):,}"
        title, href = f"{title} {row['cycle']}", f"/bills/{each.id}"
    else:
        offer = name_of(catalog_queries.load(), Kind.OFFER, row["code"], locale)
        detail = f"{offer} · {words_of_codes.word('web-instance', row['state'], locale)}"
    by = row.get("stated_by") or row.get("done_by") or row.get("changed_by")
    day = each.at.astimezone(settings.zone).time() == time.min
    return Told(each.at, each.kind, title, detail, actors.person(by), href, _COLOURS.get(each.kind, ""), day)


_NAMED = ("name", "gender", "birth_date", "id_type", "id_number", "organisation_code", "mobile", "phone", "email",
          "bank_card", "address", "postcode", "contact_name", "grade", "branch")  # fmt: skip
