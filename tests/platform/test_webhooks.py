"""Webhooks: signed, repeated, given up at last, kept out of private networks; and the worker that sends them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy.engine import URL

from hutong.platform import clock, dead_letters, webhooks, worker
from hutong.platform import database as live
from hutong.platform.errors import NotFound, Unprocessable
from hutong.platform.outbox import Event, publish
from hutong.platform.settings import settings


class Receiver:
    """A real HTTP server that notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: dict[int, int] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                number = json.loads(body).get("event", {}).get("n", 0)
                self.send_response(receiver.answers.get(number, 204))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/listener?x=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def numbers(self) -> list[int]:
        return [json.loads(body)["event"]["n"] for _, body in self.got]


@pytest.fixture
def receiver(database: URL) -> Iterator[Receiver]:
    settings.webhook_allow_private = True
    os.environ["HUTONG_WEBHOOK_ALLOW_PRIVATE"] = "true"
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()
    settings.webhook_allow_private = False
    os.environ.pop("HUTONG_WEBHOOK_ALLOW_PRIVATE")


def tell(*told: tuple[str, int]) -> None:
    with live.begin("platform") as conn:
        publish(conn, "platform", [Event("platform.told", aggregate, {"n": n}) for aggregate, n in told])


def send() -> None:
    worker.drain(["platform"], more=webhooks.subscriptions())


def test_what_happens_after_registering_is_told_and_signed(receiver: Receiver) -> None:
    tell(("a", 1))
    send()
    hook, secret = webhooks.register(receiver.url, ["platform.told"], "client:5", query="eventType=x")
    tell(("a", 2), ("b", 3))
    send()
    assert receiver.numbers() == [2, 3]
    headers, body = receiver.got[0]
    told = json.loads(body)
    assert (told["eventType"], told["subject"], told["eventId"]) == ("platform.told", "a", headers["Hutong-Event-Id"])
    seconds = int(headers["Hutong-Signature"].split(",")[0].removeprefix("t="))
    assert headers["Hutong-Signature"] == webhooks.signature(secret, body, seconds)
    assert headers["Hutong-Signature"] != webhooks.signature("other", body, seconds)
    assert headers["Host"] == receiver.url.split("/")[2]
    assert webhooks.registrations("client:5") == [hook]
    assert webhooks.registrations("client:6") == []


def test_a_busy_receiver_is_tried_later_and_a_refusal_holds_only_its_aggregate(receiver: Receiver) -> None:
    hook, _ = webhooks.register(receiver.url, ["platform.*"], "client:5")
    start = clock.now()
    receiver.answers = {2: 503}
    with clock.fixed(start):
        tell(("a", 1), ("a", 2), ("b", 3))
        send()
    assert receiver.numbers() == [1, 2]
    receiver.answers = {2: 400}
    with clock.fixed(start + timedelta(seconds=3)):
        send()
    assert receiver.numbers() == [1, 2, 2, 3]
    name = webhooks.subscription_name(hook.id)
    [parked] = dead_letters.parked("platform", ["failing"], subscription=name)
    assert parked.error is not None
    assert "answered 400" in parked.error
    receiver.answers = {}
    with clock.fixed(start + timedelta(seconds=10)):
        send()
    assert receiver.numbers() == [1, 2, 2, 3, 2]
    ids = [headers["Hutong-Event-Id"] for headers, _ in receiver.got]
    assert ids[1] == ids[2] == ids[4]


def test_given_up_at_last_seen_and_replayed(receiver: Receiver) -> None:
    hook, _ = webhooks.register(receiver.url, ["platform.told"], "client:5")
    receiver.answers = {1: 410}
    tell(("a", 1))
    moment = clock.now()
    for _ in range(webhooks.MAX_ATTEMPTS):
        with clock.fixed(moment):
            send()
        moment += timedelta(hours=2)
    [dead] = dead_letters.parked("platform", subscription=webhooks.subscription_name(hook.id))
    assert (dead.attempts, len(receiver.got)) == (webhooks.MAX_ATTEMPTS, webhooks.MAX_ATTEMPTS)
    receiver.answers = {}
    dead_letters.replay(dead.subscription, dead.source, dead.position)
    send()
    assert len(receiver.got) == webhooks.MAX_ATTEMPTS + 1
    assert dead_letters.parked("platform", ["dead", "failing"]) == []


def test_unregistering_ends_it(receiver: Receiver) -> None:
    hook, _ = webhooks.register(receiver.url, ["platform.told"], "client:5")
    with pytest.raises(NotFound):
        webhooks.unregister(hook.id, "client:6")
    tell(("a", 1))
    webhooks.unregister(hook.id, "client:5")
    send()
    assert receiver.got == []
    with pytest.raises(NotFound):
        webhooks.unregister(hook.id)


@pytest.mark.parametrize(
    "callback",
    [
        "http://127.0.0.1/x",
        "http://localhost:9/x",
        "http://10.1.2.3/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://user@example.org/",
        "http:///nowhere",
    ],
)
def test_no_way_into_private_networks(callback: str, database: URL) -> None:
    with pytest.raises(Unprocessable):
        webhooks.register(callback, ["platform.told"], "client:5")
    assert webhooks.registrations() == []


def test_public_addresses_pass() -> None:
    assert webhooks.check_address("https://8.8.8.8/hook") == "8.8.8.8"
    with pytest.raises(Unprocessable):
        webhooks.register("https://8.8.8.8/hook", ["nobody.told"], "client:5")


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def test_the_worker_sends_takes_new_registrations_and_stops_cleanly(receiver: Receiver) -> None:
    """`hutong worker`: relays, webhooks and jobs in one process; SIGTERM ends it with status 0."""
    command = [sys.executable, "-m", "hutong.cli.main", "worker", "--centers", "platform"]
    process = subprocess.Popen(command, env=os.environ)
    try:
        webhooks.register(receiver.url, ["platform.told"], "client:5")
        numbers: Sequence[int] = range(1, 11)
        for number in numbers:
            tell(("a", number))
        wait_for(lambda: len(receiver.got) == len(numbers))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert receiver.numbers() == list(numbers)
