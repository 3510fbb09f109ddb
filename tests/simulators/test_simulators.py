"""The simulated peers: effects once per key, kept through kills; misbehaviour on demand; plainly simulated."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from hutong.simulators.behaviour import Behaviour, How, Rule
from hutong.simulators.effects import Effects
from hutong.simulators.server import Simulators


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Simulators]:
    made = Simulators("127.0.0.1", 0, tmp_path / "book.sqlite")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(server: Simulators) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=300, trust_env=False) as made:
        yield made


def post(client: httpx.Client, operation: str, key: str, **body: object) -> httpx.Response:
    return client.post(f"/{operation}", json=body, headers={"idempotency-key": key})


def operations(server: Simulators) -> list[str]:
    return [found["operation"] for found in server.effects.counts()]


def test_once_per_key_and_says_simulated(server: Simulators, client: httpx.Client) -> None:
    for _ in range(3):
        answer = post(client, "network/provision", "k1", order_id=1)
        assert (answer.status_code, answer.json()["state"], answer.json()["simulated"]) == (200, "done", True)
        assert answer.headers["x-simulated"] == "true"
    assert operations(server) == ["provision"]
    assert client.get("/network/requests/k1").json()["state"] == "done"
    assert client.get("/network/requests/k2").status_code == 404


def test_undoing(server: Simulators, client: httpx.Client) -> None:
    """What was done is undone once; what comes after its undoing is refused."""
    post(client, "payment/take", "p1")
    for _ in range(2):
        assert post(client, "payment/refund", "r1", undoes="p1").status_code == 200
    assert operations(server) == ["take", "refund"]
    assert post(client, "payment/refund", "r2", undoes="p2").status_code == 200
    late = post(client, "payment/take", "p2")
    assert (late.status_code, late.json()["reason"]) == (422, "undone-before")
    assert operations(server) == ["take", "refund"]


def test_control(server: Simulators, client: httpx.Client) -> None:
    rule = {"peer": "network", "operation": "provision", "how": "fail", "times": 1}
    assert client.post("/control", json=rule).status_code == 200
    assert client.post("/control", json={"peer": "network", "how": "explode"}).status_code == 400
    assert post(client, "network/provision", "k1").status_code == 503
    assert operations(server) == []
    assert post(client, "network/provision", "k1").status_code == 200
    client.post("/control", json={"peer": "network", "how": "refuse", "times": None})
    assert post(client, "network/provision", "k2").status_code == 422
    client.delete("/control")
    assert post(client, "network/provision", "k3").status_code == 200
    assert post(client, "network/provision", "k2").status_code == 422  # its answer stays


def test_bad_requests(client: httpx.Client) -> None:
    assert client.post("/network/provision", json={}).status_code == 400
    assert post(client, "moon/land", "k1").status_code == 404
    assert client.get("/moon").status_code == 404
    assert client.get("/healthz").json()["simulated"] is True


def test_by_attribute_of_the_order() -> None:
    behaviour = Behaviour()
    body = {
        "products": [{"product": "BROADBAND"}],
        "extra": {"simulate": "payment.take=fail; network.provision.BROADBAND=late:2"},
    }
    rule = behaviour.choose("network", "provision", body)
    assert (rule.how, rule.seconds) == (How.LATE, 2.0)
    assert behaviour.choose("network", "deprovision", body).how is How.NORMAL
    assert behaviour.choose("network", "provision", {**body, "products": []}).how is How.NORMAL
    behaviour.add(Rule(How.DROP, "network"))
    assert behaviour.choose("network", "provision", body).how is How.DROP


def test_book_survives(tmp_path: Path) -> None:
    first = Effects(tmp_path / "book.sqlite")
    first.receive("sms", "send", "k", {"order_id": 5}, None)
    first.close()
    second = Effects(tmp_path / "book.sqlite")
    second.receive("sms", "send", "k", {"order_id": 5}, None)
    assert [(found["key"], found["order_id"]) for found in second.counts()] == [("k", 5)]
    second.close()


def test_a_process_of_its_own_survives_a_kill(tmp_path: Path) -> None:
    """XP-06: killed and started again, the peers know what they did."""
    book, keys = tmp_path / "book.sqlite", [f"k{n}" for n in range(20)]
    for turn in range(2):
        process, url = start(book)
        try:
            with httpx.Client(base_url=url, timeout=300, trust_env=False) as peers:
                for key in keys:
                    answer = peers.post("/sms/send", json={}, headers={"idempotency-key": key})
                    assert answer.status_code == 200
                found = peers.get("/effects").json()["effects"]
            assert sorted(one["key"] for one in found) == sorted(keys)
        finally:
            process.send_signal(signal.SIGKILL if turn == 0 else signal.SIGTERM)
            process.wait(300)
            assert process.stdout
            process.stdout.close()


def start(book: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "hutong.cli.main", "peers", "--port", "0", "--book", str(book)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"})
    assert process.stdout
    until, line = time.monotonic() + 300, ""
    while "http://" not in line and time.monotonic() < until:
        line = process.stdout.readline()
    return process, "http://" + line.split("http://")[1].split()[0]
