"""Large sets, and many at once: a constant number of statements, each key's work done once."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from hutong import inventory
from hutong.inventory import numbers
from hutong.inventory.requests import CreateInstances, InstancesCreated, NewProduct, OpenAccount
from hutong.inventory.tables import metadata
from hutong.platform import database as live
from hutong.platform import history

from .telecom import account, day, mobile, publish


@pytest.fixture(autouse=True)
def _telecom(database: object) -> Iterator[None]:
    publish(pool=40)
    yield
    with live.read("inventory") as conn:
        assert history.check_center(conn, metadata) == []


def test_the_number_of_statements_does_not_grow_with_the_set() -> None:
    counts: list[int] = []

    def load(name: str, size: int) -> None:
        seen = 0

        def count(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            nonlocal seen
            seen += "notify" not in statement.lower()  # sent at most every few milliseconds

        customers = range(1, size + 1)
        mine = [f"{name}{place:06}" for place in customers]
        numbers.add_numbers("mobile", mine)
        event.listen(live.engine(), "before_cursor_execute", count)
        opened = inventory.open_accounts([OpenAccount(f"{name}-{customer}", customer) for customer in customers])
        made = inventory.create_instances(
            [
                CreateInstances(
                    f"{name}-{customer}",
                    customer,
                    item.account_id or 0,
                    f"{name}-{customer}",
                    "MOBILE-5G",
                    offer_attributes={"tier": "99"},
                    products=(NewProduct("MOBILE-5G", access_number=number),),
                    effective=day(2026, 1, 1),
                )
                for customer, item, number in zip(customers, opened, mine, strict=True)
            ]
        )
        event.remove(live.engine(), "before_cursor_execute", count)
        assert all(item.ok for item in made)
        counts.append(seen)

    load("warm", 1)
    load("few", 2)
    load("many", 2000)
    assert counts[1] == counts[2]
    with live.read("inventory") as conn:
        assert conn.scalar(text("SELECT count(*) FROM inventory.v1_offer_product_period")) == 2003


def test_the_same_requests_from_many_callers_are_done_once() -> None:
    """OC-07: two workers, many callers, the same request and offer keys, in different orders."""
    owner = account()
    made: list[InstancesCreated] = []
    lock = threading.Lock()

    def ask(turn: int) -> None:
        requests = [mobile(f"same-{place}", place, account_id=owner) for place in range(10)]
        parts = (NewProduct("MOBILE-5G", access_number=f"139000{20 + turn:05}"),)
        requests.append(CreateInstances(f"own-{turn}", 7, owner, "shared", "FUSION-199", products=parts))
        found = inventory.create_instances(requests if turn % 2 else requests[::-1])
        with lock:
            made.extend(found)

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.problem for item in made] == [None] * 88
    same = {(item.request_key, item.offer_instance_id, item.product_instance_ids) for item in made}
    assert len(same) == 18
    shared = Counter(item.offer_instance_id for item in made if item.request_key.startswith("own"))
    assert list(shared.values()) == [8]
    with live.read("inventory") as conn:
        assert conn.scalar(text("SELECT count(*) FROM inventory.offer_instance")) == 11
        assert conn.scalar(text("SELECT count(*) FROM inventory.product_instance")) == 18


def test_a_key_of_a_refused_request_can_be_used_again() -> None:
    owner = account()
    broken = NewProduct("MOBILE-5G", access_number="13900000000", attributes={"network": "6G"})
    asked = CreateInstances("a", 7, owner, "a", "MOBILE-5G", None, {"tier": "59"}, (broken,))
    assert not inventory.create_instances([asked])[0].ok
    assert inventory.create_instances([mobile("a", 0, account_id=owner)])[0].ok
