"""Audits of billing (稽核, BL-05, BL-15): two holders of the same numbers, side by side."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from hutong.billing.columnar import workshop
from hutong.billing.usage_store import path_of
from hutong.identity import Principal, require
from hutong.platform import database


@dataclass(frozen=True, slots=True)
class AuditRow:
    """What was compared in a cycle (empty: over all); `unit` is records, micros or files."""

    name: str
    cycle: str
    unit: str
    expected: int
    found: int

    @property
    def difference(self) -> int:
        """Expected less found."""
        return self.expected - self.found

    @property
    def holds(self) -> bool:
        """Whether both sides agree."""
        return self.expected == self.found


COLLECTED = """
    SELECT coalesce(sum(records), 0), coalesce(sum(accepted + duplicates + quarantined), 0), coalesce(sum(accepted), 0),
        coalesce(sum(quarantined), 0), count(*) FILTER (WHERE records <> accepted + duplicates + quarantined)
    FROM billing.usage_file
"""
ACCEPTED = "SELECT cycle, sum(events) AS events FROM billing.usage_part GROUP BY cycle ORDER BY cycle"
LISTED = "SELECT cycle, count(*) AS events FROM billing.unpriced GROUP BY cycle"
POSTED = """
    SELECT cycle, sum(charge_micros)::bigint AS charge, sum(events)::bigint AS events
    FROM billing.usage_posting GROUP BY cycle
"""
RUNS = "SELECT id, cycle, part FROM billing.rating_run WHERE part IS NOT NULL ORDER BY id"
IN_FORCE = "SELECT product_instance_id, run_id FROM billing.rated_instance WHERE cycle = :cycle"
QUARANTINED = "SELECT count(*) FROM billing.quarantine WHERE state IN ('held', 'released', 'discarded')"
BILLED = """
    SELECT r.cycle, coalesce(d.due, 0) AS due, coalesce(l.billed, 0) AS billed
    FROM (SELECT cycle, max(id) AS id FROM billing.bill_run WHERE final GROUP BY cycle) r
    LEFT JOIN (
        SELECT cycle, sum(charge_micros)::bigint AS due FROM (
            SELECT cycle, charge_micros FROM billing.usage_posting
            UNION ALL SELECT cycle, charge_micros FROM billing.recurring_charge
        ) c GROUP BY cycle
    ) d ON d.cycle = r.cycle
    LEFT JOIN (
        SELECT l.source_cycle AS cycle, sum(l.exact_micros)::bigint AS billed
        FROM billing.bill_line l JOIN billing.bill b ON b.id = l.bill_id AND b.state = 'final'
        WHERE l.kind IN ('usage', 'recurring') GROUP BY 1
    ) l ON l.cycle = r.cycle
    ORDER BY r.cycle
"""
ADDED_UP = """
    SELECT b.cycle, sum(b.total_micros)::bigint AS total, sum(l.amount)::bigint AS lines,
        count(*) FILTER (WHERE b.total_micros <> l.amount OR b.charges_micros <> l.charges
            OR abs(l.charges - l.exact) > 5000)
            AS wrong
    FROM billing.bill b JOIN (
        SELECT bill_id, sum(amount_micros) AS amount, sum(amount_micros) FILTER (WHERE kind <> 'discount') AS charges,
            sum(exact_micros) FILTER (WHERE kind <> 'discount') AS exact
        FROM billing.bill_line GROUP BY bill_id
    ) l ON l.bill_id = b.id GROUP BY b.cycle ORDER BY b.cycle
"""
ONE_OFF = """
    SELECT coalesce((SELECT sum(amount_micros) FROM billing.one_off_charge WHERE cycle <= f.last), 0)::bigint AS due,
        coalesce((SELECT sum(l.exact_micros) FROM billing.bill_line l JOIN billing.bill b ON b.id = l.bill_id
            WHERE b.state = 'final' AND l.kind = 'one_off'), 0)::bigint AS billed, f.last
    FROM (SELECT max(cycle) AS last FROM billing.bill_run WHERE final) f WHERE f.last IS NOT NULL
"""


def audit(viewer: Principal) -> list[AuditRow]:
    """All audits, each cycle by itself. What is due but not billed yet shows as a difference of its cycle: a late event
    after a final bill stays open until the next final run."""
    require(viewer, "billing.audit")
    with database.read("billing") as conn:
        return [*usage(conn), *rated(conn), *bills(conn)]


def usage(conn: Connection) -> list[AuditRow]:
    """Records in files = accepted + duplicates + quarantined."""
    records, out, accepted, quarantined, broken = conn.execute(text(COLLECTED)).one()
    parts = conn.execute(text("SELECT coalesce(sum(events), 0) FROM billing.usage_part")).scalar_one()
    held = conn.execute(text(QUARANTINED)).scalar_one()
    return [
        AuditRow("records = accepted + duplicates + quarantined", "", "records", int(records), int(out)),
        AuditRow("files whose records do not add up", "", "files", 0, broken),
        AuditRow("accepted = events stored", "", "records", int(accepted), int(parts)),
        AuditRow("quarantined = records kept", "", "records", int(quarantined), held),
    ]


def rated(conn: Connection) -> list[AuditRow]:
    """Accepted events = priced + listed as unpriced, each once, by the columnar results in force; charges = posted."""
    unpriced = {row.cycle: row.events for row in conn.execute(text(LISTED))}
    posted = {row.cycle: row.charge for row in conn.execute(text(POSTED))}
    made = []
    for row in conn.execute(text(ACCEPTED)).all():
        events, charge = results_in_force(conn, row.cycle)
        made += [
            AuditRow(
                "accepted = rated + unpriced",
                row.cycle,
                "records",
                int(row.events),
                events + unpriced.get(row.cycle, 0),
            ),
            AuditRow("rated = posted to accounts", row.cycle, "micros", charge, posted.get(row.cycle, 0)),
        ]
    return made


def results_in_force(conn: Connection, cycle: str) -> tuple[int, int]:
    """Events priced and their charges, micros, read back from the columnar files of the runs in force."""
    import pyarrow as pa

    runs = [row for row in conn.execute(text(RUNS)).all() if row.cycle == cycle]
    if not runs:
        return 0, 0
    rows = conn.execute(text(IN_FORCE), {"cycle": cycle}).all()
    holding = pa.table({
        "product_instance_id": pa.array([row[0] for row in rows], pa.int64()),
        "run_id": pa.array([row[1] for row in rows], pa.int64()),
    })  # fmt: skip
    with workshop() as (duck, _):
        duck.register("holding", holding)
        duck.execute("CREATE TABLE run (filename VARCHAR, run_id BIGINT)")
        duck.executemany("INSERT INTO run VALUES (?, ?)", [(str(path_of(row.part)), row.id) for row in runs])
        [(events, charge)] = duck.execute(
            """
            SELECT count(*), coalesce(sum(charge), 0) FROM (
                SELECT part_id, part_row, sum(charge) AS charge, bool_and(status = 0) AS priced
                FROM read_parquet($paths, filename = true) e JOIN run USING (filename)
                JOIN holding h ON h.product_instance_id = e.product_instance_id AND h.run_id = run.run_id
                GROUP BY part_id, part_row
            ) WHERE priced
            """,
            {"paths": [str(path_of(row.part)) for row in runs]},
        ).fetchall()
    return int(events), int(charge)


def bills(conn: Connection) -> list[AuditRow]:
    """Rated and due = billed, for cycles with final bills; bills = their lines."""
    made = [AuditRow("due = billed", row.cycle, "micros", row.due, row.billed) for row in conn.execute(text(BILLED))]
    for row in conn.execute(text(ADDED_UP)).all():
        made.append(AuditRow("bills = their lines", row.cycle, "micros", row.total, row.lines))
        made.append(AuditRow("bills that do not add up", row.cycle, "bills", 0, row.wrong))
    for row in conn.execute(text(ONE_OFF)):
        made.append(AuditRow("one-off charges = billed", row.last, "micros", row.due, row.billed))
    return made
