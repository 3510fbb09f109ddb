"""Orders accepted a second through TMF622 over HTTP: server processes of their own, authenticated, validated, durable.

./dev bench api_orders [ORDERS] [serve's options: --workers 2 where nothing is said]

Closed loop over 256 kept-open connections, then 1,000 a second whatever the answers take. The load generator is a
process of its own on the same machine and costs its share. Each part's processor time for an order is told, and what
their sum allows on two cores that do nothing else. At the end the orders are counted in the database.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil
from sqlalchemy import text

from bench.http_load import Generator, Run
from bench.ordering_shop import open_shop
from hutong.identity import clients
from hutong.platform import database

CONNECTIONS = 256
RATE = 1000
CORES = 2
WARM = 1000
PATH = "/tmf-api/productOrderingManagement/v4/productOrder"


def request(key: str, customer: int, account: int, number: int) -> bytes:
    """One order as bytes on the wire."""
    body = json.dumps(
        {
            "externalId": f"bench-{number}",
            "relatedParty": [{"id": str(customer), "role": "customer", "@referredType": "Customer"}],
            "billingAccount": {"id": str(account)},
            "productOrderItem": [
                {
                    "id": "1",
                    "action": "add",
                    "productOffering": {"id": "MOBILE-5G"},
                    "product": {"productCharacteristic": [{"name": "tier", "value": "59"}]},
                }
            ],
        }
    ).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Used(NamedTuple):
    """Processor seconds used so far by the server's processes and by the database's."""

    server: float
    database: float


def processor_seconds(process: int) -> float:
    """What a process, its children and those of them that ended have used of the processors."""
    top = psutil.Process(process)
    total = sum(top.cpu_times()[:4])
    return total + sum(one.cpu_times().user + one.cpu_times().system for one in top.children(recursive=True))


def postmaster() -> int:
    """The database server's process, where it is on this machine."""
    with database.read("platform") as conn:
        return psutil.Process(conn.scalar(text("SELECT pg_backend_pid()"))).ppid()


def report(name: str, run: Run, before: Used, after: Used) -> None:
    """Print a run's figures."""
    orders = len(run.took)
    server, base = ((later - earlier) / orders * 1e6 for earlier, later in zip(before, after, strict=True))
    generator = run.processor / orders * 1e6
    total = server + base + generator
    print(f"{name}: {orders / run.seconds:,.0f} orders/s", end="")
    shares = "".join(f"  p{share} {run.took[orders * share // 100] * 1e3:.1f} ms" for share in (50, 95, 99))
    print(f"{shares}  max {run.took[-1] * 1e3:.1f} ms")
    print(f"  processor µs an order: server {server:.0f} + database {base:.0f} + generator {generator:.0f}", end="")
    print(f" = {total:.0f}; {CORES} cores allow {CORES * 1e6 / total:,.0f} orders/s", flush=True)


def measure(server: int, port: int, contents: Sequence[bytes]) -> None:
    """Warm up, closed loop, open loop."""
    engine = postmaster()

    def used() -> Used:
        return Used(processor_seconds(server), processor_seconds(engine))

    generator = Generator()
    generator.run(port, CONNECTIONS, contents[:WARM])
    rest = contents[WARM:]
    half = len(rest) * 2 // 3
    for name, part, rate in (
        (f"closed loop, {CONNECTIONS} connections", rest[:half], None),
        (f"open loop, {RATE}/s", rest[half:], RATE),
    ):
        before = used()
        run = generator.run(port, CONNECTIONS, part, rate)
        report(name, run, before, used())
    generator.close()


def verify(count: int) -> None:
    """Each answer was an order in the book, once, with its item, its place in the queue and its event."""
    with database.read("ordering") as conn:
        rows = conn.execute(
            text("""
                SELECT (SELECT count(*) FROM ordering.customer_order o JOIN ordering.intake_key k ON k.order_id = o.id
                        WHERE o.external_id LIKE 'bench-%') AS orders,
                       (SELECT count(*) FROM ordering.order_item) AS items,
                       (SELECT count(*) FROM ordering.ready WHERE lane = 'plan') AS queued,
                       (SELECT count(*) FROM ordering.outbox) AS events""")
        ).one()
        durable = conn.scalar(text("SELECT current_setting('fsync') || current_setting('synchronous_commit')"))
    if tuple(rows) != (count,) * 4 or durable != "onon":
        raise ValueError(f"{count} accepted, but found {rows}, {durable}")
    print(f"found in the database: {count:,} orders, each with item, queue entry and event")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens on a port."""
    for _ in range(900):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


def main(count: int, options: Sequence[str]) -> None:
    """Open a shop, start a server, measure."""
    shop = open_shop(max(2000, count // 4), 10)
    with database.begin("identity") as conn:
        key = clients.register(conn, code="bench", name="bench", rights=["ordering.write"], per_second=1_000_000)
    database.dispose()
    port = free_port()
    hutong = [sys.executable, "-c", "from hutong.cli.main import app; app()"]
    server = subprocess.Popen([*hutong, "serve", "--port", str(port), *options])
    try:
        wait_for(port)
        contents = [request(key, *shop[number % len(shop)], number) for number in range(count)]
        measure(server.pid, port, contents)
        verify(count)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 13_000, sys.argv[2:] or ["--workers", str(CORES)])
