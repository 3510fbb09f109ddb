"""The running of relays and subscriptions: threads of a worker, woken by notices, polling besides."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from hutong.platform import database, migrations
from hutong.platform.dead_letters import retry_due
from hutong.platform.delivery import deliver
from hutong.platform.outbox import CHANNEL
from hutong.platform.relay import EVENTS_CHANNEL, relay_once, waiting
from hutong.platform.subscriptions import Subscription, load_handlers, registered

log = structlog.get_logger(__name__)
RELAY_POLL = 0.25
SUBSCRIPTION_POLL = 1.0
AFTER_FAILURE = 1.0
Source = Callable[[], Sequence[Subscription]]


def speaking(centers: Iterable[str] | None = None) -> list[str]:
    """Installed centers that have an outbox."""
    wanted = set(database.CENTERS if centers is None else centers)
    return [
        center
        for center in migrations.installed()
        if center in wanted and f"{center}.outbox" in migrations.tables_of(center).metadata.tables
    ]


class Bells:
    """Wakes the threads that wait for a center: `relay:party`, `log:party`."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[threading.Event]] = defaultdict(list)

    def register(self, *names: str) -> threading.Event:
        """An event that is set whenever one of the names rings."""
        event = threading.Event()
        for name in names:
            self._waiting[name].append(event)
        return event

    def ring(self, name: str) -> None:
        """Wake all who wait for a name."""
        for event in tuple(self._waiting[name]):
            event.set()

    def ring_all(self) -> None:
        """Wake everybody, to stop."""
        for name in tuple(self._waiting):
            self.ring(name)


def run_subscriptions(
    stop: threading.Event, centers: Iterable[str] | None = None, more: Source = tuple, refresh: float = 2.0
) -> None:
    """Run relays and subscriptions of some centers (all installed by default) until `stop` is set.

    Any number of workers may do so: one relay per center and one worker per subscription is at work at a time, and when
    one dies, another takes over. `more` gives further subscriptions (webhooks) and is asked again every `refresh`
    seconds.
    """
    chosen = speaking(centers)
    load_handlers(chosen)
    bells = Bells()
    threads: dict[str, threading.Thread] = {}
    ends: dict[str, threading.Event] = {}

    def start(name: str, work: Callable[[threading.Event], None]) -> None:
        ends[name] = threading.Event()
        threads[name] = threading.Thread(target=work, args=(ends[name],), name=name, daemon=True)
        threads[name].start()

    start("notices", lambda end: _listen(end, bells))
    for center in chosen:
        start(f"relay:{center}", _relaying(center, bells))
    others: Sequence[Subscription] = ()
    while not stop.is_set():
        others = _asked(more, others)
        wanted = {f"subscription:{found.name}": found for found in (*registered(chosen), *others)}
        for name in [name for name in threads if name.startswith("subscription:") and name not in wanted]:
            ends.pop(name).set()
            del threads[name]
        for name in wanted.keys() - threads.keys():
            start(name, _subscribing(wanted[name], bells))
        stop.wait(refresh)
    for end in ends.values():
        end.set()
    bells.ring_all()
    for thread in threads.values():
        thread.join(timeout=30)


def _asked(more: Source, before: Sequence[Subscription]) -> Sequence[Subscription]:
    """Further subscriptions; the same as before while the database does not answer."""
    try:
        return tuple(more())
    except SQLAlchemyError as failure:
        log.warning("registrations not read", error=repr(failure)[:500])
        return before


def _repeat(end: threading.Event, bell: threading.Event, poll: float, work: Callable[[], int]) -> None:
    """Work while there is something to do; then wait for the bell, or the poll."""
    while not end.is_set():
        bell.clear()
        try:
            done = work()
        except Exception as failure:
            log.error("delivery interrupted", thread=threading.current_thread().name, error=repr(failure)[:500])
            end.wait(AFTER_FAILURE)
            continue
        if not done:
            bell.wait(poll)


def _relaying(center: str, bells: Bells) -> Callable[[threading.Event], None]:
    bell = bells.register(f"relay:{center}")

    def once() -> int:
        moved = relay_once(center)
        if moved:
            bells.ring(f"log:{center}")
        return moved

    return lambda end: _repeat(end, bell, RELAY_POLL, once)


def _subscribing(subscription: Subscription, bells: Bells) -> Callable[[threading.Event], None]:
    sources = [source for source in subscription.sources if source in speaking()]
    bell = bells.register(*(f"log:{source}" for source in sources))

    def once() -> int:
        return sum(deliver(subscription, source) + retry_due(subscription, source) for source in sources)

    return lambda end: _repeat(end, bell, SUBSCRIPTION_POLL, once)


def _listen(end: threading.Event, bells: Bells) -> None:
    """Turn PostgreSQL's notices into bells. Without them everything still moves, by polling."""
    url = database.primary_url().set(drivername="postgresql").render_as_string(hide_password=False)
    while not end.is_set():
        try:
            with psycopg.connect(url, autocommit=True, application_name="hutong notices") as conn:
                conn.execute(f"LISTEN {CHANNEL}")
                conn.execute(f"LISTEN {EVENTS_CHANNEL}")
                while not end.is_set():
                    for notice in conn.notifies(timeout=1.0):
                        kind = "relay" if notice.channel == CHANNEL else "log"
                        bells.ring(f"{kind}:{notice.payload}")
                        if end.is_set():
                            break
        except psycopg.Error as failure:
            log.warning("notices interrupted", error=repr(failure)[:500])
            end.wait(AFTER_FAILURE)


def drain(centers: Iterable[str] | None = None, *, more: Sequence[Subscription] = (), timeout: float = 60.0) -> int:
    """Deliver until nothing is left to deliver now (tests, demo); events whose pause is not over stay parked.

    Returns how many steps it took. Raises TimeoutError when publishers never fall silent or never commit.
    """
    chosen = speaking(centers)
    load_handlers(chosen)
    begun, steps, quiet = time.monotonic(), 0, 0
    while quiet < 2:
        moved = sum(relay_once(center) for center in chosen)
        for subscription in (*registered(chosen), *more):
            for source in subscription.sources:
                if source in speaking():
                    moved += deliver(subscription, source) + retry_due(subscription, source)
        left = sum(waiting(center) for center in chosen)
        quiet = 0 if moved or left else quiet + 1
        steps += 1
        if time.monotonic() - begun > timeout:
            raise TimeoutError(f"{left} events left in the outboxes of {', '.join(chosen)}")
    return steps
