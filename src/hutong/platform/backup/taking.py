"""Taking a backup while everything runs: one snapshot of the database, then the files it names."""

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from hutong.platform import clock, migrations
from hutong.platform.backup import fingerprint, programs
from hutong.platform.backup.manifest import FORMAT, Manifest, files_in, measured, write
from hutong.platform.errors import Conflict
from hutong.platform.settings import settings

NOT_OURS = ("postgres", "logs", "demo", "backups", "peers.sqlite")
"""What in the data folder is no part of a backup: the server itself, logs, and what the demo and simulators make."""


def take(target: Path, *, jobs: int = 2) -> Manifest:
    """Back up into a new folder; it is complete or not there. `jobs`: how many tables at once.

    Raises Conflict when the folder exists, Unavailable when PostgreSQL refuses.
    """
    if target.exists():
        raise Conflict("platform-backup-exists", folder=str(target))
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    # Files that the snapshot names exist before it is taken or are deleted after: so look before and after.
    copy_files(settings.data_dir, part / "files")
    with psycopg.connect(programs.address(), application_name="hutong backup") as conn:
        tables, about = _database(conn, part / "database", jobs)
    copy_files(settings.data_dir, part / "files")
    manifest = Manifest(
        format=FORMAT, hutong=_version(), taken_at=clock.now(), tables=tables, files=measured(part), **about
    )
    write(part, manifest)
    for path in part.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    part.rename(target)
    return manifest


def _database(conn: psycopg.Connection, folder: Path, jobs: int) -> tuple[dict[str, tuple[int, str]], dict[str, Any]]:
    """Dump in one snapshot, and meanwhile take the fingerprints of what it holds."""
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    snapshot = str((conn.execute("SELECT pg_export_snapshot()").fetchone() or ("",))[0])
    wanted = [f"--schema={schema}" for schema in programs.schemas()]
    extensions = sorted({name for one in migrations.installed() for name in _extensions(one)})
    running = programs.begin(
        "pg_dump", "--format=directory", f"--file={folder}", f"--jobs={jobs}", f"--snapshot={snapshot}",
        "--compress=gzip:1", "--no-owner", "--no-privileges", *wanted,
        *(f"--extension={name}" for name in extensions),
    )  # fmt: skip
    try:
        tables = fingerprint.of_tables(conn, programs.schemas())
        revisions = {center: _revision(conn, center) for center in migrations.installed()}
    finally:
        programs.finish(running)
    return tables, {"revisions": revisions, "server_version": conn.info.server_version}


def _extensions(center: str) -> tuple[str, ...]:
    return tuple(getattr(migrations.tables_of(center), "EXTENSIONS", ()))


def _revision(conn: psycopg.Connection, center: str) -> str:
    query = SQL("SELECT version_num FROM {}").format(Identifier(center, "alembic_version"))
    return str((conn.execute(query).fetchone() or ("",))[0])


def _version() -> str:
    try:
        return version("hutong")
    except PackageNotFoundError:  # linked, not installed
        return "0.1.0"


def ours(data_dir: Path) -> list[Path]:
    """The files of a data folder that belong to a backup."""
    return [
        path
        for place in sorted(data_dir.iterdir())
        if place.name not in NOT_OURS and not place.name.startswith((".", "peers.sqlite"))
        for path in ([place] if place.is_file() else files_in(place))
    ]


def copy_files(data_dir: Path, target: Path) -> None:
    """Copy files that are not there yet, or changed since."""
    for path in ours(data_dir) if data_dir.exists() else ():
        copy = target / path.relative_to(data_dir)
        try:
            stat = path.stat()
            if copy.exists() and (copy.stat().st_size, copy.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns):
                continue
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy2(path, copy)
        except FileNotFoundError:  # deleted meanwhile: then the snapshot does not name it, or we have it already
            continue
