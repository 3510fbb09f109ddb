"""Group commit: concurrent single requests are gathered into sets, and each caller gets its own answer.

A set goes out as soon as a writer is free: alone under light load, together under heavy load. So waiting adapts
by itself, and nobody waits for a timer.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Request, Answer]):
    """Gathers requests of one event loop for a set function, run in at most `writers` threads at a time.

    `most`: largest set. `gather_seconds`: under load, how long a set is held open for more members.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Request]], Sequence[Answer]],
        *,
        most: int = 200,
        writers: int = 2,
        gather_seconds: float = 0.005,
    ) -> None:
        self._work = work
        self._most = most
        self._gather_seconds = gather_seconds
        self._free = writers
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="group-commit")
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, request: Request) -> Answer:
        """The answer to one request. Raises what the set function raises when the whole set breaks for this member."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((request, answer))
        self._start()
        return await answer

    def _start(self) -> None:
        if self._free and self._waiting:
            self._free -= 1
            task = asyncio.get_running_loop().create_task(self._write())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if 1 < len(self._waiting) < self._most:
                    await asyncio.sleep(self._gather_seconds)
                taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                if not taken:  # the other writer took them while we waited for more
                    break
                results = await loop.run_in_executor(self._pool, self._all, [request for request, _ in taken])
                for (_, answer), result in zip(taken, results, strict=True):
                    if answer.cancelled():
                        continue
                    if isinstance(result, Exception):
                        answer.set_exception(result)
                    else:
                        answer.set_result(result)
        finally:
            self._free += 1

    def _all(self, requests: Sequence[Request]) -> list[Answer | Exception]:
        """The set's answers; if the set breaks, its halves': a bad member spoils no sibling."""
        try:
            return list(self._work(requests))
        except Exception as error:
            if len(requests) == 1:
                return [error]
        middle = len(requests) // 2
        return self._all(requests[:middle]) + self._all(requests[middle:])

    def close(self) -> None:
        """End the writers' threads."""
        self._pool.shutdown()
