"""Figures that are dear to count: kept a while, and counted anew behind the viewer's back."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog

from hutong.platform import database

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)
DEAR_SECONDS = 0.05
"""What took less is never kept."""
TIMES = 100
"""What is kept is kept so many times as long as it took, so that counting takes a hundredth of the time at most."""


def kept(count: Callable[P, R]) -> Callable[P, R]:
    """Keep what a function gives if it took long; a kept value that is old is given once more while it is renewed."""
    values: dict[object, tuple[R, float, float]] = {}
    renewing: set[object] = set()
    guard = threading.Lock()

    def fresh(key: object, *given: P.args, **named: P.kwargs) -> R:
        began = time.monotonic()
        value = count(*given, **named)
        took = time.monotonic() - began
        with guard:
            if took >= DEAR_SECONDS:
                values[key] = (value, time.monotonic(), took)
            else:
                values.pop(key, None)
        return value

    def renew(key: object, *given: P.args, **named: P.kwargs) -> None:
        try:
            fresh(key, *given, **named)
        except Exception as failure:
            log.warning("figures not counted anew", error=type(failure).__name__)
        finally:
            with guard:
                renewing.discard(key)

    @wraps(count)
    def given_or_kept(*given: P.args, **named: P.kwargs) -> R:
        key = (str(database.engine().url), given, tuple(sorted(named.items())))
        with guard:
            found = values.get(key)
            old = found is not None and time.monotonic() - found[1] > TIMES * found[2]
            start = old and key not in renewing
            if start:
                renewing.add(key)
        if found is None:
            return fresh(key, *given, **named)
        if start:
            work = copy_context()
            threading.Thread(target=work.run, args=(renew, key, *given), kwargs=dict(named), daemon=True).start()
        return found[0]

    return given_or_kept
