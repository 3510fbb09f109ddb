"""Ending server processes of our own data folder that nobody looks after any more."""

import contextlib
import os
import signal
import time
from pathlib import Path

FAST_SHUTDOWN_SECONDS = 60
KILL_SECONDS = 10


def of_cluster(mark: str, uid: int) -> list[int]:
    """Processes of the server that carries this mark (its `cluster_name`) and runs as this user; postmaster or not."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.stat().st_uid != uid:
                continue
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if _is_postmaster(words, mark) or words[0].startswith(f"postgres: {mark}:"):
            found.append(int(entry.name))
    return found


def _is_postmaster(words: list[str], mark: str) -> bool:
    return words[0].endswith("/postgres") and f"cluster_name={mark}" in words


def end_orphans(mark: str, uid: int) -> None:
    """End what is left of an earlier server of this folder: politely, then firmly. Returns when nothing is left.

    Only for a holder of the keeper's lock: then every such process is an orphan.
    """
    for sign, seconds in ((signal.SIGINT, FAST_SHUTDOWN_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        for pid in of_cluster(mark, uid):
            _signal(pid, sign)
        if _gone(mark, uid, seconds):
            return
    raise TimeoutError(f"processes {of_cluster(mark, uid)} of an earlier server do not end")


def _signal(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def _gone(mark: str, uid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while of_cluster(mark, uid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
