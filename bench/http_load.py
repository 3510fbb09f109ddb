"""(part of the measurements over HTTP) A load generator: one thread, epoll, prepared bytes, kept connections.

Runs in a process of its own (`run`), so that its processor time is known and its pauses are not the server's.
An answer counts when it is complete and says 200 or 201; any other ends the measurement.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

Connections = dict[int, socket.socket]


class Run(NamedTuple):
    """One run: seconds it took, seconds each answer took (sorted), processor seconds the generator used."""

    seconds: float
    took: list[float]
    processor: float


class _Exchange:
    """Sends requests over free connections and reads answers; `due`: when a connection's request was to be sent."""

    def __init__(self, port: int, connections: int) -> None:
        opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        self.sockets: Connections = {one.fileno(): one for one in opened}
        self.free = deque(self.sockets)
        self.due: dict[int, float] = {}
        self.took: list[float] = []
        self.poll = select.epoll()
        for one in opened:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.poll.register(one.fileno(), select.EPOLLIN)

    def send(self, content: bytes, due: float) -> None:
        """Send one request over a free connection."""
        connection = self.free.popleft()
        self.due[connection] = due
        self.sockets[connection].sendall(content)

    def receive(self, wait: float) -> None:
        """Take the answers that are there, or come within `wait` seconds (-1: until one comes)."""
        for connection, _ in self.poll.poll(wait):
            self._complete(self.sockets[connection])
            self.took.append(time.perf_counter() - self.due.pop(connection))
            self.free.append(connection)

    @staticmethod
    def _complete(connection: socket.socket) -> None:
        answer = connection.recv(65536)
        while not (end := answer.find(b"\r\n\r\n") + 4) > 3:
            answer += _more(connection)
        length = int(answer[:end].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(answer) < end + length:
            answer += _more(connection)
        if not answer.startswith(b"HTTP/1.1 20"):
            raise ValueError(answer)

    def close(self) -> None:
        """Close the connections."""
        self.poll.close()
        for one in self.sockets.values():
            one.close()


def _more(connection: socket.socket) -> bytes:
    if more := connection.recv(65536):
        return more
    raise ConnectionError("closed in the middle of an answer")


def closed(exchange: _Exchange, contents: Sequence[bytes]) -> None:
    """Each connection sends its next request when it has its answer."""
    waiting = iter(contents)
    sent = 0
    while len(exchange.took) < len(contents):
        while exchange.free and sent < len(contents):
            exchange.send(next(waiting), time.perf_counter())
            sent += 1
        exchange.receive(-1)


def opened(exchange: _Exchange, contents: Sequence[bytes], rate: float) -> None:
    """So many a second, whatever the answers take; late because no connection is free counts as waiting."""
    began = time.perf_counter()
    sent = 0
    while len(exchange.took) < len(contents):
        due = min(int((time.perf_counter() - began) * rate) + 1, len(contents))
        while exchange.free and sent < due:
            exchange.send(contents[sent], began + sent / rate)
            sent += 1
        following = began + sent / rate - time.perf_counter()
        exchange.receive(max(following, 0) if exchange.free and sent < len(contents) else -1)


def _run(port: int, connections: int, contents: Sequence[bytes], rate: float | None) -> Run:
    exchange = _Exchange(port, connections)
    began, processor = time.perf_counter(), time.process_time()
    if rate is None:
        closed(exchange, contents)
    else:
        opened(exchange, contents, rate)
    run = Run(time.perf_counter() - began, sorted(exchange.took), time.process_time() - processor)
    exchange.close()
    return run


class Generator:
    """The generator's process."""

    def __init__(self) -> None:
        self._process = ProcessPoolExecutor(1, mp_context=get_context("spawn"))

    def run(self, port: int, connections: int, contents: Sequence[bytes], rate: float | None = None) -> Run:
        """Send all contents: closed loop, or open loop at `rate` a second."""
        return self._process.submit(_run, port, connections, contents, rate).result()

    def close(self) -> None:
        """End the process."""
        self._process.shutdown()
