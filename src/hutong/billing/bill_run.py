"""The bill run (BL-11): charges of a cycle, and what changed in cycles already billed, become bills that add up.

A bill's charges are rounded to fen on the running total of its lines, fees first: so each line is whole fen, fees keep
their amount, and the lines add up to the rounded exact sum. Then discounts are stacked (BL-07), in whole fen too.

A run replaces the pro-forma bills of its cycle, an account's bill keeping its id; a final bill stays, and what changes
later is the difference between what is due and what was billed, a line of the next bill with the cycle it belongs to.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import Connection, text

from hutong.billing.bill_discounts import apply_discounts
from hutong.billing.columnar import fetch, store, workshop
from hutong.billing.consolidation import KEY, KEY_TYPES, NAMES
from hutong.billing.events import billed, tell_of_bills
from hutong.billing.plans import plans_of
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.rating import Progress, parse_cycle, quiet
from hutong.billing.recurring import charge_fees
from hutong.billing.states import BILL, BillState
from hutong.billing.terms import cut_spans, load_archive
from hutong.platform import clock, database
from hutong.platform.outbox import publish

BILLING = 0x42494C  # 'BIL': one bill run at a time
LOOK_BACK = 12
"""Billed cycles in which later changes are looked for."""
FEN = 10_000
ITEM = KEY_TYPES | dict.fromkeys(("events", "quantity", "free", "exact"), "BIGINT")
COLUMNS = f"kind, source_cycle, {NAMES}, events, quantity, free, exact"


@dataclass(frozen=True, slots=True)
class BillRunReport:
    """What a bill run made; micros."""

    cycle: str
    run_id: int
    final: bool
    bills: int
    lines: int
    total_micros: int


def run(cycle: str, by: str, *, final: bool = False, progress: Progress = quiet) -> BillRunReport:
    """Make the bills of a cycle ("202609") from what is rated. Raises Invalid for no cycle."""
    month = parse_cycle(cycle)
    plans = plans_of(month)
    with workshop() as (duck, scratch), database.begin("billing") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": BILLING})
        progress(0, 4, "fees")
        load_archive(duck, scratch)
        before = month.plus(-1)
        billed_cycles = final_cycles(conn, month)
        if str(before) in billed_cycles:
            cut_spans(duck, before)
            charge_fees(conn, duck, scratch, plans_of(before), before)
        cut_spans(duck, month)
        charge_fees(conn, duck, scratch, plans, month)
        progress(1, 4, "charges")
        load_items(conn, duck, scratch, cycle, billed_cycles)
        make_lines(duck, cycle)
        progress(2, 4, "discounts")
        apply_discounts(duck, plans, month)
        progress(3, 4, "bills")
        run_id = conn.execute(text("SELECT nextval(pg_get_serial_sequence('billing.bill_run', 'id'))")).scalar_one()
        drop_pro_forma(conn, duck, scratch, cycle)
        bills, lines, total = write_bills(
            conn,
            duck,
            scratch,
            run_id,
            cycle,
            BillState.FINAL if final else BillState.PRO_FORMA,
            plans.catalog.release,
            by,
        )
        if final:
            publish(conn, "billing", [billed(run_id, cycle, bills)])
    progress(4, 4, "done")
    return BillRunReport(cycle, run_id, final, bills, lines, total)


def final_cycles(conn: Connection, month: Cycle) -> list[str]:
    """Earlier cycles of which final bills were made."""
    rows = conn.execute(
        text(
            "SELECT DISTINCT cycle FROM billing.bill_run WHERE final AND cycle < :cycle AND cycle >= :since ORDER BY 1"
        ),
        {"cycle": str(month), "since": str(month.plus(-LOOK_BACK))},
    )
    return list(rows.scalars())


def load_items(
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: str, billed_cycles: list[str]
) -> None:
    """Table `item`: what is due less what final bills billed, by key and source cycle; none of accounts whose bill of
    this cycle is final already."""
    cycles = ", ".join(f"'{int(one)}'" for one in (cycle, *billed_cycles))
    usage = f"""
        SELECT 'usage', cycle, {NAMES}, events, quantity, free, charge_micros FROM billing.usage_total
            WHERE cycle IN ({cycles})
        UNION ALL
        SELECT 'recurring', cycle, {NAMES}, days, part, 0, charge_micros FROM billing.recurring_charge
            WHERE cycle IN ({cycles})
        UNION ALL
        SELECT 'one_off', cycle, customer_id, account_id, product_instance_id, offer_instance_id, '', 0,
               business_order_id::text, code, 'item', 1, 1, 0, amount_micros
        FROM billing.one_off_charge WHERE cycle <= '{int(cycle)}' AND cycle >= '{Cycle.parse(cycle).plus(-LOOK_BACK)}'
        UNION ALL
        SELECT l.kind, l.source_cycle, l.{NAMES.replace(", ", ", l.")}, -l.events, -l.quantity, -l.free, -l.exact_micros
        FROM billing.bill_line l JOIN billing.bill b ON b.id = l.bill_id AND b.state = 'final'
        WHERE l.kind <> 'discount' AND (l.source_cycle IN ({cycles}) OR l.kind = 'one_off')
    """
    fetch(conn, duck, scratch, "due_item", usage, {"kind": "VARCHAR", "source_cycle": "VARCHAR"} | ITEM)
    done = f"SELECT account_id FROM billing.bill WHERE cycle = '{int(cycle)}' AND state = 'final'"
    fetch(conn, duck, scratch, "done_account", done, {"account_id": "BIGINT"})
    duck.execute(
        f"""
        CREATE OR REPLACE TABLE item AS
        SELECT kind, CASE WHEN kind = 'one_off' THEN max(source_cycle) ELSE source_cycle END AS source_cycle,
               customer_id, account_id, product_instance_id, offer_instance_id, coalesce(plan, '') AS plan, version,
               section, tariff, unit, sum(events)::BIGINT AS events, sum(quantity)::BIGINT AS quantity,
               sum(free)::BIGINT AS free, sum(exact)::BIGINT AS exact
        FROM due_item ANTI JOIN done_account USING (account_id)
        GROUP BY kind, CASE WHEN kind = 'one_off' THEN '' ELSE source_cycle END, {NAMES}
        HAVING sum(exact) <> 0 OR kind <> 'one_off' AND sum(events) <> 0
    """.replace(
            "THEN max(source_cycle) ELSE source_cycle END", "THEN max(source_cycle) ELSE any_value(source_cycle) END"
        )
    )


def make_lines(duck: duckdb.DuckDBPyConnection, cycle: str) -> None:
    """Table `charge_line`: the items of each account in order, fees first, rounded to fen on the running total."""
    fen = f"CAST(sign({{0}}) * ((abs({{0}}) + {FEN // 2}) // {FEN}) * {FEN} AS BIGINT)"
    duck.execute(f"""
        CREATE OR REPLACE TABLE charge_line AS
        SELECT row_number() OVER (ORDER BY account_id, place) AS line, place, {COLUMNS},
               {fen.format("running")} - {fen.format("(running - exact)")} AS amount,
                   source_cycle = '{int(cycle)}' AS discounted,
               CAST(0 AS BIGINT) AS left_micros
        FROM (SELECT *, row_number() OVER account AS place, sum(exact) OVER account AS running FROM item
              WINDOW account AS (PARTITION BY account_id ORDER BY
                  CASE kind WHEN 'recurring' THEN 1 WHEN 'one_off' THEN 2 ELSE 3 END, source_cycle, offer_instance_id,
                  product_instance_id, plan, version, section, tariff, unit, customer_id))
        ORDER BY line
    """)
    duck.execute("UPDATE charge_line SET left_micros = amount")


def drop_pro_forma(conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: str) -> None:
    """Pro-forma bills of the cycle give way to those of this run; table `given_way`: their ids by account."""
    replaceable = [state.value for state, following in BILL.items() if BillState.PRO_FORMA in following]
    which = {"cycle": cycle, "states": replaceable}
    words = ", ".join(f"'{state}'" for state in replaceable)
    way = f"SELECT account_id, id FROM billing.bill WHERE cycle = '{int(cycle)}' AND state IN ({words})"
    fetch(conn, duck, scratch, "given_way", way, {"account_id": "BIGINT", "id": "BIGINT"})
    mine = "SELECT id FROM billing.bill WHERE cycle = :cycle AND state = ANY(:states)"
    conn.execute(text(f"DELETE FROM billing.bill_line WHERE bill_id IN ({mine})"), which)
    conn.execute(text(f"DELETE FROM billing.bill WHERE id IN ({mine})"), which)


NEW_RUN = text("""
    INSERT INTO billing.bill_run (id, cycle, final, catalog_release, bills, lines, total_micros, run_by, run_at)
    VALUES (:id, :cycle, :final, :release, :bills, :lines, :total, :by, :at)
""")
BILL_COLUMNS = (
    "id", "account_id", "customer_id", "cycle", "state", "charges_micros", "discounts_micros", "total_micros", "lines",
    "run_id", "made_at", "final_at",
)  # fmt: skip
LINE_COLUMNS = (
    "bill_id", "line", "kind", "source_cycle", *KEY, "events", "quantity", "free", "exact_micros", "amount_micros",
    "level", "reduces",
)  # fmt: skip


_BILLS = f"""
CREATE OR REPLACE TABLE bill_line AS
SELECT account_id, row_number() OVER (PARTITION BY account_id ORDER BY step, origin) AS line, origin, reduced,
    kind,
       source_cycle, {NAMES}, events, quantity, free, exact, amount, level
FROM (SELECT line AS origin, NULL AS reduced, 0 AS step, {COLUMNS}, amount, NULL AS level FROM charge_line
      UNION ALL
      SELECT l.line, l.line, t.step, 'discount', l.source_cycle, l.customer_id, l.account_id,
          l.product_instance_id,
             l.offer_instance_id, t.plan, t.version, '', t.discount, l.unit, 0, 0, 0, t.amount, t.amount,
                 t.level
      FROM taken t JOIN charge_line l USING (line));
CREATE OR REPLACE TABLE bill AS
SELECT account_id, max(customer_id) AS customer_id, count(*) AS lines,
       coalesce(sum(amount) FILTER (kind <> 'discount'), 0)::BIGINT AS charges,
       coalesce(sum(amount) FILTER (kind = 'discount'), 0)::BIGINT AS discounts,
       row_number() OVER (ORDER BY account_id) - 1 AS number
FROM bill_line GROUP BY account_id
"""
"""`bill_line`: charges as they are listed, each followed by the discounts that lower it; `bill`: their sums."""


def write_bills(  # noqa: PLR0917
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, run_id: int, cycle: str, state: BillState,
    release: int, by: str,
) -> tuple[int, int, int]:  # fmt: skip
    """Bills with their lines, charges before discounts. Returns bills, lines, and the sum of totals."""
    duck.execute(_BILLS)
    [(bills, lines, total)] = duck.execute(
        "SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(charges + discounts), 0) FROM bill"
    ).fetchall()
    now = clock.now()
    conn.execute(
        NEW_RUN,
        {
            "id": run_id, "cycle": cycle, "final": state is BillState.FINAL, "release": release, "bills": bills,
            "lines": int(lines), "total": int(total), "by": by, "at": now,
        },
    )  # fmt: skip
    if not bills:
        return 0, 0, 0
    first_new = number_bills(conn, duck, bills)
    final_at = f"'{now.isoformat()}'" if state is BillState.FINAL else "NULL"
    store(
        conn, duck, scratch, "billing.bill", BILL_COLUMNS,
        f"""SELECT i.id, account_id, customer_id, '{int(cycle)}', '{state}', charges, discounts, charges + discounts,
            lines,
                   {run_id}, '{now.isoformat()}', {final_at} FROM bill JOIN bill_id i USING (number) ORDER BY i.id""",
    )  # fmt: skip
    store(
        conn, duck, scratch, "billing.bill_line", LINE_COLUMNS,
        f"""SELECT i.id, l.line, l.kind, l.source_cycle, {", ".join("l." + name for name in KEY)}, l.events,
            l.quantity, l.free,
                   l.exact, l.amount, l.level, r.line
            FROM bill_line l JOIN bill b ON b.account_id = l.account_id JOIN bill_id i ON i.number = b.number
            LEFT JOIN bill_line r ON r.origin = l.reduced AND r.kind <> 'discount' ORDER BY i.id, l.line""",
    )  # fmt: skip
    tell_of_bills(conn, run_id, first_new)
    return bills, int(lines), int(total)


def number_bills(conn: Connection, duck: duckdb.DuckDBPyConnection, bills: int) -> int:
    """Table `bill_id` (number, id): an account keeps the id of its bill that gave way. Returns the first new id."""
    import pyarrow as pa

    ids = conn.execute(
        text("SELECT nextval(pg_get_serial_sequence('billing.bill', 'id')) FROM generate_series(1, :n)"), {"n": bills}
    ).scalars()
    found = sorted(ids)
    duck.register(
        "fresh_id", pa.table({"number": pa.array(range(bills), pa.int64()), "id": pa.array(found, pa.int64())})
    )
    duck.execute("""
        CREATE OR REPLACE TABLE bill_id AS
        SELECT number, coalesce(w.id, f.id) AS id FROM bill JOIN fresh_id f USING (number)
        LEFT JOIN given_way w USING (account_id)
    """)
    return int(found[0])
