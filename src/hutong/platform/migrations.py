"""Migrations: Alembic, one history per center, so that centers are upgraded alone (SC-09).

A center's `tables.py` offers `metadata`, and optionally `EXTENSIONS` (names, made before each upgrade), `STATEMENTS`
(functions, triggers, partitions: idempotent SQL, run after each upgrade) and `VIEWS` (name → select; dropped and made
anew after each upgrade).
"""

import importlib
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import InterfaceError, OperationalError

from hutong.platform import database
from hutong.platform.errors import Conflict
from hutong.platform.settings import settings

log = structlog.get_logger(__name__)
PACKAGE = Path(__file__).parents[1]
PATIENCE_SECONDS = 60.0
COMING_BACK = ("57P01", "57P02", "57P03")
"""PostgreSQL's words for: shutting down, another process crashed, starting up."""
MIGRATION_LOCK = 0x48555430  # 'HUT0': one migration at a time
RESTORING = "hutong_restoring"
"""A schema that is there while a backup is restored: what lies beside it is not whole."""


def tables_of(center: str) -> ModuleType:
    """A center's `tables` module."""
    return importlib.import_module(f"hutong.{center}.tables")


def installed() -> tuple[str, ...]:
    """Centers that store something and have a first revision, in the order of imports."""
    return tuple(center for center in database.CENTERS if any(versions_dir(center).glob("*.py")))


def versions_dir(center: str) -> Path:
    """Where a center's revisions are."""
    return PACKAGE / center / "migrations" / "versions"


def config(center: str, conn: Connection) -> Config:
    """Alembic's configuration for one center on one connection."""
    made = Config()
    made.set_main_option("script_location", str(PACKAGE / "platform" / "alembic"))
    made.set_main_option("version_locations", str(versions_dir(center)))
    made.set_main_option("path_separator", "os")
    made.attributes.update(center=center, connection=conn, metadata=tables_of(center).metadata)
    return made


def upgrade(conn: Connection, center: str) -> None:
    """Bring one center to its newest revision, with its statements and views."""
    conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {center}"))
    module = tables_of(center)
    for extension in getattr(module, "EXTENSIONS", ()):
        conn.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public"))
    command.upgrade(config(center, conn), "head")
    for statement in getattr(module, "STATEMENTS", ()):
        conn.execute(text(statement))
    create_views(conn, getattr(module, "VIEWS", {}))
    conn.execute(text(f"COMMENT ON SCHEMA {center} IS '{_mark(center)}'"))


def _mark(center: str) -> str:
    """What a center's schema says of itself once all that this code declares for it is there."""
    module = tables_of(center)
    declared = [path.name.encode() + path.read_bytes() for path in sorted(versions_dir(center).glob("*.py"))]
    declared += [
        repr(part).encode()
        for part in (
            tuple(getattr(module, "EXTENSIONS", ())),
            tuple(getattr(module, "STATEMENTS", ())),
            tuple(getattr(module, "VIEWS", {}).items()),
        )
    ]
    return f"hutong {sha256(b''.join(declared)).hexdigest()}"


def _outdated(conn: Connection, centers: Iterable[str]) -> list[str]:
    """Those of some centers whose schema is not as this code declares it."""
    query = "SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = ANY(:centers)"
    marks = {row[0]: row[1] for row in conn.execute(text(query), {"centers": list(centers)})}
    return [center for center in centers if marks.get(center) != _mark(center)]


def create_views(conn: Connection, views: Mapping[str, str]) -> None:
    """Drop and create a center's views, later ones may read earlier ones."""
    for name in reversed(list(views)):
        conn.execute(text(f"DROP VIEW IF EXISTS {name} CASCADE"))
    for name, select in views.items():
        conn.execute(text(f"CREATE VIEW {name} AS {select}"))


def upgrade_all(centers: Iterable[str] | None = None, *, anew: bool = True) -> None:
    """Bring centers (all by default) to their newest revision in one transaction; several starters wait in turn.

    Not `anew`: those that are there already are not touched. Views and triggers cannot be made while others read: a
    process that starts beside those at work would wait for the longest report, all others behind it, or be given up as
    one of two that wait for each other.
    """
    chosen = set(database.CENTERS if centers is None else centers)
    wanted = [center for center in installed() if center in chosen]
    with database.engine().begin() as conn:
        for alone in (False, True):
            if alone:
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            if conn.execute(text("SELECT to_regnamespace(:mark) IS NOT NULL"), {"mark": RESTORING}).scalar():
                raise Conflict("platform-restore-unfinished")
            wanted = wanted if anew else _outdated(conn, wanted)
            if not wanted:
                return
        for center in wanted:
            upgrade(conn, center)


def upgrade_at_start(centers: Iterable[str] | None = None, patience: float = PATIENCE_SECONDS) -> None:
    """`upgrade_all` of what is not there yet, for programs that stay: a database that dies meanwhile is waited for.

    One that cannot be reached at all is not, unless it is the embedded one, which comes back by itself.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            upgrade_all(centers, anew=False)
            return
        except (OperationalError, InterfaceError) as failure:
            was_there = failure.statement is not None or getattr(failure.orig, "sqlstate", None) in COMING_BACK
            if time.monotonic() > deadline or not (was_there or settings.database_url is None):
                raise
            log.warning("database went away at the start; trying again", error=type(failure.orig).__name__)
        database.dispose()
        time.sleep(0.5)


def differences(conn: Connection, center: str) -> list[str]:
    """What `alembic check` would complain of: tables declared but not migrated, and the reverse."""
    directory = ScriptDirectory.from_config(config(center, conn))
    context = MigrationContext.configure(
        conn, opts={"version_table_schema": center, "include_schemas": True, "compare_type": True}
    )
    if context.get_current_revision() != directory.get_current_head():
        return [f"{center}: database is not at the newest revision"]
    metadata = tables_of(center).metadata
    unmanaged = tuple(metadata.info.get("unmanaged", ()))

    def own(name: str | None, kind: str, parent: Mapping[str, str | None]) -> bool:
        if kind == "schema":
            return name == center
        if kind == "table":
            return name != "alembic_version" and not (unmanaged and (name or "").startswith(unmanaged))
        return parent.get("schema_name", center) == center

    context.opts["include_name"] = own
    return [f"{center}: {difference}" for difference in compare_metadata(context, metadata)]


def check_all() -> list[str]:
    """All differences between declared and migrated tables; empty when clean."""
    with database.engine().connect() as conn:
        return [line for center in installed() for line in differences(conn, center)]


def make_revision(center: str, message: str, *, rewrite: bool = False) -> None:
    """Write a center's next revision from the difference between tables and database.

    `rewrite` replaces the newest revision, which nobody has been given yet; one that moves data (`MOVES_DATA`) is
    written by hand and stays: the difference goes into the next.
    """
    folder = versions_dir(center)
    folder.mkdir(parents=True, exist_ok=True)
    if rewrite and "MOVES_DATA" not in (last := max(folder.glob("*.py"))).read_text(encoding="utf-8"):
        last.unlink()
    with database.engine().connect() as conn, conn.begin() as transaction:
        if rewrite:
            conn.execute(text(f"DROP SCHEMA IF EXISTS {center} CASCADE"))
        conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {center}"))
        for extension in getattr(tables_of(center), "EXTENSIONS", ()):
            conn.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public"))
        made = config(center, conn)
        command.upgrade(made, "head")
        number = len(list(folder.glob("*.py"))) + 1
        command.revision(made, message, autogenerate=True, rev_id=f"{number:04d}")
        transaction.rollback()
