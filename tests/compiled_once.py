"""Compiled kernels are compiled by one test process for all: the others wait for its result on disk.

A fresh clone has no compiled code yet, and all processes come to the same kernels at the same time. Without this each
of them compiles them all, half a minute of a core each time.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher

_ours: set[Path] = set()


def compile_each_once(locks: Path) -> None:
    """From now on a kernel that is to be compiled waits while another process compiles it, and takes what that kept."""
    locks.mkdir(mode=0o700, exist_ok=True)
    compiling = Dispatcher.compile
    if not hasattr(compiling, "__wrapped__"):
        Dispatcher.compile = _alone(compiling, locks)  # type: ignore[method-assign,assignment]


def _alone(compiling: Callable[[Any, Any], Any], locks: Path) -> Callable[[Any, Any], Any]:
    @wraps(compiling)
    def compile_or_take(kernel: Any, signature: Any) -> Any:
        function = kernel.py_func
        place = f"{function.__code__.co_filename} {function.__qualname__}"
        # This process's own lock first, as the library takes it around nested kernels: threads do not wait in a circle.
        with global_compiler_lock, _held(locks / sha256(place.encode()).hexdigest()[:16]):
            return compiling(kernel, signature)

    return compile_or_take


@contextmanager
def _held(path: Path) -> Iterator[None]:
    if path in _ours:  # a kernel that calls itself
        yield
        return
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _ours.add(path)
        try:
            yield
        finally:
            _ours.remove(path)
