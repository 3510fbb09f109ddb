"""What billing tells others."""

from sqlalchemy import Connection, Text, func, literal, select

from hutong.billing.states import BillState
from hutong.billing.tables import bill
from hutong.platform.outbox import Event, publish_from

ACTIVATED = "billing.activated"
BILLED = "billing.cycle_billed"
BILL_MADE = "billing.bill_made"
BILL_FINAL = "billing.bill_final"
USAGE_TAKEN = "billing.usage_taken"


def activated(business_order_id: int) -> Event:
    """Charging of what a business order delivered has begun; the order center completes its step on it."""
    return Event(ACTIVATED, f"business_order:{business_order_id}", {"business_order_id": business_order_id})


def billed(run_id: int, cycle: str, bills: int) -> Event:
    """A final bill run of a cycle is done."""
    return Event(BILLED, f"cycle:{cycle}", {"run_id": run_id, "cycle": cycle, "bills": bills})


def tell_of_bills(conn: Connection, run_id: int, first_new: int) -> None:
    """Of each bill of a run that is new (`billing.bill_made`), and of each pro-forma one that became final
    (`billing.bill_final`): {bill_id, cycle}. Bills below `first_new` existed before the run. Two statements."""
    mine = bill.c.run_id == run_id
    final = bill.c.state == BillState.FINAL.value
    for kind, which in ((BILL_MADE, bill.c.id >= first_new), (BILL_FINAL, (bill.c.id < first_new) & final)):
        told = select(
            literal(kind, Text),
            func.concat("bill:", bill.c.id),
            func.jsonb_build_object("bill_id", bill.c.id, "cycle", bill.c.cycle),
            bill.c.made_at,
        )
        publish_from(conn, "billing", told.where(mine, which).order_by(bill.c.id))


def usage_taken(cycle: str, batch_id: int) -> Event:
    """A usage record that was sent by itself is accepted. What comes in files is not told of record by record."""
    return Event(USAGE_TAKEN, f"usage_batch:{batch_id}", {"cycle": cycle, "batch_id": batch_id})
