"""The keeper: a small process that runs one PostgreSQL server for as long as somebody uses its data folder.

Every user holds a shared lock on `users.lock`; the kernel lets go of it when the user ends, however it ends. The keeper
restarts a server that died, and once it gets the lock for itself it stops the server and ends. If the keeper itself is
killed, the kernel tells the server to shut down, and the next `ensure` starts both again.

Run as `python -m hutong.platform.postgres.keeper ORDER` with the standard library only, so that it is small and quick.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from hutong.platform.postgres.processes import end_orphans

POLL_SECONDS = 0.1
STEADY_SECONDS = 5.0
MOST_FAILURES = 5
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """What to run: the server's command, as whom, its mark, its log, the users' lock and our own (inherited, held)."""

    command: list[str]
    uid: int
    gid: int
    mark: str
    log: str
    users_lock: str
    keeper_lock: int

    def as_argument(self) -> str:
        """The order as one command line argument."""
        return json.dumps(asdict(self))


class Keeper:
    """Runs the server of one order."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.users = os.open(order.users_lock, os.O_RDWR)
        self.told_to_stop = False
        self.failures = 0

    def run(self) -> int:
        """Keep the server up until its last user has left; 1 if it cannot be kept up."""
        server, started = self._start(), time.monotonic()
        while not self._unused():
            if server.poll() is not None:
                self.failures = 0 if time.monotonic() - started > STEADY_SECONDS else self.failures + 1
                if self.failures >= MOST_FAILURES:
                    return 1
                time.sleep(0.1 * 2**self.failures if self.failures else 0)
                server, started = self._start(), time.monotonic()
            time.sleep(POLL_SECONDS)
        self._stop(server)
        # Newcomers wait for the users' lock, which ends with this process: they must find ours free by then.
        os.close(self.order.keeper_lock)
        return 0

    def stop_soon(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM: the machine is shutting down."""
        self.told_to_stop = True

    def _unused(self) -> bool:
        if self.told_to_stop:
            return True
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _start(self) -> subprocess.Popen[bytes]:
        end_orphans(self.order.mark, self.order.uid)
        keeper = os.getpid()
        libc = ctypes.CDLL(None)

        def die_with_keeper() -> None:
            if sys.platform == "linux":
                libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
                if os.getppid() != keeper:
                    os._exit(1)

        other = self.order.uid != os.geteuid()
        with Path(self.order.log).open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own order
                self.order.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=self.order.uid if other else None,
                group=self.order.gid if other else None,
                extra_groups=[] if other else None,
                umask=0o077,
                preexec_fn=die_with_keeper,  # noqa: PLW1509 - the keeper has one thread
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            )

    def _stop(self, server: subprocess.Popen[bytes]) -> None:
        for sign, seconds in ((signal.SIGINT, 300), (signal.SIGQUIT, 20), (signal.SIGKILL, None)):
            if server.poll() is None:
                server.send_signal(sign)
            try:
                server.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                continue


def main() -> int:
    """Run the order given as the only argument, as nobody's child: who started us need not wait for our end."""
    if os.fork():
        os._exit(0)
    keeper = Keeper(Order(**json.loads(sys.argv[1])))
    signal.signal(signal.SIGTERM, keeper.stop_soon)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main())
