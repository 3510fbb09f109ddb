"""What customers hold as the border lists it (TMF637): by filters, offset and limit; the last accepted versions.

`status` is the state, or `ending` (its end is recorded for later) or `terminated`; what a failed order had created and
compensation removed never was, and is not listed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, case, func, literal, or_, select

from hutong.identity import Principal, protect, require, row_scope
from hutong.inventory.queries import NUMBER
from hutong.inventory.tables import access_number, account, offer_instance, offer_product, product_instance
from hutong.platform import cel, clock, database, paging
from hutong.platform.history import history_of

READ = "inventory.read"
_product = product_instance.alias("product_instance")
_offer = offer_instance.alias("offer_instance")
Filters = Mapping[str, Sequence[str]]


def products(viewer: Principal, filters: Filters, offset: int = 0, limit: int = 100) -> paging.Rows:
    """Product instances, newest first: their columns, `status`, `started_at`, `number`, and the offer instance they
    belong to (`offer_instance_id`, `offer_code`).

    `filters`: id, customer_id, account_id, product_code, status, number, offer_code, offer_instance_id → values.
    """
    own = _filters(_product, "product_code")
    found = {"number": _by_number, "offer_code": _by_offer, "offer_instance_id": _of_offer}
    number = select(access_number.c.number).where(access_number.c.product_instance_id == _product.c.id)
    sold = (
        select(func.jsonb_build_array(offer_product.c.offer_instance_id, offer_instance.c.offer_code))
        .join_from(offer_product, offer_instance, offer_instance.c.id == offer_product.c.offer_instance_id)
        .where(offer_product.c.product_instance_id == _product.c.id)
    )
    shown = (
        number.order_by(access_number.c.ended, access_number.c.id.desc()).limit(1).scalar_subquery().label("number"),
        sold.order_by(offer_product.c.ended, offer_product.c.id.desc()).limit(1).scalar_subquery().label("sold"),
    )
    statement = _existing(_product, product_instance).add_columns(*shown)
    page = _page(viewer, _product, statement, {**own, **found}, (filters, offset, limit))
    rows = []
    for row in page.rows:
        instance, code = row.pop("sold") or (None, None)
        rows.append(row | {"offer_instance_id": instance, "offer_code": code})
    return paging.Rows(protect(viewer, "product_instance", rows, NUMBER), page.total)


def offers(viewer: Principal, filters: Filters, offset: int = 0, limit: int = 100) -> paging.Rows:
    """Offer instances, newest first: their columns, `status`, `started_at`, and `product_instance_ids`.

    `filters`: id, customer_id, account_id, offer_code, status → values.
    """
    parts = select(offer_product.c.product_instance_id).where(offer_product.c.offer_instance_id == _offer.c.id)
    inside = func.array(parts.order_by(offer_product.c.product_instance_id).scalar_subquery())
    statement = _existing(_offer, offer_instance).add_columns(inside.label("product_instance_ids"))
    return _page(viewer, _offer, statement, _filters(_offer, "offer_code"), (filters, offset, limit))


def _page(
    viewer: Principal,
    table: FromClause,
    statement: Select[Any],
    filterable: paging.Filterable,
    asked: tuple[Filters, int, int],
) -> paging.Rows:
    require(viewer, READ)
    entity = product_instance.name if table is _product else offer_instance.name
    filters, offset, limit = asked
    scoped = {name: (f"{entity}.{name}", cel.INT) for name in ("customer_id", "account_id")}
    visible = statement.where(row_scope(viewer, entity, scoped | {"state": (f"{entity}.state", cel.STRING)}))
    with database.read("inventory") as conn:
        return paging.page(conn, visible, filterable, filters, order_by=table.c.id.desc(), offset=offset, limit=limit)


def _existing(alias: FromClause, table: Table) -> Select[Any]:
    history = history_of(table)
    versions = select(func.min(history.c.valid_from)).where(history.c.id == alias.c.id)
    ever = select(literal(1)).where(history.c.id == alias.c.id, ~history.c.ended).exists()
    return select(alias, _status(alias).label("status"), versions.scalar_subquery().label("started_at")).where(
        or_(~alias.c.ended, ever)
    )


def _status(alias: FromClause) -> ColumnElement[str]:
    later = and_(alias.c.ended, alias.c.valid_from > clock.now())
    return case((later, "ending"), (alias.c.ended, "terminated"), else_=alias.c.state)


def _filters(alias: FromClause, code: str) -> paging.Filterable:
    columns = {name: alias.c[name] for name in ("id", "customer_id", "account_id", code)}
    return {**columns, "status": _status(alias)}


def _by_number(values: Sequence[str]) -> ColumnElement[bool]:
    reached = select(access_number.c.product_instance_id)
    return _product.c.id.in_(reached.where(access_number.c.number.in_(values), ~access_number.c.ended))


def _by_offer(values: Sequence[str]) -> ColumnElement[bool]:
    sold = select(offer_product.c.product_instance_id).join_from(
        offer_product, offer_instance, offer_instance.c.id == offer_product.c.offer_instance_id
    )
    return _product.c.id.in_(sold.where(offer_instance.c.offer_code.in_(values)))


def _of_offer(values: Sequence[str]) -> ColumnElement[bool]:
    parts = select(offer_product.c.product_instance_id)
    return _product.c.id.in_(parts.where(paging.equals(offer_product.c.offer_instance_id, values)))


def accounts_of(customer_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Customer → their open accounts (id, name), by id."""
    statement = select(account.c.customer_id, account.c.id, account.c.name).where(
        account.c.customer_id.in_(customer_ids), ~account.c.ended
    )
    made: dict[int, list[dict[str, Any]]] = {}
    with database.read("inventory") as conn:
        for row in conn.execute(statement.order_by(account.c.id)):
            made.setdefault(row.customer_id, []).append({"id": row.id, "name": row.name})
    return made
