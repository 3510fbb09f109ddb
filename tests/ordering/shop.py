"""A shop to order in: the telecom pack, customers with accounts, numbers; simulated peers; short ways to ask."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from hutong import catalog
from hutong.catalog.documents import read_pack
from hutong.inventory import accounts, numbers
from hutong.inventory.requests import OpenAccount
from hutong.ordering import answers, intake, worker
from hutong.ordering.dispatch import Dispatcher
from hutong.ordering.handlers import local_handlers
from hutong.ordering.orders import ItemRequest, OrderRequest
from hutong.ordering.ports.breaker import CircuitBreaker
from hutong.ordering.ports.http_peer import HttpPeer
from hutong.party.tables import party
from hutong.platform import database, history

PACK = Path(__file__).parents[2] / "packs" / "telecom"


def open_shop(customers: int = 3, pool: int = 50) -> list[tuple[int, int]]:
    """Publish the pack, make customers. Returns (customer, account) of each."""
    catalog.publish(read_pack(PACK), by="test")
    for number_class, prefix in (("mobile", "139000"), ("broadband", "BB"), ("fixed", "0571")):
        numbers.add_numbers(number_class, [f"{prefix}{place:05}" for place in range(pool)])
    row = {"kind": "person", "name": "张三", "record_count": 1, "provenance": {}, "survivorship_version": 1}
    with database.begin("party") as conn:
        ids = history.insert(conn, party, [row] * customers)
    opened = accounts.open_accounts([OpenAccount(f"account-{one}", one) for one in ids])
    return [(one, account.account_id or 0) for one, account in zip(ids, opened, strict=True)]


def mobile(item_no: str = "1", tier: str = "59", **more: Any) -> ItemRequest:
    return ItemRequest(item_no, "MOBILE-5G", attributes={"tier": tier}, **more)


def fused(who: tuple[int, int], external_id: str | None = None, **more: Any) -> OrderRequest:
    """Two mobile plans, broadband, and an IP phone that depends on the broadband."""
    items = (mobile("1"), mobile("2", "99"), ItemRequest("3", "BROADBAND-500M"), ItemRequest("4", "IP-PHONE"))
    return order(who, *items, external_id=external_id, **more)


def order(who: tuple[int, int], *items: ItemRequest, **more: Any) -> OrderRequest:
    return OrderRequest(**{"channel": "counter", "customer_id": who[0], "account_id": who[1], "items": items, **more})


def accept(request: OrderRequest) -> int:
    """The id of an order that must be accepted."""
    [answer] = intake.accept([request])
    assert isinstance(answer, intake.Accepted), answer
    return answer.order_id


@contextmanager
def dispatching(url: str, **more: Any) -> Iterator[Dispatcher]:
    """A dispatcher that calls simulated peers at an address; its breakers never open."""
    peers = {name: HttpPeer(f"{url}/{name}", CircuitBreaker(threshold=10**9)) for name in ("network", "payment", "sms")}
    made = Dispatcher({**local_handlers(), **more}, {name: partial(_same, peer) for name, peer in peers.items()})
    yield made
    made.close()
    for peer in peers.values():
        peer.close()


def _same(peer: HttpPeer) -> HttpPeer:
    return peer


def billing_answers() -> int:
    """What billing's event does: activations that wait are done. Returns how many."""
    with database.begin("ordering") as conn:
        ids = conn.execute(
            text("SELECT business_order_id FROM ordering.step WHERE kind = 'activate_billing' AND state = 'awaiting'")
        ).scalars()
        return len(answers.complete_waiting(conn, "activate_billing", list(ids), "center:billing"))


def settle(used: Dispatcher) -> None:
    """Dispatch and let billing answer until nothing moves."""
    while worker.drain(used) or billing_answers():
        pass


def hurry() -> None:
    """Let all timers be due now."""
    with database.begin("ordering") as conn:
        conn.execute(text("UPDATE ordering.timer SET due_at = now() - interval '1 second'"))


def states(order_id: int) -> tuple[str, dict[str, str], dict[str, str]]:
    """State of the order; of its items by number; of its business orders by product and number."""
    with database.read("ordering") as conn:
        head = conn.execute(text("SELECT state FROM ordering.customer_order WHERE id = :id"), {"id": order_id})
        items = conn.execute(
            text("SELECT item_no, state FROM ordering.order_item WHERE order_id = :id"), {"id": order_id}
        )
        parts = conn.execute(
            text("SELECT product || number, state FROM ordering.business_order WHERE order_id = :id"), {"id": order_id}
        )
        return head.scalar_one(), dict(items.all()), dict(parts.all())


def steps(order_id: int) -> list[Mapping[str, Any]]:
    """All steps of an order."""
    with database.read("ordering") as conn:
        rows = conn.execute(text("SELECT * FROM ordering.step WHERE order_id = :id ORDER BY id"), {"id": order_id})
        return [row._mapping for row in rows]


def count(query: str, **words: Any) -> int:
    with database.read("ordering") as conn:
        return int(conn.execute(text(query), words).scalar_one())
