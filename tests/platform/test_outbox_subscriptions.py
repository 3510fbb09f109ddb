"""Subscriptions: effect once, order per aggregate, failures kept apart, dead letters, nobody delayed by others."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from hutong.platform import clock, dead_letters, delivery, worker
from hutong.platform import database as live
from hutong.platform.delivery import deliver
from hutong.platform.errors import NotFound
from hutong.platform.outbox import Delivered, Event, publish
from hutong.platform.relay import relay_once
from hutong.platform.subscriptions import RetryLater, Subscription, registered, subscriber, unsubscribe

PROBE = "platform.probe"


@pytest.fixture
def effects(database: URL) -> Iterator[Callable[[], list[tuple[str, int]]]]:
    """A table handlers write to, and a way to read it in the order of effects."""
    with live.begin("platform") as conn:
        conn.execute(text("CREATE TABLE public.effect (id bigserial, subscription text, aggregate text, n int)"))

    def read(name: str = PROBE) -> list[tuple[str, int]]:
        with live.read("platform") as conn:
            query = text("SELECT aggregate, n FROM public.effect WHERE subscription = :name ORDER BY id")
            return [tuple(row) for row in conn.execute(query, {"name": name})]

    yield read
    for found in registered(["platform"]):
        if found.name.startswith(PROBE):
            unsubscribe(found.name)


def record(conn: Connection, events: Sequence[Delivered], name: str = PROBE) -> None:
    for event in events:
        conn.execute(
            text("INSERT INTO public.effect (subscription, aggregate, n) VALUES (:name, :aggregate, :n)"),
            {"name": name, "aggregate": event.aggregate, "n": event.payload["n"]},
        )


def tell(*told: tuple[str, int]) -> None:
    with live.begin("platform") as conn:
        publish(conn, "platform", [Event("platform.told", aggregate, {"n": n}) for aggregate, n in told])


def test_events_arrive_as_a_set_once_and_in_order(effects: Callable[[], list[tuple[str, int]]]) -> None:
    sets: list[list[int]] = []

    @subscriber(name=PROBE, events=["platform.told"])
    def probe(conn: Connection, events: Sequence[Delivered]) -> None:
        sets.append([event.payload["n"] for event in events])
        record(conn, events)

    tell(("a", 1), ("b", 2), ("a", 3))
    with live.begin("platform") as conn:
        publish(conn, "platform", [Event("platform.other", "a", {"n": 99})])
    worker.drain(["platform"])
    tell(("a", 4))
    worker.drain(["platform"])
    assert sets == [[1, 2, 3], [4]]
    assert effects() == [("a", 1), ("b", 2), ("a", 3), ("a", 4)]


def test_a_failing_event_holds_back_only_its_aggregate(effects: Callable[[], list[tuple[str, int]]]) -> None:
    """A failing event is parked with the later ones of its aggregate; repaired, they follow in order."""
    broken = {2}

    @subscriber(name=PROBE, events=["platform.*"], max_attempts=3)
    def probe(conn: Connection, events: Sequence[Delivered]) -> None:
        record(conn, events)
        if any(event.payload["n"] in broken for event in events):
            raise RuntimeError("no such thing")

    start = clock.now()
    with clock.fixed(start):
        tell(("a", 1), ("a", 2), ("b", 3), ("a", 4))
        worker.drain(["platform"])
        tell(("a", 5), ("b", 6))
        worker.drain(["platform"])
    assert effects() == [("a", 1), ("b", 3), ("b", 6)]
    found = dead_letters.parked("platform", ["failing", "waiting"])
    assert sorted((p.payload["n"], p.state, p.attempts, p.behind) for p in found) == [
        (2, "failing", 1, 2),
        (4, "waiting", 0, 1),
        (5, "waiting", 0, 0),
    ]
    assert "no such thing" in str(next(p.error for p in found if p.state == "failing"))
    broken.clear()
    with clock.fixed(start + timedelta(seconds=0.5)):
        worker.drain(["platform"])
    assert effects() == [("a", 1), ("b", 3), ("b", 6)]
    with clock.fixed(start + timedelta(seconds=2)):
        worker.drain(["platform"])
        worker.drain(["platform"])
    assert effects() == [("a", 1), ("b", 3), ("b", 6), ("a", 2), ("a", 4), ("a", 5)]
    assert dead_letters.parked("platform", ["failing", "waiting", "dead"]) == []


def test_dead_letters_are_seen_replayed_and_discarded(effects: Callable[[], list[tuple[str, int]]]) -> None:
    broken = {1, 11}

    @subscriber(name=PROBE, events=["platform.told"], max_attempts=3)
    def probe(conn: Connection, events: Sequence[Delivered]) -> None:
        if any(event.payload["n"] in broken for event in events):
            raise RuntimeError("broken")
        record(conn, events)

    start = clock.now()
    tell(("a", 1), ("a", 2), ("b", 11), ("b", 12))
    for minute in range(4):
        with clock.fixed(start + timedelta(minutes=minute)):
            worker.drain(["platform"])
    dead = {p.payload["n"]: p for p in dead_letters.parked("platform")}
    assert {n: (p.attempts, p.behind) for n, p in dead.items()} == {1: (3, 1), 11: (3, 1)}
    assert effects() == []

    broken.clear()
    dead_letters.replay(PROBE, "platform", dead[1].position)
    dead_letters.discard(PROBE, "platform", dead[11].position)
    with pytest.raises(NotFound):
        dead_letters.discard(PROBE, "platform", dead[11].position)
    with pytest.raises(NotFound):
        dead_letters.replay(PROBE, "platform", 12345)
    worker.drain(["platform"])
    assert sorted(effects()) == [("a", 1), ("a", 2), ("b", 12)]
    assert dead_letters.parked("platform", ["failing", "waiting", "dead"]) == []


def test_retry_later_pauses_the_whole_and_gives_up_at_last(effects: Callable[[], list[tuple[str, int]]]) -> None:
    tries = []

    def handler(conn: Connection, events: Sequence[Delivered]) -> None:
        tries.append(len(events))
        raise RetryLater("peer is down")

    subscription = Subscription(PROBE, ("platform.told",), handler, max_attempts=3)
    tell(("a", 1), ("a", 2), ("b", 3))
    relay_once("platform")
    start = clock.now()
    with clock.fixed(start):
        assert deliver(subscription, "platform") == 0
        assert deliver(subscription, "platform") == 0
    assert tries == [3]
    for second in (2, 10):
        with clock.fixed(start + timedelta(seconds=second)):
            deliver(subscription, "platform")
    assert tries == [3, 3, 3]
    kept = dead_letters.parked("platform", ["dead", "waiting"])
    assert sorted((p.payload["n"], p.state) for p in kept) == [(1, "dead"), (2, "waiting"), (3, "dead")]
    assert deliver(subscription, "platform") == 0


def test_one_by_one_keeps_what_was_done_before_the_pause(effects: Callable[[], list[tuple[str, int]]]) -> None:
    down = True

    def handler(conn: Connection, events: Sequence[Delivered]) -> None:
        assert len(events) == 1
        if down and events[0].payload["n"] == 3:
            raise RetryLater("peer is down")
        record(conn, events)

    subscription = Subscription(PROBE, ("platform.told",), handler, one_by_one=True)
    tell(("a", 1), ("b", 2), ("c", 3), ("a", 4))
    relay_once("platform")
    assert deliver(subscription, "platform") == 2
    assert deliver(subscription, "platform") == 0
    down = False
    with clock.fixed(clock.now() + timedelta(seconds=5)):
        assert deliver(subscription, "platform") == 2
    assert effects() == [("a", 1), ("b", 2), ("c", 3), ("a", 4)]


def test_a_slow_subscriber_delays_nobody(effects: Callable[[str], list[tuple[str, int]]]) -> None:
    """One subscriber sits on its first set; another meanwhile gets everything, by two workers running at once."""
    release = threading.Event()

    @subscriber(name=f"{PROBE}.slow", events=["platform.told"], batch=1)
    def slow(conn: Connection, events: Sequence[Delivered]) -> None:
        release.wait(30)
        record(conn, events, f"{PROBE}.slow")

    @subscriber(name=f"{PROBE}.quick", events=["platform.told"])
    def quick(conn: Connection, events: Sequence[Delivered]) -> None:
        record(conn, events, f"{PROBE}.quick")

    stop = threading.Event()
    workers = [threading.Thread(target=worker.run_subscriptions, args=(stop, ["platform"])) for _ in range(2)]
    for thread in workers:
        thread.start()
    try:
        for number in range(20):
            tell((f"a{number % 3}", number))
        wait_for(lambda: len(effects(f"{PROBE}.quick")) == 20)
        assert effects(f"{PROBE}.slow") == []
        release.set()
        wait_for(lambda: len(effects(f"{PROBE}.slow")) == 20)
    finally:
        release.set()
        stop.set()
        for thread in workers:
            thread.join()
    assert [n for _, n in effects(f"{PROBE}.quick")] == list(range(20))
    assert [n for _, n in effects(f"{PROBE}.slow")] == list(range(20))


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


CHILD = """
import threading
from sqlalchemy import text
from hutong.platform import worker
from hutong.platform.subscriptions import subscriber

@subscriber(name="platform.probe", events=["platform.told"], batch=13)
def probe(conn, events):
    for event in events:
        conn.execute(text("INSERT INTO public.effect (subscription, aggregate, n) VALUES ('platform.probe', :a, :n)"),
                     {"a": event.aggregate, "n": event.payload["n"]})

worker.run_subscriptions(threading.Event(), ["platform"])
"""


@pytest.mark.crash
def test_killed_workers_lose_nothing_and_do_nothing_twice(effects: Callable[[], list[tuple[str, int]]]) -> None:
    """XP-06: workers killed at arbitrary moments of relaying and handling; every effect happens once, in order."""

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", CHILD], env=os.environ)

    children = [start(), start()]
    try:
        for number in range(400):
            tell((f"a{number % 5}", number))
            if number % 60 == 59:
                victim = children.pop(0)
                wait_for(lambda least=number // 4: len(effects()) > least)
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                children.append(start())
        wait_for(lambda: len(effects()) >= 400, 60)
    finally:
        for child in children:
            child.kill()
            child.wait()
    done = effects()
    assert sorted(n for _, n in done) == list(range(400))
    for aggregate in range(5):
        assert [n for name, n in done if name == f"a{aggregate}"] == list(range(aggregate, 400, 5))


def test_pauses_double_up_to_an_hour() -> None:
    assert [delivery.pause(n).total_seconds() for n in (1, 2, 3, 13, 400)] == [1, 2, 4, 3600, 3600]
