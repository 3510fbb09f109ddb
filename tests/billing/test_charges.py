"""Charging begins and ends when the order center says so (送计费, OC-07, OC-09)."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.billing import subscriptions as _subscriptions  # noqa: F401  (registers the subscriber)
from hutong.platform import database as live
from hutong.platform.outbox import Event, publish
from hutong.platform.worker import drain


def tell(kind: str, business_order: int, charges: dict[str, int], order: int = 7) -> None:
    payload: dict[str, Any] = {
        "business_order_id": business_order,
        "customer_order_id": order,
        "customer_id": 1,
        "account_id": 2,
        "action": "add",
        "product_instance_ids": [30],
        "offer_instance_ids": [40],
        "charges": [{"code": code, "amount_micros": amount} for code, amount in charges.items()],
    }
    with live.begin("ordering") as conn:
        publish(conn, "ordering", [Event(f"ordering.billing_{kind}_requested", f"order:{order}", payload)])


def charged() -> dict[tuple[int, str, str], int]:
    with live.read("billing") as conn:
        rows = conn.execute(text("SELECT business_order_id, kind, code, amount_micros FROM billing.one_off_charge"))
        return {(row[0], row[1], row[2]): row[3] for row in rows}


def answered() -> list[int]:
    with live.read("billing") as conn:
        rows = conn.execute(
            text("SELECT payload->>'business_order_id' FROM billing.event_log WHERE type = 'billing.activated'")
        )
        return sorted(int(key) for key in rows.scalars())


def test_fees_are_charged_once_however_often_it_is_asked(database: URL) -> None:
    """XP-06: do nothing twice; but each asking is answered."""
    for _ in range(2):
        tell("activation", 11, {"sim-card": 10_000_000, "installation": 100_000_000})
        drain()
    assert charged() == {(11, "charge", "sim-card"): 10_000_000, (11, "charge", "installation"): 100_000_000}
    assert answered() == [11, 11]


def test_compensation_takes_fees_back_once(database: URL) -> None:
    tell("activation", 11, {"sim-card": 10_000_000})
    tell("activation", 12, {"sim-card": 10_000_000})
    for _ in range(2):
        tell("deactivation", 11, {})
        drain()
    assert charged() == {
        (11, "charge", "sim-card"): 10_000_000,
        (11, "reversal", "sim-card"): -10_000_000,
        (12, "charge", "sim-card"): 10_000_000,
    }


def test_undone_before_it_was_begun_charges_nothing(database: URL) -> None:
    """A compensation that overtakes a repeated request wins."""
    tell("deactivation", 11, {})
    tell("activation", 11, {"sim-card": 10_000_000})
    drain()
    assert charged() == {}
    assert answered() == [11]
