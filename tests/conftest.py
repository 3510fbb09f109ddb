"""What every test may use: a real PostgreSQL, and in it a database of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import URL, make_url

from hutong.identity import clients
from hutong.platform import database as live
from hutong.platform import migrations
from hutong.platform.embedded_postgres import running
from hutong.platform.settings import settings

SERVER_DIR = Path(tempfile.gettempdir()) / f"hutong-tests-{os.geteuid()}"
_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[URL]:
    """One embedded server for all test processes; not durable, since only a machine crash would show it."""
    with running(SERVER_DIR, durable=False) as url:
        yield make_url(url)


@pytest.fixture(scope="session")
def template(server: URL) -> Iterator[str]:
    """A migrated database that each test's own is copied from."""
    name = f"test_{os.getpid()}_template"
    _drop_abandoned(server)
    _admin(server, SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
    _admin(server, SQL("CREATE DATABASE {}").format(Identifier(name)))
    with _using(server.set(database=name), SERVER_DIR):
        migrations.upgrade_all()
    yield name
    _admin(server, SQL("DROP DATABASE {}").format(Identifier(name)))


@contextmanager
def _fresh(server: URL, template: str) -> Iterator[URL]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    copy = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    _admin(server, copy.format(Identifier(name), Identifier(template)))
    url = server.set(database=name)
    with tempfile.TemporaryDirectory(prefix="hutong-") as folder, _using(url, Path(folder)):
        yield url
    _admin(server, SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def database(server: URL, template: str) -> Iterator[URL]:
    """A freshly migrated database of the test's own; the settings point at it. Gives its URL."""
    with _fresh(server, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(server: URL, template: str) -> Iterator[URL]:
    """Like `database`, shared by the tests of a file whose setting up is long."""
    with _fresh(server, template) as url:
        yield url


@contextmanager
def _using(url: URL, folder: Path) -> Iterator[None]:
    """Point this process, and children started within, at a database and a data folder."""
    before = settings.database_url, settings.data_dir
    live.dispose()
    settings.database_url, settings.data_dir = url.render_as_string(hide_password=False), folder
    os.environ |= {"HUTONG_DATABASE_URL": settings.database_url, "HUTONG_DATA_DIR": str(folder)}
    clients.forget()
    try:
        yield
    finally:
        live.dispose()
        settings.database_url, settings.data_dir = before
        for name in ("HUTONG_DATABASE_URL", "HUTONG_DATA_DIR"):
            os.environ.pop(name, None)


def _admin(server: URL, statement: SQL | psycopg.sql.Composed) -> None:
    url = server.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statement)


def _drop_abandoned(server: URL) -> None:
    """Databases of test processes that were killed."""
    url = server.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as conn:
        names = [row[0] for row in conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'")]
        for name in names:
            process = int(name.split("_")[1])
            if not Path(f"/proc/{process}").exists():
                conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
