"""Charging begins and ends when the order center says so (送计费): each business order once, one-off fees with it.

The order center asks by event and may ask again; the answer `billing.activated` is given each time, the effect once.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from hutong.billing.pricing.cycle import Cycle
from hutong.billing.tables import activation, one_off_charge
from hutong.platform import clock
from hutong.platform.outbox import Event, publish
from hutong.platform.settings import settings

ACTIVATED = "billing.activated"
REVERSE = text(
    """INSERT INTO billing.one_off_charge (business_order_id, kind, code, customer_id, account_id, product_instance_id,
              offer_instance_id, amount_micros, cycle, occurred_at)
       SELECT business_order_id, 'reversal', code, customer_id, account_id, product_instance_id, offer_instance_id,
              -amount_micros, :cycle, :now
       FROM billing.one_off_charge WHERE kind = 'charge' AND business_order_id = ANY(:ids)
       ON CONFLICT DO NOTHING"""
)
UNDO = text(
    """INSERT INTO billing.activation (business_order_id, customer_order_id, action, state, changed_at)
       SELECT a.business_order_id, a.customer_order_id, a.action, 'undone', :now
       FROM json_to_recordset(CAST(:asked AS json))
            AS a(business_order_id bigint, customer_order_id bigint, action text)
       ON CONFLICT (business_order_id) DO UPDATE SET state = 'undone', changed_at = excluded.changed_at
       WHERE activation.state = 'active'"""
)


def activate(conn: Connection, asked: Sequence[Mapping[str, Any]]) -> None:
    """Begin charging what business orders delivered; an order undone meanwhile stays undone. Answers each."""
    requests = {int(request["business_order_id"]): request for request in asked}
    now = clock.now()
    rows = [
        {
            "business_order_id": key,
            "customer_order_id": request["customer_order_id"],
            "action": request["action"],
            "state": "active",
            "changed_at": now,
        }
        for key, request in requests.items()
    ]
    statement = insert(activation).on_conflict_do_nothing().returning(activation.c.business_order_id)
    new = set(conn.execute(statement, rows).scalars())
    if charges := [row for key in new for row in _charges(requests[key])]:
        conn.execute(insert(one_off_charge).on_conflict_do_nothing(), charges)
    publish(
        conn,
        "billing",
        [
            Event(ACTIVATED, f"order:{request['customer_order_id']}", {"business_order_id": key})
            for key, request in requests.items()
        ],
    )


def _charges(request: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The one-off fees of a business order, due in the cycle in which it was delivered."""
    now = clock.now()
    instances = request["product_instance_ids"]
    offers = request["offer_instance_ids"]
    for charge in request["charges"]:
        yield {
            "business_order_id": request["business_order_id"],
            "kind": "charge",
            "code": charge["code"],
            "customer_id": request["customer_id"],
            "account_id": request["account_id"],
            "product_instance_id": instances[0] if instances else 0,
            "offer_instance_id": offers[0] if offers else 0,
            "amount_micros": charge["amount_micros"],
            "cycle": str(Cycle.of(now.astimezone(settings.zone).date())),
            "occurred_at": now,
        }


def deactivate(conn: Connection, asked: Sequence[Mapping[str, Any]]) -> None:
    """Undo activations of business orders that are compensated: their fees are taken back by reversals, once."""
    now = clock.now()
    keys = ("business_order_id", "customer_order_id", "action")
    named = json.dumps([{key: request[key] for key in keys} for request in asked])
    conn.execute(UNDO, {"asked": named, "now": now})
    cycle = str(Cycle.of(now.astimezone(settings.zone).date()))
    ids = [int(request["business_order_id"]) for request in asked]
    conn.execute(REVERSE, {"ids": ids, "cycle": cycle, "now": now})
