"""What other centers know about a set of orders: a few statements on their published views, whatever its size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from hutong.ordering.orders import OrderRequest
from hutong.ordering.validation import Facts, Held
from hutong.platform import clock

_LOCK_CUSTOMERS = text("""
    SELECT count(pg_advisory_xact_lock(:space, hashint8(c))) FROM
        (SELECT c FROM unnest(CAST(:ids AS bigint[])) AS c ORDER BY hashint8(c)) AS sorted""")
_CUSTOMERS = text("""
    SELECT party_id, kind, state, grade, birth_date, city FROM party.v1_party WHERE party_id = ANY(:ids)""")
_ACCOUNTS = text("SELECT account_id, customer_id FROM inventory.v1_account_owner WHERE account_id = ANY(:ids)")
_HELD = text("""
    SELECT customer_id, 'offer' AS kind, offer_code AS code, count(*) AS held FROM inventory.v1_held_offer
    WHERE customer_id = ANY(:ids) GROUP BY 1, 3
    UNION ALL
    SELECT o.customer_id, 'offer', i.offer, count(*)
    FROM ordering.customer_order o JOIN ordering.order_item i ON i.order_id = o.id
    WHERE o.customer_id = ANY(:ids) AND o.ended_at IS NULL AND i.action = 'add'
      AND NOT EXISTS (SELECT FROM ordering.business_order b WHERE b.item_id = i.id AND b.results ? 'offer_instance_id')
    GROUP BY 1, 3
    UNION ALL
    SELECT customer_id, 'product', product_code, count(*) FROM inventory.v1_held_product
    WHERE customer_id = ANY(:ids) GROUP BY 1, 3""")
"""Offers held or on order, and products held."""
_INSTANCES = text("""
    SELECT product_instance_id, customer_id, product_code, state FROM inventory.v1_held_product
    WHERE product_instance_id = ANY(:ids)""")
_KINDS = {"person": "individual", "organisation": "organization"}  # party's words → catalog.conditions
CUSTOMER_LOCKS = 0x4F52  # 'OR'


def gather(conn: Connection, requests: Sequence[OrderRequest]) -> Facts:
    """Facts about the customers, accounts and instances that orders name.

    Locks the customers (in one order) until the transaction ends: so limits per customer hold under concurrency.
    """
    customers = sorted({request.customer_id for request in requests})
    accounts = {request.account_id for request in requests}
    accounts |= {item.account_id for request in requests for item in request.items}
    instances = {
        component.product_instance_id for request in requests for item in request.items for component in item.components
    }
    conn.execute(_LOCK_CUSTOMERS, {"space": CUSTOMER_LOCKS, "ids": customers})
    offers, products = _held(conn, customers)
    return Facts(
        customers=_customers(conn, customers),
        account_owners=_pairs(conn, sorted(account for account in accounts if account is not None)),
        held_offers=offers,
        held_products=products,
        instances=_instances(conn, sorted(one for one in instances if one is not None)),
    )


def _customers(conn: Connection, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    today = clock.today()
    return {
        row.party_id: {
            "kind": _KINDS[row.kind],
            "state": row.state,
            "grade": row.grade,
            "age": _age(row.birth_date, today),
            "area": row.city,
        }
        for row in conn.execute(_CUSTOMERS, {"ids": list(ids)})
    }


def _age(born: date | None, today: date) -> int | None:
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _pairs(conn: Connection, ids: Sequence[int]) -> dict[int, int]:
    if not ids:
        return {}
    return {row.account_id: row.customer_id for row in conn.execute(_ACCOUNTS, {"ids": list(ids)})}


def _held(conn: Connection, ids: Sequence[int]) -> tuple[dict[int, Counter[str]], dict[int, Counter[str]]]:
    offers: dict[int, Counter[str]] = {}
    products: dict[int, Counter[str]] = {}
    for row in conn.execute(_HELD, {"ids": list(ids)}):
        found = offers if row.kind == "offer" else products
        found.setdefault(row.customer_id, Counter())[row.code] += row.held
    return offers, products


def _instances(conn: Connection, ids: Sequence[int]) -> dict[int, Held]:
    if not ids:
        return {}
    rows = conn.execute(_INSTANCES, {"ids": list(ids)})
    return {row.product_instance_id: Held(row.customer_id, row.product_code, row.state) for row in rows}
