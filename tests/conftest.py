"""What every test may use: a real PostgreSQL, and in it a database of its own."""

import gc
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import URL, make_url
from tests.compiled_once import compile_each_once
from tests.in_memory import lie_in_memory

from hutong.identity import clients, users
from hutong.platform import database as live
from hutong.platform import migrations
from hutong.platform.embedded_postgres import running
from hutong.platform.settings import settings

lie_in_memory()
SERVER_DIR = Path(tempfile.gettempdir()) / f"hutong-tests-{os.geteuid()}"
SAMPLES = SERVER_DIR / "samples"
COPY = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
Filled = Callable[[str, Callable[[], Any]], AbstractContextManager[Any]]
_numbers = count()
hypothesis_settings.register_profile("hutong", deadline=None)  # a busy machine is no defect
hypothesis_settings.load_profile("hutong")
compile_each_once(Path(tempfile.gettempdir()) / f"hutong-compiling-{os.geteuid()}")


@pytest.fixture(scope="session")
def server() -> Iterator[URL]:
    """One embedded server for all test processes; not durable, since only a machine crash would show it."""
    with running(SERVER_DIR, durable=False) as url:
        yield make_url(url)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hashes that say argon2id as theirs do, but take a thousandth of the time."""
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    users.hasher = lambda: cheap  # type: ignore[assignment]


@pytest.fixture(scope="session")
def template(server: URL) -> str:
    """A migrated database that each test's own is copied from: made once for all processes and runs of a day, as long
    as what it is made from stays the same."""
    today = datetime.now(UTC).date()
    name = f"template_{today:%Y%m%d}_{_made_from()}"
    with _admin_connection(server) as conn:
        _drop_abandoned(conn, f"template_{today - timedelta(days=1):%Y%m%d}")
    _make(server, name, "template1", SERVER_DIR, migrations.upgrade_all)
    return name


@pytest.fixture(scope="session")
def filled(server: URL, template: str, testrun_uid: str) -> Filled:
    """A copy of a database filled by a function, with its data folder; gives what the function returned.

    The first process of the run that asks for it makes it for all: `with filled("site", build) as site:`.
    """
    owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()

    @contextmanager
    def copy(what: str, fill: Callable[[], Any]) -> Iterator[Any]:
        name = f"sample_{owner}_{what}_{testrun_uid[:8]}"
        data, result = SAMPLES / name / "data", SAMPLES / name / "result"
        _make(server, name, template, data, lambda: result.write_bytes(pickle.dumps(fill())))
        with _fresh(server, name, data):
            yield pickle.loads(result.read_bytes())  # noqa: S301 (our own)

    return copy


def _make(server: URL, name: str, source: str, folder: Path, fill: Callable[[], object]) -> None:
    """Make a database to copy from, unless another process has; the settings point at it meanwhile."""
    building = f"{name}_building"
    with _admin_connection(server) as conn:
        conn.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if conn.execute("SELECT true FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(building)))
            conn.execute(COPY.format(Identifier(building), Identifier(source)))
            folder.mkdir(parents=True, exist_ok=True)
            with _using(server.set(database=building), folder):
                fill()
            conn.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(building), Identifier(name)))


def _made_from() -> str:
    """A hash of all that makes the tables: every Python file of a center that is about tables, views, migrations."""
    package = Path(live.__file__).parents[1]
    kept = [*package.glob("*/tables.py"), *package.glob("*/tables/*.py"), *package.glob("*/migrations/**/*.py"),
            *package.glob("platform/**/*.py"), *package.glob("party/columns.py")]  # fmt: skip
    return sha256(b"".join(path.read_bytes() for path in sorted(kept))).hexdigest()[:16]


@contextmanager
def _fresh(server: URL, template: str, files: Path | None = None) -> Iterator[URL]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _admin(server, COPY.format(Identifier(name), Identifier(template)))
    url = server.set(database=name)
    with tempfile.TemporaryDirectory(prefix="hutong-") as folder:
        if files:
            shutil.copytree(files, folder, dirs_exist_ok=True)
        with _using(url, Path(folder)):
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
    """Databases of test processes that are gone, and templates of earlier days."""
    query = r"SELECT datname FROM pg_database WHERE datname ~ '^(test|sample|template)_\d'"
    for (name,) in conn.execute(query).fetchall():
        owner = Path("/proc", name.split("_")[1])
        if name < oldest_template if name.startswith("template") else not owner.exists():
            conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
            shutil.rmtree(SAMPLES / name, ignore_errors=True)


LONGEST = ("tests/crash/test_orders.py", "tests/crash/", "tests/journeys/test_no_leak.py", "tests/journeys/",
           "tests/web/", "tests/cli/test_guide.py", "tests/platform/test_embedded_postgres.py",
           "tests/party/stewardship/", "tests/party/resolution/", "tests/party/match/test_accuracy.py",
           "tests/platform/cel/test_agreement.py", "tests/billing/test_rating.py",
           "tests/billing/pricing/test_kernel_against_reference.py",
           "tests/cli/")  # fmt: skip
"""Files that take long, longest first: begun first (`--no-loadscope-reorder`), so that no process waits for another."""


def pytest_xdist_auto_num_workers() -> int | None:
    """Two processes more than there are cores: some always wait, for killed servers to come back or pages to rest."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else len(os.sched_getaffinity(0)) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, the rest as they come."""

    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was imported lives as long as the process and is no part of garbage collections, which come seldom, as in
    a server's process: they were a sixth of what tests took."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_unconfigure() -> None:
    """At the end all is collected, or libraries complain of what is left."""
    gc.unfreeze()
