"""Writing the access log (EC-17): what a request showed is one statement and one commit, made before its answer begins.

Elsewhere (jobs, commands, answers that have begun) each read is written at once. Either way nobody is shown anything
that the log does not know: a request that fails after it has read is in the log all the same.
"""

import threading
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import msgspec
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text

from hutong.platform import database
from hutong.platform.asgi import Asgi, Message, Receive, Send

Entry = dict[str, Any]


class Gathered:
    """What a request has shown so far; closed when its answer begins."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._open = True
        self._guard = threading.Lock()

    def take(self, entry: Entry) -> bool:
        """Keep an entry until the answer; False once that has begun."""
        with self._guard:
            if self._open:
                self.entries.append(entry)
            return self._open

    def close(self) -> list[Entry]:
        """Nothing more is kept; gives what is to be written, once."""
        with self._guard:
            self._open = False
            given, self.entries = self.entries, []
            return given


_gathered: ContextVar[Gathered | None] = ContextVar("reads of this request", default=None)


def note(entry: Entry) -> None:
    """Write an entry: with its request's others, or at once in a transaction of its own."""
    gathered = _gathered.get()
    if gathered is None or not gathered.take(entry):
        _write([entry])


_WRITE = text("""
    INSERT INTO identity.sensitive_read (actor, entity, entity_ids, kinds, fields, reason)
    SELECT actor, entity, entity_ids, kinds, fields, reason FROM json_to_recordset(CAST(:entries AS json)) AS e (
        actor text, entity text, entity_ids bigint[], kinds text[], fields text[], reason text)""")


def _write(entries: Sequence[Entry]) -> None:
    with database.begin("identity") as conn:
        conn.execute(_WRITE, {"entries": msgspec.json.encode(entries).decode()})


class LoggedReads:
    """ASGI middleware: the access log of a request is written before the first byte of its answer."""

    def __init__(self, app: Asgi) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on; write what it showed before its answer begins, or when it failed without one."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        gathered = Gathered()

        async def after_writing(message: Message) -> None:
            if message["type"] == "http.response.start":
                await _settle(gathered)
            await send(message)

        token = _gathered.set(gathered)
        try:
            await self.app(scope, receive, after_writing)
        finally:
            _gathered.reset(token)
            await _settle(gathered)


async def _settle(gathered: Gathered) -> None:
    if entries := gathered.close():
        await run_in_threadpool(_write, entries)
