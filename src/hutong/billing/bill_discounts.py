"""Discounts of a bill run, on sets: the same rules as `pricing.bill_discount`, a statement or two for each discount.

Which amount a discount takes is asked of the pure rule once for each distinct base and part; sharing it out over
    lines is
one statement in 128-bit integers. Within a level, discounts apply in the order of their plans' documents.
"""

from dataclasses import dataclass
from datetime import date

import duckdb

from hutong.billing.plans import Plans
from hutong.billing.pricing.bill_discount import LEVELS, part_due, reduction, rounded
from hutong.billing.pricing.compiled import PlanKey
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.pricing.selection import condition
from hutong.billing.recurring import presence_of
from hutong.billing.terms import variables
from hutong.catalog.price_plan import Discount

HOLDER = {
    "product": "product_instance_id", "package": "offer_instance_id", "agreement": "offer_instance_id",
    "account": "account_id",
}  # fmt: skip
"""By level, the column of a line that names who holds its discounts."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A discount of a plan in force."""

    plan: PlanKey
    discount: Discount


def apply_discounts(duck: duckdb.DuckDBPyConnection, plans: Plans, cycle: Cycle) -> None:
    """Stack the cycle's discounts on table `charge_line` (line, account_id, ..., left_micros): changes `left_micros`,
        and
    leaves table `taken` (line, plan, version, discount, level,
        amount): negative micros. Needs `recurring.make_holders`."""
    duck.execute("""
        CREATE OR REPLACE TABLE taken (line BIGINT, plan VARCHAR, version INTEGER, discount VARCHAR, level VARCHAR,
            amount BIGINT, step INTEGER)
    """)
    offered = [
        Offered(key, discount) for key in sorted(plans_in_force(duck, plans)) for discount in plans.plan(key).discounts
    ]
    step = 0
    for level in LEVELS:
        for item in offered:
            if item.discount.level == level:
                for turn in range(1, hold(duck, plans, cycle, item) + 1):
                    step += 1
                    apply(duck, item, turn, step)


def plans_in_force(duck: duckdb.DuckDBPyConnection, plans: Plans) -> set[PlanKey]:
    """Plans of what is held in the cycle."""
    offers = duck.execute("SELECT DISTINCT code, version FROM holder WHERE code IS NOT NULL").fetchall()
    products = duck.execute(
        "SELECT DISTINCT product_code, product_version FROM holder WHERE product_code IS NOT NULL"
    ).fetchall()
    return {key for offer in offers for key in plans.of_offer(*offer)} | {
        key for product in products for key in plans.of_product(*product)
    }


def hold(duck: duckdb.DuckDBPyConnection, plans: Plans, cycle: Cycle, item: Offered) -> int:
    """Table `held` (holder, part, turn): who has a discount this cycle, for which part of it. Returns the turns: one
    account may hold an account's discount by several of its offers."""
    named = "coalesce(code, ''), version, coalesce(product_code, ''), product_version"
    shapes = [
        (offer, version, product, product_version)
        for offer, version, product, product_version in duck.execute(f"SELECT DISTINCT {named} FROM holder").fetchall()
        if item.plan in (plans.of_offer(offer, version) if offer else plans.of_product(product, product_version))
    ]
    duck.execute("""
        CREATE OR REPLACE TABLE discounted (code VARCHAR, version INTEGER, product_code VARCHAR,
            product_version INTEGER)
    """)
    if not shapes:
        return 0
    duck.executemany("INSERT INTO discounted VALUES (?, ?, ?, ?)", shapes)
    when = item.discount.when
    test = condition(when).to_sql("duckdb", variables("h", "h"), condition=True) if when else "true"
    duck.execute(f"""
        CREATE OR REPLACE TABLE entitled AS
        SELECT h.account_id, h.offer_instance_id, h.product_instance_id, any_value(h.began) AS began,
               any_value(h.in_use) AS in_use, bit_or(h.mask) AS mask
        FROM holder h JOIN discounted d ON d.code = coalesce(h.code, '') AND d.version IS NOT DISTINCT FROM h.version
          AND d.product_code = coalesce(h.product_code, '') AND d.product_version IS NOT DISTINCT FROM h.product_version
        LEFT JOIN customer ON customer.id = h.customer_id LEFT JOIN account ON account.id = h.account_id
        WHERE NOT h.transition AND ({test}) GROUP BY ALL
    """)
    cases = duck.execute("SELECT DISTINCT mask, began, in_use FROM entitled").fetchall()
    due = [(*case, part_of(cycle, item.discount, *case)) for case in cases]
    duck.execute("CREATE OR REPLACE TABLE due (mask BIGINT, began DATE, in_use DATE, part BIGINT)")
    if due:
        duck.executemany("INSERT INTO due VALUES (?, ?, ?, ?)", due)
    holder = HOLDER[item.discount.level]
    source = "entitled e"
    if item.discount.level == "product":  # a plan of an offer discounts each product instance in the offer
        source = """(SELECT e.* EXCLUDE (product_instance_id), CASE WHEN e.product_instance_id > 0
            THEN e.product_instance_id
                            ELSE l.product_instance_id END AS product_instance_id
                     FROM entitled e LEFT JOIN (SELECT DISTINCT offer_instance_id, product_instance_id
                         FROM span_offer JOIN span USING (span) WHERE kind = 'price') l
                       ON e.product_instance_id = 0 AND l.offer_instance_id = e.offer_instance_id) e"""
    duck.execute(f"""
        CREATE OR REPLACE TABLE held AS
        SELECT e.{holder} AS holder, d.part,
               row_number() OVER (PARTITION BY e.{holder} ORDER BY e.offer_instance_id, e.product_instance_id) AS turn
        FROM {source} JOIN due d ON d.mask = e.mask AND d.began = e.began AND d.in_use IS NOT DISTINCT FROM e.in_use
        WHERE d.part > 0 AND e.{holder} > 0
    """)
    [(turns,)] = duck.execute("SELECT coalesce(max(turn), 0) FROM held").fetchall()
    return int(turns)


def part_of(cycle: Cycle, discount: Discount, mask: int, began: date, in_use: date | None) -> int:
    """The part of the cycle for which a holder with these days has a discount."""
    return part_due(discount, presence_of(cycle, mask, began), in_use)


def apply(duck: duckdb.DuckDBPyConnection, item: Offered, turn: int, step: int) -> None:
    """One discount of all its holders of a turn, on what is left of their lines."""
    discount = item.discount
    holder = HOLDER[discount.level]
    unit = int(discount.rounding.unit * 10**6)
    charges = ", ".join("'" + code + "'" for code in discount.charges)
    own = f"AND l.plan = '{item.plan[0]}' AND l.tariff IN ({charges})" if charges else ""
    duck.execute(f"""
        CREATE OR REPLACE TABLE based AS
        SELECT l.line, l.left_micros, h.holder, h.part, sum(l.left_micros) OVER whole AS base,
               sum(l.left_micros) OVER (whole ORDER BY l.line) AS running,
               bool_and(l.left_micros % {unit} = 0) OVER whole AS even
        FROM charge_line l JOIN held h ON h.holder = l.{holder} AND h.turn = {turn}
        WHERE l.discounted AND l.left_micros > 0 {own} WINDOW whole AS (PARTITION BY h.holder)
    """)
    cases = duck.execute("SELECT DISTINCT base::BIGINT, part FROM based").fetchall()
    amounts = [
        (base, part, min(rounded(reduction(discount, base, part), discount.rounding), base)) for base, part in cases
    ]
    if not amounts:
        return
    duck.execute("CREATE OR REPLACE TABLE amount (base BIGINT, part BIGINT, total BIGINT)")
    duck.executemany("INSERT INTO amount VALUES (?, ?, ?)", amounts)
    duck.execute(f"""
        CREATE OR REPLACE TABLE share AS
        SELECT b.line, reached - coalesce(lag(reached) OVER (PARTITION BY b.holder ORDER BY b.line), 0) AS share
        FROM (SELECT based.*, CAST(a.total AS HUGEINT) * running // based.base // whole_unit * whole_unit AS reached
              FROM based JOIN amount a ON a.base = based.base AND a.part = based.part,
              LATERAL (SELECT CASE WHEN even AND a.total % {unit} = 0 THEN {unit} ELSE 1 END AS whole_unit)) b
    """)
    duck.execute("DELETE FROM share WHERE share = 0")
    duck.execute(
        "INSERT INTO taken SELECT line, $plan, $version, $code, $level, -share, $step FROM share",
        {"plan": item.plan[0], "version": item.plan[1], "code": discount.code, "level": discount.level, "step": step},
    )
    duck.execute(
        "UPDATE charge_line SET left_micros = left_micros - share.share FROM share WHERE share.line = charge_line.line"
    )
