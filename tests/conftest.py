"""What every test may use: a real PostgreSQL, and in it a database of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
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
def template(server: URL) -> str:
    """A migrated database that each test's own is copied from: made once for all processes and runs of a day, as long
    as what it is made from stays the same."""
    today = datetime.now(UTC).date()
    name = f"template_{today:%Y%m%d}_{_made_from()}"
    building = f"{name}_building"
    with _admin_connection(server) as conn:
        _drop_abandoned(conn, f"template_{today - timedelta(days=1):%Y%m%d}")
        conn.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if conn.execute("SELECT true FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(building)))
            conn.execute(SQL("CREATE DATABASE {}").format(Identifier(building)))
            with _using(server.set(database=building), SERVER_DIR):
                migrations.upgrade_all()
            conn.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(building), Identifier(name)))
    return name


def _made_from() -> str:
    """A hash of all that makes the tables: every Python file of a center that is about tables, views, migrations."""
    package = Path(live.__file__).parents[1]
    kept = [*package.glob("*/tables.py"), *package.glob("*/tables/*.py"), *package.glob("*/migrations/**/*.py"),
            *package.glob("platform/**/*.py"), *package.glob("party/columns.py")]  # fmt: skip
    return sha256(b"".join(path.read_bytes() for path in sorted(kept))).hexdigest()[:16]


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


def _admin_connection(server: URL) -> psycopg.Connection:
    url = server.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True)


def _admin(server: URL, statement: SQL | psycopg.sql.Composed) -> None:
    with _admin_connection(server) as conn:
        conn.execute(statement)


def _drop_abandoned(conn: psycopg.Connection, oldest_template: str) -> None:
    """Databases of test processes that were killed, and templates of earlier days."""
    query = r"SELECT datname FROM pg_database WHERE datname ~ '^(test|template)_\d'"
    for (name,) in conn.execute(query).fetchall():
        left = (
            name < oldest_template if name.startswith("template") else not Path(f"/proc/{name.split('_')[1]}").exists()
        )
        if left:
            conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


LONGEST = ("tests/crash/", "tests/journeys/", "tests/billing/pricing/test_kernel_against_reference.py", "tests/web/",
           "tests/platform/test_embedded_postgres.py", "tests/party/stewardship/", "tests/party/resolution/",
           "tests/platform/cel/test_agreement.py", "tests/billing/test_rating.py", "tests/cli/")  # fmt: skip
"""Files that take long, longest first: begun first (`--no-loadscope-reorder`), so that no process waits for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, the rest as they come."""

    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))

    items.sort(key=place)
