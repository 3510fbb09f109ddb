"""Rating of a cycle (批价, BL-06, BL-07, BL-13): accepted events to charges, consolidated totals and allowances left.

What a run prices is whole sharing groups: those with new events, and those rated on other terms than today's (changed
archive, plans, allowances carried over). They are priced from the cycle's beginning in event order,
    and the difference to
what was posted is posted. So a rerun changes nothing, and the order in which events arrive does not matter.

A run's columnar file is in place before its row commits, last; a killed run leaves a stray file and nothing else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.billing import usage_store
from hutong.billing.columnar import PARQUET, count, workshop
from hutong.billing.consolidation import keep_allowances, keep_instances, keep_unpriced, load_carried, load_rated, post
from hutong.billing.plans import Plans, plans_of
from hutong.billing.precedence import leaf_columns, resolve
from hutong.billing.pricing import kernel
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.pricing.run import State, expand, price_batch
from hutong.billing.pricing.units import COUNT, DATA, TIME, UNITS
from hutong.billing.sharing import Ids, make_buckets, make_groups
from hutong.billing.terms import cut_spans, load_archive
from hutong.billing.usage_events import EventPart, parts_of, read_parts
from hutong.platform import clock, database
from hutong.platform.errors import Invalid

RATING = 0x425552  # 'BUR': one rating of a cycle at a time
THREADS = 2
Progress = Callable[[int, int, str], None]
STATUS = {kernel.NO_RATE: "no_rate", kernel.OUT_OF_BOUNDS: "out_of_bounds", kernel.OUTSIDE_CALENDAR: "outside_calendar"}
NO_INSTANCE, GROUP_TOO_LARGE = 10, 11
REASONS = STATUS | {NO_INSTANCE: "no_instance", GROUP_TOO_LARGE: "group_too_large"}


@dataclass(frozen=True, slots=True)
class RatingReport:
    """What a run did; micros. `run_id` is None when there was nothing to do."""

    cycle: str
    run_id: int | None
    groups: int
    events: int
    unpriced: int
    charge_micros: int


def quiet(_done: int, _total: int, _what: str) -> None:
    """Tells nobody."""


def parse_cycle(cycle: str) -> Cycle:
    """A cycle as people write it. Raises Invalid."""
    try:
        return Cycle.parse(cycle)
    except ValueError:
        raise Invalid("billing-cycle-invalid", cycle=cycle[:20]) from None


def rate(cycle: str, by: str, *, progress: Progress = quiet) -> RatingReport:
    """Rate what is new or changed in a cycle ("202609"). Raises Invalid for no cycle."""
    month = parse_cycle(cycle)
    with workshop() as (duck, scratch), database.begin("billing") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:space, :cycle)"), {"space": RATING, "cycle": int(cycle)})
        parts = parts_of(conn, [cycle])
        plans = plans_of(month)
        progress(0, 4, "terms")
        load_archive(duck, scratch)
        cut_spans(duck, month)
        make_groups(duck)
        load_carried(conn, duck, scratch, month)
        make_buckets(duck, plans, month)
        ranks = resolve(duck, plans)
        progress(1, 4, "groups")
        groups = affected(conn, duck, scratch, cycle, parts)
        if not groups:
            mark_read(conn, parts, None)
            return RatingReport(cycle, None, 0, 0, 0, 0)
        progress(2, 4, "price")
        number_buckets(duck)
        state = bucket_state(duck)
        events, unpriced = price(duck, plans, parts, ranks, state)
        progress(3, 4, "post")
        run_id = conn.execute(text("SELECT nextval(pg_get_serial_sequence('billing.rating_run', 'id'))")).scalar_one()
        charge = post(conn, duck, scratch, run_id, cycle)
        keep_unpriced(conn, duck, scratch, run_id, cycle)
        keep_allowances(conn, duck, scratch, run_id, month, state.buckets[:, kernel.REMAINING])
        keep_instances(conn, duck, scratch, run_id, cycle)
        name = write_rated(duck, scratch, cycle) if events else None
        conn.execute(
            NEW_RUN,
            {
                "id": run_id, "cycle": cycle, "release": plans.catalog.release, "part": name,
                "rates": json.dumps([[r.plan, r.version, r.section, r.tariff, r.unit] for r in plans.tariffs.rates]),
                "events": events, "unpriced": unpriced, "groups": groups, "charge": charge, "by": by, "at": clock.now(),
            },
        )  # fmt: skip
        mark_read(conn, parts, run_id)
    progress(4, 4, "done")
    return RatingReport(cycle, run_id, groups, events, unpriced, charge)


NEW_RUN = text("""
    INSERT INTO billing.rating_run (id, cycle, catalog_release, part, rates, events, unpriced, groups, charge_micros,
        rated_by, rated_at)
    VALUES (:id, :cycle, :release, :part, CAST(:rates AS jsonb), :events, :unpriced, :groups, :charge, :by, :at)
""")


def mark_read(conn: Connection, parts: list[EventPart], run_id: int | None) -> None:
    """The first run that read a part; a part with events always makes its groups a run's."""
    new = [part.id for part in parts if part.run_id is None]
    if new and run_id is not None:
        conn.execute(
            text("UPDATE billing.usage_part SET run_id = :run WHERE id = ANY(:ids)"), {"run": run_id, "ids": new}
        )


def affected(
    conn: Connection, duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: str, parts: list[EventPart]
) -> int:
    """Table `affected` (product_instance_id, grp, group_id, terms): the groups this run prices. Returns how many."""
    load_rated(conn, duck, scratch, cycle)
    new = [part for part in parts if part.run_id is None]
    fresh = (
        f"SELECT DISTINCT product_instance_id FROM {read_parts(new)}"
        if new
        else "SELECT 0 AS product_instance_id WHERE false"
    )
    duck.execute(f"""
        CREATE OR REPLACE TABLE fresh AS {fresh};
        CREATE OR REPLACE TABLE digest AS
        SELECT m.grp, md5(string_agg(t.terms, chr(10) ORDER BY t.terms)) AS terms
        FROM (
            SELECT m.grp, concat_ws(',', s.product_instance_id, s.since, s.until, s.account_id, s.product_code,
                                    s.product_attributes, s.transition, p.terms) AS terms
            FROM pricing p JOIN span s USING (span) JOIN member m USING (product_instance_id)
            UNION ALL
            SELECT grp, concat_ws(',', 'b', allowance, offer_instance_id, product_instance_id, units, valid_from,
                                  valid_to, remaining, owner) FROM bucket
        ) t JOIN (SELECT DISTINCT grp FROM member) m USING (grp) GROUP BY m.grp;
        CREATE OR REPLACE TABLE known AS
        SELECT m.product_instance_id, m.group_id, m.grp, coalesce(d.terms, '') AS terms
        FROM member m LEFT JOIN digest d USING (grp)
        UNION ALL
        SELECT a.product_instance_id, a.product_instance_id,
               (SELECT coalesce(max(grp), -1) FROM member) + row_number() OVER (ORDER BY a.product_instance_id), ''
        FROM (SELECT product_instance_id FROM fresh UNION SELECT product_instance_id FROM rated) a
        WHERE a.product_instance_id NOT IN (SELECT product_instance_id FROM member);
        CREATE OR REPLACE TABLE affected AS
        SELECT * FROM known WHERE grp IN (
            SELECT k.grp FROM known k LEFT JOIN rated r USING (product_instance_id)
            WHERE r.terms IS DISTINCT FROM k.terms OR k.product_instance_id IN (SELECT product_instance_id FROM fresh))
        ORDER BY product_instance_id;
        CREATE OR REPLACE TABLE dense AS
        SELECT grp, row_number() OVER (ORDER BY grp) - 1 AS g FROM (SELECT DISTINCT grp FROM affected);
    """)
    return count(duck, "SELECT count(*) FROM dense")


def number_buckets(duck: duckdb.DuckDBPyConnection) -> None:
    """Table `own_bucket`: the buckets of affected groups, numbered in order; g is the group's row in this run."""
    duck.execute("""
        CREATE OR REPLACE TABLE own_bucket AS
        SELECT b.* EXCLUDE (bucket), d.g, row_number() OVER (ORDER BY d.g, b.bucket) - 1 AS number
        FROM bucket b JOIN dense d USING (grp) ORDER BY number
    """)


def bucket_state(duck: duckdb.DuckDBPyConnection) -> State:
    """The kernel's buckets."""
    found = duck.execute(
        "SELECT allowance, owner, valid_from, valid_to, remaining FROM own_bucket ORDER BY number"
    ).fetchnumpy()
    columns = [
        np.asarray(found[name], dtype=np.int64)
        for name in ("allowance", "owner", "valid_from", "valid_to", "remaining")
    ]
    return State(buckets=np.ascontiguousarray(np.column_stack(columns)).reshape(-1, 5))


def select_events(duck: duckdb.DuckDBPyConnection, plans: Plans, parts: list[EventPart], ranks: int) -> dict[str, Ids]:
    """The events of affected groups in event order: group, place, leaf, offer, quantities, where they are stored."""
    leaves = leaf_columns(duck, plans, ranks)
    found = ", ".join(f"({sql}) AS leaf{rank}" for rank, sql in enumerate(leaves))
    offers = ", ".join(f"p.offer{rank}" for rank in range(ranks))
    chosen = "".join(f"WHEN leaf{rank} >= 0 THEN leaf{rank} " for rank in range(ranks))
    under = "".join(f"WHEN leaf{rank} >= 0 THEN offer{rank} " for rank in range(ranks))
    names = {str(usage_store.path_of(part.name)): part.id for part in parts}
    duck.execute("CREATE OR REPLACE TABLE part_file (filename VARCHAR, part_id BIGINT)")
    duck.executemany("INSERT INTO part_file VALUES (?, ?)", list(names.items()))
    needed = " ".join(leaves)
    customers = "LEFT JOIN customer ON customer.id = s.customer_id" if "customer." in needed else ""
    accounts = "LEFT JOIN account ON account.id = s.account_id" if "account." in needed else ""
    ranked = "".join(f"{part}, " for part in (found, offers) if part)
    leaf, offer = (f"CASE {cases} END" if ranks else value for cases, value in ((chosen, "-1"), (under, "0")))
    selected = duck.execute(f"""
        SELECT g, place, beyond, span, coalesce(leaf, -1) AS leaf, coalesce(offer, 0) AS offer, start, seconds,
               (bytes + 1023) // 1024 AS kb, items, key, product_instance_id, part_id, part_row
        FROM (
            SELECT {ranked} d.g, coalesce(l.place, 0) AS place, coalesce(s.span, -1) AS span,
                   coalesce(w.beyond, false) AS beyond, {leaf} AS leaf, {offer} AS offer,
                   e.start, e.seconds, e.bytes_up + e.bytes_down AS bytes, greatest(e.messages, 1) AS items, e.key,
                   e.product_instance_id, f.part_id, e.file_row_number AS part_row
            FROM {read_parts(parts)} e JOIN part_file f USING (filename)
            JOIN affected a USING (product_instance_id) JOIN dense d USING (grp)
            LEFT JOIN span s ON s.product_instance_id = e.product_instance_id
              AND e.start >= s.since AND e.start < s.until
            LEFT JOIN place l ON l.span = s.span
            LEFT JOIN pricing p ON p.span = s.span AND p.event_type = e.event_type
            LEFT JOIN (SELECT DISTINCT grp, beyond FROM bucket WHERE beyond) w ON w.grp = a.grp
            {customers} {accounts}
        ) ORDER BY g, start, key
    """)
    return {name: np.asarray(column) for name, column in selected.fetchnumpy().items()}


@dataclass(frozen=True)
class Prepared:
    """The kernel's input for affected groups: `number` is the event of each row, `taken` the rows' event columns."""

    number: Ids
    taken: dict[str, Ids]
    rows: Ids
    groups: Ids


def prepare(
    duck: duckdb.DuckDBPyConnection, plans: Plans, parts: list[EventPart], ranks: int, state: State
) -> Prepared:
    """Rows and groups for the kernel; gives `state` its accumulators."""
    groups = count(duck, "SELECT count(*) FROM dense")
    empty = {name: np.empty(0, dtype=np.int64) for name in EVENT_COLUMNS}
    events = select_events(duck, plans, parts, ranks) if parts else empty
    number, rates = expand(plans.tariffs, np.where(events["beyond"].astype(bool), kernel.NONE, events["leaf"]))
    taken = {name: column[number] for name, column in events.items()}
    rows = np.empty((len(number), kernel.ROW_COLUMNS), dtype=np.int64)
    rows[:, kernel.RATE], rows[:, kernel.START], rows[:, kernel.MEMBER] = rates, taken["start"], taken["place"]
    rows[:, kernel.QUANTITY] = quantities(plans, rates, taken)
    slots = counter_slots(plans, rates, taken, rows)
    state.accumulators = np.zeros((slots, 2), dtype=np.int64)
    return Prepared(number, taken, rows, group_rows(taken["g"], duck, groups))


def price(
    duck: duckdb.DuckDBPyConnection, plans: Plans, parts: list[EventPart], ranks: int, state: State
) -> tuple[int, int]:
    """Price the affected groups; leaves table `rated_event`. Changes `state`. Returns events, and rows not priced."""
    made = prepare(duck, plans, parts, ranks, state)
    results = price_batch(plans.tariffs, made.groups, made.rows, state, threads=THREADS)
    taken, rates, number = made.taken, made.rows[:, kernel.RATE], made.number
    status = np.where((rates < 0) & (taken["span"] < 0), NO_INSTANCE, results[:, kernel.STATUS])
    status = np.where(taken["beyond"].astype(bool), GROUP_TOO_LARGE, status)
    rated = pa.table({
        "part_id": taken["part_id"], "part_row": taken["part_row"], "product_instance_id": taken["product_instance_id"],
        "offer_instance_id": taken["offer"], "span": taken["span"], "rate": rates.astype(np.int32),
        "charge": results[:, kernel.CHARGE].copy(), "billed": results[:, kernel.BILLED].copy(),
        "free": results[:, kernel.FREE].copy(), "status": status.astype(np.int8),
    })  # fmt: skip
    duck.register("rated_event", rated)
    name_rates(duck, plans)
    events = int(number[-1]) + 1 if len(number) else 0
    return events, int(np.count_nonzero(status))


EVENT_COLUMNS = (
    "g", "place", "beyond", "span", "leaf", "offer", "start", "seconds", "kb", "items", "key", "product_instance_id",
    "part_id", "part_row",
)  # fmt: skip


def quantities(plans: Plans, rates: Ids, taken: dict[str, Ids]) -> Ids:
    """What each row's rate measures of its event, in base units of the rate's dimension."""
    codes = {TIME: 0, DATA: 1, COUNT: 2}
    of_rate = np.array([codes.get(UNITS[rate.unit].dimension, 2) for rate in plans.tariffs.rates] + [2], dtype=np.int64)
    kind = of_rate[rates]
    return np.where(kind == 0, taken["seconds"], np.where(kind == 1, taken["kb"], taken["items"])).astype(np.int64)


def counter_slots(plans: Plans, rates: Ids, taken: dict[str, Ids], rows: Ids) -> int:
    """Accumulators start at zero in each cycle: of a product instance under a plan, and of an offer instance under it.
    Fills the rows' slots; returns how many accumulators there are."""
    keys = sorted(plans.tariffs.slots)
    numbers = {key: number for number, key in enumerate(keys)}
    plan_of = np.array([numbers[rate.plan, rate.version] for rate in plans.tariffs.rates] + [-1], dtype=np.int64)[rates]
    rows[:, kernel.MEMBER_SLOT] = rows[:, kernel.GROUP_SLOT] = 0
    used = 0
    holder = np.where(taken["offer"] > 0, taken["offer"], -taken["product_instance_id"])
    for number, key in enumerate(keys):
        slots = plans.tariffs.slots[key]
        own = np.flatnonzero(plan_of == number) if slots.member or slots.shared else np.empty(0, dtype=np.int64)
        for column, names, of in (
            (kernel.MEMBER_SLOT, slots.member, taken["product_instance_id"]), (kernel.GROUP_SLOT, slots.shared, holder),
        ):  # fmt: skip
            if len(own) and names:
                found, place = np.unique(of[own], return_inverse=True)
                rows[own, column] = used + place * len(names)
                used += len(found) * len(names)
    return used


def group_rows(group: Ids, duck: duckdb.DuckDBPyConnection, groups: int) -> Ids:
    """The kernel's groups: ranges of rows and of buckets."""
    numbers = np.arange(groups, dtype=np.int64)
    owner = np.asarray(duck.execute("SELECT g FROM own_bucket ORDER BY number").fetchnumpy()["g"], dtype=np.int64)
    return np.column_stack((
        np.searchsorted(group, numbers), np.searchsorted(group, numbers, side="right"),
        np.searchsorted(owner, numbers), np.searchsorted(owner, numbers, side="right"),
    )).astype(np.int64)  # fmt: skip


def name_rates(duck: duckdb.DuckDBPyConnection, plans: Plans) -> None:
    """Table `rate_name`: what the rates' numbers mean."""
    duck.execute("""
        CREATE OR REPLACE TABLE rate_name (rate INTEGER, plan VARCHAR, version INTEGER, section VARCHAR, tariff VARCHAR,
            unit VARCHAR)
    """)
    named = [(n, r.plan, r.version, r.section, r.tariff, r.unit) for n, r in enumerate(plans.tariffs.rates)]
    if named:
        duck.executemany("INSERT INTO rate_name VALUES (?, ?, ?, ?, ?, ?)", named)
    duck.execute("CREATE OR REPLACE TABLE reason (status TINYINT, reason VARCHAR)")
    duck.executemany("INSERT INTO reason VALUES (?, ?)", list(REASONS.items()))


def write_rated(duck: duckdb.DuckDBPyConnection, scratch: Path, cycle: str) -> str:
    """The run's columnar file in its place: one row for each priced rate of an event. Returns its name."""
    temporary = scratch / "rated.parquet"
    duck.execute(f"""
        COPY (SELECT * EXCLUDE (span) FROM rated_event)
        TO '{temporary}' ({PARQUET})
    """)
    name = f"{cycle}/rated-{uuid4()}.parquet"
    usage_store.settle(temporary, name)
    return name
