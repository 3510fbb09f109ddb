"""The processes of an installation on one machine: server, workers, simulated peers; started, watched, stopped."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2 as httpx

from hutong.platform.errors import Unavailable

PATIENCE_SECONDS = 300.0
LEAVE_SECONDS = 20.0


class NotStarted(Unavailable):
    """A process ended, or did not answer in time; the message ends with its log."""


@contextmanager
def child(
    name: str, arguments: Sequence[str], log_dir: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """`hutong ARGUMENTS` as a process of its own, its output in `<log_dir>/<name>.log`; ended with the block."""
    with (log_dir / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "hutong.cli.main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(env),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end; make it end if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the process answers 200 at the address. Raises NotStarted."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with httpx.Client(timeout=2, trust_env=False) as http:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if http.get(url).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    command = " ".join(map(str, process.args[3:] if isinstance(process.args, list) else []))
    raise NotStarted("journey-not-started", command=command, log=str(log), tail=tail)


@contextmanager
def installation(
    *, port: int, peers_port: int, log_dir: Path, env: Mapping[str, str], workers: int = 1
) -> Iterator[str]:
    """Server, workers and simulated peers, all ready; gives the server's address."""
    log_dir.mkdir(parents=True, exist_ok=True)
    address, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers_port}"
    surroundings = {
        **env,
        "HUTONG_PUBLIC_URL": address,
        "HUTONG_NETWORK_URL": f"{peers}/network",
        "HUTONG_PAYMENT_URL": f"{peers}/payment",
        "HUTONG_SMS_URL": f"{peers}/sms",
    }
    with ExitStack() as stack:
        server = stack.enter_context(child("server", ["serve", "--port", str(port)], log_dir, surroundings))
        simulated = stack.enter_context(child("peers", ["peers", "--port", str(peers_port)], log_dir, surroundings))
        for number in range(workers):
            stack.enter_context(child(f"worker-{number}", ["worker"], log_dir, surroundings))
        wait_until_ready(f"{address}/readyz", server, log_dir / "server.log")
        wait_until_ready(f"{peers}/healthz", simulated, log_dir / "peers.log")
        yield address
