"""What billing tells others."""

from hutong.platform.outbox import Event

ACTIVATED = "billing.activated"
BILLED = "billing.cycle_billed"


def activated(business_order_id: int) -> Event:
    """Charging of what a business order delivered has begun; the order center completes its step on it."""
    return Event(ACTIVATED, f"business_order:{business_order_id}", {"business_order_id": business_order_id})


def billed(run_id: int, cycle: str, bills: int) -> Event:
    """A final bill run of a cycle is done."""
    return Event(BILLED, f"cycle:{cycle}", {"run_id": run_id, "cycle": cycle, "bills": bills})
