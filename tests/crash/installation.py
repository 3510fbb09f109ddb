"""An installation of its own that can be killed piece by piece: two servers, two workers, peers, PostgreSQL."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from tests.ports import free_ports

from hutong.identity import clients
from hutong.platform import database
from hutong.platform.embedded_postgres import EmbeddedPostgres, shared
from hutong.platform.postgres.cluster import Cluster, home_of, locate
from hutong.platform.settings import settings

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300.0
KEEPER = "hutong.platform.postgres.keeper"
SERVERS = 2
WORKERS = 2


@dataclass
class Installation:
    """What runs, and how to kill it. `ended`: programs that ended by themselves, with their status."""

    folder: Path
    cluster: Cluster
    urls: list[str]
    process: subprocess.Popen[str] | None = None
    pids: dict[str, int] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)

    @property
    def peers_book(self) -> Path:
        """What the simulated peers did."""
        return self.folder / "peers.sqlite"

    def listen(self) -> None:
        """Follow what the supervisor says."""
        assert self.process and self.process.stdout
        for line in self.process.stdout:
            name, word, *status = line.split()
            if word == "ended":
                self.ended[f"{name.rstrip('-0123456789')} with status {status[0]}"] += 1
            else:
                self.pids[name] = int(word)

    def kill(self, target: str) -> bool:
        """kill -9; whether there was something to kill."""
        find: dict[str, Callable[[], int | None]] = {"postgres": self._postmaster, "keeper": self._keeper}
        pid = find.get(target, lambda: self.pids.get(target))()
        if pid is None or not psutil.pid_exists(pid):
            return False
        with suppress(ProcessLookupError):
            if target in find:
                os.kill(pid, signal.SIGKILL)
            else:
                os.killpg(pid, signal.SIGKILL)
            self.kills[target.rstrip("-0123456789")] += 1
            return True
        return False

    def _postmaster(self) -> int | None:
        try:
            pid = int((self.cluster.folder / "postmaster.pid").read_text().split("\n", 1)[0])
            return pid if "postgres" in psutil.Process(pid).name() else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _keeper(self) -> int | None:
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if KEEPER in words and str(self.folder) in words[-1]:
                return int(process.pid)
        return None

    def logs(self, lines: int = 15) -> str:
        """The ends of all logs."""
        parts = []
        for log in (*sorted(self.folder.glob("logs/*.log")), *self.folder.glob("postgres/postgres.log")):
            end = log.read_text(errors="replace").splitlines()[-lines:]
            parts.append("\n".join([f"--- {log.name}", *end]))
        return "\n".join(parts)


@contextmanager
def own_server() -> Iterator[Path]:
    """A data folder with an embedded server that can be killed; this process's settings point at it."""
    folder = Path(tempfile.mkdtemp(prefix="hutong-crash-"))
    folder.chmod(0o755)
    before = settings.database_url, settings.data_dir
    server = EmbeddedPostgres(folder, durable=False)
    server.acquire()
    database.dispose()
    settings.database_url, settings.data_dir = None, folder
    clients.forget()
    try:
        yield folder
    finally:
        database.dispose()
        shared(folder).release()
        settings.database_url, settings.data_dir = before
        clients.forget()
        place = locate(home_of(folder)).folder.parent
        server.release()
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(folder: Path) -> Iterator[Installation]:
    """Servers, workers and peers on a data folder, each started anew whenever it dies."""
    *ports, peers_port = free_ports(SERVERS + 1)
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    peers = f"http://127.0.0.1:{peers_port}"
    programs = {f"api-{place}": ["serve", "--port", str(port), "--workers", "1"] for place, port in enumerate(ports)}
    programs |= {f"worker-{place}": ["worker"] for place in range(WORKERS)}
    programs["peers"] = ["peers", "--port", str(peers_port)]
    here = {
        "HUTONG_PUBLIC_URL": urls[0],
        "HUTONG_NETWORK_URL": f"{peers}/network",
        "HUTONG_PAYMENT_URL": f"{peers}/payment",
        "HUTONG_SMS_URL": f"{peers}/sms",
    }
    with supervised(folder, programs, here) as made:
        made.urls = [*urls, peers]
        yield made


@contextmanager
def supervised(folder: Path, programs: Mapping[str, Sequence[str]], here: Mapping[str, str]) -> Iterator[Installation]:
    """Programs on a data folder, each started anew whenever it ends, as `tests.crash.supervisor` says."""
    env = {name: value for name, value in os.environ.items() if name != "HUTONG_DATABASE_URL"} | here
    (folder / "logs").mkdir(exist_ok=True)
    made = Installation(folder, locate(home_of(folder)), [])
    made.process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.supervisor", str(folder / "logs"), json.dumps(programs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"HUTONG_LOG_LEVEL": "WARNING", **env, "HUTONG_DATA_DIR": str(folder)},
        cwd=ROOT,
    )
    listener = threading.Thread(target=made.listen, daemon=True)
    listener.start()
    try:
        yield made
    finally:
        assert made.process.stdin and made.process.stdout
        made.process.stdin.close()
        made.process.wait(PATIENCE_SECONDS)
        listener.join(10)
        made.process.stdout.close()


def eventually(met: Callable[[], bool], what: Callable[[], str], patience: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition. Raises TimeoutError with what was missing."""
    deadline = time.monotonic() + patience
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(what())
        time.sleep(0.1)
