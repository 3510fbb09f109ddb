"""XP-06: kill -9 of servers, workers, peers, PostgreSQL and its keeper while orders flow; nothing lost, nothing twice."""

import importlib.util
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx2 as httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hutong import inventory
from hutong.cli.journey.preparation import prepare
from hutong.inventory.requests import OpenAccount
from hutong.ordering import answers
from hutong.party.tables import party
from hutong.platform import database, history
from tests.crash.audit import audit, unsettled
from tests.crash.clients import Load, misbehave
from tests.crash.installation import Installation, eventually, own_server, running

RUNS = 2
KILLS = 40
CLIENTS = 6
CUSTOMERS = 4000
TARGETS = {"postgres": 5, "worker-0": 4, "worker-1": 4, "api-0": 4, "api-1": 4, "peers": 1, "keeper": 1}


@pytest.mark.crash
@pytest.mark.parametrize("run", range(RUNS))
def test_orders_survive_kills(run: int, seed: int, kills: int | None) -> None:
    """XP-06, OC-20: every accepted order exists once, each effect happened once, work goes on by itself."""
    chosen = seed + run
    print(f"seed {chosen}")
    with own_server() as folder:
        key, customers = open_shop()
        with running(folder) as installation, billing():
            wait_until_served(installation)
            load = Load(installation.urls[:-1], key, customers, chosen, pause=0.2)
            load.start(CLIENTS)
            begun = time.monotonic()
            havoc(installation, load, chosen, kills or KILLS)
            took = time.monotonic() - begun
            load.end()
            ended = time.monotonic()
            settle(installation)
            print(f"{dict(installation.kills)} in {took:.0f} s; settled in {time.monotonic() - ended:.0f} s")
            print(f"{load.book.accepted} accepted of {len(load.book.asked)}; ended by themselves: {installation.ended}")
        wrong = audit(load.book, installation.peers_book)
        assert not wrong, f"seed {chosen}\n" + "\n".join(wrong[:50])
        assert not load.book.surprises, f"seed {chosen}\n" + "\n".join(load.book.surprises[:20])
        assert load.book.accepted > 0
        assert sum(installation.kills.values()) == (kills or KILLS)


def open_shop() -> tuple[str, list[tuple[int, int]]]:
    """An installation with numbers and customers, each with an account. Returns a channel's key, (customer, account)."""
    prepared = prepare(datetime(2026, 1, 1, tzinfo=UTC))
    for number_class, prefix in (("mobile", "1390"), ("broadband", "BB"), ("fixed", "0571")):
        inventory.add_numbers(number_class, [f"{prefix}{place:07}" for place in range(2 * CUSTOMERS)])
    row = {"kind": "person", "name": "张三", "record_count": 1, "provenance": {}, "survivorship_version": 1}
    with database.begin("party") as conn:
        ids = history.insert(conn, party, [row] * CUSTOMERS)
    accounts = inventory.open_accounts([OpenAccount(f"account-{one}", one) for one in ids])
    return prepared.keys["counter"], [(one, found.account_id or 0) for one, found in zip(ids, accounts, strict=True)]


def havoc(installation: Installation, load: Load, seed: int, kills: int) -> None:
    """Kill as the seed says, most times once something was accepted since the last kill: then there is work to break."""
    chance = random.Random(f"{seed} havoc")
    while sum(installation.kills.values()) < kills:
        target, pause, mischief = chance.choices(list(TARGETS), list(TARGETS.values()))[0], chance.uniform(0.05, 0.6), chance.random()
        accepted = load.book.accepted
        patient = time.monotonic() + (5 if chance.random() < 0.8 else 0)
        while load.book.accepted == accepted and time.monotonic() < patient:
            time.sleep(0.01)
        time.sleep(pause)
        if mischief < 0.3:
            misbehave(installation.urls[-1], chance)
        deadline = time.monotonic() + 60
        while not installation.kill(target) and time.monotonic() < deadline:
            time.sleep(0.02)


def wait_until_served(installation: Installation) -> None:
    """Until servers and peers answer."""

    def served() -> bool:
        with suppress(httpx.TransportError):
            *servers, peers = installation.urls
            places = [*(f"{url}/readyz" for url in servers), f"{peers}/healthz"]
            return all(httpx.get(url, timeout=5, trust_env=False).status_code == 200 for url in places)
        return False

    eventually(served, installation.logs)


def settle(installation: Installation) -> None:
    """Until nothing is left to do."""
    left: list[str] = []

    def quiet() -> bool:
        with suppress(DBAPIError):
            left[:] = unsettled()
            return not left
        return False

    eventually(quiet, lambda: "\n".join([*left[:20], f"({len(left)})", installation.logs()]))


@contextmanager
def billing() -> Iterator[None]:
    """Where the billing center does not listen yet, its part is played: activations that wait are done."""
    if importlib.util.find_spec("hutong.billing.subscriptions"):
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_every(0.3, over, activate), daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def activate() -> None:
    """Billing's answers."""
    with database.begin("ordering") as conn:
        ids = conn.execute(
            text("SELECT business_order_id FROM ordering.step WHERE kind = 'activate_billing' AND state = 'awaiting'")
        ).scalars()
        answers.complete_waiting(conn, "activate_billing", list(ids), "center:billing")


def _every(seconds: float, over: threading.Event, work: Callable[[], None]) -> Callable[[], None]:
    def repeat() -> None:
        while not over.wait(seconds):
            with suppress(DBAPIError):
                work()

    return repeat
