"""PostgreSQL's settings for the machine it runs on."""

import os
from pathlib import Path

MB = 1 << 20
GB = 1 << 30


def memory() -> int:
    """Bytes of memory this process may count on: the machine's, or its container's if less."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(name).read_text()))
        except (OSError, ValueError):
            continue
    return min(limits)


def shared_memory() -> int:
    """Bytes of /dev/shm, small in many containers; 0 where there is none."""
    try:
        mount = os.statvfs("/dev/shm")  # noqa: S108 - only its size
    except OSError:
        return 0
    return mount.f_frsize * mount.f_blocks


def settings(*, ram: int, shm: int, durable: bool) -> dict[str, str]:
    """Settings by name. The machine is shared with the application, so the server takes less than the usual quarter.

    `durable=False` is for tests: a crash of the machine (not of the server) may then lose the data.
    """
    chosen = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": _megabytes(ram // 6, 128 * MB, 8 * GB),
        "effective_cache_size": _megabytes(ram // 2, 256 * MB, 512 * GB),
        "work_mem": _megabytes(ram // 500, 8 * MB, 64 * MB),
        "maintenance_work_mem": _megabytes(ram // 16, 64 * MB, 2 * GB),
        "dynamic_shared_memory_type": "posix" if shm >= GB else "mmap",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.05",
        "autovacuum_naptime": "15s",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "ISO, YMD",
        "lc_messages": "C",
        "log_line_prefix": "%m [%p] %a ",
        "log_checkpoints": "off",
        "log_lock_waits": "on",
    }
    if not durable:
        chosen |= {"fsync": "off", "full_page_writes": "off", "max_wal_size": "512MB", "min_wal_size": "80MB"}
        chosen |= {"shared_buffers": "256MB" if ram >= 2 * GB else "128MB"}
    return chosen


def _megabytes(value: int, least: int, most: int) -> str:
    return f"{min(max(value, least), most) // MB}MB"


def as_file(chosen: dict[str, str]) -> str:
    """The settings as a PostgreSQL configuration file."""
    return "".join(f"{name} = '{value}'\n" for name, value in chosen.items())
