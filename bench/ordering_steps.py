"""Steps done a second by one dispatcher thread: planned, claimed, recorded, what follows made ready.

./dev bench ordering_steps [ORDERS]

First with handlers that do nothing (the engine alone), then with the real inventory and billing steps; the remote
steps (payment, network, SMS over HTTP to the simulated peers, in this process) apart.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from bench.ordering_shop import open_shop, order
from hutong.ordering import answers, worker
from hutong.ordering.dispatch import Dispatcher
from hutong.ordering.handlers import local_handlers
from hutong.ordering.intake import accept
from hutong.ordering.ports.http_peer import HttpPeer
from hutong.ordering.ports.peer import Answer, AnswerState
from hutong.ordering.steps import ClaimedStep, Outcome, done
from hutong.platform import database
from hutong.simulators.server import Simulators


def nothing(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Do nothing, successfully."""
    return {step.id: done() for step in steps}


class NoPeer:
    """Answers at once, without a network."""

    available = True

    def request(self, *_: object) -> Answer:
        """Done."""
        return Answer(AnswerState.DONE)

    def find(self, *_: object) -> None:
        """Never asked."""


def accept_orders(shop: list[tuple[int, int]], name: str, count: int) -> None:
    """So many orders in the queue."""
    for first in range(0, count, 500):
        accept([order(shop[n % len(shop)], f"{name}-{n}") for n in range(first, min(first + 500, count))])


def done_steps() -> int:
    """Steps done so far, and those of them that were local."""
    with database.read("ordering") as conn:
        return int(conn.execute(text("SELECT count(*) FROM ordering.step WHERE state = 'done'")).scalar_one())


def timed(name: str, *rounds: Callable[[], int]) -> None:
    """Run rounds until nothing is left; print steps a second."""
    before, began = done_steps(), time.perf_counter()
    while sum(one() for one in rounds):
        pass
    seconds = time.perf_counter() - began
    count = done_steps() - before
    print(f"{name:<34}{count:9,} steps {seconds:7.2f} s {count / seconds:10,.0f} steps/s")


def billing_answers() -> int:
    """Complete the activations that wait, in sets, as billing's events do."""
    with database.begin("ordering") as conn:
        waiting = text(
            "SELECT business_order_id FROM ordering.step WHERE kind = 'activate_billing' AND state = 'awaiting'"
        )
        ids = conn.execute(waiting).scalars().all()
    for first in range(0, len(ids), 500):
        with database.begin("ordering") as conn:
            answers.complete_waiting(conn, "activate_billing", ids[first : first + 500], "center:billing")
    return len(ids)


def main(count: int) -> None:
    """Print the figures."""
    shop = open_shop(2000, 2 * count)
    idle = {kind: nothing for kind in local_handlers() if kind not in ("complete", "close", "archive")}
    no_peers = dict.fromkeys(("network", "payment", "sms"), NoPeer)
    accept_orders(shop, "engine", count)
    engine = Dispatcher({**local_handlers(), **idle}, no_peers)
    began = time.perf_counter()
    while engine.plan():
        pass
    print(f"plan                              {count:9,} orders {time.perf_counter() - began:6.2f} s")
    timed("engine alone: local", engine.local)
    for lane in ("payment", "network", "sms"):
        timed(f"engine alone: remote {lane}, no call", partial(engine.remote, lane))
        timed(f"engine alone: local after {lane}", engine.local)
    engine.close()
    accept_orders(shop, "real", count)
    with tempfile.TemporaryDirectory() as folder:
        server = Simulators("127.0.0.1", 0, Path(folder) / "book.sqlite")
        server.start()
        peers = {name: HttpPeer(f"{server.url}/{name}") for name in ("network", "payment", "sms")}
        real = Dispatcher(local_handlers(), {name: partial(lambda peer: peer, peer) for name, peer in peers.items()})
        while real.plan():
            pass
        timed("reserve numbers", real.local)
        timed("payment over HTTP", partial(real.remote, "payment"))
        timed("network over HTTP", partial(real.remote, "network"))
        timed("create instances", real.local)
        began = time.perf_counter()
        settled = billing_answers()
        print(f"billing's answers                 {settled:9,} steps {time.perf_counter() - began:7.2f} s")
        worker.drain(real, timeout=600)
        for peer in peers.values():
            peer.close()
        real.close()
        server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
