"""All reads of the inventory: what a customer holds at an instant and over time, search by number, lists by key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from hutong.identity import Principal, protect, require
from hutong.platform import clock, database
from hutong.platform.errors import NotFound

Found = dict[str, Any]
NUMBER = {"number": "phone"}
"""Access numbers are shown like phone numbers: masked unless the viewer sees those."""

# Periods are views with a window per id: ids are given as arrays, which the planner pushes into them.
ACCOUNTS = text("""
    SELECT id, customer_id, name, payment_mode, credit_limit_micros, bill_day, valid_from, valid_to
    FROM inventory.v1_account
    WHERE id = ANY(ARRAY(SELECT a.id FROM inventory.account AS a WHERE a.customer_id = :customer))
      AND valid_from <= :at AND valid_to > :at ORDER BY id
""")
OFFERS = text("""
    SELECT o.id, o.account_id, o.offer_code, o.offer_version, o.state, o.attributes, o.valid_from, o.valid_to
    FROM inventory.v1_offer_instance_period AS o
    WHERE o.id = ANY(ARRAY(SELECT i.id FROM inventory.offer_instance AS i WHERE i.customer_id = :customer))
      AND o.customer_id = :customer AND o.valid_to > :at AND (o.valid_from <= :at OR :coming)
    ORDER BY o.id, o.valid_from
""")
PRODUCTS = text("""
    WITH mine AS MATERIALIZED (
        SELECT array_agg(id) AS ids FROM inventory.product_instance WHERE customer_id = :customer
    )
    SELECT p.id, p.account_id, p.product_code, p.product_version, p.attached_to, p.state, p.attributes, p.valid_from,
        p.valid_to, n.number, r.offer_instance_id, r.component, r.valid_from AS related_from
    FROM inventory.v1_product_instance_period AS p
    LEFT JOIN (
        SELECT DISTINCT ON (product_instance_id) * FROM inventory.v1_access_number_period
        WHERE id = ANY(ARRAY(
                SELECT id FROM inventory.access_number
                WHERE product_instance_id = ANY((SELECT ids FROM mine)::bigint[])))
          AND valid_from <= :at AND valid_to > :at
    ) AS n ON n.product_instance_id = p.id
    LEFT JOIN (
        SELECT DISTINCT ON (product_instance_id) * FROM inventory.v1_offer_product_period
        WHERE id = ANY(ARRAY(
                SELECT id FROM inventory.offer_product
                WHERE product_instance_id = ANY((SELECT ids FROM mine)::bigint[])))
          AND valid_to > :at
        ORDER BY product_instance_id, valid_from
    ) AS r ON r.product_instance_id = p.id
    WHERE p.id = ANY((SELECT ids FROM mine)::bigint[]) AND p.customer_id = :customer
      AND p.valid_from <= :at AND p.valid_to > :at
    ORDER BY p.id
""")
MEMBERS = text("""
    SELECT m.offer_instance_id, m.product_instance_id, m.valid_from, m.valid_to
    FROM inventory.v1_offer_member_period AS m
    WHERE m.id = ANY(ARRAY(SELECT id FROM inventory.offer_member WHERE offer_instance_id = ANY(:offers)))
      AND m.valid_to > :at ORDER BY m.id, m.valid_from
""")
VERSIONS = {
    "offer": text("""
        SELECT h.id, h.offer_code AS code, h.state, h.attributes, h.account_id, h.valid_from, h.effective_at,
            h.changed_at, h.changed_by, h.cause, h.changed, h.ended
        FROM inventory.offer_instance_history AS h
        WHERE h.id IN (SELECT id FROM inventory.offer_instance WHERE customer_id = :customer)
        ORDER BY h.id, h.valid_from
    """),
    "product": text("""
        SELECT h.id, h.product_code AS code, h.state, h.attributes, h.account_id, h.valid_from, h.effective_at,
            h.changed_at, h.changed_by, h.cause, h.changed, h.ended
        FROM inventory.product_instance_history AS h
        WHERE h.id IN (SELECT id FROM inventory.product_instance WHERE customer_id = :customer)
        ORDER BY h.id, h.valid_from
    """),
}
BY_NUMBER = text("""
    SELECT v.number, v.product_instance_id, v.valid_from, p.customer_id, p.product_code
    FROM inventory.v1_access_number_period AS v
    JOIN inventory.product_instance AS p ON p.id = v.product_instance_id
    WHERE v.id = ANY(ARRAY(SELECT h.id FROM inventory.access_number_history AS h WHERE h.number = :number))
      AND v.number = :number AND v.valid_from <= :at AND v.valid_to > :at
""")
IN_USE = text("""
    SELECT p.id, p.customer_id, p.account_id, p.product_code, p.product_version, p.attached_to, p.state, p.attributes,
        p.valid_from, p.changed_at, p.ended, n.number,
        (SELECT min(h.valid_from) FROM inventory.product_instance_history AS h WHERE h.id = p.id) AS started_at
    FROM inventory.product_instance AS p
    LEFT JOIN inventory.access_number AS n ON n.product_instance_id = p.id AND NOT n.ended
    WHERE p.id > :after
      AND (CAST(:ids AS bigint[]) IS NULL OR p.id = ANY(:ids))
      AND (CAST(:customer AS bigint) IS NULL OR p.customer_id = :customer)
      AND (CAST(:state AS text) IS NULL OR p.state = :state)
    ORDER BY p.id LIMIT :limit
""")
HELD = text("""
    SELECT o.customer_id, o.id AS offer_instance_id, o.offer_code, p.id AS product_instance_id, p.product_code
    FROM inventory.offer_instance AS o
    LEFT JOIN inventory.offer_product AS r ON r.offer_instance_id = o.id AND NOT r.ended
    LEFT JOIN inventory.product_instance AS p ON p.id = r.product_instance_id AND NOT p.ended
    WHERE o.customer_id = ANY(:customers) AND NOT o.ended
    ORDER BY o.id, p.id
""")
NUMBERS_FREE = text("""
    SELECT number FROM inventory.number_pool
    WHERE number_class = :class AND state = 'free' AND number > :after ORDER BY number LIMIT :limit
""")


def holdings(viewer: Principal, customer_id: int, *, at: datetime | None = None) -> Found:
    """What a customer holds at an instant (default: now): {at, accounts, offers, products}.

    Each offer has `products` (with component, number, and `related_from`: in the transition period this is still to
    come), `members`, and `coming`: its versions recorded for later, and offers that begin later. Products outside any
    offer are in `products`. Needs the right `inventory.read`.
    """
    require(viewer, "inventory.read")
    instant = at or clock.now()
    accounts = _rows(ACCOUNTS, customer=customer_id, at=instant)
    versions = _rows(OFFERS, customer=customer_id, at=instant, coming=True)
    products = protect(viewer, "product_instance", _rows(PRODUCTS, customer=customer_id, at=instant), NUMBER)
    offers: dict[int, Found] = {}
    for row in versions:
        if row["id"] not in offers:
            offers[row["id"]] = {**row, "coming": [], "products": [], "members": []}
        else:
            offers[row["id"]]["coming"].append(row)
    alone = [item for item in products if item["offer_instance_id"] not in offers]
    for item in products:
        if item["offer_instance_id"] in offers:
            offers[item["offer_instance_id"]]["products"].append(item)
    for member in _rows(MEMBERS, offers=list(offers), at=instant):
        offers[member["offer_instance_id"]]["members"].append(member)
    return {"at": instant, "accounts": accounts, "offers": list(offers.values()), "products": alone}


def over_time(viewer: Principal, customer_id: int) -> list[Found]:
    """Every version of every instance a customer holds or held, ends included: `what` (offer, product), `id`, `code`,
    what `changed`, from when (`valid_from`), accepted when and by whom. Needs the right `inventory.read`."""
    require(viewer, "inventory.read")
    return [
        {"what": what, **row} for what, statement in VERSIONS.items() for row in _rows(statement, customer=customer_id)
    ]


def find_by_number(viewer: Principal, number: str, *, at: datetime | None = None) -> Found | None:
    """Who a number reaches at an instant: {number, product_instance_id, customer_id, product_code, valid_from}."""
    require(viewer, "inventory.read")
    found = _rows(BY_NUMBER, number=number, at=at or clock.now())
    return next(iter(protect(viewer, "product_instance", found, NUMBER, key="product_instance_id")), None)


def product_instances(
    viewer: Principal,
    *,
    customer_id: int | None = None,
    state: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Found]:
    """Product instances in use and ended, by key: those after an id. Needs the right `inventory.read`."""
    require(viewer, "inventory.read")
    rows = _rows(IN_USE, ids=None, customer=customer_id, state=state, after=after, limit=limit)
    return protect(viewer, "product_instance", rows, NUMBER)


def product_instance(viewer: Principal, product_instance_id: int) -> Found:
    """One product instance as its last accepted version shows it. Raises NotFound."""
    require(viewer, "inventory.read")
    rows = _rows(IN_USE, ids=[product_instance_id], customer=None, state=None, after=0, limit=1)
    if not rows:
        raise NotFound("inventory-no-instance", instance=str(product_instance_id))
    return protect(viewer, "product_instance", rows, NUMBER)[0]


def held(customer_ids: Sequence[int]) -> list[Found]:
    """What customers hold by the tables in use, for checks at order intake (limits, requires, excludes): one row per
    offer and product: customer_id, offer_instance_id, offer_code, product_instance_id, product_code. One statement."""
    return _rows(HELD, customers=list(customer_ids))


def free_numbers(number_class: str, *, after: str = "", limit: int = 50) -> list[str]:
    """Free numbers of a class to choose from, by key: those after a number."""
    return [row["number"] for row in _rows(NUMBERS_FREE, **{"class": number_class}, after=after, limit=limit)]


def _rows(statement: TextClause, **parameters: Any) -> list[Found]:
    with database.read("inventory") as conn:
        return [dict(row) for row in conn.execute(statement, parameters).mappings()]
