"""Reads of single usage events in the columnar files, with what rating made of them: by key, and by id."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from hutong.billing.columnar import workshop
from hutong.billing.pricing import kernel
from hutong.billing.queries import READ, Found
from hutong.billing.usage_events import EventPart, parts_of, read_parts
from hutong.billing.usage_store import path_of
from hutong.identity import Principal, protect, require
from hutong.platform import database
from hutong.platform.errors import NotFound

SENSITIVE = {"access_number": "phone", "other_party": "phone"}


NOT_RATED: Found = {"status": "received", "charge_micros": None, "billed": None, "free": None, "rates": []}
"""What an event shows that no rating has read."""


def read_events(
    parts: Sequence[EventPart], where: str, values: Mapping[str, Any] | Sequence[Any], tail: str = ""
) -> list[Found]:
    """Rows `e` of columnar files: their columns, `started_at`, `part_id`, `part_row`, and `id` (`<part>-<row>`).
    `where` and `tail` come from code, `values` are what they bind."""
    numbers = {str(path_of(part.name)): part.id for part in parts}
    with workshop() as (duck, _):
        cursor = duck.execute(
            f"SELECT e.* EXCLUDE (key), to_timestamp(e.start) AS started_at FROM {read_parts(parts)} e "
            f"WHERE {where} {tail}",
            values,
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["part_id"], row["part_row"] = numbers[row.pop("filename")], row.pop("file_row_number")
        row["id"] = f"{row['part_id']}-{row['part_row']}"
    return rows


def usage_page(
    viewer: Principal, *, cycle: str, product_instance_id: int | None = None, limit: int = 100
) -> list[Found]:
    """The first accepted events of a cycle (of a product instance) by start, with their charge (micros) where rated.
    Numbers are masked unless the viewer sees phones."""
    require(viewer, READ)
    with database.read("billing") as conn:
        parts = parts_of(conn, [cycle])
        if not parts:
            return []
        where = "$product IS NULL OR e.product_instance_id = $product"
        first = f"ORDER BY e.start, e.record_id LIMIT {min(int(limit), 1000)}"
        rows = read_events(parts, where, {"product": product_instance_id}, first)
        charges = rated_as(conn, cycle, rows)
    found = [row | charges.get(row["id"], NOT_RATED) for row in rows]
    return protect(viewer, "usage", found, SENSITIVE, key="product_instance_id")


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
        found = read_events(parts, "e.file_row_number = $row", {"row": int(row)})
        if not found:
            raise NotFound("billing-no-usage", usage=usage_id)
        event = found[0] | {"cycle": cycle}
        charges = rated_as(conn, cycle, [event])
    found = [event | charges.get(usage_id, NOT_RATED)]
    return protect(viewer, "usage", found, SENSITIVE, key="product_instance_id")[0]


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
