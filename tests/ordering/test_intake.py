"""Intake: idempotent, set-based, one bad member spoils nothing (OC-01, OC-03, XP-06)."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from tests.ordering.shop import count, fused, mobile, order

from hutong.catalog.product import Action
from hutong.ordering import intake
from hutong.ordering.group_commit import GroupCommit
from hutong.ordering.intake import Accepted, Refused
from hutong.ordering.orders import ComponentRequest, ItemRequest, OrderRequest
from hutong.platform import i18n

Customers = list[tuple[int, int]]


def codes(answers: Sequence[intake.Answer]) -> list[str]:
    return [answer.problem.code if isinstance(answer, Refused) else "accepted" for answer in answers]


def test_same_key_same_order(customers: Customers) -> None:
    """OC-01: the same key with the same content gives the first order; with other content it is refused."""
    first = intake.accept([fused(customers[0], "A-1")])[0]
    assert isinstance(first, Accepted)
    again = intake.accept([fused(customers[0], "A-1")])[0]
    assert again == replace(first, repeated=True)
    other = intake.accept([fused(customers[1], "A-1")])
    assert codes(other) == ["ordering-key-used"]
    elsewhere = intake.accept([replace_channel(fused(customers[1], "A-1"))])
    assert codes(elsewhere) == ["accepted"]
    assert count("SELECT count(*) FROM ordering.customer_order") == 2


def replace_channel(request: OrderRequest) -> OrderRequest:
    return OrderRequest("web", request.customer_id, request.items, request.external_id, request.account_id)


def test_twins_in_one_set(customers: Customers) -> None:
    same = fused(customers[0], "B-1")
    answers = intake.accept([same, same, fused(customers[1], "B-1")])
    assert codes(answers) == ["accepted", "accepted", "ordering-key-used"]
    assert isinstance(answers[0], Accepted)
    assert answers[1] == replace(answers[0], repeated=True)
    assert count("SELECT count(*) FROM ordering.customer_order") == 1


def test_64_threads_with_one_key(customers: Customers) -> None:
    """XP-06: whoever asks how often at once, the order exists once, and all get the same answer."""
    request = fused(customers[0], "C-1")
    barrier = threading.Barrier(64)

    def ask(_: int) -> intake.Answer:
        barrier.wait()
        return intake.accept([request])[0]

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(ask, range(64)))
    assert {answer.order_id for answer in answers if isinstance(answer, Accepted)} != set()
    assert len({answer.order_id if isinstance(answer, Accepted) else None for answer in answers}) == 1
    assert [isinstance(a, Accepted) and a.repeated for a in answers].count(False) == 1
    assert count("SELECT count(*) FROM ordering.customer_order") == 1
    assert count("SELECT count(*) FROM ordering.order_item") == 4
    assert count("SELECT count(*) FROM ordering.outbox WHERE type = 'ordering.order_accepted'") == 1
    assert count("SELECT count(*) FROM ordering.ready") == 1


def test_priced(customers: Customers) -> None:
    """OC-02: one-off charges exactly, fees of a full cycle as a preview."""
    answer = intake.accept([fused(customers[0])])[0]
    assert isinstance(answer, Accepted)
    assert answer.one_off_micros == (10 + 10 + 100) * 1_000_000
    assert answer.recurring_micros == (59 + 99 + 100 + 15) * 1_000_000


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("ordering-no-items", {"items": ()}),
    ("ordering-customer-unknown", {"customer_id": 10**12}),
    ("ordering-account-missing", {"account_id": None}),
    ("ordering-account-not-theirs", {"account_id": 10**12}),
    ("ordering-offer-unknown", {"items": (ItemRequest("1", "NOTHING"),)}),
    ("ordering-offer-not-sold", {"items": (ItemRequest("1", "FUSION-GO-2019"),)}),
    ("ordering-attribute-missing", {"items": (ItemRequest("1", "MOBILE-5G"),)}),
    ("ordering-attribute-choice", {"items": (mobile("1", "58"),)}),
    ("ordering-attribute-unknown", {"items": (ItemRequest("1", "IP-PHONE", attributes={"x": 1}),)}),
    ("ordering-product-requires", {"items": (ItemRequest("1", "IP-PHONE"),)}),
    ("ordering-item-twice", {"items": (mobile("1"), mobile("1"))}),
    ("ordering-quantity", {"items": (mobile("1", quantity=0),)}),
    ("ordering-offer-limit", {"items": (mobile("1", quantity=6),)}),
    ("ordering-relies-on-unknown", {"items": (mobile("1", relies_on=("9",)),)}),
    (
        "ordering-relies-in-circle",
        {"items": (mobile("1", relies_on=("2",)), mobile("2", relies_on=("1",)))},
    ),
    ("ordering-component-unknown", {"items": (mobile("1", components=(ComponentRequest("X"),)),)}),
    (
        "ordering-component-too-many",
        {"items": (mobile("1", components=(ComponentRequest("MOBILE-5G"), ComponentRequest("MOBILE-5G"))),)},
    ),
    ("ordering-components-missing", {"items": (mobile("1", action=Action.TERMINATE),)}),
    (
        "ordering-instance-not-theirs",
        {"items": (mobile("1", action=Action.TERMINATE, components=(ComponentRequest("MOBILE-5G"),)),)},
    ),
    ("ordering-offer-without-products", {"items": (ItemRequest("1", "FAMILY-SHARE"),)}),
]


def test_refusals_leave_nothing_and_spoil_nobody(customers: Customers) -> None:
    """OC-03: each refusal says why in both languages; its siblings in the set are accepted."""
    bad = [
        order(customers[0], *more.pop("items", (mobile(),)), **more) for _, more in ((c, {**m}) for c, m in REFUSALS)
    ]
    good = [order(customers[1], mobile()), order(customers[2], mobile())]
    answers = intake.accept([good[0], *bad, good[1]])
    assert codes(answers) == ["accepted", *(code for code, _ in REFUSALS), "accepted"]
    for answer in answers:
        if isinstance(answer, Refused):
            assert all(answer.problem.message(locale) for locale in i18n.LOCALES)
    assert count("SELECT count(*) FROM ordering.customer_order") == 2
    assert count("SELECT count(*) FROM ordering.outbox") == 2


def test_limit_holds_under_concurrency(customers: Customers) -> None:
    """OC-03: at most five plans per customer, however many ask at once."""
    barrier = threading.Barrier(8)

    def ask(_: int) -> intake.Answer:
        barrier.wait()
        return intake.accept([order(customers[0], mobile())])[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sorted(codes(answers)) == ["accepted"] * 5 + ["ordering-offer-limit"] * 3


def test_group_commit(customers: Customers) -> None:
    """Concurrent requests of an event loop share transactions; each gets its own answer."""
    sizes: list[int] = []

    def work(requests: Sequence[OrderRequest]) -> list[intake.Answer]:
        sizes.append(len(requests))
        return intake.accept(requests)

    async def all_at_once() -> list[intake.Answer]:
        group: GroupCommit[OrderRequest, intake.Answer] = GroupCommit(work, most=50)
        asked = [order(customers[n % 3], mobile(), external_id=f"G-{n}") for n in range(9)]
        asked += [order(customers[0], ItemRequest("1", "NOTHING"), external_id=f"N-{n}") for n in range(100)]
        try:
            return list(await asyncio.gather(*(group.submit(request) for request in asked)))
        finally:
            group.close()

    answers = asyncio.run(all_at_once())
    assert codes(answers) == ["accepted"] * 9 + ["ordering-offer-unknown"] * 100
    assert sum(sizes) == 109
    assert len(sizes) < 10
    assert max(sizes) <= 50


def test_group_commit_isolates_what_breaks() -> None:
    def work(numbers: Sequence[int]) -> list[int]:
        return [10 // number for number in numbers]

    async def all_at_once() -> list[Any]:
        group: GroupCommit[int, int] = GroupCommit(work)
        asked = (group.submit(number) for number in (1, 2, 0, 5))
        try:
            return list(await asyncio.gather(*asked, return_exceptions=True))
        finally:
            group.close()

    first, second, broken, last = asyncio.run(all_at_once())
    assert (first, second, last) == (10, 5, 2)
    assert isinstance(broken, ZeroDivisionError)


@pytest.mark.parametrize("wanted", ["13900000007"])
def test_wanted_number(customers: Customers, wanted: str) -> None:
    component = ComponentRequest("MOBILE-5G", wanted_number=wanted)
    assert codes(intake.accept([order(customers[0], mobile("1", components=(component,)))])) == ["accepted"]
    component = ComponentRequest("MOBILE-5G", wanted_number=wanted)
    two = order(customers[0], mobile("1", components=(component,), quantity=2))
    assert codes(intake.accept([two])) == ["ordering-number-not-wanted"]
