"""Why a usage event costs what it costs (XP-02): its way through the plan, and the kernel's own account of it.

A line of a bill is told by the console, from the bill's own rows (`web/billing/bill_words.py`).
"""

from collections.abc import Iterator

import numpy as np

from hutong.billing import queries, rating, usage_queries
from hutong.billing.columnar import workshop
from hutong.billing.consolidation import load_carried
from hutong.billing.plans import Plans, plans_of
from hutong.billing.precedence import resolve
from hutong.billing.pricing import explain as pricing
from hutong.billing.pricing import kernel
from hutong.billing.pricing.selection import condition
from hutong.billing.queries import Found
from hutong.billing.sharing import make_buckets, make_groups
from hutong.billing.terms import cut_spans, load_archive
from hutong.billing.usage_events import parts_of
from hutong.catalog.price_plan import PricePlan, Section
from hutong.identity import Principal, require
from hutong.platform import database


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
    """Why one event costs what it costs: its group is priced again from the cycle's beginning, with the trace on.

    `rates`: plan, version, `path` (sections with their conditions as sentences), `charge_micros`, `sentences`.
    Raises NotFound.
    """
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
        "plan": plan.name(locale), "version": why.rate.version, "path": path_words(plan, why.rate.section, locale),
        "charge_micros": why.charge, "sentences": why.sentences(locale),
    }  # fmt: skip
