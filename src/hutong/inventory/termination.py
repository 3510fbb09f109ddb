"""Termination of what is held, and its sterner sister: removal of what a failed order had created (OC-04, OC-09)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from hutong.inventory import ending, events, numbers
from hutong.inventory.cycle import instant_of
from hutong.inventory.ending import Instants
from hutong.inventory.once import Done, once
from hutong.inventory.requests import Outcome, Refusal, RemoveInstances, Result, TerminateInstances
from hutong.platform import clock

LOCK_OFFERS = text("""
    SELECT id FROM inventory.offer_instance WHERE id = ANY(:ids) AND (NOT ended OR valid_from > :now)
    ORDER BY id FOR UPDATE
""")
PRODUCTS_OF = text("""
    SELECT r.offer_instance_id, r.product_instance_id FROM inventory.offer_product AS r
    JOIN inventory.product_instance AS i ON i.id = r.product_instance_id
    WHERE r.offer_instance_id = ANY(:ids) AND (NOT i.ended OR i.valid_from > :now)
""")
LOCK_PRODUCTS = text("""
    SELECT id FROM inventory.product_instance WHERE id = ANY(:ids) AND (NOT ended OR valid_from > :now)
    ORDER BY id FOR UPDATE
""")
CREATED = text("""
    SELECT key, result FROM inventory.request WHERE key = ANY(:keys) AND operation = 'create_instances'
""")
HAS_PRODUCTS = text(
    "SELECT DISTINCT offer_instance_id FROM inventory.offer_product WHERE offer_instance_id = ANY(:ids)"
)


def terminate_instances(requests: Sequence[TerminateInstances], *, by: str | None = None) -> list[Outcome]:
    """End offer instances with their products, or single products; an offer left without products ends too. From the
    instant on billing sees no period; numbers rest afterwards.

    Refusals: `inventory-nothing-to-do`, `inventory-no-instance`. Tells `inventory.instances_terminated`.
    """

    def work(conn: Connection, new: list[TerminateInstances]) -> Done:
        now = clock.now()
        asked = sorted({item.offer_instance_id for item in new if item.offer_instance_id is not None})
        live_offers = set(conn.execute(LOCK_OFFERS, {"ids": asked, "now": now}).scalars())
        inside: dict[int, list[int]] = {}
        for offer, product in conn.execute(PRODUCTS_OF, {"ids": asked, "now": now}):
            inside.setdefault(offer, []).append(product)
        singly = {product for item in new for product in item.product_instance_ids}
        every = sorted(singly | {product for products in inside.values() for product in products})
        live = set(conn.execute(LOCK_PRODUCTS, {"ids": every, "now": now}).scalars())
        done: dict[str, Result | Refusal] = {}
        products: Instants = {}
        offers: Instants = {}
        for item in new:
            refusal = _refused(item, live_offers, live)
            done[item.request_key] = refusal or {}
            if refusal:
                continue
            at = instant_of(item.effective, now)
            if item.offer_instance_id is not None:
                offers[item.offer_instance_id] = at
            for product in (*item.product_instance_ids, *inside.get(item.offer_instance_id or 0, ())):
                products[product] = min(at, products.get(product, at))
        emptied = ending.end_products(conn, products, rest=numbers.REST, by=by)
        ending.end_offers(conn, {key: at for key, at in offers.items() if key not in emptied}, by=by)
        _tell(conn, "instances_terminated", products, offers | emptied)
        return done

    return once("terminate_instances", requests, Outcome, work)


def remove_instances(requests: Sequence[RemoveInstances], *, by: str | None = None) -> list[Outcome]:
    """Undo creations as if they had not been: no period remains, numbers are free at once. An offer instance stays if
    it has products of other creations. Where nothing was created under the key, there is nothing to do.
    Tells `inventory.instances_removed`.
    """

    def work(conn: Connection, new: list[RemoveInstances]) -> Done:
        rows = conn.execute(CREATED, {"keys": [item.created_key for item in new]})
        created = {row.key: row.result for row in rows if row.result is not None}
        beginning = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
        named = [created[item.created_key] for item in new if item.created_key in created]
        products = {product: beginning for result in named for product in result["product_instance_ids"]}
        offers = sorted({result["offer_instance_id"] for result in named})
        conn.execute(LOCK_OFFERS, {"ids": offers, "now": beginning})
        conn.execute(LOCK_PRODUCTS, {"ids": sorted(products), "now": beginning})
        emptied = ending.end_products(conn, products, rest=timedelta(0), by=by)
        with_products = set(conn.execute(HAS_PRODUCTS, {"ids": offers}).scalars())
        groups = {offer: beginning for offer in offers if offer not in with_products}
        ending.end_offers(conn, groups, by=by)
        _tell(conn, "instances_removed", products, emptied | groups)
        return {item.request_key: {} for item in new}

    return once("remove_instances", requests, Outcome, work)


def _refused(item: TerminateInstances, live_offers: set[int], live: set[int]) -> Refusal | None:
    if item.offer_instance_id is None and not item.product_instance_ids:
        return Refusal("inventory-nothing-to-do")
    if item.offer_instance_id is not None and item.offer_instance_id not in live_offers:
        return Refusal("inventory-no-instance", {"instance": str(item.offer_instance_id)})
    gone = [product for product in item.product_instance_ids if product not in live]
    return Refusal("inventory-no-instance", {"instance": str(gone[0])}) if gone else None


def _tell(conn: Connection, kind: str, products: Instants, offers: Instants) -> None:
    told = [(f"product_instance:{key}", {"product_instance_id": key}) for key in products]
    told += [(f"offer_instance:{key}", {"offer_instance_id": key}) for key in offers]
    instants = [*products.values(), *offers.values()]
    events.tell(
        conn,
        kind,
        (
            (about, {**payload, "effective_at": at.isoformat()})
            for (about, payload), at in zip(told, instants, strict=True)
        ),
    )
