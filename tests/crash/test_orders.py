"""XP-06: kill -9 of servers, workers, peers, PostgreSQL, its keeper while orders flow: nothing lost or done twice."""

import random
import time
from contextlib import suppress
from datetime import UTC, datetime

import httpx2 as httpx
import pytest
from sqlalchemy.exc import DBAPIError
from tests.crash.audit import audit, unsettled
from tests.crash.clients import Load, misbehave
from tests.crash.installation import Installation, eventually, own_server, running

from hutong import inventory
from hutong.cli.journey.preparation import prepare
from hutong.inventory.requests import OpenAccount
from hutong.party.tables import party
from hutong.platform import database, history

CLIENTS = 8
CUSTOMERS = 1500
DATABASE = {"postgres": 3, "keeper": 1}
EVERYTHING = {"postgres": 5, "worker-0": 4, "worker-1": 4, "api-0": 4, "api-1": 4, "peers": 1, "keeper": 1}


@pytest.mark.crash
@pytest.mark.parametrize(("targets", "usual"), [(EVERYTHING, 32), (DATABASE, 12)], ids=["everything", "database"])
def test_orders_survive_kills(targets: dict[str, int], usual: int, seed: int, kills: int | None) -> None:
    """XP-06, OC-20: accepted orders exist once, each effect happened once, work goes on by itself."""
    wanted = kills or usual
    with own_server() as folder:
        key, customers = open_shop(max(CUSTOMERS, 40 * wanted))
        with running(folder) as installation:
            wait_until_served(installation)
            load = Load(installation.urls[:-1], key, customers, seed, pause=0.1)
            begun = time.monotonic()
            load.start(CLIENTS)
            havoc(installation, load, targets, wanted, random.Random(f"{seed} {sorted(targets)}"))
            load.end()
            ended = time.monotonic()
            settle(installation)
            print(f"seed {seed}: {dict(installation.kills)} in {ended - begun:.0f} s, {load.book.accepted} accepted of")
            print(f"{len(load.book.asked)} orders, settled in {time.monotonic() - ended:.0f} s; {installation.ended}")
        wrong = [*audit(load.book, installation.peers_book), *load.book.surprises]
        assert not wrong, f"seed {seed}\n" + "\n".join(wrong[:50])
        assert load.book.accepted > 0
        assert sum(installation.kills.values()) == wanted
        if targets is DATABASE:
            assert not installation.ended, "a database that dies takes no process with it"


def open_shop(people: int = CUSTOMERS) -> tuple[str, list[tuple[int, int]]]:
    """Numbers to give out and customers, each with an account. Returns a channel's key and (customer, account)."""
    prepared = prepare(datetime(2026, 1, 1, tzinfo=UTC))
    for number_class, prefix in (("mobile", "1390"), ("broadband", "BB"), ("fixed", "0571")):
        inventory.add_numbers(number_class, [f"{prefix}{place:07}" for place in range(2 * people)])
    row = {"kind": "person", "name": "张三", "record_count": 1, "provenance": {}, "survivorship_version": 1}
    with database.begin("party") as conn:
        ids = history.insert(conn, party, [row] * people)
    accounts = inventory.open_accounts([OpenAccount(f"account-{one}", one) for one in ids])
    return prepared.keys["counter"], [(one, found.account_id or 0) for one, found in zip(ids, accounts, strict=True)]


def havoc(installation: Installation, load: Load, targets: dict[str, int], kills: int, chance: random.Random) -> None:
    """Kill as the seed says, mostly once something was accepted since the last kill: then there is work to break."""
    while sum(installation.kills.values()) < kills:
        (target,) = chance.choices(list(targets), list(targets.values()))
        pause, patience = chance.uniform(0.05, 0.6), chance.choice([0, 5, 5, 5])
        accepted, deadline = load.book.accepted, time.monotonic() + patience
        while load.book.accepted == accepted and time.monotonic() < deadline:
            time.sleep(0.01)
        if chance.random() < 0.3:
            misbehave(installation.urls[-1], chance)
        time.sleep(pause)
        eventually(lambda target=target: installation.kill(target), installation.logs)


def wait_until_served(installation: Installation) -> None:
    """Until servers and peers answer."""
    *servers, peers = installation.urls
    places = [*(f"{url}/readyz" for url in servers), f"{peers}/healthz"]

    with httpx.Client(timeout=5, trust_env=False) as http:

        def served() -> bool:
            with suppress(httpx.TransportError):
                return all(http.get(url).is_success for url in places)
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
