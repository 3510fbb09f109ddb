"""(part of the measurement in real time) How late the machine itself wakes a thread, measured beside what is measured.

A process of its own sleeps a millisecond at a time and notes how much later than that it runs again: what any answer
waits for that is no fault of the server's.
"""

import select
import subprocess
import sys
import time
from typing import Self

SLEEP = 0.001


def quantile(ordered: list[float], share: float) -> float:
    """The value below which a share of the ordered values lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class Wakings:
    """Late wakings while the context is open; then `words` tells of them."""

    words = ""

    def __enter__(self) -> Self:
        own = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.words = self._process.communicate("\n")[0].strip()


def main() -> None:
    """Sleep and note until a line comes in."""
    late: list[float] = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        before = time.perf_counter()
        time.sleep(SLEEP)
        late.append(time.perf_counter() - before - SLEEP)
    late.sort()
    shares = " ".join(f"p{share * 100:g} {quantile(late, share) * 1e3:.1f}" for share in (0.5, 0.95, 0.99, 0.999))
    print(f"wakings late by {shares} ms, most {late[-1] * 1e3:.1f} ms" if late else "")


if __name__ == "__main__":
    main()
