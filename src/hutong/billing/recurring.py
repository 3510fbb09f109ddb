"""Recurring fees of a cycle (BL-08, BL-10): made as events for the days in effect, and priced like use.

An offer instance owes the fees of its offer's plans, a product instance those of its own plan. Days before the relation
between offer and product takes effect are in transition: only plans with a strategy for it charge them.
"""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.billing.columnar import store
from hutong.billing.consolidation import KEY, NAMES
from hutong.billing.plans import Plans
from hutong.billing.pricing import kernel
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.pricing.proration import POLICIES, Presence
from hutong.billing.pricing.run import State, expand, price_batch
from hutong.billing.pricing.selection import Situation, leaf_sql
from hutong.billing.sharing import DAY_MASK, Ids
from hutong.billing.terms import variables
from hutong.billing.usage_events import bounds
from hutong.catalog.tariff import RecurringTariff
from hutong.platform.settings import settings

CHARGED_STATES = "('active', 'suspended')"
FEE = "recurring"


def make_holders(duck: duckdb.DuckDBPyConnection, cycle: Cycle) -> None:
    """Table `holder`: offer instances and product instances with the days of the cycle (`mask`, one bit each) on which
    they were in effect on the same terms, the day their life began, and whether they were in transition."""
    begin, _ = bounds(cycle)
    zone = settings.business_timezone
    day_of = f"CAST(timezone('{zone}', to_timestamp({{}})) AS DATE)"
    mask = f"bit_or({DAY_MASK})".replace("$day_one", str(begin))
    duck.execute(f"""
        CREATE OR REPLACE TABLE offer_life AS
        SELECT l.offer_instance_id, {day_of.format("min(l.valid_from)")} AS began,
               {day_of.format("min(p.valid_from) FILTER (p.state = 'active')")} AS in_use
        FROM link l JOIN product p ON p.id = l.product_instance_id AND p.valid_from < l.valid_to
        WHERE l.kind = 'price' GROUP BY l.offer_instance_id;
        CREATE OR REPLACE TABLE product_life AS
        SELECT id AS product_instance_id, {day_of.format("min(valid_from)")} AS began,
               {day_of.format("min(valid_from) FILTER (state = 'active')")} AS in_use
        FROM product GROUP BY id;
        CREATE OR REPLACE TABLE holder AS
        SELECT o.customer_id, o.account_id, 0 AS product_instance_id, o.offer_instance_id, o.code, o.version,
            o.attributes,
               CAST(NULL AS VARCHAR) AS product_code, CAST(NULL AS INTEGER) AS product_version,
               CAST(NULL AS VARCHAR) AS product_attributes, s.transition, any_value(l.began) AS began,
               any_value(l.in_use) AS in_use, {mask} AS mask
        FROM span s JOIN span_offer o USING (span) JOIN offer_life l ON l.offer_instance_id = o.offer_instance_id
        WHERE o.kind = 'price' AND s.state IN {CHARGED_STATES} AND o.state IN {CHARGED_STATES} GROUP BY ALL
        UNION ALL
        SELECT s.customer_id, s.account_id, s.product_instance_id, 0, NULL, NULL, NULL, s.product_code,
            s.product_version,
               s.product_attributes, false, any_value(l.began), any_value(l.in_use), {mask}
        FROM span s JOIN product_life l USING (product_instance_id) WHERE s.state IN {CHARGED_STATES} GROUP BY ALL;
    """)


def make_fees(duck: duckdb.DuckDBPyConnection, plans: Plans, cycle: Cycle) -> None:
    """Table `fee`: the cycle's recurring charges, priced; micros. Needs the tables of `make_holders`."""
    situations = fee_situations(duck, plans)
    leaf = leaf_sql(plans.tariffs, situations, "h.situation", variables("h", "h"))
    found = duck.execute(f"""
        SELECT customer_id, account_id, product_instance_id, offer_instance_id, transition, began, leaf,
            bit_or(mask) AS mask
        FROM (SELECT h.*, {leaf} AS leaf FROM staged_holder h
              LEFT JOIN customer ON customer.id = h.customer_id LEFT JOIN account ON account.id = h.account_id)
        WHERE leaf >= 0 AND mask > 0 GROUP BY ALL ORDER BY ALL
    """).fetchnumpy()
    number, rates = expand(plans.tariffs, np.asarray(found["leaf"], dtype=np.int64))
    mask = np.asarray(found["mask"], dtype=np.int64)[number]
    began = np.asarray(found["began"]).astype("datetime64[D]").astype(np.int64)[number]
    part = parts_due(plans, cycle, rates, mask, began)
    charge = priced(plans, cycle, rates, part)
    made = {
        name: np.asarray(found[name])[number]
        for name in ("customer_id", "account_id", "product_instance_id", "offer_instance_id")
    }
    duck.register(
        "fee_made",
        pa.table(
            {
                **made,
                "transition": np.asarray(found["transition"]).astype(bool)[number],
                "rate": rates,
                "mask": mask,
                "part": part,
                "charge": charge,
            }
        ),
    )
    named = [(n, r.plan, r.version, r.section, r.tariff, r.unit) for n, r in enumerate(plans.tariffs.rates)]
    duck.execute("""
        CREATE OR REPLACE TABLE fee_rate (rate BIGINT, plan VARCHAR, version INTEGER, section VARCHAR, tariff VARCHAR,
            unit VARCHAR)
    """)
    duck.executemany("INSERT INTO fee_rate VALUES (?, ?, ?, ?, ?, ?)", named)
    duck.execute(f"""
        CREATE OR REPLACE TABLE fee AS
        SELECT {NAMES}, CASE WHEN transition THEN 'transition' ELSE 'regular' END AS phase, bit_count(mask) AS days,
            part,
               charge AS charge_micros
        FROM fee_made JOIN fee_rate USING (rate) WHERE part > 0
    """)
    duck.unregister("fee_made")


def fee_situations(duck: duckdb.DuckDBPyConnection, plans: Plans) -> list[Situation]:
    """Table `staged_holder`: holders with the number of their situation; the situations."""
    shapes = duck.execute(
        "SELECT DISTINCT code, version, product_code, product_version, transition FROM holder ORDER BY ALL"
    ).fetchall()
    situations = [
        Situation(
            plans.of_offer(code, version) if code else plans.of_product(product, product_version),
            FEE,
            "transition" if transition else "regular",
        )
        for code, version, product, product_version, transition in shapes
    ]
    duck.execute("""
        CREATE OR REPLACE TABLE fee_shape (code VARCHAR, version INTEGER, product_code VARCHAR, product_version INTEGER,
            transition BOOLEAN, situation INTEGER)
    """)
    if shapes:
        duck.executemany(
            "INSERT INTO fee_shape VALUES (?, ?, ?, ?, ?, ?)", [(*shape, n) for n, shape in enumerate(shapes)]
        )
    duck.execute("""
        CREATE OR REPLACE TABLE staged_holder AS
        SELECT h.*, f.situation FROM holder h JOIN fee_shape f
          ON f.code IS NOT DISTINCT FROM h.code AND f.version IS NOT DISTINCT FROM h.version
         AND f.product_code IS NOT DISTINCT FROM h.product_code
         AND f.product_version IS NOT DISTINCT FROM h.product_version AND f.transition = h.transition
    """)
    return situations


def presence_of(cycle: Cycle, mask: int, began: date) -> Presence:
    """A mask of days as the pure rules take it."""
    first = cycle.first_day
    return Presence(cycle, frozenset(first + timedelta(days=n) for n in range(cycle.days) if mask >> n & 1), began)


def parts_due(plans: Plans, cycle: Cycle, rates: Ids, mask: Ids, began: Ids) -> Ids:
    """The part of the cycle due for each row, by its tariff's policy: each different case is asked once."""
    policies = [policy_of(plans, number) for number in range(len(plans.tariffs.rates))]
    started_here = (began >= day(cycle.first_day)) & (began < day(cycle.end_day))
    cases = np.column_stack((rates, mask, started_here.astype(np.int64)))
    distinct, place = np.unique(cases, axis=0, return_inverse=True)
    due = [
        POLICIES[policies[rate]](presence_of(cycle, days, cycle.first_day if here else cycle.plus(-1).first_day))
        for rate, days, here in distinct.tolist()
    ]
    return np.array(due, dtype=np.int64)[place.reshape(-1)]


def policy_of(plans: Plans, number: int) -> str:
    """The proration policy of a rate; a tariff of another kind is due whole."""
    rate = plans.tariffs.rates[number]
    tariff = next(item for item in plans.plan((rate.plan, rate.version)).tariffs if item.code == rate.tariff)
    return tariff.proration if isinstance(tariff, RecurringTariff) else "full_cycle"


def day(of: date) -> int:
    """Days since 1970-01-01."""
    return of.toordinal() - date(1970, 1, 1).toordinal()


def priced(plans: Plans, cycle: Cycle, rates: Ids, part: Ids) -> Ids:
    """The charges, by the kernel; each row by itself."""
    rows = np.zeros((len(rates), kernel.ROW_COLUMNS), dtype=np.int64)
    rows[:, kernel.RATE], rows[:, kernel.QUANTITY], rows[:, kernel.START] = rates, part, bounds(cycle)[0]
    number = np.arange(len(rates), dtype=np.int64)
    groups = np.column_stack((number, number + 1, np.zeros_like(number), np.zeros_like(number)))
    found = price_batch(plans.tariffs, np.ascontiguousarray(groups), rows, State())
    charges: Ids = found[:, kernel.CHARGE].copy()
    return charges


def charge_fees(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, plans: Plans, cycle: Cycle) -> None:
    """Replace the cycle's recurring charges by what the archive says today. Needs the cycle's spans."""
    make_holders(duck, cycle)
    make_fees(duck, plans, cycle)
    conn.execute(text("DELETE FROM billing.recurring_charge WHERE cycle = :cycle"), {"cycle": str(cycle)})
    columns = (*KEY, "phase", "days", "part", "charge_micros")
    store(
        conn, duck, scratch, "billing.recurring_charge", ("cycle", *columns),
        f"SELECT '{cycle}', {', '.join(columns)} FROM fee ORDER BY account_id",
    )  # fmt: skip
