"""The fused order, fulfilled and failing (OC-04, OC-05, OC-09)."""

from collections import Counter

from tests.ordering.shop import accept, count, fused, settle, states, steps

from hutong.identity.principal import SYSTEM
from hutong.ordering import change, worker
from hutong.ordering.dispatch import Dispatcher
from hutong.simulators.behaviour import How, Rule
from hutong.simulators.server import Simulators

Customers = list[tuple[int, int]]


def effects(peers: Simulators) -> Counter[tuple[str, str]]:
    return Counter((found["peer"], found["operation"]) for found in peers.effects.counts())


def test_fulfilled(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """OC-05: one order, four business orders; the phone is provisioned after the broadband, everything once."""
    order_id = accept(fused(customers[0]))
    settle(used)
    state, items, parts = states(order_id)
    assert (state, set(items.values()), set(parts.values())) == ("completed", {"completed"}, {"completed"})
    assert len(parts) == 4
    assert effects(peers) == {("network", "provision"): 4, ("payment", "take"): 3, ("sms", "send"): 4}
    provisioned = {s["business_order_id"]: s for s in steps(order_id) if s["kind"] == "provision"}
    by_number = sorted(provisioned)
    assert provisioned[by_number[3]]["started_at"] >= provisioned[by_number[2]]["finished_at"]
    assert {s["state"] for s in steps(order_id)} <= {"done", "skipped"}
    assert count("SELECT count(*) FROM inventory.product_instance WHERE state = 'active'") == 4
    assert count("SELECT count(*) FROM ordering.ready") == 0


def test_broadband_fails(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """OC-09: broadband fails: broadband and IP phone are undone in reverse, the plans go on; the order is partial."""
    peers.behaviour.add(Rule(How.REFUSE, "network", "provision", {"products.0.product": "BROADBAND"}))
    order_id = accept(fused(customers[0]))
    settle(used)
    state, items, parts = states(order_id)
    assert state == "partial"
    assert items == {"1": "completed", "2": "completed", "3": "failed", "4": "cancelled"}
    assert parts == {"MOBILE1": "completed", "MOBILE2": "completed", "BROADBAND3": "failed", "VOIP4": "cancelled"}
    assert effects(peers)["payment", "refund"] == 1
    assert effects(peers)["network", "deprovision"] == 0
    assert count("SELECT count(*) FROM inventory.number_pool WHERE state = 'reserved'") == 0
    assert count("SELECT count(*) FROM inventory.product_instance") == 2
    assert count("SELECT count(*) FROM ordering.exception_entry WHERE resolved_at IS NULL") == 0


def test_failure_by_an_attribute_of_the_order(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """The demo's way: the order itself says how the simulated network behaves."""
    extra = {"simulate": "network.provision.BROADBAND=refuse"}
    order_id = accept(fused(customers[0], extra=extra))
    settle(used)
    assert states(order_id)[0] == "partial"


def test_undone_in_reverse(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """OC-09: what was done is undone in reverse: instances before provisioning before payment before number."""
    order_id = accept(fused(customers[0]))
    worker.drain(used)
    assert {s["state"] for s in steps(order_id) if s["kind"] == "activate_billing"} == {"awaiting"}
    assert change.cancel_order(SYSTEM, order_id, "changed my mind").value == "pendingCancellation"
    settle(used)
    assert states(order_id)[0] == "cancelled"
    undone = [s for s in steps(order_id) if s["undoes"]]
    one = [s for s in undone if s["business_order_id"] == undone[0]["business_order_id"]]
    ended = [s["kind"] for s in sorted(one, key=lambda s: s["finished_at"])]
    expected = ["deactivate_billing", "remove_instances", "deprovision", "refund", "release_number"]
    assert ended == [kind for kind in expected if kind in ended]
    assert len(ended) >= 4
    done = effects(peers)
    assert done["network", "provision"] == done["network", "deprovision"] == 4
    assert done["payment", "take"] == done["payment", "refund"] == 3
    assert count("SELECT count(*) FROM inventory.number_pool WHERE state IN ('reserved', 'assigned')") == 0
