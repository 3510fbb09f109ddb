"""What billing hears from others."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hutong.billing import charges
from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

REQUESTED = "ordering.billing_activation_requested"
WITHDRAWN = "ordering.billing_deactivation_requested"


@subscriber(name="billing.on_activation", events=[REQUESTED, WITHDRAWN])
def on_activation(conn: Connection, events: Sequence[Delivered]) -> None:
    """The order center asks to begin charging, or to take it back; runs of one kind are handled as a set."""
    run: list[Delivered] = []
    for event in [*events, None]:
        if run and (event is None or event.type != run[0].type):
            (charges.activate if run[0].type == REQUESTED else charges.deactivate)(conn, run)
            run = []
        if event is not None:
            run.append(event)
