"""What billing hears from others."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection

from hutong.billing import charges
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

ACTIVATION = "ordering.billing_activation_requested"
DEACTIVATION = "ordering.billing_deactivation_requested"


@subscriber(name="billing.on_orders", events=[ACTIVATION, DEACTIVATION])
def on_orders(conn: Connection, events: Sequence[Delivered]) -> None:
    """The order center asks to begin or to undo charging; runs of the same request are one set, order kept."""
    for kind, told in groupby(events, key=lambda event: event.type):
        asked = [event.payload for event in told]
        (charges.activate if kind == ACTIVATION else charges.deactivate)(conn, asked)
