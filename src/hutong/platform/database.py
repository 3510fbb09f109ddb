"""The database: one schema per center, transactions opened at the edge, sets in and out.

A center may be given a database of its own later; callers only ever name the center.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier
from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url

from hutong.platform import embedded_postgres
from hutong.platform.errors import Unavailable
from hutong.platform.settings import settings

CENTERS = (
    "platform",
    "identity",
    "masterdata",
    "party",
    "catalog",
    "inventory",
    "ordering",
    "billing",
    "insight",
)
MINIMUM_VERSION = 180000

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def metadata_for(center: str) -> MetaData:
    """The table registry of a center: its schema, and predictable constraint names for migrations."""
    return MetaData(schema=center, naming_convention=NAMING)


def primary_url() -> URL:
    """Where live data is: the configured server, else the embedded one, started if need be."""
    if settings.database_url:
        url = make_url(settings.database_url)
        return url.set(drivername="postgresql+psycopg")
    return make_url(embedded_postgres.shared(settings.data_dir).ensure())


@lru_cache
def _engine(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # what people entered stays out of messages and logs (EC-17)
        connect_args={"application_name": "hutong", "options": "-c timezone=UTC"},
    )

    @event.listens_for(engine, "do_connect")
    def revive(dialect: Any, _record: Any, words: Any, parameters: Any) -> Any:
        try:
            return dialect.connect(*words, **parameters)
        except psycopg.OperationalError:
            if settings.database_url or not embedded_postgres.shared(settings.data_dir).revive():
                raise
            return dialect.connect(*words, **parameters)

    @event.listens_for(engine, "first_connect")
    def refuse_old_server(connection: Any, _record: Any) -> None:
        if connection.info.server_version < MINIMUM_VERSION:
            raise Unavailable("platform-database-too-old", found=str(connection.info.server_version // 10000))

    return engine


@lru_cache
def _urls() -> tuple[str, str]:
    primary = primary_url().render_as_string(hide_password=False)
    replica = settings.replica_url
    if replica:
        return primary, make_url(replica).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    return primary, primary


def engine() -> Engine:
    """The engine of live data."""
    return _engine(_urls()[0])


def forget() -> None:
    """Close all connections and read the settings anew (tests, and children after a fork)."""
    _urls.cache_clear()
    _engine.cache_clear()


def dispose() -> None:
    """Close this process's connections."""
    if _urls.cache_info().currsize:
        for url in set(_urls()):
            _engine(url).dispose()
    forget()


def _known(center: str) -> None:
    if center not in CENTERS:
        raise ValueError(f"no center {center}")


@contextmanager
def begin(center: str) -> Iterator[Connection]:
    """A transaction on a center's database; commits at the end of the block, rolls back on an exception."""
    _known(center)
    with engine().begin() as conn:
        yield conn


@contextmanager
def read(center: str) -> Iterator[Connection]:
    """A read-only transaction on a center's database, on the replica where one is configured."""
    with reading_engine(center).connect() as conn:
        yield conn.execution_options(postgresql_readonly=True)
        conn.rollback()


def reading_engine(center: str) -> Engine:
    """The engine of `read`."""
    _known(center)
    return _engine(_urls()[1])


def driver(conn: Connection) -> psycopg.Connection[Any]:
    """The psycopg connection beneath, within the same transaction: for COPY and pipelines."""
    return beneath(conn.connection.driver_connection)


def beneath(connection: object) -> psycopg.Connection[Any]:
    """A driver's connection as what it is."""
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("not a psycopg connection")
    return connection


def copy_rows(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Load rows by COPY within the transaction. `table` and `columns` come from code, never from users."""
    count = 0
    statement = SQL("COPY {} ({}) FROM STDIN").format(_qualified(table), _names(columns))
    with driver(conn).cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def copy_csv(conn: Connection, table: str, columns: Sequence[str], chunks: Iterable[bytes]) -> None:
    """Load CSV bytes (UTF-8, as DuckDB or Arrow writes it, no header) by COPY within the transaction."""
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(_qualified(table), _names(columns))
    with driver(conn).cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)


def _qualified(table: str) -> Identifier:
    return Identifier(*table.split("."))


def _names(columns: Sequence[str]) -> Composed:
    return SQL(", ").join(Identifier(column) for column in columns)
