"""Orders accepted a second through TMF622 over HTTP: a server process of its own, authenticated, validated, durable.

./dev bench api_orders [ORDERS]

Closed loop over 64 kept-open connections, then 1,000 a second whatever the answers take. The load generator is this
process, on the same machine, and costs its share.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import psutil

from bench.ordering_shop import open_shop
from hutong.identity import clients
from hutong.platform import database

CONNECTIONS = 64
RATE = 1000
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


class Connection:
    """A kept-open connection that sends one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, content: bytes) -> None:
        """Send, and wait for 201."""
        self.writer.write(content)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await self.reader.readexactly(length)
        assert head.startswith(b"HTTP/1.1 201"), (head, body)


async def closed(connections: Sequence[Connection], contents: Sequence[bytes]) -> float:
    """Seconds until all are answered."""
    waiting = iter(contents)

    async def caller(connection: Connection) -> None:
        for content in waiting:
            await connection.ask(content)

    began = time.perf_counter()
    await asyncio.gather(*(caller(connection) for connection in connections))
    return time.perf_counter() - began


async def opened(connections: Sequence[Connection], contents: Sequence[bytes]) -> list[float]:
    """Seconds from the instant each was due to its answer."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    took: list[float] = []
    began = time.perf_counter()

    async def one(due: float, content: bytes) -> None:
        connection = await free.get()
        await connection.ask(content)
        free.put_nowait(connection)
        took.append(time.perf_counter() - due)

    tasks = []
    for number, content in enumerate(contents):
        due = began + number / RATE
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        tasks.append(asyncio.create_task(one(due, content)))
    await asyncio.gather(*tasks)
    return sorted(took)


async def measure(port: int, contents: Sequence[bytes]) -> None:
    """Print the figures."""
    connections = [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    warm, rest = contents[:500], contents[500:]
    await closed(connections, warm)
    half = len(rest) * 2 // 3
    seconds = await closed(connections, rest[:half])
    print(f"closed loop, {CONNECTIONS} connections  {half / seconds:10,.0f} orders/s")
    took = await opened(connections, rest[half:])
    print(f"open loop, {RATE}/s          p50 {took[len(took) // 2] * 1000:.1f} ms", end="")
    print(f"  p99 {took[int(len(took) * 0.99)] * 1000:.1f} ms  max {took[-1] * 1000:.1f} ms")


def processor_seconds(process: int) -> float:
    """What a process and its children have used of the processors."""
    top = psutil.Process(process)
    times = [one.cpu_times() for one in (top, *top.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def main(count: int) -> None:
    """Open a shop, start a server, measure."""
    shop = open_shop(max(2000, count // 4), 10)
    with database.begin("identity") as conn:
        key = clients.register(conn, code="bench", name="bench", rights=["ordering.write"], per_second=1_000_000)
    database.dispose()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hutong = [sys.executable, "-c", "from hutong.cli.main import app; app()"]
    server = subprocess.Popen([*hutong, "serve", "--port", str(port)])
    try:
        for _ in range(900):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        contents = [request(key, *shop[number % len(shop)], number) for number in range(count)]
        before = processor_seconds(server.pid)
        asyncio.run(measure(port, contents))
        print(
            f"server processor time       {(processor_seconds(server.pid) - before) / count * 1e6:10,.0f} µs an order"
        )
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12_000)
