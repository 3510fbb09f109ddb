"""What people look at in billing: bills and their lines, usage files, quarantine, runs, audits. Viewer first."""

import re
from typing import Any

from sqlalchemy import select, text

from hutong.billing.listing import READ, SCOPED
from hutong.billing.tables import bill as bill_table
from hutong.identity import Principal, record_read, require, row_scope
from hutong.identity.masking import mask
from hutong.platform import database
from hutong.platform.errors import NotFound

Found = dict[str, Any]
_bill = bill_table.alias("bill")
QUARANTINE = "billing.quarantine"
AUDIT = "billing.audit"
LONG_NUMBER = re.compile(r"\d{7,}")
"""In a usage line: numbers of people, sessions and devices; shown like phone numbers."""

_LINES = """
    SELECT l.*, f.days, f.part, f.phase FROM billing.bill_line l
    LEFT JOIN LATERAL (
        SELECT sum(r.days) AS days, sum(r.part) AS part, min(r.phase) AS phase FROM billing.recurring_charge r
        WHERE l.kind = 'recurring' AND r.cycle = l.source_cycle AND r.account_id = l.account_id
          AND (r.plan, r.section, r.tariff) = (l.plan, l.section, l.tariff)
          AND r.offer_instance_id IS NOT DISTINCT FROM l.offer_instance_id
          AND r.product_instance_id IS NOT DISTINCT FROM l.product_instance_id) f ON true
    WHERE l.bill_id = :id ORDER BY l.line"""
_CYCLES = """
    SELECT cycle, sum(total_micros)::bigint AS total_micros, count(*) AS bills, bool_and(state = 'final') AS final
    FROM billing.bill GROUP BY cycle ORDER BY cycle DESC LIMIT 24"""
_HELD = """
    SELECT q.id, q.line, q.reason, q.content, q.state, q.decided_by, q.decided_at, f.name AS file, f.system
    FROM billing.quarantine q JOIN billing.usage_file f ON f.id = q.file_id
    WHERE (CAST(:before AS bigint) IS NULL OR q.id < :before)
      AND (CAST(:reason AS text) IS NULL OR q.reason = :reason)
    ORDER BY q.id DESC LIMIT :limit"""
_REASONS = """
    SELECT reason, count(*) AS records FROM billing.quarantine WHERE state = 'held'
    GROUP BY reason ORDER BY records DESC, reason"""
_FILES = """
    SELECT * FROM billing.usage_file WHERE CAST(:before AS bigint) IS NULL OR id < :before
    ORDER BY id DESC LIMIT :limit"""
_RUNS = "SELECT * FROM billing.rating_run ORDER BY id DESC LIMIT :limit"
_BILL_RUNS = "SELECT * FROM billing.bill_run ORDER BY id DESC LIMIT :limit"
_UNPRICED = """
    SELECT cycle, event_type, reason, count(*) AS events FROM billing.unpriced
    GROUP BY cycle, event_type, reason ORDER BY cycle DESC, events DESC"""

AUDITS = {
    "files": """
        SELECT coalesce(sum(records), 0)::bigint AS found,
            coalesce(sum(accepted + duplicates + quarantined), 0)::bigint AS expected,
            count(*) FILTER (WHERE records <> accepted + duplicates + quarantined) AS broken FROM billing.usage_file""",
    "trailers": """
        SELECT count(*) AS found, count(*) FILTER (WHERE trailer_agrees) AS expected,
            count(*) FILTER (WHERE NOT trailer_agrees) AS broken FROM billing.usage_file""",
    "rated": """
        SELECT coalesce((SELECT sum(events) FROM billing.usage_part WHERE run_id IS NOT NULL), 0)::bigint AS found,
            (coalesce((SELECT sum(events) FROM billing.usage_posting), 0)
             + (SELECT count(*) FROM billing.unpriced))::bigint AS expected, 0 AS broken""",
    "billed": """
        SELECT (SELECT coalesce(sum(charge_micros), 0) FROM billing.usage_posting
                WHERE cycle IN (SELECT cycle FROM billing.bill))::bigint AS found,
            (SELECT coalesce(sum(exact_micros), 0) FROM billing.bill_line WHERE kind = 'usage')::bigint AS expected,
            0 AS broken""",
    "lines": """
        SELECT coalesce(sum(b.total_micros), 0)::bigint AS found, coalesce(sum(l.amount), 0)::bigint AS expected,
            count(*) FILTER (WHERE b.total_micros <> b.charges_micros + b.discounts_micros
                             OR b.total_micros <> coalesce(l.amount, 0)) AS broken
        FROM billing.bill b LEFT JOIN (SELECT bill_id, sum(amount_micros) AS amount FROM billing.bill_line GROUP BY bill_id) l
            ON l.bill_id = b.id""",
}
"""Name → statement that gives two sides that must be equal, and how many single rows disagree. Micros or counts."""
MONEY = frozenset({"billed", "lines"})
"""The audits whose sides are micros."""


def bills(
    viewer: Principal,
    *,
    before: int | None = None,
    limit: int = 100,
    cycle: str | None = None,
    customer_id: int | None = None,
) -> list[Found]:
    """Bills below an id, newest first. Needs the right `billing.read`."""
    require(viewer, READ)
    statement = select(_bill).where(row_scope(viewer, "bill", SCOPED)).order_by(_bill.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_bill.c.id < before)
    for name, wanted in (("cycle", cycle), ("customer_id", customer_id)):
        if wanted is not None:
            statement = statement.where(_bill.c[name] == wanted)
    with database.read("billing") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def bill(viewer: Principal, bill_id: int) -> Found:
    """A bill with its `lines`; a monthly fee's line with the `days` and the `part` of the cycle it is for."""
    require(viewer, READ)
    with database.read("billing") as conn:
        wanted = select(_bill).where(_bill.c.id == bill_id, row_scope(viewer, "bill", SCOPED))
        found = conn.execute(wanted).mappings().first()
    if found is None:
        raise NotFound("billing-no-bill", bill=str(bill_id))
    return dict(found) | {"lines": _rows(_LINES, id=bill_id)}


def cycles(viewer: Principal) -> list[Found]:
    """Billed cycles, newest first: total, number of bills, whether all are final."""
    require(viewer, READ)
    return _rows(_CYCLES)


def quarantined(
    viewer: Principal, *, before: int | None = None, limit: int = 50, reason: str | None = None
) -> list[Found]:
    """Usage records that could not be used, newest first; numbers masked for those who do not see phone numbers."""
    require(viewer, QUARANTINE)
    found = _rows(_HELD, before=before, limit=limit, reason=reason)
    if viewer.sees("phone"):
        if found:
            record_read(viewer, "usage_line", [row["id"] for row in found], ["phone"])
        return found
    return [row | {"content": LONG_NUMBER.sub(_masked, row["content"])} for row in found]


def _masked(number: re.Match[str]) -> str:
    return str(mask("phone", number[0]))


def reasons(viewer: Principal) -> list[Found]:
    """How many records each reason holds in quarantine."""
    require(viewer, QUARANTINE)
    return _rows(_REASONS)


def files(viewer: Principal, *, before: int | None = None, limit: int = 50) -> list[Found]:
    """Collected usage files with their counts, newest first."""
    require(viewer, AUDIT)
    return _rows(_FILES, before=before, limit=limit)


def runs(viewer: Principal, limit: int = 20) -> dict[str, list[Found]]:
    """The latest rating runs and bill runs, and what no rate prices."""
    require(viewer, AUDIT)
    return {
        "rating": _rows(_RUNS, limit=limit),
        "billing": _rows(_BILL_RUNS, limit=limit),
        "unpriced": _rows(_UNPRICED),
    }


def audits(viewer: Principal) -> list[Found]:
    """Every audit: name, both sides (`found`, `expected`), rows that disagree, and whether it holds."""
    require(viewer, AUDIT)
    made = []
    for name, statement in AUDITS.items():
        [row] = _rows(statement)
        made.append(row | {"name": name, "holds": row["found"] == row["expected"] and not row["broken"]})
    return made


def figures(viewer: Principal) -> Found:
    """Key figures: events rated, and what the newest billed cycle amounts to."""
    require(viewer, READ)
    [row] = _rows("SELECT coalesce(sum(events), 0)::bigint AS events FROM billing.usage_posting")
    newest = next(iter(_rows(_CYCLES)), {"cycle": None, "total_micros": 0})
    return row | {"cycle": newest["cycle"], "total_micros": newest["total_micros"]}


def _rows(statement: str, **parameters: Any) -> list[Found]:
    with database.read("billing") as conn:
        return [dict(row) for row in conn.execute(text(statement), parameters).mappings()]
