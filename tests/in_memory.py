"""Temporary files of a test run lie in memory where there is room: above all the databases, one for most tests.

A copy of the template is 1,200 files. A file system that lets the inodes of deleted files rest for some minutes (ext4
without a journal does) searches past thousands of them for each new file: a second of a core per database, not 20 ms.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 (folders made in it are named as those in /tmp are)
ROOM = 6 << 30


def lie_in_memory() -> None:
    """From now on temporary files of this process and its children do; not where somebody chose a folder."""
    if "TMPDIR" not in os.environ and _fits(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def _fits(folder: Path) -> bool:
    """Whether there is room, also in memory itself, and programs that a test writes may run there."""
    try:
        if os.statvfs(folder).f_flag & os.ST_NOEXEC or not os.access(folder, os.W_OK):
            return False
        available = next(line for line in Path("/proc/meminfo").read_text().splitlines() if "MemAvailable" in line)
    except (OSError, StopIteration):
        return False
    return min(shutil.disk_usage(folder).free, int(available.split()[1]) << 10) >= ROOM
