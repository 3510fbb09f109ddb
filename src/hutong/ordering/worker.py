"""The order center's part of `hutong worker`: loops that run until told to stop. Any number of workers may run."""

import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from hutong.ordering.dispatch import Dispatcher
from hutong.ordering.handlers import local_handlers
from hutong.ordering.ports import directory

log = structlog.get_logger(__name__)
SHORTEST_PAUSE = 0.01
LONGEST_PAUSE = 0.25
AFTER_FAILURE = 1.0
SWEEP_SECONDS = 60.0

Loop = Callable[[threading.Event], None]


def dispatcher() -> Dispatcher:
    """A dispatcher with the real handlers and peers."""
    return Dispatcher(local_handlers(), {name: partial(directory.peer, name) for name in directory.PEERS})


def loops() -> list[Loop]:
    """One loop for what is done here, one per peer: a slow peer holds up only its own."""
    shared = dispatcher()
    here = [shared.timers, shared.plan, shared.fail, shared.local]
    return [
        lambda stop: repeat(stop, *here),
        *(partial(_peer_loop, shared, lane) for lane in shared.lanes),
        lambda stop: _sweep_loop(shared, stop),
    ]


def _peer_loop(shared: Dispatcher, lane: str, stop: threading.Event) -> None:
    repeat(stop, partial(shared.remote, lane))


def _sweep_loop(shared: Dispatcher, stop: threading.Event) -> None:
    while not stop.wait(SWEEP_SECONDS):
        try:
            shared.sweep()
        except Exception as error:  # somebody was busy there: next time
            log.debug("queue partition not emptied", error=repr(error)[:200])


def repeat(stop: threading.Event, *rounds: Callable[[], int]) -> None:
    """Run rounds by turns; pause, ever longer, while none of them finds anything to do."""
    pause = SHORTEST_PAUSE
    while not stop.is_set():
        try:
            busy = sum(one() for one in rounds)
        except Exception as error:
            log.error("dispatch interrupted", error=repr(error)[:500])
            stop.wait(AFTER_FAILURE)
            continue
        pause = SHORTEST_PAUSE if busy else min(pause * 2, LONGEST_PAUSE)
        if not busy:
            stop.wait(pause)


def drain(shared: Dispatcher | None = None, timeout: float = 60.0) -> int:
    """Run rounds in this thread until nothing is ready now (tests, demo). Returns how much was done.

    Steps that wait for a timer or an answer stay. Raises TimeoutError.
    """
    used = shared or dispatcher()
    begun, did = time.monotonic(), 0
    while busy := sum(one() for one in used.rounds()):
        did += busy
        if time.monotonic() - begun > timeout:
            raise TimeoutError("the order center does not come to rest")
    return did
