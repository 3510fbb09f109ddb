"""EC-19: a new version takes over while work goes on: new processes start beside the old, which are asked to end
(SIGTERM) and finish what they have. No request fails, no job and no event is lost."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import text
from tests.crash.audit import unsettled
from tests.crash.installation import eventually, own_server
from tests.ports import free_ports

from hutong.cli.journey.preparation import prepare
from hutong.cli.journey.processes import child, wait_until_ready
from hutong.platform import database, jobs

CALLERS = 6
LEAVE_SECONDS = 300.0


@dataclass
class Callers:
    """Channels that find or create customers through whatever address serves now, as behind a load balancer."""

    key: str
    address: str
    answered: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self, place: int) -> None:
        """One after another until `stop`; each asked once."""
        headers = {"authorization": f"Bearer {self.key}", "connection": "close"}
        with httpx.Client(headers=headers, timeout=300, trust_env=False) as http:
            number = 0
            while not self.stop.is_set():
                number += 1
                key, address = f"{place}-{number}", self.address
                mobile = f"139{place:02}{number:06}"
                try:
                    asked = {"key": key, "kind": "person", "name": f"王{chr(0x4E00 + number % 5000)}", "mobile": mobile}
                    answer = http.post(
                        f"{address}/party/v1/parties", json=asked, extensions={"trace": partial(self.note, place)}
                    )
                    if answer.status_code == 201:
                        self.answered[key] = answer.json()["party_id"]
                    else:
                        self.wrong.append(f"{answer.status_code} {answer.text[:300]}")
                except httpx.TransportError as failure:
                    self.wrong.append(f"{address} {key}: {failure!r}")
                self.sent.discard(place)

    def note(self, place: int, step: str, _: object) -> None:
        """A request left this process whole."""
        if step == "http11.send_request_body.complete":
            self.sent.add(place)

    def all_sent(self) -> bool:
        """Whether each waits for an answer."""
        return len(self.sent) == CALLERS

    def more(self, count: int) -> None:
        """Until so many more were answered."""
        wanted = len(self.answered) + count
        eventually(lambda: len(self.answered) >= wanted or bool(self.wrong), lambda: f"{len(self.answered)} answered")


@contextmanager
def calling(key: str, address: str) -> Iterator[Callers]:
    """Callers at work."""
    made = Callers(key, address)
    threads = [threading.Thread(target=made.call, args=(place,), daemon=True) for place in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.stop.set()
        for thread in threads:
            thread.join()


def unread(port: int) -> int:
    """Connections the server on a port has not taken up, or whose bytes it has not read: nobody would answer these."""
    wanted, count = f":{port:04X}", 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, _, queues, *_ = line.split()
        count += local.endswith(wanted) and int(queues.partition(":")[2], 16) > 0
    return count


def asked_to_end(process: "subprocess.Popen[bytes]") -> int:
    """SIGTERM; the status it ended with by itself."""
    process.terminate()
    return process.wait(LEAVE_SECONDS)


def state_of(job_ids: list[int]) -> Callable[[], dict[int, str]]:
    """States of jobs that are not done."""
    return lambda: {job: found for job in job_ids if (found := jobs.get(job).state) != "done"}


def ends_of(logs: Path) -> str:
    """The ends of all logs."""
    return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs.iterdir())


def env_of(folder: Path) -> dict[str, str]:
    """Of a process on this data folder."""
    inherited = {name: value for name, value in os.environ.items() if name != "HUTONG_DATABASE_URL"}
    return {**inherited, "HUTONG_DATA_DIR": str(folder), "HUTONG_LOG_LEVEL": "WARNING"}


@pytest.mark.crash
def test_processes_are_replaced_while_work_goes_on() -> None:
    """EC-19: the server, then the worker, each by a new one beside it.

    The server is asked to end while it has a request of every caller and can answer none; what was sent to it and not
    taken up is the load balancer's to send elsewhere.
    """
    with own_server() as folder, ExitStack() as stack:
        key = prepare(datetime(2026, 1, 1, tzinfo=UTC)).keys["counter"]
        logs, env = folder / "logs", env_of(folder)
        logs.mkdir()

        def server(name: str, port: int) -> "tuple[subprocess.Popen[bytes], str]":
            made = stack.enter_context(child(name, ["serve", "--port", str(port), "--workers", "1"], logs, env))
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", made, logs / f"{name}.log")
            return made, f"http://127.0.0.1:{port}"

        first, second = free_ports(2)
        old_server, old_address = server("server-old", first)
        old_worker = stack.enter_context(child("worker-old", ["worker"], logs, env))
        queued: list[int] = []
        with calling(key, old_address) as callers:
            callers.more(50)
            _, new_address = server("server-new", second)
            with database.begin("party") as conn:
                conn.execute(text("LOCK TABLE party.source_record IN SHARE MODE"))
                eventually(callers.all_sent, lambda: f"{callers.sent} sent")
                callers.address = new_address
                eventually(lambda: callers.all_sent() and not unread(first), lambda: f"{callers.sent}, {unread(first)}")
                old_server.terminate()
            assert asked_to_end(old_server) == 0
            callers.more(50)
            queued += [jobs.start("insight.measure") for _ in range(6)]
            eventually(lambda: any(jobs.get(job).started_at for job in queued), lambda: "no job began")
            stack.enter_context(child("worker-new", ["worker"], logs, env))
            queued += [jobs.start("insight.measure") for _ in range(2)]
            assert asked_to_end(old_worker) == 0
            callers.more(50)
        assert callers.wrong == []
        assert len(set(callers.answered.values())) == len(callers.answered)
        left = state_of(queued)
        eventually(lambda: not left(), lambda: f"{left()}\n{ends_of(logs)}")
        eventually(lambda: not unsettled(), lambda: "\n".join(unsettled()[:20]))
        with database.read("party") as conn:
            kept = set(conn.execute(text("SELECT id FROM party.party WHERE state = 'active'")).scalars())
        assert set(callers.answered.values()) <= kept
