"""One statement that is asked over and over, without what a transaction from the pool costs beside it.

Asking whether a connection is alive, beginning, describing the rows anew and ending cost several times what an indexed
read does (docs/measurements/realtime.md), and planning a long statement more than running it. Here connections are kept
for such statements, which are prepared and planned once on each; a connection that turns out to be gone is made anew,
which is harmless for a read.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from hutong.platform import database

Connection = psycopg.Connection[tuple[Any, ...]]
_idle: list[tuple[Engine, Connection]] = []


class QuickRead:
    """A read of a center, on the replica where one is configured; sees what is committed when it begins.

    `statement` has `$1`, `$2` for its parameters. Threads that ask at the same time have a connection each.
    """

    def __init__(self, center: str, statement: str) -> None:
        self._center = center
        self._statement = statement

    def rows(self, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows. Raises SQLAlchemy's OperationalError, as other reads do, when the database does not answer."""
        engine = database.reading_engine(self._center)
        try:
            while (connection := _kept(engine)) is not None:
                with suppress(psycopg.Error):  # the server was restarted, a migration changed a table: a new one may do
                    return self._asked(engine, connection, parameters)
            return self._asked(engine, _connected(engine), parameters)
        except psycopg.OperationalError as error:
            raise OperationalError(self._statement, None, error) from error

    def _asked(self, engine: Engine, connection: Connection, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            found = psycopg.RawCursor(connection).execute(self._statement.encode(), parameters, prepare=True).fetchall()
        except BaseException:
            connection.close()
            raise
        _idle.append((engine, connection))
        return found


def _kept(engine: Engine) -> Connection | None:
    while _idle:
        with suppress(IndexError):  # another thread was quicker
            kept, connection = _idle.pop()
            if kept is engine and not connection.closed:
                return connection
            connection.close()
    return None


def _connected(engine: Engine) -> Connection:
    """A connection out of the pool's hands, that plans a statement once whatever it is asked with."""
    pooled = engine.raw_connection()
    connection = database.beneath(pooled.driver_connection)
    pooled.detach()
    connection.autocommit = True
    connection.execute("SET default_transaction_read_only = on")
    connection.execute("SET plan_cache_mode = force_generic_plan")
    if not event.contains(engine, "engine_disposed", _forget):
        event.listen(engine, "engine_disposed", _forget)
    return connection


def _forget(_engine: Engine) -> None:
    while _idle:
        with suppress(IndexError):
            _idle.pop()[1].close()
