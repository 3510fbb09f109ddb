"""A (new) access number for a product instance in use (改号)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from hutong.inventory import events, numbers
from hutong.inventory.once import Done, once
from hutong.inventory.requests import AssignNumber, Outcome, Refusal, Result
from hutong.inventory.tables import access_number
from hutong.platform import clock, history

LOCK = text("SELECT id FROM inventory.product_instance WHERE id = ANY(:ids) AND NOT ended ORDER BY id FOR UPDATE")
NUMBERS = text("""
    SELECT id, number, product_instance_id FROM inventory.access_number
    WHERE product_instance_id = ANY(:ids) AND NOT ended
""")


def assign_numbers(requests: Sequence[AssignNumber], *, by: str | None = None) -> list[Outcome]:
    """Give product instances a number from now on; the one they had rests. Of several requests for one instance or one
    number in a set, the first is done. Refusals: `inventory-no-instance`, `inventory-number-taken`.
    Tells `inventory.number_assigned`.
    """

    def work(conn: Connection, new: list[AssignNumber]) -> Done:
        live = set(conn.execute(LOCK, {"ids": [item.product_instance_id for item in new]}).scalars())
        done: dict[str, Result | Refusal] = {}
        chosen: dict[str, AssignNumber] = {}
        for item in new:
            if item.product_instance_id not in live:
                done[item.request_key] = Refusal("inventory-no-instance", {"instance": str(item.product_instance_id)})
            elif item.access_number in chosen:
                done[item.request_key] = Refusal("inventory-number-taken", {"number": item.access_number})
            else:
                live.discard(item.product_instance_id)
                chosen[item.access_number] = item
        taken = numbers.unavailable(conn, {number: item.reservation_key for number, item in chosen.items()})
        done |= {chosen[number].request_key: refusal for number, refusal in taken.items()}
        given = [item for number, item in chosen.items() if number not in taken]
        _move(conn, given, by)
        return done | {item.request_key: {} for item in given}

    return once("assign_numbers", requests, Outcome, work)


def _move(conn: Connection, given: Sequence[AssignNumber], by: str | None) -> None:
    now = clock.now()
    before = list(conn.execute(NUMBERS, {"ids": [item.product_instance_id for item in given]}))
    history.end(conn, access_number, [row.id for row in before], effective_at=now, changed_by=by)
    numbers.give_back(conn, [{"number": row.number, "until": now + numbers.REST} for row in before])
    numbers.assign(conn, [item.access_number for item in given])
    rows: list[dict[str, Any]] = [
        {"number": item.access_number, "product_instance_id": item.product_instance_id} for item in given
    ]
    history.insert(conn, access_number, rows, effective_at=now, changed_by=by)
    events.tell(
        conn,
        "number_assigned",
        ((f"product_instance:{row['product_instance_id']}", row) for row in rows),
    )
