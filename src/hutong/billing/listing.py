"""Bills and their lines as the border lists them (TMF678): by filters, offset and limit."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from hutong.billing.tables import bill, bill_line
from hutong.identity import Principal, require, row_scope
from hutong.platform import cel, database, paging

READ = "billing.read"
Filters = Mapping[str, Sequence[str]]
_bill = bill.alias("bill")
_line = bill_line.alias("line")
SCOPED: dict[str, tuple[str, cel.Type]] = {name: (f"bill.{name}", cel.INT) for name in ("customer_id", "account_id")}
"""What a row scope on `bill` may name."""
BILL_FILTERS: paging.Filterable = {
    name: _bill.c[name] for name in ("id", "customer_id", "account_id", "cycle", "state")
}


LINE_FILTERS: paging.Filterable = {
    **{name: _line.c[name] for name in ("bill_id", "line", "account_id", "customer_id", "kind", "product_instance_id")},
    "state": _bill.c.state,
    "cycle": _bill.c.cycle,
}


def bills(viewer: Principal, filters: Filters, offset: int = 0, limit: int = 100) -> paging.Rows:
    """Bills, newest first: their columns. `filters`: names of `BILL_FILTERS` → values."""
    require(viewer, READ)
    statement = select(_bill).where(row_scope(viewer, "bill", SCOPED))
    with database.read("billing") as conn:
        return paging.page(
            conn, statement, BILL_FILTERS, filters, order_by=_bill.c.id.desc(), offset=offset, limit=limit
        )


def lines(viewer: Principal, filters: Filters, offset: int = 0, limit: int = 100) -> paging.Rows:
    """Lines of bills, the newest bill first: their columns, with state, cycle and made_at of the bill.

    `filters`: names of `LINE_FILTERS` → values.
    """
    require(viewer, READ)
    statement = (
        select(_line, _bill.c.state, _bill.c.cycle, _bill.c.made_at)
        .join_from(_line, _bill, _bill.c.id == _line.c.bill_id)
        .where(row_scope(viewer, "bill", SCOPED))
    )
    order = (_line.c.bill_id.desc(), _line.c.line)
    with database.read("billing") as conn:
        return paging.page(conn, statement, LINE_FILTERS, filters, order_by=order, offset=offset, limit=limit)
