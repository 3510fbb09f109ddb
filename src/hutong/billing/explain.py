"""Why this price (XP-02): for a line of a bill the way through its plan,
for one event the kernel's own account of it."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from hutong import catalog
from hutong.billing import queries, rating, usage_queries
from hutong.billing.columnar import workshop
from hutong.billing.consolidation import load_carried
from hutong.billing.plans import Plans, plans_of
from hutong.billing.precedence import resolve
from hutong.billing.pricing import explain as pricing
from hutong.billing.pricing import kernel
from hutong.billing.pricing.selection import condition
from hutong.billing.pricing.units import UNITS
from hutong.billing.queries import Found
from hutong.billing.sharing import make_buckets, make_groups
from hutong.billing.tariff_words import discount_words, tariff_words
from hutong.billing.terms import cut_spans, load_archive
from hutong.billing.usage_events import parts_of
from hutong.catalog.price_plan import PricePlan, Section
from hutong.identity import Principal, require
from hutong.platform import database
from hutong.platform.errors import NotFound


def explain_line(viewer: Principal, bill_id: int, line: int, locale: str) -> Found:
    """Why a bill's line is what it is: plan, version, the sections that led to the tariff with their conditions as
    sentences, the tariff in words, and what was counted. Raises NotFound."""
    found = next(
        (row for row in queries.bill_lines(viewer, bill_id, after=line - 1, limit=1) if row["line"] == line), None
    )
    if found is None:
        raise NotFound("billing-no-bill", bill=f"{bill_id}/{line}")
    made: Found = {"line": found, "events": found["events"]} | quantities(found)
    if not found["plan"]:
        return made | {"plan": None, "path": [], "tariff": found["tariff"]}
    plan = catalog.load().price_plan(found["plan"], found["version"])
    made |= {"plan": name(plan, locale), "level": plan.level, "version": found["version"]}
    if found["kind"] == "discount":
        [discount] = [item for item in plan.discounts if item.code == found["tariff"]]
        conditions = [condition(discount.when).explain(locale)] if discount.when else []
        return made | {
            "path": [],
            "conditions": conditions,
            "tariff": discount_words(discount, locale),
            "reduces": found["reduces"],
        }
    return made | {"path": path_words(plan, found["section"], locale)} | tariff_of(plan, found["tariff"], locale)


def quantities(line: Found) -> Found:
    """Billed and free quantity in the tariff's unit, as decimal texts; empty where the line counts nothing."""
    unit = UNITS.get(line["unit"])
    if unit is None or line["kind"] == "discount":
        return {"quantity": None, "free": None}
    size = unit.size
    return {
        "quantity": pricing.plain(Fraction(line["quantity"], size)),
        "free": pricing.plain(Fraction(line["free"], size)),
        "unit": line["unit"],
    }


def name(plan: PricePlan, locale: str) -> str:
    """A plan's name."""
    return plan.name.zh if locale.startswith("zh") else plan.name.en


def tariff_of(plan: PricePlan, code: str, locale: str) -> Found:
    """A tariff in words."""
    tariff = next(item for item in plan.tariffs if item.code == code)
    return {"tariff": tariff_words(tariff, locale)}


def path_words(plan: PricePlan, code: str, locale: str) -> list[Found]:
    """The sections from the root to a leaf; each with its condition as a sentence, empty where it always holds."""
    path = next((path for path in paths(plan.sections, ()) if path[-1].code == code), ())
    return [
        {"section": section.code, "condition": condition(section.when).explain(locale) if section.when else ""}
        for section in path
    ]


def paths(sections: tuple[Section, ...], above: tuple[Section, ...]) -> Iterator[tuple[Section, ...]]:
    """Every way from a root to a section with a tariff."""
    for section in sections:
        if section.tariff is not None:
            yield (*above, section)
        yield from paths(section.sections, (*above, section))


def explain_usage(viewer: Principal, usage_id: str, locale: str) -> Found:
    """Why one event costs what it costs: its group is priced again from the cycle's beginning, with the trace on."""
    require(viewer, queries.READ)
    event = usage_queries.usage(viewer, usage_id)
    with workshop() as (duck, scratch), database.read("billing") as conn:
        month = rating.parse_cycle(event["cycle"])
        plans, parts = plans_of(month), parts_of(conn, [event["cycle"]])
        load_archive(duck, scratch)
        cut_spans(duck, month)
        make_groups(duck)
        load_carried(conn, duck, scratch, month)
        make_buckets(duck, plans, month)
        ranks = resolve(duck, plans)
        duck.execute(ONE_GROUP, {"product": event["product_instance_id"]})
        duck.execute("CREATE TABLE dense AS SELECT grp, 0 AS g FROM (SELECT DISTINCT grp FROM affected)")
        rating.number_buckets(duck)
        state = rating.bucket_state(duck)
        made = rating.prepare(duck, plans, parts, ranks, state)
    own = np.flatnonzero((made.taken["part_id"] == event["part_id"]) & (made.taken["part_row"] == event["part_row"]))
    told = [
        told_row(plans, pricing.explain(plans.tariffs, made.rows, state, row), locale)
        for row in own.tolist()
        if made.rows[row, kernel.RATE] >= 0
    ]
    return {"event": event, "rates": told}


ONE_GROUP = """
    CREATE TABLE affected AS SELECT product_instance_id, group_id, grp, '' AS terms FROM member
    WHERE grp IN (SELECT grp FROM member WHERE product_instance_id = $product)
"""


def told_row(plans: Plans, why: pricing.Explanation, locale: str) -> Found:
    """One rate's explanation for people."""
    plan = plans.catalog.price_plan(why.rate.plan, why.rate.version)
    return {
        "plan": name(plan, locale), "version": why.rate.version, "path": path_words(plan, why.rate.section, locale),
        "charge_micros": why.charge, "sentences": why.sentences(locale), **tariff_of(plan, why.rate.tariff, locale),
    }  # fmt: skip
