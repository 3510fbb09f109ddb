"""What the inventory drops when a customer is erased (EC-02): names of accounts, free attributes, and the access
numbers of what has ended. What is still in use keeps its number; amounts and codes stay, the law wants them."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.platform import forgetting
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

_OWN = """id IN (SELECT h.id FROM inventory.{table}_history h WHERE h.customer_id = ANY(:ids))
          AND id NOT IN (SELECT t.id FROM inventory.{table} t WHERE t.customer_id <> ALL(:ids))"""
_ENDED = """product_instance_id IN (SELECT id FROM inventory.product_instance
                                    WHERE customer_id = ANY(:ids) AND state = 'terminated')"""
_STATEMENTS = (
    *(f"UPDATE inventory.{table} SET name = NULL WHERE {_OWN.format(table='account')}"  # noqa: S608
      for table in ("account", "account_history")),
    *(f"UPDATE inventory.{table}{part} SET attributes = '{{}}' WHERE {_OWN.format(table=table)}"  # noqa: S608
      for table in ("offer_instance", "product_instance") for part in ("", "_history")),
    *(f"UPDATE inventory.access_number{part} SET number = 'erased:' || id WHERE {_ENDED}"  # noqa: S608
      for part in ("", "_history")),
)  # fmt: skip


@subscriber(name="inventory.on_party_erased", events=["party.erased"])
def on_party_erased(conn: Connection, events: Sequence[Delivered]) -> None:
    """Drop the inventory's copies of erased customers' personal data, history included."""
    ids = sorted({int(id) for event in events for id in event.payload["party_ids"]})
    for statement in _STATEMENTS:
        conn.execute(text(statement), {"ids": ids})
    forgetting.scrub_events(conn, "inventory", [f"party:{id}" for id in ids], "customer_id", ids)
