"""Circuit breaker: a peer that fails again and again is left alone for a while, then tried with one call."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class CircuitBreaker:
    """Opens after `threshold` failures in a row, for `open_seconds`; then lets one call through at a time."""

    threshold: int = 5
    open_seconds: float = 5.0
    clock: Callable[[], float] = time.monotonic
    _failures: int = field(default=0, init=False)
    _opened_at: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def closed(self) -> bool:
        """Whether calls may be made."""
        with self._lock:
            return self._failures < self.threshold or self.clock() - self._opened_at >= self.open_seconds

    def allow(self) -> bool:
        """Whether this call may be made; when half open, the first caller may and shuts the door behind itself."""
        with self._lock:
            if self._failures < self.threshold:
                return True
            if self.clock() - self._opened_at < self.open_seconds:
                return False
            self._opened_at = self.clock()
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A call was not answered."""
        with self._lock:
            self._failures += 1
            self._opened_at = self.clock()
