"""Restoring a backup: checked first, loaded into an empty database, compared with what the backup says."""

import shutil
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from hutong.platform import database, migrations
from hutong.platform.backup import fingerprint, programs
from hutong.platform.backup.manifest import Manifest, check
from hutong.platform.backup.taking import ours
from hutong.platform.errors import Conflict, Unprocessable
from hutong.platform.settings import settings

MARK = migrations.RESTORING
_USERS = """
SELECT DISTINCT coalesce(nullif(application_name, ''), 'pid ' || pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY 1
"""


def restore(source: Path, *, replace: bool = False, jobs: int = 2) -> Manifest:
    """Load a backup into the database and data folder of the settings, and compare every table with it.

    `replace`: what is there now is dropped. Raises Unprocessable for a damaged or too new backup, Conflict while others
    use the database or when it is not empty. After a restore that failed, run it again: it starts over.
    """
    manifest = check(source)
    _known(manifest)
    database.dispose()
    with psycopg.connect(programs.address(), autocommit=True, application_name="hutong restore") as conn:
        _alone(conn)
        _empty(conn, replace)
        conn.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(MARK)))
        for schema in programs.schemas():
            conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
        _load(source / "database", jobs)
        _compare(conn, manifest)
        _files(source / "files", replace)
        conn.execute(SQL("DROP SCHEMA {}").format(Identifier(MARK)))
        migrations.upgrade_all()
        conn.execute("ANALYZE")
    return manifest


def _known(manifest: Manifest) -> None:
    """Refuse what a newer Hutong wrote: its tables are unknown here."""
    for center, revision in manifest.revisions.items():
        if center not in database.CENTERS or not any(migrations.versions_dir(center).glob(f"{revision}_*.py")):
            raise Unprocessable("platform-backup-newer", version=manifest.hutong, center=center, revision=revision)


def _alone(conn: psycopg.Connection) -> None:
    users = [str(row[0]) for row in conn.execute(_USERS).fetchall()]
    if users:
        raise Conflict("platform-restore-in-use", users=", ".join(users[:10]))


def _empty(conn: psycopg.Connection, replace: bool) -> None:
    query = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)"
    there = {str(row[0]) for row in conn.execute(query, [[*programs.schemas(), MARK]]).fetchall()}
    held = ours(settings.data_dir) if settings.data_dir.exists() else []
    if (there or held) and MARK not in there and not replace:
        raise Conflict("platform-restore-not-empty", schemas=", ".join(sorted(there)) or "-", files=str(len(held)))


def _load(folder: Path, jobs: int) -> None:
    options = (f"--jobs={jobs}", "--no-owner", "--no-privileges", "--exit-on-error")
    programs.finish(programs.begin("pg_restore", *options, folder))


def _compare(conn: psycopg.Connection, manifest: Manifest) -> None:
    with conn.transaction():
        found = fingerprint.of_tables(conn, programs.schemas())
        behind = fingerprint.numbers_behind(conn, programs.schemas())
    for table in sorted(manifest.tables.keys() | found.keys()):
        if manifest.tables.get(table) != found.get(table):
            raise Unprocessable("platform-restore-differs", table=table)
    if behind:
        raise Unprocessable("platform-restore-differs", table=behind[0])


def _files(source: Path, replace: bool) -> None:
    """Put the files in place; with `replace`, those the backup does not have go."""
    target = settings.data_dir
    target.mkdir(parents=True, exist_ok=True)
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()} if source.exists() else set()
    for name in sorted(wanted):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        part = target / name.parent / f".{name.name}.part"
        shutil.copy2(source / name, part)
        part.rename(target / name)
    for path in ours(target) if replace else ():
        if path.relative_to(target) not in wanted:
            path.unlink()
