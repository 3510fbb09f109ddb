"""Sharing groups and their allowances: who may use whose free units in a cycle (BL-06).

A group is everything that shares, directly or through others: it is priced as one run of events. A bucket is what one
allowance grants to one holder: an offer instance (shared), one product instance in it, or a product instance itself.
"""

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hutong.billing.plans import Plans
from hutong.billing.pricing import kernel
from hutong.billing.pricing.allowance_grants import granted_units, valid_span
from hutong.billing.pricing.compiled import Granted
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.pricing.selection import condition
from hutong.billing.pricing.units import CYCLE
from hutong.billing.terms import variables
from hutong.platform.settings import settings

WIDEST = 62
"""Spans of a group that a bucket's owner can name one by one."""
Ids = NDArray[np.int64]


def components(left: Ids, right: Ids, count: int) -> Ids:
    """For each of `count` nodes the smallest node it is connected to, by edges to hubs: left node, right hub."""
    label = np.arange(count, dtype=np.int64)
    hubs, hub = np.unique(right, return_inverse=True)
    while True:
        smallest = np.full(len(hubs), count, dtype=np.int64)
        np.minimum.at(smallest, hub, label[left])
        following = label.copy()
        np.minimum.at(following, left, smallest[hub])
        following = following[following]
        if np.array_equal(following, label):
            return label
        label = following


def make_groups(duck: duckdb.DuckDBPyConnection) -> None:
    """Table `member` (product_instance_id, group_id, grp): each product instance with a span; grp is dense."""
    products = duck.execute("SELECT DISTINCT product_instance_id AS id FROM span ORDER BY id").fetchnumpy()["id"]
    edges = duck.execute(
        "SELECT DISTINCT product_instance_id AS p, offer_instance_id AS o FROM span_offer JOIN span USING (span)"
    ).fetchnumpy()
    ids = np.asarray(products, dtype=np.int64)
    left = np.searchsorted(ids, np.asarray(edges["p"], dtype=np.int64))
    label = components(left, np.asarray(edges["o"], dtype=np.int64), len(ids))
    _, dense = np.unique(label, return_inverse=True)
    made = pa.table({"product_instance_id": ids, "group_id": ids[label], "grp": dense.astype(np.int64)})
    duck.register("made", made)
    duck.execute("CREATE OR REPLACE TABLE member AS SELECT * FROM made")
    duck.unregister("made")
    duck.execute("""
        CREATE OR REPLACE TABLE place AS
        SELECT span, grp, row_number() OVER (PARTITION BY grp ORDER BY span) - 1 AS place,
               count(*) OVER (PARTITION BY grp) AS places
        FROM span JOIN member USING (product_instance_id)
    """)


def make_buckets(duck: duckdb.DuckDBPyConnection, plans: Plans, cycle: Cycle) -> None:
    """Table `bucket`: what is granted for the cycle, and what earlier ones carried over (table `carried`), in the order
    of use within each group."""
    duck.execute("""
        CREATE OR REPLACE TABLE held_plan (offer_code VARCHAR, offer_version INTEGER, product_code VARCHAR,
            product_version INTEGER, plan VARCHAR, version INTEGER)
    """)
    held = [
        (code, version, None, None, *key)
        for code, version in duck.execute("SELECT DISTINCT code, version FROM span_offer").fetchall()
        for key in plans.of_offer(code, version)
    ] + [
        (None, None, code, version, *key)
        for code, version in duck.execute("SELECT DISTINCT product_code, product_version FROM span").fetchall()
        for key in plans.of_product(code, version)
    ]
    if held:
        duck.executemany("INSERT INTO held_plan VALUES (?, ?, ?, ?, ?, ?)", held)
    duck.execute("""
        CREATE OR REPLACE TABLE granted (allowance INTEGER, offer_instance_id BIGINT, product_instance_id BIGINT,
            part BIGINT, units BIGINT, valid_from BIGINT, valid_to BIGINT, remaining BIGINT)
    """)
    in_force = {(plan, version) for *_, plan, version in held}
    for number, granted in enumerate(plans.tariffs.allowances):
        if (granted.plan, granted.version) in in_force:
            duck.execute(grant_sql(number, granted, cycle), {"plan": granted.plan, "version": granted.version})
    for part in [row[0] for row in duck.execute("SELECT DISTINCT part FROM granted").fetchall()]:
        for number, granted in enumerate(plans.tariffs.allowances):
            duck.execute(
                "UPDATE granted SET units = $units, remaining = $units WHERE allowance = $number AND part = $part",
                {"units": granted_units(granted, part), "number": number, "part": part},
            )
    keep_carried(duck, plans)
    order_buckets(duck, plans)


def grant_sql(number: int, granted: Granted, cycle: Cycle) -> str:
    """Insert the buckets of one allowance: for every holder that has its plan in effect,
    if it may at its first span."""
    since, until = valid_span(granted, cycle, settings.zone)
    when = granted.allowance.when
    test = condition(when).to_sql("duckdb", variables("s", "o"), condition=True) if when else "true"
    own = "0" if granted.allowance.shared else "s.product_instance_id"
    part = f"bit_count(bit_or({DAY_MASK})) * {CYCLE} // {cycle.days}" if granted.allowance.prorated else str(CYCLE)
    day_one = int(cycle.begins(settings.zone).timestamp())
    return f"""
        INSERT INTO granted
        SELECT {number}, coalesce(o.offer_instance_id, 0), CASE WHEN o.offer_instance_id IS NULL
            THEN s.product_instance_id ELSE {own} END,
               {part.replace("$day_one", str(day_one))}, 0, {since}, {until}, 0
        FROM span s JOIN held_plan h ON h.plan = $plan AND h.version = $version
        LEFT JOIN span_offer o ON o.span = s.span AND h.offer_code IS NOT NULL
        LEFT JOIN customer ON customer.id = s.customer_id LEFT JOIN account ON account.id = s.account_id
        WHERE CASE WHEN h.offer_code IS NULL THEN h.product_code = s.product_code
            AND h.product_version = s.product_version
                   ELSE o.code = h.offer_code AND o.version = h.offer_version AND (NOT s.transition
                       OR o.kind = 'pool') END
        GROUP BY ALL HAVING arg_min(coalesce({test}, false), s.since)
    """


DAY_MASK = """
    (CAST(1 AS BIGINT) << CAST(least((s.until - $day_one) // 86400, 62) AS BIGINT))
  - (CAST(1 AS BIGINT) << CAST((s.since - $day_one) // 86400 AS BIGINT))
"""
"""Days of the cycle at whose end a span is in effect, one bit each (see `pricing.cycle.Days`)."""


def keep_carried(duck: duckdb.DuckDBPyConnection, plans: Plans) -> None:
    """Add to the granted buckets what earlier cycles left, by table `carried` (allowance_state of the cycle before)."""
    numbers = [
        (item.plan, item.version, item.allowance.code, item.allowance.unit, number)
        for number, item in enumerate(plans.tariffs.allowances)
    ]
    duck.execute("""
        CREATE OR REPLACE TABLE allowance_number (plan VARCHAR, version INTEGER, code VARCHAR, unit VARCHAR,
            number INTEGER)
    """)
    if numbers:
        duck.executemany("INSERT INTO allowance_number VALUES (?, ?, ?, ?, ?)", numbers)
    duck.execute("""
        INSERT INTO granted
        SELECT a.number, c.offer_instance_id, c.product_instance_id, 0, c.granted, c.valid_from, c.valid_to, c.remaining
        FROM carried c JOIN allowance_number a ON a.plan = c.plan AND a.version = c.version AND a.code = c.allowance
    """)


def order_buckets(duck: duckdb.DuckDBPyConnection, plans: Plans) -> None:
    """Buckets with their group and owner: the spans (places) that may use them."""
    duck.execute("CREATE OR REPLACE TABLE priority (allowance INTEGER, priority INTEGER)")
    levels = [(number, item.allowance.priority) for number, item in enumerate(plans.tariffs.allowances)]
    if levels:
        duck.executemany("INSERT INTO priority VALUES (?, ?)", levels)
    duck.execute(f"""
        CREATE OR REPLACE TABLE bucket AS
        WITH usable AS (
            SELECT o.offer_instance_id, s.product_instance_id, s.span
            FROM span_offer o JOIN span s USING (span) WHERE NOT s.transition OR o.kind = 'pool'
            UNION ALL SELECT 0, product_instance_id, span FROM span
        ), owned AS (
            SELECT g.allowance, g.offer_instance_id, g.product_instance_id, g.units, g.valid_from, g.valid_to,
                   any_value(g.remaining) AS remaining, p.grp, any_value(p.places) AS places, count(*) AS spans,
                   min(p.place) AS place, bit_or(CASE WHEN p.place < {WIDEST} THEN CAST(1 AS BIGINT) << p.place
                       ELSE 0 END) AS mask
            FROM granted g JOIN usable u ON u.offer_instance_id = g.offer_instance_id
              AND (g.product_instance_id = 0 OR u.product_instance_id = g.product_instance_id)
            JOIN place p ON p.span = u.span
            GROUP BY ALL
        )
        SELECT owned.*, CASE WHEN spans = places THEN {kernel.EVERYONE} WHEN spans = 1 THEN place
            ELSE -2 - mask END AS owner,
               spans > 1 AND spans < places AND places > {WIDEST} AS beyond,
               row_number() OVER (ORDER BY grp, priority, valid_to, valid_from, allowance, offer_instance_id,
                   product_instance_id) - 1 AS bucket
        FROM owned JOIN priority USING (allowance) ORDER BY bucket
    """)
