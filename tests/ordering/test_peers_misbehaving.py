"""Peers that fail, answer late, twice, or not at all: the effect is once, the order goes on (OC-18, OC-20, XP-06)."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import text
from tests.ordering.shop import (
    accept,
    billing_answers,
    count,
    dispatching,
    fused,
    hurry,
    mobile,
    order,
    settle,
    states,
    steps,
)

from hutong.identity.principal import SYSTEM
from hutong.ordering import answers, change, queries, recording, remote_steps, worker
from hutong.ordering.dispatch import Dispatcher
from hutong.ordering.ports.breaker import CircuitBreaker
from hutong.ordering.ports.http_peer import HttpPeer
from hutong.ordering.steps import done, load_open
from hutong.platform import database
from hutong.platform.errors import Conflict, Invalid, NotFound
from hutong.platform.settings import settings
from hutong.simulators.behaviour import How, Rule
from hutong.simulators.server import Simulators

Customers = list[tuple[int, int]]


def effects(peers: Simulators, operation: str) -> int:
    return sum(found["operation"] == operation for found in peers.effects.counts())


def provision(order_id: int) -> dict[str, object]:
    return dict(next(step for step in steps(order_id) if step["kind"] == "provision"))


def persist(used: Dispatcher, rounds: int = 12) -> None:
    """Dispatch with all waiting cut short."""
    for _ in range(rounds):
        settle(used)
        hurry()


@pytest.fixture
def callbacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """An address for callbacks, as the API has one; collects whether each counted."""
    counted: list[bool] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            counted.append(answers.record_callback(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    monkeypatch.setattr(settings, "public_url", f"http://127.0.0.1:{server.server_address[1]}")
    yield counted
    server.shutdown()
    server.server_close()


def test_failing_now_and_then(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """Failures are retried as the template says; then all goes on."""
    peers.behaviour.add(Rule(How.FAIL, "network", "provision", times=3))
    order_id = accept(order(customers[0], mobile()))
    persist(used, 4)
    assert states(order_id)[0] == "completed"
    assert provision(order_id)["attempts"] == 3
    assert effects(peers, "provision") == 1


def test_answer_lost_on_the_way(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """The peer did it and the connection broke: it is asked, not told again."""
    peers.behaviour.add(Rule(How.DROP, "payment", "take"))
    order_id = accept(order(customers[0], mobile()))
    persist(used, 3)
    assert states(order_id)[0] == "completed"
    assert effects(peers, "take") == 1
    assert [e["detail"]["reason"] for e in queries.trace(SYSTEM, order_id)["entries"] if e["event"] == "failed"] == [
        "peer-connection-lost"
    ]


def test_late_answer(
    customers: Customers, peers: Simulators, used: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer later than the time-out: the outcome is unknown, the peer is asked by the key."""
    monkeypatch.setattr(remote_steps, "LONGEST_CALL_SECONDS", 0.3)
    peers.behaviour.add(Rule(How.LATE, "network", "provision", seconds=1))
    order_id = accept(order(customers[0], mobile()))
    persist(used, 3)
    assert states(order_id)[0] == "completed"
    assert effects(peers, "provision") == 1


def test_callback_twice(customers: Customers, peers: Simulators, used: Dispatcher, callbacks: list[bool]) -> None:
    """A result called back twice counts once."""
    peers.behaviour.add(Rule(How.TWICE, "network", "provision", seconds=0.1))
    order_id = accept(order(customers[0], mobile()))
    settle(used)
    wait_for(lambda: len(callbacks) == 2)
    settle(used)
    assert callbacks == [True, False]
    assert states(order_id)[0] == "completed"
    assert effects(peers, "provision") == 1
    assert "late_callback" in [entry["event"] for entry in queries.trace(SYSTEM, order_id)["entries"]]


def test_never_called_back(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """A peer that accepts and is silent is asked again, until it says done."""
    peers.behaviour.add(Rule(How.SILENT, "network", "provision", seconds=0.2))
    order_id = accept(order(customers[0], mobile()))
    settle(used)
    assert provision(order_id)["state"] == "awaiting"
    time.sleep(0.4)
    persist(used, 2)
    assert states(order_id)[0] == "completed"
    assert effects(peers, "provision") == 1


def test_never_answering(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """An unpaid order is void in time (OC-12): attempts end, what was done is undone."""
    peers.behaviour.add(Rule(How.CALLBACK, "payment", "take", times=None, seconds=10**6))
    order_id = accept(order(customers[0], mobile()))
    for _ in range(12):
        settle(used)
        with database.begin("ordering") as conn:
            conn.execute(text("UPDATE ordering.step SET deadline_at = now() WHERE deadline_at IS NOT NULL"))
        hurry()
    assert states(order_id)[0] == "failed"
    assert queries.order(SYSTEM, order_id)["reason"] == "timed-out"
    assert effects(peers, "take") == 0
    assert count("SELECT count(*) FROM inventory.number_pool WHERE state <> 'free'") == 0


def test_payment_that_arrives_after_the_order_is_void(
    customers: Customers, peers: Simulators, used: Dispatcher, callbacks: list[bool]
) -> None:
    """The refund is asked before the payment happens: the payment then never happens."""
    peers.behaviour.add(Rule(How.CALLBACK, "payment", "take", seconds=1.0))
    order_id = accept(order(customers[0], mobile()))
    settle(used)
    change.cancel_order(SYSTEM, order_id, "changed my mind")
    settle(used)
    assert states(order_id)[0] == "cancelled"
    wait_for(lambda: len(callbacks) == 1)
    assert callbacks == [False]
    assert effects(peers, "take") == effects(peers, "refund") == 0


def test_stale_fence(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """A worker that comes back after its lease ended changes nothing."""
    peers.behaviour.add(Rule(How.SILENT, "network", "provision", seconds=10**6))
    order_id = accept(order(customers[0], mobile()))
    settle(used)
    step_id = provision(order_id)["id"]
    with database.begin("ordering") as conn:
        [stale] = load_open(conn, [int(str(step_id))], ["awaiting"])
    hurry()
    settle(used)
    with database.begin("ordering") as conn:
        assert recording.record(conn, "worker:slow", [(stale, done())]) == set()
    assert provision(order_id)["state"] == "awaiting"
    assert "late_done" in [entry["event"] for entry in queries.trace(SYSTEM, order_id)["entries"]]


def test_worker_dies_in_a_call(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """The lease of a dead worker ends; another takes the step over; the effect is once."""
    order_id = accept(order(customers[0], mobile()))
    used.plan()
    used.local()
    taken, _ = used._claim_remote("payment")
    assert remote_steps.perform(taken[0], HttpPeerOnce(f"{peers.url}/payment")).kind == "done"  # and dies unrecorded
    settle(used)
    assert states(order_id)[0] == "inProgress"
    hurry()
    settle(used)
    assert states(order_id)[0] == "completed"
    assert effects(peers, "take") == 1
    assert "lease_expired" in [entry["event"] for entry in queries.trace(SYSTEM, order_id)["entries"]]


class HttpPeerOnce(HttpPeer):
    """Closes its connections after each call."""

    def request(self, *args: object, **more: object) -> object:  # type: ignore[override]
        try:
            return super().request(*args, **more)  # type: ignore[arg-type]
        finally:
            self.close()


def test_circuit_opens(customers: Customers, peers: Simulators) -> None:
    """OC-20: a dead peer is left alone; acceptance and the other steps go on; nothing is lost."""
    with dispatching("http://127.0.0.1:9") as lonely:
        for name in lonely.lanes:
            lonely._peers[name]()._breaker.threshold = 3  # type: ignore[attr-defined]
        ids = [accept(order(customers[n % 3], mobile())) for n in range(9)]
        worker.drain(lonely)
        assert not any(lonely._peers["payment"]().available for _ in range(3))
        assert lonely.remote("payment") == 0
    with dispatching(peers.url) as used:
        persist(used, 6)
    assert {states(order_id)[0] for order_id in ids} == {"completed"}
    assert effects(peers, "take") == 9


def test_breaker_half_open() -> None:
    now = [0.0]
    breaker = CircuitBreaker(threshold=2, open_seconds=5, clock=lambda: now[0])
    assert breaker.allow()
    breaker.failed()
    breaker.failed()
    assert not breaker.allow()
    now[0] = 5.0
    assert breaker.allow()
    assert not breaker.allow()
    breaker.succeeded()
    assert breaker.allow()


def test_people_help(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """OC-11: what cannot be undone waits in the exception list; a person retries, or passes it by with a reason."""
    peers.behaviour.add(Rule(How.REFUSE, "network", "provision", {"products.0.product": "BROADBAND"}))
    peers.behaviour.add(Rule(How.REFUSE, "payment", "refund"))
    order_id = accept(fused(customers[0]))
    settle(used)
    assert states(order_id)[0] == "inProgress"
    [entry] = queries.exceptions(SYSTEM)
    assert (entry["reason"], entry["detail"]["reason"]) == ("compensation-failed", "payment-refused")
    change.assign(SYSTEM, entry["id"], "user:5")
    with pytest.raises(Invalid):
        change.skip_step(SYSTEM, entry["step_id"], " ")
    change.skip_step(SYSTEM, entry["step_id"], "paid back in cash")
    settle(used)
    assert states(order_id)[0] == "partial"
    assert queries.exceptions(SYSTEM) == []
    with pytest.raises(Conflict):
        change.retry_step(SYSTEM, entry["step_id"])


def test_retry_by_hand(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    peers.behaviour.add(Rule(How.REFUSE, "network", "provision"))
    peers.behaviour.add(Rule(How.FAIL, "payment", "refund", times=6))
    order_id = accept(order(customers[0], mobile()))
    persist(used, 8)
    [entry] = queries.exceptions(SYSTEM)
    change.retry_step(SYSTEM, entry["step_id"])
    persist(used, 3)
    assert states(order_id)[0] == "failed"
    assert effects(peers, "refund") == 1


def test_strange_callbacks(customers: Customers) -> None:
    with pytest.raises(Invalid):
        answers.record_callback(b"{")
    with pytest.raises(NotFound):
        answers.record_callback(b'{"key": "0192f0c0-0000-7000-8000-000000000000.1", "state": "done"}')


def wait_for(condition: object, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.05)


def test_two_workers(customers: Customers, peers: Simulators) -> None:
    """OC-20: two dispatchers at once: every order ends, every effect is once."""
    ids = [accept(fused(customers[n % 3])) for n in range(3)] + [
        accept(order(customers[n % 3], mobile())) for n in range(6)
    ]
    stop = threading.Event()
    with dispatching(peers.url) as one, dispatching(peers.url) as two:
        rounds = [
            lambda: worker.repeat(stop, one.timers, one.plan, one.fail, one.local),
            lambda: worker.repeat(stop, two.timers, two.plan, two.fail, two.local),
            *(
                lambda d=d, lane=lane: worker.repeat(stop, lambda: d.remote(lane))
                for d in (one, two)
                for lane in d.lanes
            ),
        ]
        threads = [threading.Thread(target=work) for work in rounds]
        for thread in threads:
            thread.start()
        try:
            wait_for(
                lambda: (
                    billing_answers() >= 0
                    and count("SELECT count(*) FROM ordering.customer_order WHERE ended_at IS NULL") == 0
                ),
                60,
            )
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert {states(order_id)[0] for order_id in ids} == {"completed"}
    assert effects(peers, "provision") == 3 * 4 + 6
    assert count("SELECT count(*) FROM inventory.product_instance") == 3 * 4 + 6
    keys = [found["key"] for found in peers.effects.counts()]
    assert len(keys) == len(set(keys))
