"""What the order center hears from others."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hutong.catalog.order_template import StepKind
from hutong.ordering import (
    answers,
    erasure,  # noqa: F401  (registers its handlers)
)
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber


@subscriber(name="ordering.on_billing_activated", events=["billing.activated"])
def on_billing_activated(conn: Connection, events: Sequence[Delivered]) -> None:
    """Billing has begun to charge what business orders delivered: their steps that waited for it are done."""
    ids = sorted({int(event.payload["business_order_id"]) for event in events})
    answers.complete_waiting(conn, StepKind.ACTIVATE_BILLING, ids, "center:billing")
