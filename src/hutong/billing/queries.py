"""Reads of billing: bills and their lines, quarantine, files, allowances, cycles. Single events: `usage_queries`.

The console's lists page by key, newest first; the border's (TMF678) by filters, offset and limit, with the count.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, text

from hutong.billing.tables import bill as bill_table
from hutong.billing.tables import bill_line
from hutong.identity import Principal, require, row_scope
from hutong.identity.masking import mask
from hutong.platform import cel, database, paging
from hutong.platform.errors import NotFound

READ = "billing.read"
Found = dict[str, Any]
Filters = Mapping[str, Sequence[str]]
_bill = bill_table.alias("bill")
_line = bill_line.alias("line")
SCOPED: dict[str, tuple[str, cel.Type]] = {
    "customer_id": ("bill.customer_id", cel.INT),
    "account_id": ("bill.account_id", cel.INT),
    "state": ("bill.state", cel.STRING),
}
"""What a row scope on `bill` may name."""
BILL_FILTERS: paging.Filterable = {
    name: _bill.c[name] for name in ("id", "customer_id", "account_id", "cycle", "state")
}
LINE_FILTERS: paging.Filterable = {
    **{name: _line.c[name] for name in ("bill_id", "line", "account_id", "customer_id", "kind", "product_instance_id")},
    "state": _bill.c.state,
    "cycle": _bill.c.cycle,
}


def _visible(viewer: Principal) -> ColumnElement[bool]:
    """Which bills the viewer may read. Raises Forbidden."""
    require(viewer, READ)
    return row_scope(viewer, "bill", SCOPED)


def _lines(viewer: Principal) -> Select[Any]:
    """Lines of the bills that the viewer may read, with state, cycle and made_at of the bill."""
    columns = (_line, _bill.c.state, _bill.c.cycle, _bill.c.made_at)
    return select(*columns).join_from(_line, _bill, _bill.c.id == _line.c.bill_id).where(_visible(viewer))


def bills(viewer: Principal, filters: Filters, offset: int = 0, limit: int = 100) -> paging.Rows:
    """Bills, newest first: their columns. `filters`: names of `BILL_FILTERS` → values. Micros."""
    statement, order = select(_bill).where(_visible(viewer)), _bill.c.id.desc()
    with database.read("billing") as conn:
        return paging.page(conn, statement, BILL_FILTERS, filters, order_by=order, offset=offset, limit=limit)


def lines(viewer: Principal, filters: Filters, offset: int = 0, limit: int = 100) -> paging.Rows:
    """Lines of bills, the newest bill first: their columns, with state, cycle and made_at of the bill.

    `filters`: names of `LINE_FILTERS` → values.
    """
    statement, order = _lines(viewer), (_line.c.bill_id.desc(), _line.c.line)
    with database.read("billing") as conn:
        return paging.page(conn, statement, LINE_FILTERS, filters, order_by=order, offset=offset, limit=limit)


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
    statement = select(_bill).where(_visible(viewer))
    given = {"customer_id": customer_id, "account_id": account_id, "cycle": cycle, "state": state}
    for name, value in given.items():
        if value is not None:
            statement = statement.where(_bill.c[name] == value)
    if before is not None:
        statement = statement.where(_bill.c.id < before)
    with database.read("billing") as conn:
        rows = conn.execute(statement.order_by(_bill.c.id.desc()).limit(min(limit, 1000)))
        return [dict(row) for row in rows.mappings()]


def bill(viewer: Principal, bill_id: int) -> Found:
    """One bill with its lines: the structured bill. Raises NotFound."""
    with database.read("billing") as conn:
        return _bill_row(conn, viewer, bill_id) | {"items": _lines_of(conn, viewer, bill_id)}


def _bill_row(conn: Connection, viewer: Principal, bill_id: int) -> Found:
    row = conn.execute(select(_bill).where(_bill.c.id == bill_id, _visible(viewer))).mappings().one_or_none()
    if row is None:
        raise NotFound("billing-no-bill", bill=str(bill_id))
    return dict(row)


def _lines_of(conn: Connection, viewer: Principal, bill_id: int) -> list[Found]:
    mine = _lines(viewer).where(_line.c.bill_id == bill_id)
    return [dict(row) for row in conn.execute(mine.order_by(_line.c.line).limit(10_000)).mappings()]


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
