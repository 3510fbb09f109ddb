"""The parts of the customer page: each with the right it needs, its template, and how its facts are read."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hutong.billing import queries as billing_queries
from hutong.catalog import queries as catalog_queries
from hutong.catalog.document import Kind
from hutong.catalog.snapshot import Catalog
from hutong.identity.principal import Principal
from hutong.inventory import queries as inventory_queries
from hutong.ordering import queries as ordering_queries
from hutong.party.columns import GOLDEN
from hutong.party.golden import explanation
from hutong.party.reading import queries
from hutong.party.relations import households
from hutong.platform import clock
from hutong.platform.history.declare import FOREVER
from hutong.web import words_of_codes
from hutong.web.catalog.names import name_of
from hutong.web.home_charts import GRID
from hutong.web.party.customer_areas import areas
from hutong.web.party.customer_policies import policies
from hutong.web.party.customer_relations import relations
from hutong.web.party.customer_timeline import timeline

Facts = dict[str, Any]
HAPPENINGS = 12
"""Latest happenings that the overview shows."""
COMPARED = ("name", "gender", "birth_date", "id_type", "id_number", "organisation_code", "mobile", "phone", "email",
            "bank_card", "address", "postcode", "contact_name", "grade", "branch")  # fmt: skip


class Part(NamedTuple):
    """A tab: right needed, template, reader of what it shows."""

    right: str
    template: str
    read: Callable[[Principal, Mapping[str, Any], str], Facts]


def holdings_of(viewer: Principal, customer_id: int, locale: str) -> Facts:
    """What the customer holds now, with names."""
    held = inventory_queries.holdings(viewer, customer_id)
    catalog = catalog_queries.load()
    for offer in held["offers"]:
        offer["name"] = name_of(catalog, Kind.OFFER, offer["offer_code"], locale)
        offer["shown"] = attribute_words(catalog, offer["offer_code"], offer["attributes"], locale)
        for product in offer["products"]:
            product["name"] = name_of(catalog, Kind.PRODUCT, product["product_code"], locale)
    for product in held["products"]:
        product["name"] = name_of(catalog, Kind.PRODUCT, product["product_code"], locale)
    return held


def attribute_words(catalog: Catalog, offer_code: str, given: Mapping[str, Any], locale: str) -> list[str]:
    """An offer's attributes in words: the name of a choice, else attribute and value."""
    declared = (
        {item.code: item for item in catalog.offer(offer_code).attributes}
        if catalog.has(Kind.OFFER, offer_code)
        else {}
    )
    made = []
    for code, value in given.items():
        choices = {choice.value: choice.name(locale) for choice in declared[code].choices} if code in declared else {}
        name = declared[code].name(locale) if code in declared else code
        made.append(choices.get(str(value)) or f"{name} {value}")
    return made


def orders(viewer: Principal, customer: Mapping[str, Any], _locale: str, *, most: int = 200) -> Facts:
    """The customer's orders, newest first."""
    wanted = ordering_queries.OrderFilter(customer_id=customer["id"])
    return {"orders": ordering_queries.orders(viewer, wanted, limit=most)}


def bills(viewer: Principal, customer: Mapping[str, Any], _locale: str) -> Facts:
    """The customer's bills, newest first."""
    return {"bills": billing_queries.bills_page(viewer, customer_id=customer["id"], limit=200)}


def overview(viewer: Principal, customer: Mapping[str, Any], locale: str) -> Facts:
    """Contacts, products and policies held, household, accounts, latest happenings."""
    held = holdings_of(viewer, customer["id"], locale) if viewer.may("inventory.read") else None
    latest = orders(viewer, customer, locale, most=5)["orders"] if viewer.may("ordering.read") else None
    person = customer["kind"] == "person"
    return {
        "held": held,
        "orders": latest,
        "told": timeline(viewer, customer, locale, latest=HAPPENINGS)["told"][:HAPPENINGS],
        "household": households.household_of(viewer, customer["id"]) if person else None,
        "policies": policies(viewer, customer, locale)["policies"][:5],
    }


def records(viewer: Principal, customer: Mapping[str, Any], _locale: str) -> Facts:
    """Source records side by side, and the judgements that make them one."""
    found = explanation.side_by_side(viewer, customer["id"])
    used = [name for name in COMPARED if any(row[name] is not None for row in found["records"])]
    return {**found, "attributes": used, "judgements": queries.why(viewer, customer["id"])}


def over_time(viewer: Principal, customer: Mapping[str, Any], locale: str) -> Facts:
    """What the customer held, as periods: one row per instance, one bar per version."""
    versions = inventory_queries.over_time(viewer, customer["id"])
    catalog = catalog_queries.load()
    for row in versions:
        row["name"] = name_of(catalog, Kind.OFFER if row["what"] == "offer" else Kind.PRODUCT, row["code"], locale)
    instances = len({(row["what"], row["id"]) for row in versions})
    return {
        "versions": versions,
        "chart": periods_chart(versions, locale) if versions else None,
        "height": 60 + 34 * instances,
    }


COLOURS = {"active": "#6b8f71", "pre_activated": "#98a2b3", "suspended": "#c98a2b", "terminated": "#b42c1f"}


def periods_chart(versions: list[Facts], locale: str) -> Facts:
    """A Gantt chart of versions, as an ECharts option."""
    rows = list(dict.fromkeys((row["what"], row["id"], row["name"]) for row in versions))
    horizon = clock.now()
    bars = []
    for place, (what, id, _name) in enumerate(rows):
        mine = [row for row in versions if (row["what"], row["id"]) == (what, id)]
        ends = [row["valid_from"] for row in mine[1:]] + [max(horizon, mine[-1]["valid_from"])]
        for row, until in zip(mine, ends, strict=True):
            if not row["ended"]:
                words = f"{row['name']} · {words_of_codes.word('web-instance', row['state'], locale)}"
                bars.append({"value": [place, millis(row["valid_from"]), millis(until)], "name": words,
                             "itemStyle": {"color": COLOURS.get(row["state"], "#98a2b3")}})  # fmt: skip
    return {
        "grid": GRID | {"left": 8, "right": 16, "top": 8, "bottom": 24},
        "tooltip": {"formatter": "{b}"},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "category", "inverse": True, "data": [f"{name} #{id}" for _, id, name in rows],
                  "axisLabel": {"width": 150, "overflow": "truncate"}},
        "series": [{"type": "custom", "encode": {"x": [1, 2], "y": 0}, "data": bars}],
    }  # fmt: skip


def millis(instant: datetime) -> int:
    """An instant as JavaScript counts it."""
    return 0 if instant == FOREVER else int(instant.timestamp() * 1000)


def changes(viewer: Principal, customer: Mapping[str, Any], _locale: str) -> Facts:
    """Every version of the golden record with what changed, and the operations that moved its records."""
    versions = explanation.versions(viewer, customer["id"])
    for row in versions:
        row["values"] = {name: row[name] for name in (row["changed"] or ()) if name in GOLDEN and name in COMPARED}
    return {"versions": versions, "operations": queries.operations(viewer, customer["id"])}


PARTS: dict[str, Part] = {
    "overview": Part("party.read", "party/customer_overview.html", overview),
    "information": Part("party.read", "party/customer_information.html", areas),
    "relations": Part("party.read", "party/customer_relations.html", relations),
    "policies": Part("party.read", "party/customer_policies.html", policies),
    "timeline": Part("party.read", "party/customer_timeline.html", timeline),
    "over-time": Part("inventory.read", "party/customer_over_time.html", over_time),
    "orders": Part("ordering.read", "party/customer_orders.html", orders),
    "bills": Part("billing.read", "party/customer_bills.html", bills),
    "records": Part("party.read", "party/customer_records.html", records),
    "changes": Part("party.read", "party/customer_changes.html", changes),
}
