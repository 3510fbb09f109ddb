"""Group commit for threads: single requests that are there at the same time are answered by one call for a set.

Who finds the writer free takes all who wait, itself among them; the others find their answers when it is done. So sets
are as large as the load makes them, and nobody waits for a timer.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class _Asked(Generic[Request, Answer]):
    __slots__ = ("answer", "request", "taken")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.answer: tuple[Answer | None, Exception | None] | None = None
        self.taken = False


class Gathering(Generic[Request, Answer]):
    """Gathers requests of this process's threads for a set function. `most`: largest set; `writers`: sets at a time."""

    def __init__(self, work: Callable[[Sequence[Request]], Sequence[Answer]], *, most: int, writers: int = 2) -> None:
        self._work = work
        self._most = most
        self._free = writers
        self._changed = threading.Condition()
        self._waiting: list[_Asked[Request, Answer]] = []

    def submit(self, request: Request) -> Answer:
        """The answer to one request. Raises what the set function raises when it breaks for this member alone."""
        own: _Asked[Request, Answer] = _Asked(request)
        with self._changed:
            self._waiting.append(own)
        while (taken := self._take(own)) is not None:
            try:
                answers = self._all([asked.request for asked in taken])
            finally:
                with self._changed:
                    self._free += 1
                    self._changed.notify_all()
            with self._changed:
                for asked, answer in zip(taken, answers, strict=True):
                    asked.answer = answer
                self._changed.notify_all()
        given, error = own.answer or (None, None)
        if error:
            raise error
        return given  # type: ignore[return-value]  # an answer or an error, by construction

    def _take(self, own: _Asked[Request, Answer]) -> list[_Asked[Request, Answer]] | None:
        """The next set, once a writer is free and `own` still waits; None when its answer is there."""
        with self._changed:
            while own.answer is None and (own.taken or not self._free):
                self._changed.wait()
            if own.answer is not None:
                return None
            self._free -= 1
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            for asked in taken:
                asked.taken = True
            return taken

    def _all(self, requests: Sequence[Request]) -> list[tuple[Answer | None, Exception | None]]:
        """The set's answers; if the set breaks, its halves': a bad member spoils no sibling."""
        try:
            return [(answer, None) for answer in self._work(requests)]
        except Exception as error:
            if len(requests) == 1:
                return [(None, error)]
        middle = len(requests) // 2
        return self._all(requests[:middle]) + self._all(requests[middle:])
