"""Which step kind is done by what: the one place where a new local step is entered."""

from collections.abc import Mapping

from hutong.ordering.billing_steps import BILLING
from hutong.ordering.inventory_steps import INVENTORY
from hutong.ordering.local_steps import LOCAL, Handler


def local_handlers() -> Mapping[str, Handler]:
    """Handlers of all local step kinds, compensations included."""
    return {**LOCAL, **INVENTORY, **BILLING}
