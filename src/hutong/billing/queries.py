"""All reads of billing for console and API: usage, bills, quarantine. Lists page by key (`after`), newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from hutong.billing.columnar import workshop
from hutong.billing.pricing import kernel
from hutong.billing.usage_events import parts_of, read_parts
from hutong.billing.usage_store import path_of
from hutong.identity import Principal, protect, require, row_scope
from hutong.identity.masking import mask
from hutong.platform import cel, database
from hutong.platform.errors import NotFound

READ = "billing.read"
Found = dict[str, Any]
SCOPED = {
    "customer_id": ("b.customer_id", cel.INT),
    "account_id": ("b.account_id", cel.INT),
    "state": ("b.state", cel.STRING),
}
"""What a row scope on `bill` may name."""
USAGE_FIELDS = {"access_number": "phone", "other_party": "phone"}
PRICED = {0: "rated"}
BILLS = """
    SELECT b.id, b.account_id, b.customer_id, b.cycle, b.state, b.charges_micros, b.discounts_micros, b.total_micros,
        b.lines, b.made_at, b.final_at
    FROM billing.bill b
"""


def bills_page(
    viewer: Principal,
    *,
    customer_id: int | None = None,
    account_id: int | None = None,
    cycle: str | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Found]:
    """Bills, newest first; `before` the last id of the page before. Micros."""
    require(viewer, READ)
    scope = row_scope(viewer, "bill", SCOPED)
    given = {"customer_id": customer_id, "account_id": account_id, "cycle": cycle, "state": state}
    wanted = {name: value for name, value in given.items() if value is not None}
    conditions = [f"b.{name} = :{name}" for name in wanted] + (["b.id < :before"] if before is not None else [])
    where = " AND ".join(["true", *conditions])
    with database.read("billing") as conn:
        statement = text(f"{BILLS} WHERE {where} AND ({scope_sql(scope)}) ORDER BY b.id DESC LIMIT :limit")
        rows = conn.execute(statement, wanted | {"before": before, "limit": min(limit, 1000)})
        return [dict(row) for row in rows.mappings()]


def scope_sql(scope: Any) -> str:
    """A row scope as text in a statement without bind marks of its own."""
    return str(scope.compile(compile_kwargs={"literal_binds": True})).replace(":", r"\:").replace(r"\:\:", "::")


def bill(viewer: Principal, bill_id: int) -> Found:
    """One bill with its lines: the structured bill. Raises NotFound."""
    require(viewer, READ)
    with database.read("billing") as conn:
        statement = text(f"{BILLS} WHERE b.id = :id AND ({scope_sql(row_scope(viewer, 'bill', SCOPED))})")
        row = conn.execute(statement, {"id": bill_id}).mappings().one_or_none()
        if row is None:
            raise NotFound("billing-no-bill", bill=str(bill_id))
        return dict(row) | {"items": _lines(conn, bill_id, 0, 10_000)}


def bill_lines(viewer: Principal, bill_id: int, *, after: int = 0, limit: int = 500) -> list[Found]:
    """Lines of a bill in order: what, under which plan, version, section and tariff, how much,
    and the amount (micros)."""
    bill(viewer, bill_id)
    with database.read("billing") as conn:
        return _lines(conn, bill_id, after, limit)


def _lines(conn: Connection, bill_id: int, after: int, limit: int) -> list[Found]:
    rows = conn.execute(
        text("SELECT * FROM billing.bill_line WHERE bill_id = :id AND line > :after ORDER BY line LIMIT :limit"),
        {"id": bill_id, "after": after, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def usage_page(
    viewer: Principal,
    *,
    cycle: str,
    product_instance_id: int | None = None,
    access_number: str | None = None,
    record_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[int, str] | None = None,
    limit: int = 100,
) -> list[Found]:
    """Accepted events of a cycle in order of start,
        with their charge (micros) where rated. `after`: (start as UTC seconds,
    record_id) of the last one of the page before. Numbers are masked unless the viewer sees phones."""
    require(viewer, READ)
    with database.read("billing") as conn:
        parts = parts_of(conn, [cycle])
        if not parts:
            return []
        given = {
            "e.product_instance_id = $product": ("product", product_instance_id),
            "e.access_number = $number": ("number", access_number),
            "e.record_id = $record": ("record", record_id),
            "e.start >= $since": ("since", int(since.timestamp()) if since else None),
            "e.start < $until": ("until", int(until.timestamp()) if until else None),
            "(e.start, e.record_id) > ($after, $after_record)": ("after", after[0] if after else None),
        }
        wanted = {name: value for name, value in given.values() if value is not None}
        if after:
            wanted["after_record"] = after[1]
        where = " AND ".join(["true", *(sql for sql, (_, value) in given.items() if value is not None)])
        with workshop() as (duck, _):
            cursor = duck.execute(
                f"SELECT e.* EXCLUDE (key), to_timestamp(e.start) AS started_at FROM {read_parts(parts)} e "
                f"WHERE {where} "
                f"ORDER BY e.start, e.record_id LIMIT {min(int(limit), 1000)}",
                wanted,
            )
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        numbers = {str(path_of(part.name)): part.id for part in parts}
        for row in rows:
            row["part_id"], row["part_row"] = numbers[row.pop("filename")], row.pop("file_row_number")
            row["id"] = f"{row['part_id']}-{row['part_row']}"
        charges = rated_as(conn, cycle, rows)
    found = [row | charges.get(row["id"], NOT_RATED) for row in rows]
    return protect(viewer, "usage", found, USAGE_FIELDS, key="product_instance_id")


NOT_RATED: Found = {"status": "received", "charge_micros": None, "billed": None, "free": None, "rates": []}


def usage(viewer: Principal, usage_id: str) -> Found:
    """One event by its id (`<part>-<row>`), with its charge and rates. Raises NotFound."""
    require(viewer, READ)
    part_id, _, row = usage_id.partition("-")
    if not (part_id.isdigit() and row.isdigit() and len(usage_id) < 30):
        raise NotFound("billing-no-usage", usage=usage_id[:30])
    with database.read("billing") as conn:
        cycle = conn.execute(text("SELECT cycle FROM billing.usage_part WHERE id = :id"), {"id": int(part_id)}).scalar()
        parts = [part for part in parts_of(conn, [cycle or ""]) if part.id == int(part_id)]
        if cycle is None or not parts:
            raise NotFound("billing-no-usage", usage=usage_id)
        with workshop() as (duck, _):
            cursor = duck.execute(
                "SELECT * EXCLUDE (key, filename, file_row_number), to_timestamp(start) AS started_at "
                f"FROM {read_parts(parts)} WHERE file_row_number = $row",
                {"row": int(row)},
            )
            names = [column[0] for column in cursor.description]
            found = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        if not found:
            raise NotFound("billing-no-usage", usage=usage_id)
        event = found[0] | {"id": usage_id, "part_id": int(part_id), "part_row": int(row), "cycle": cycle}
        charges = rated_as(conn, cycle, [event])
    found = [event | charges.get(usage_id, NOT_RATED)]
    return protect(viewer, "usage", found, USAGE_FIELDS, key="product_instance_id")[0]


RUNS_OF = text("""
    SELECT r.id, r.part, r.rates, i.product_instance_id FROM billing.rated_instance i
    JOIN billing.rating_run r ON r.id = i.run_id
    WHERE i.cycle = :cycle AND i.product_instance_id = ANY(:ids) AND r.part IS NOT NULL
""")


def rated_as(conn: Connection, cycle: str, rows: Sequence[Found]) -> dict[str, Found]:
    """What rating in force says of events: by id their status, charge, billed and free units, and rates."""
    ids = sorted({row["product_instance_id"] for row in rows})
    runs = conn.execute(RUNS_OF, {"cycle": cycle, "ids": ids}).all()
    made: dict[str, Found] = {}
    with workshop() as (duck, _):
        for run_id in sorted({run.id for run in runs}):
            mine = [run for run in runs if run.id == run_id]
            priced = duck.execute(
                """SELECT part_id, part_row, offer_instance_id, rate, charge, billed, free, status
                    FROM read_parquet($path)
                   WHERE product_instance_id IN (SELECT unnest($ids)) AND part_row IN (SELECT unnest($rows))
                       ORDER BY ALL""",
                {
                    "path": str(path_of(mine[0].part)),
                    "ids": [run.product_instance_id for run in mine],
                    "rows": [row["part_row"] for row in rows],
                },
            ).fetchall()
            for part, row, offer, rate, charge, billed, free, status in priced:
                entry = made.setdefault(
                    f"{part}-{row}",
                    {
                        "status": "rated",
                        "charge_micros": 0,
                        "billed": billed,
                        "free": free,
                        "rates": [],
                        "run_id": run_id,
                        "offer_instance_id": offer,
                    },
                )
                entry["charge_micros"] += charge
                entry["status"] = "rated" if status == kernel.PRICED else "unpriced"
                if rate >= 0:
                    named = zip(("plan", "version", "section", "tariff", "unit"), mine[0].rates[rate], strict=True)
                    entry["rates"].append(dict(named) | {"charge_micros": charge})
    return made


def quarantine_page(
    viewer: Principal, *, state: str | None = "held", reason: str | None = None, after: int = 0, limit: int = 100
) -> list[Found]:
    """Records in quarantine in the order of their arrival; numbers in the content are masked unless the viewer sees
    phones."""
    require(viewer, "billing.quarantine")
    with database.read("billing") as conn:
        rows = conn.execute(
            text("""
                SELECT q.id, q.file_id, f.name AS file, f.system, q.line, q.reason, q.content, q.state, q.decided_by,
                    q.decided_at
                FROM billing.quarantine q JOIN billing.usage_file f ON f.id = q.file_id
                WHERE q.id > :after AND (CAST(:state AS text) IS NULL OR q.state = :state)
                  AND (CAST(:reason AS text) IS NULL OR q.reason = :reason)
                ORDER BY q.id LIMIT :limit
            """),
            {"after": after, "state": state, "reason": reason, "limit": min(limit, 1000)},
        )
        found = [dict(row) for row in rows.mappings()]
    return found if viewer.sees("phone") else [row | {"content": masked_line(row["content"])} for row in found]


def masked_line(content: str) -> str:
    """A usage line with its two numbers masked."""
    parts = content.split(",")
    return ",".join(mask("phone", part) or "" if place in (3, 5) and part else part for place, part in enumerate(parts))


def quarantine_reasons(viewer: Principal) -> list[Found]:
    """How many records are held, by reason."""
    require(viewer, "billing.quarantine")
    with database.read("billing") as conn:
        rows = conn.execute(
            text("SELECT reason, state, count(*) AS records FROM billing.quarantine GROUP BY 1, 2 ORDER BY 1, 2")
        )
        return [dict(row) for row in rows.mappings()]


def files_page(viewer: Principal, *, after: int = 0, limit: int = 100) -> list[Found]:
    """Collected files with their audit, in order of collection."""
    require(viewer, READ)
    with database.read("billing") as conn:
        rows = conn.execute(
            text("""
                SELECT f.*, b.collected_at, b.collected_by FROM billing.usage_file f
                JOIN billing.usage_batch b ON b.id = f.batch_id WHERE f.id > :after ORDER BY f.id LIMIT :limit
            """),
            {"after": after, "limit": min(limit, 1000)},
        )
        return [dict(row) for row in rows.mappings()]


def allowances(viewer: Principal, *, cycle: str, offer_instance_ids: Sequence[int]) -> list[Found]:
    """What is left of allowances after the events rated so far; base units."""
    require(viewer, READ)
    with database.read("billing") as conn:
        rows = conn.execute(
            text("""
                SELECT * FROM billing.allowance_state WHERE cycle = :cycle AND offer_instance_id = ANY(:ids)
                ORDER BY offer_instance_id, product_instance_id, allowance, valid_to
            """),
            {"cycle": cycle, "ids": list(offer_instance_ids)},
        )
        return [dict(row) for row in rows.mappings()]


def unpriced_page(viewer: Principal, *, cycle: str, limit: int = 100) -> list[Found]:
    """Accepted events that no rate prices, with the reason."""
    require(viewer, READ)
    with database.read("billing") as conn:
        rows = conn.execute(
            text("SELECT * FROM billing.unpriced WHERE cycle = :cycle ORDER BY started_at, record_id LIMIT :limit"),
            {"cycle": cycle, "limit": min(limit, 1000)},
        )
        return [dict(row) for row in rows.mappings()]


def cycles(viewer: Principal) -> list[Found]:
    """What is known of each cycle: events, charges posted, bills and their sum (micros), newest first."""
    require(viewer, READ)
    with database.read("billing") as conn:
        rows = conn.execute(
            text("""
                SELECT c.cycle, coalesce(p.events, 0)::bigint AS events, coalesce(u.charge, 0)::bigint AS usage_micros,
                    coalesce(b.bills, 0) AS bills, coalesce(b.final, 0) AS final_bills, coalesce(b.total,
                        0)::bigint AS total_micros
                FROM (SELECT cycle FROM billing.usage_part UNION SELECT cycle FROM billing.bill) c
                LEFT JOIN (SELECT cycle, sum(events) AS events FROM billing.usage_part GROUP BY 1) p USING (cycle)
                LEFT JOIN (SELECT cycle, sum(charge_micros) AS charge FROM billing.usage_posting GROUP BY 1) u
                    USING (cycle)
                LEFT JOIN (SELECT cycle, count(*) AS bills, count(*) FILTER (WHERE state = 'final') AS final,
                                  sum(total_micros) AS total FROM billing.bill GROUP BY 1) b USING (cycle)
                ORDER BY c.cycle DESC
            """)
        )
        return [dict(row) for row in rows.mappings()]
