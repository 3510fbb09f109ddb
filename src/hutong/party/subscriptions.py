"""What the customer master hears from others."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.party.realtime.statements import give_role
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

CUSTOMER = "customer"
_KINDS = text("""
    SELECT p.id, p.kind FROM unnest(CAST(:ids AS bigint[])) AS asked (id)
    LEFT JOIN party.redirect d ON d.retired_id = asked.id
    JOIN party.party p ON p.id = coalesce(d.survivor_id, asked.id)""")


@subscriber(name="party.on_account_opened", events=["inventory.account_opened"])
def on_account_opened(conn: Connection, events: Sequence[Delivered]) -> None:
    """Who has an account is a customer (EC-01: roles of a party)."""
    ids = sorted({int(event.payload["customer_id"]) for event in events})
    give_role(conn, {row.id: row.kind for row in conn.execute(_KINDS, {"ids": ids})}, CUSTOMER)
