"""The outbox and the relay: what is published with a commit is logged once, in order, whoever relays."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.platform import clock, relay
from hutong.platform import database as live
from hutong.platform.outbox import Event, publish
from hutong.platform.relay import Gap, missing, relay_once, without


def tell(*numbers: int, aggregate: str = "thing:1") -> None:
    with live.begin("platform") as conn:
        publish(conn, "platform", [Event("platform.told", aggregate, {"n": number}) for number in numbers])


def logged() -> list[tuple[int, int]]:
    with live.read("platform") as conn:
        query = text("SELECT position, CAST(payload->>'n' AS int) FROM platform.event_log ORDER BY position")
        return [tuple(row) for row in conn.execute(query)]


def relay_all() -> None:
    for _ in range(4):
        while relay_once("platform"):
            pass


def test_committed_events_get_places_without_gaps(database: URL) -> None:
    tell(1, 2, 3)
    tell(4)
    relay_all()
    tell(5)
    relay_all()
    assert logged() == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]
    assert relay.waiting("platform") == 0


def test_what_is_rolled_back_was_never_told(database: URL) -> None:
    with live.begin("platform") as conn:
        publish(conn, "platform", [Event("platform.told", "thing:1", {"n": 1})])
        conn.rollback()
    tell(2)
    relay_all()
    assert logged() == [(1, 2)]
    assert gaps() == []


def gaps() -> list[object]:
    with live.read("platform") as conn:
        return list(conn.execute(text("SELECT gaps FROM platform.relay")).scalar_one())


def test_a_long_transaction_delays_only_itself(database: URL) -> None:
    """The relay passes an uncommitted event by, and does not lose it when it commits at last."""
    with live.engine().connect() as slow:
        publish(slow, "platform", [Event("platform.told", "thing:slow", {"n": number}) for number in (1, 2)])
        tell(3)
        relay_all()
        tell(4)
        relay_all()
        assert [n for _, n in logged()] == [3, 4]
        assert len(gaps()) == 1
        slow.commit()
    relay_all()
    assert logged() == [(1, 3), (2, 4), (3, 1), (4, 2)]
    assert gaps() == []


def test_a_center_speaks_only_for_itself(database: URL) -> None:
    with live.begin("platform") as conn, pytest.raises(ValueError, match="cannot publish"):
        publish(conn, "platform", [Event("party.merged", "party:1")])


def test_relays_and_publishers_at_once(database: URL) -> None:
    """Two relays, four publishers that commit out of order and roll back: each committed event logged exactly once,
    in order per aggregate."""
    done = threading.Event()

    def publisher(name: int) -> None:
        for number in range(60):
            with live.begin("platform") as conn:
                event = Event("platform.told", f"thing:{name}", {"n": number})
                publish(conn, "platform", [event, event] if number % 7 == 0 else [event])
                if number % 5 == 3:
                    conn.rollback()

    def relaying() -> None:
        while not done.is_set():
            relay_once("platform", batch=7)

    relays = [threading.Thread(target=relaying) for _ in range(2)]
    publishers = [threading.Thread(target=publisher, args=(name,)) for name in range(4)]
    for thread in (*relays, *publishers):
        thread.start()
    for thread in publishers:
        thread.join()
    done.set()
    for thread in relays:
        thread.join()
    relay_all()
    with live.read("platform") as conn:
        rows = conn.execute(text("SELECT position, aggregate, CAST(payload->>'n' AS int) AS n FROM platform.event_log"
                                 " ORDER BY position")).all()  # fmt: skip
    expected = [n for number in range(60) if number % 5 != 3 for n in ([number] * 2 if number % 7 == 0 else [number])]
    for name in range(4):
        assert [row.n for row in rows if row.aggregate == f"thing:{name}"] == expected
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert gaps() == []


def test_the_log_rotates(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traps: partitions are dropped whole, once everybody has read them and they are old."""
    monkeypatch.setattr(relay, "PARTITION", 10)
    tell(*range(1, 36))
    while relay_once("platform", batch=8):
        pass
    assert len(logged()) == 35
    assert relay.rotate("platform", handled=35) == []
    with clock.fixed(clock.now() + timedelta(days=8)):
        assert relay.rotate("platform", handled=19) == ["platform.event_log_p0", "platform.event_log_p1"]
        relay.rotate("platform", handled=35)
    assert [position for position, _ in logged()] == list(range(30, 36))
    tell(36)
    relay_all()
    assert logged()[-1] == (36, 36)


@given(st.integers(0, 5), st.sets(st.integers(1, 40)))
def test_gaps_are_exactly_what_was_not_seen(after: int, numbers: set[int]) -> None:
    seen = sorted(number for number in numbers if number > after)
    absent = {n for gap in missing(after, seen, frozenset()) for n in range(gap.low, gap.high + 1)}
    assert absent == set(range(after + 1, max(seen, default=after))) - set(seen)


@given(st.integers(1, 20), st.integers(0, 20), st.sets(st.integers(1, 50)))
def test_a_gap_shrinks_by_what_was_seen(low: int, length: int, numbers: set[int]) -> None:
    gap = Gap(low, low + length, frozenset({"3/4"}))
    seen: Sequence[int] = sorted(numbers)
    left = without(gap, seen)
    assert {n for rest in left for n in range(rest.low, rest.high + 1)} == set(range(low, low + length + 1)) - numbers
    assert all(rest.holders == gap.holders for rest in left)
