"""Order lists, details, traces and figures (OC-12, OC-13, OC-14)."""

import pytest
from tests.ordering.shop import accept, count, fused, mobile, order, settle

from hutong.identity.principal import SYSTEM, Principal
from hutong.ordering import change, monitoring, queries, worker
from hutong.ordering.dispatch import Dispatcher
from hutong.ordering.queries import OrderFilter
from hutong.platform.errors import Conflict, Forbidden, NotFound
from hutong.simulators.behaviour import How, Rule
from hutong.simulators.server import Simulators

Customers = list[tuple[int, int]]
NOBODY = Principal(7, "user", "nobody", frozenset())
CLERK = Principal(8, "user", "clerk", frozenset({"ordering.read"}))


def test_lists_page_by_key(customers: Customers, used: Dispatcher) -> None:
    ids = [accept(order(customers[0], mobile(), channel="web" if n % 2 else "counter")) for n in range(5)]
    first = queries.orders(SYSTEM, limit=2)
    rest = queries.orders(SYSTEM, before=first[-1]["id"])
    assert [row["id"] for row in first + rest] == sorted(ids, reverse=True)
    assert len(queries.orders(SYSTEM, OrderFilter(channel="web"))) == 2
    assert queries.orders(SYSTEM, OrderFilter(customer_id=customers[1][0])) == []
    worker.drain(used)
    numbered = queries.order(SYSTEM, ids[0])["business_orders"][0]["results"]["number"]
    assert [row["id"] for row in queries.orders(SYSTEM, OrderFilter(number=numbered))] == [ids[0]]


def test_trace_tells_the_cause(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """OC-13: what failed, when, why, and what was undone because of it, without reproducing it."""
    peers.behaviour.add(Rule(How.REFUSE, "network", "provision", {"products.0.product": "BROADBAND"}))
    order_id = accept(fused(customers[0], notification_contact="13800001111"))
    settle(used)
    told = queries.trace(SYSTEM, order_id)
    broadband = told["business_orders"][2]
    assert (broadband["state"], broadband["reason"]) == ("failed", "network-refused")
    steps = {step["code"]: step for step in broadband["steps"]}
    assert (steps["provision"]["state"], steps["provision"]["reason"]) == ("failed", "network-refused")
    assert steps["provision"]["name_zh"] == "外线施工与开通"
    assert steps["pay"]["state"] == "undone"
    assert steps["undo:pay"]["undoes"] == steps["pay"]["id"]
    assert steps["instances"]["after"] == [steps["provision"]["id"]]
    refusal = next(entry for entry in told["entries"] if entry["event"] == "refused")
    assert refusal["step_id"] == steps["provision"]["id"]
    assert refusal["detail"]["reason"] == "network-refused"
    assert "uid" not in told
    assert queries.trace(CLERK, order_id)["notification_contact"] != "13800001111"


def test_rights(customers: Customers) -> None:
    order_id = accept(order(customers[0], mobile()))
    for read in (queries.orders, queries.exceptions, monitoring.counts, monitoring.overdue, monitoring.stuck):
        with pytest.raises(Forbidden):
            read(NOBODY)
    with pytest.raises(Forbidden):
        change.cancel_order(CLERK, order_id, "no right")
    with pytest.raises(Forbidden):
        change.expedite(CLERK, order_id)
    with pytest.raises(NotFound):
        queries.order(CLERK, order_id + 1)


def test_figures(customers: Customers, used: Dispatcher) -> None:
    first = accept(order(customers[0], mobile()))
    assert monitoring.counts(SYSTEM)["queues"] == {"plan": 1}
    settle(used)
    accept(order(customers[0], mobile()))
    figures = monitoring.counts(SYSTEM)
    assert figures["accepted"] == {"completed": 1, "acknowledged": 1}
    assert figures["open"] == {"acknowledged": 1}
    took = {row["kind"]: row for row in monitoring.durations(SYSTEM)}
    assert took["provision"]["steps"] == took["complete"]["steps"] == 1
    assert 0 <= took["provision"]["median_seconds"] <= took["provision"]["p95_seconds"]
    assert monitoring.stuck(SYSTEM, minutes=0) == []
    assert monitoring.overdue(SYSTEM) == []
    assert queries.order(SYSTEM, first)["may"] == ()


def test_change_only_where_the_state_says_so(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """OC-10: an order not planned yet is cancelled at once; a final one refuses everything."""
    order_id = accept(order(customers[0], mobile()))
    assert change.expedite(SYSTEM, order_id, "soon, please") == 1
    assert change.cancel_order(SYSTEM, order_id, "too slow").value == "cancelled"
    settle(used)
    assert count("SELECT count(*) FROM ordering.business_order") == 0
    assert peers.effects.counts() == []
    with pytest.raises(Conflict):
        change.cancel_order(SYSTEM, order_id, "again")
    with pytest.raises(Conflict):
        change.expedite(SYSTEM, order_id)
    events = [entry["event"] for entry in queries.trace(SYSTEM, order_id)["entries"]]
    assert events == ["expedite", "cancel"]
