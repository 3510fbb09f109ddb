"""The number pool: never the same number twice, whatever happens at once (OC-03)."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from hutong.inventory import numbers
from hutong.inventory.requests import ReleaseNumber, ReserveNumber
from hutong.platform import clock
from hutong.platform import database as live

pytestmark = pytest.mark.usefixtures("database")


def pool() -> dict[str, str]:
    with live.read("inventory") as conn:
        return {row.number: row.state for row in conn.execute(text("SELECT number, state FROM inventory.number_pool"))}


def reserve(*requests: ReserveNumber) -> list[str | None]:
    return [item.access_number for item in numbers.reserve_numbers(requests)]


def test_any_and_wanted_numbers() -> None:
    assert numbers.add_numbers("mobile", ["1", "2", "3"]) == 3
    assert numbers.add_numbers("mobile", ["3", "4"]) == 1
    numbers.add_numbers("gold", ["8888"])
    made = numbers.reserve_numbers(
        [
            ReserveNumber("a", "mobile", "3"),
            ReserveNumber("b", "mobile", "3"),
            ReserveNumber("c", "mobile"),
            ReserveNumber("d", "mobile", "8888"),
            ReserveNumber("e", "gold"),
        ]
    )
    assert [item.access_number for item in made] == ["3", None, "1", None, "8888"]
    assert [item.problem.code if item.problem else None for item in made] == [
        None,
        "inventory-number-taken",
        None,
        "inventory-number-taken",
        None,
    ]
    assert pool() == {"1": "reserved", "2": "free", "3": "reserved", "4": "free", "8888": "reserved"}


def test_a_repeat_gives_the_first_answer_and_takes_nothing() -> None:
    numbers.add_numbers("mobile", ["1", "2"])
    first = numbers.reserve_numbers([ReserveNumber("a", "mobile"), ReserveNumber("a", "mobile")])
    again = numbers.reserve_numbers([ReserveNumber("a", "mobile")])
    assert [item.access_number for item in [*first, *again]] == ["1", "1", "1"]
    assert again[0].repeated
    assert Counter(pool().values()) == {"reserved": 1, "free": 1}


def test_a_refusal_is_tried_anew() -> None:
    assert reserve(ReserveNumber("a", "mobile")) == [None]
    numbers.add_numbers("mobile", ["1"])
    assert reserve(ReserveNumber("a", "mobile")) == ["1"]


def test_released_and_lapsed_reservations_are_free_again() -> None:
    numbers.add_numbers("mobile", ["1"])
    assert reserve(ReserveNumber("a", "mobile")) == ["1"]
    assert numbers.release_numbers([ReleaseNumber("r", "a")])[0].ok
    assert reserve(ReserveNumber("b", "mobile", minutes=10)) == ["1"]
    numbers.release_numbers([ReleaseNumber("r2", "a")])  # a's reservation is over: b keeps the number
    assert pool() == {"1": "reserved"}
    with clock.fixed(clock.now() + timedelta(minutes=11)):
        assert reserve(ReserveNumber("c", "mobile"), ReserveNumber("d", "mobile", "1")) == [None, "1"]
    with clock.fixed(clock.now() + timedelta(minutes=60)):
        assert reserve(ReserveNumber("e", "mobile")) == ["1"]
    with clock.fixed(clock.now() + timedelta(minutes=120)):
        assert numbers.sweep() == 1
    assert pool() == {"1": "free"}


def test_many_buyers_never_get_the_same_number() -> None:
    """Concurrency: sixteen buyers, sets of any, wanted and released numbers, repeated keys; 300 numbers."""
    numbers.add_numbers("mobile", [f"{place:03}" for place in range(300)])
    got: list[tuple[str, str]] = []
    lock = threading.Lock()

    def buy(buyer: int) -> None:
        for turn in range(4):
            asked = [ReserveNumber(f"{buyer}-{turn}-{place}", "mobile") for place in range(5)]
            asked += [ReserveNumber(f"w-{buyer}-{turn}", "mobile", f"{(buyer * 7 + turn * 31) % 300:03}")]
            asked += [ReserveNumber(f"shared-{turn}", "mobile")]
            made = numbers.reserve_numbers(asked)
            back = made[0]
            with lock:
                got.extend((item.request_key, item.access_number) for item in made[1:] if item.access_number)
            if back.ok:
                numbers.release_numbers([ReleaseNumber(f"r-{buyer}-{turn}", back.request_key)])

    threads = [threading.Thread(target=buy, args=(buyer,)) for buyer in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner = dict(got)
    assert all(owner[key] == number for key, number in got)  # a shared key gave everyone the same answer
    assert max(Counter(owner.values()).values()) == 1
    reserved = {number for number, state in pool().items() if state == "reserved"}
    assert reserved == set(owner.values())
    assert len([key for key in owner if key.startswith("shared")]) == 4


def test_sold_out_under_contention_gives_each_number_once() -> None:
    numbers.add_numbers("mobile", [f"{place:02}" for place in range(40)])
    made: list[str | None] = []
    barrier = threading.Barrier(8)

    def buy(buyer: int) -> None:
        barrier.wait()
        for turn in range(10):
            made.extend(reserve(ReserveNumber(f"{buyer}-{turn}", "mobile")))

    threads = [threading.Thread(target=buy, args=(buyer,)) for buyer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sold = [number for number in made if number]
    assert (len(sold), len(set(sold)), len(made)) == (40, 40, 80)
