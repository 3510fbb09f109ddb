"""Subscriptions: who handles which events. A center declares its handlers in its own `subscriptions.py`.

    @subscriber(name="inventory.on_party_merged", events=["party.merged"])
    def on_party_merged(conn: Connection, events: Sequence[Delivered]) -> None: ...

The handler gets a set of events, in order per aggregate, in a transaction of its own center that also moves its place
in the log: its effect happens once, though events may be delivered more than once.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from hutong.platform import database
from hutong.platform.outbox import Delivered

Handler = Callable[[Connection, Sequence[Delivered]], None]


class RetryLater(Exception):
    """A handler's word that nothing can be handled now (a peer is down): the whole subscription pauses and comes back
    with the same events, instead of parking each of them."""


@dataclass(frozen=True)
class Subscription:
    """A handler and what it wants. The part of the name before the dot is the center it belongs to."""

    name: str
    events: tuple[str, ...]
    handler: Handler
    batch: int = 500
    one_by_one: bool = False
    max_attempts: int = 8

    @property
    def consumer(self) -> str:
        """The center in whose transaction the handler runs."""
        return self.name.split(".")[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """The centers whose logs are read."""
        return tuple(sorted({event.split(".")[0] for event in self.events}))


_registry: dict[str, Subscription] = {}


def subscriber(
    *, name: str, events: Sequence[str], batch: int = 500, one_by_one: bool = False, max_attempts: int = 8
) -> Callable[[Handler], Handler]:
    """Register a handler. `events`: types such as "party.merged", or "party.*" for all of a center.

    `batch`: most events in a set; `one_by_one`: for handlers whose work cannot be rolled back; `max_attempts`: then an
    event becomes a dead letter.
    """

    def register(handler: Handler) -> Handler:
        made = Subscription(name, tuple(events), handler, batch, one_by_one, max_attempts)
        if made.consumer not in database.CENTERS or not set(made.sources) <= set(database.CENTERS):
            raise ValueError(f"{name}: unknown center")
        if name in _registry and _registry[name].handler.__qualname__ != handler.__qualname__:
            raise ValueError(f"two handlers named {name}")
        _registry[name] = made
        return handler

    return register


def unsubscribe(name: str) -> None:
    """Forget a handler (tests)."""
    _registry.pop(name, None)


def load_handlers(centers: Iterable[str]) -> None:
    """Import the `subscriptions` and `jobs` modules of centers, where they have them."""
    for center in centers:
        for room in ("subscriptions", "jobs"):
            name = f"hutong.{center}.{room}"
            if center != "platform" and importlib.util.find_spec(name) is not None:
                importlib.import_module(name)


def registered(centers: Iterable[str] | None = None) -> list[Subscription]:
    """Declared subscriptions of some centers, by name."""
    wanted = set(database.CENTERS if centers is None else centers)
    return [found for _, found in sorted(_registry.items()) if found.consumer in wanted]
