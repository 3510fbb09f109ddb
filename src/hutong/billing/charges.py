"""One-off charges (一次性费用): asked for by the order center, taken back by its compensation (BL-03, BL-14)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong.billing.events import activated
from hutong.billing.pricing.cycle import Cycle
from hutong.platform import clock
from hutong.platform.outbox import Delivered, publish
from hutong.platform.settings import settings

ORDERS = """
    json_to_recordset(CAST(:rows AS json)) AS r(business_order_id bigint, customer_order_id bigint, action text,
        at timestamptz, cycle text)
"""
ACTIVATE = text(f"""
    INSERT INTO billing.activation (business_order_id, customer_order_id, action, state, changed_at)
    SELECT DISTINCT ON (business_order_id) business_order_id, customer_order_id, action, 'active', at FROM {ORDERS}
    ON CONFLICT DO NOTHING
""")
UNDO = text(f"""
    INSERT INTO billing.activation (business_order_id, customer_order_id, action, state, changed_at)
    SELECT DISTINCT ON (business_order_id) business_order_id, customer_order_id, action, 'undone', at FROM {ORDERS}
    ON CONFLICT (business_order_id) DO UPDATE SET state = 'undone', changed_at = EXCLUDED.changed_at
""")
CHARGE = text("""
    INSERT INTO billing.one_off_charge (business_order_id, kind, code, customer_id, account_id, product_instance_id,
        offer_instance_id, amount_micros, cycle, occurred_at)
    SELECT r.business_order_id, 'charge', r.code, r.customer_id, r.account_id, r.product_instance_id,
        r.offer_instance_id, r.amount_micros, r.cycle, r.at
    FROM json_to_recordset(CAST(:rows AS json)) AS r(business_order_id bigint, code text, customer_id bigint,
        account_id bigint, product_instance_id bigint, offer_instance_id bigint, amount_micros bigint, cycle text,
        at timestamptz)
    JOIN billing.activation a ON a.business_order_id = r.business_order_id AND a.state = 'active'
    ON CONFLICT (business_order_id, kind, code) DO NOTHING
""")
REVERSE = text(f"""
    INSERT INTO billing.one_off_charge (business_order_id, kind, code, customer_id, account_id, product_instance_id,
        offer_instance_id, amount_micros, cycle, occurred_at)
    SELECT c.business_order_id, 'reversal', c.code, c.customer_id, c.account_id, c.product_instance_id,
        c.offer_instance_id, -c.amount_micros, r.cycle, r.at
    FROM {ORDERS} JOIN billing.one_off_charge c ON c.business_order_id = r.business_order_id AND c.kind = 'charge'
    ON CONFLICT (business_order_id, kind, code) DO NOTHING
""")


def activate(conn: Connection, events: Sequence[Delivered]) -> None:
    """Begin to charge what business orders delivered: their one-off charges, each once however often it is asked.
    Answers `billing.activated`, again when asked again. Fees and use need nothing: they follow the archive."""
    conn.execute(ACTIVATE, as_json([order(event) for event in events]))
    charges = [row for event in events for row in charges_of(event)]
    if charges:
        conn.execute(CHARGE, as_json(charges))
    publish(conn, "billing", [activated(int(event.payload["business_order_id"])) for event in events])


def deactivate(conn: Connection, events: Sequence[Delivered]) -> None:
    """Take back the one-off charges of business orders that were undone; billed ones come back as credit."""
    rows = as_json([order(event) for event in events])
    conn.execute(UNDO, rows)
    conn.execute(REVERSE, rows)


def as_json(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Rows as the statements above take them."""
    return {"rows": msgspec.json.encode(rows).decode()}


def order(event: Delivered) -> dict[str, Any]:
    """The business order an event speaks of."""
    at = event.occurred_at or clock.now()
    payload = event.payload
    return {
        "business_order_id": int(payload["business_order_id"]),
        "customer_order_id": int(payload["customer_order_id"]),
        "action": payload.get("action", "add"),
        "at": at,
        "cycle": cycle_of(at),
    }


def charges_of(event: Delivered) -> list[dict[str, Any]]:
    """The one-off charges an event names; micros."""
    payload: Mapping[str, Any] = event.payload
    common = order(event) | {
        "customer_id": int(payload["customer_id"]),
        "account_id": int(payload["account_id"]),
        "product_instance_id": next(iter(payload["product_instance_ids"]), 0),
        "offer_instance_id": next(iter(payload["offer_instance_ids"]), 0),
    }
    return [
        common | {"code": charge["code"], "amount_micros": int(charge["amount_micros"])}
        for charge in payload["charges"]
    ]


def cycle_of(instant: datetime) -> str:
    """The bill cycle of an instant."""
    return str(Cycle.of(instant.astimezone(settings.zone).date()))
