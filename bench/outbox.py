"""Events per second: published one by one and in sets, relayed, delivered. `python -m bench.outbox [N]`.

Runs in an empty database (HUTONG_DATABASE_URL), which it migrates for the platform only.
"""

import sys
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from hutong.platform import database, migrations
from hutong.platform.delivery import deliver
from hutong.platform.outbox import Delivered, Event, publish
from hutong.platform.relay import relay_once
from hutong.platform.subscriptions import Subscription


def timed(name: str, events: int, work: Callable[[], None]) -> None:
    begun = time.perf_counter()
    work()
    took = time.perf_counter() - begun
    print(f"{name:<44} {took:8.2f} s {events / took:12,.0f} events/s")


def tell(numbers: range, size: int) -> None:
    for first in range(numbers.start, numbers.stop, size):
        chunk = range(first, min(first + size, numbers.stop))
        with database.begin("platform") as conn:
            publish(conn, "platform", [Event("platform.told", f"thing:{n % 997}", {"n": n}) for n in chunk])


def repeat(step: Callable[[], int]) -> None:
    while step():
        pass


def main(count: int) -> None:
    migrations.upgrade_all(["platform"])
    seen: list[int] = []

    def handler(_conn: Connection, events: Sequence[Delivered]) -> None:
        seen.append(len(events))

    subscription = Subscription("platform.bench", ("platform.told",), handler)
    relay_once("platform")
    timed("publish, a transaction each, 1 connection", 2000, lambda: tell(range(2000), 1))
    timed("publish, 500 in a transaction", count, lambda: tell(range(count), 500))
    timed("relay", count + 2000, lambda: repeat(lambda: relay_once("platform")))
    timed("deliver in sets of 500", count + 2000, lambda: repeat(lambda: deliver(subscription, "platform")))
    assert sum(seen) >= count + 2000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
