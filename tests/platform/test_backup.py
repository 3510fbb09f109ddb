"""Backup and restore: every table, number and file comes back as it was, and damage is named (EC-19)."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.platform import backup, jobs, migrations, outbox
from hutong.platform import database as live
from hutong.platform.backup import fingerprint, manifest, programs, restoring
from hutong.platform.errors import Conflict, NotFound, Problem, Unprocessable
from hutong.platform.settings import settings

Elsewhere = Callable[[], None]


@pytest.fixture
def elsewhere(database: URL, tmp_path: Path) -> Iterator[Elsewhere]:
    """Calling it points the settings at an empty database and data folder, as on another machine."""
    name = f"{database.database}_restored"
    admin = database.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    before = settings.database_url, settings.data_dir

    def move() -> None:
        live.dispose()
        settings.database_url = database.set(database=name).render_as_string(hide_password=False)
        settings.data_dir = tmp_path / "elsewhere"

    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield move
        live.dispose()
        settings.database_url, settings.data_dir = before
        conn.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def fill(first: int, count: int) -> None:
    """Rows with identities, JSON, times and text of all kinds; events; a job."""
    with live.begin("platform") as conn:
        events = [
            outbox.Event("platform.test", f"test:{number}", {"name": f"欧阳\t{number}\n\\N", "sum": number / 7})
            for number in range(first, first + count)
        ]
        outbox.publish(conn, "platform", events)
        conn.execute(
            text("""INSERT INTO platform.webhook (callback, events, owner, secret, created_at)
                    SELECT 'https://example.com/' || n, ARRAY['party.*', ''], 'client', 's', now()
                    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n"""),
            {"first": first, "last": first + count - 1},
        )


def everything() -> tuple[dict[str, tuple[int, str]], dict[str, int | None]]:
    """Fingerprints of all tables, and the last values of all sequences."""
    with psycopg.connect(programs.address()) as conn:
        tables = fingerprint.of_tables(conn, programs.schemas())
        query = "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences WHERE schemaname = ANY(%s)"
        return tables, dict(conn.execute(query, [programs.schemas()]).fetchall())


def file(name: str, content: bytes) -> Path:
    """A file in the data folder."""
    path = settings.data_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_all_tables_numbers_and_files_come_back(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """EC-19: restored into another database, every table's hash and every sequence are the same, and it works on."""
    fill(1, 300)
    file("uploads/abc/客户.csv", b"\x00\xff1,2")
    file("logs/today.jsonl", b"{}")
    taken = backup.take(tmp_path / "backup")
    before = everything()
    assert taken.tables == before[0]
    assert taken.tables["platform.webhook"][0] == 300
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "backup").rglob("*")} == {0}
    elsewhere()
    backup.restore(tmp_path / "backup")
    assert everything() == before
    assert (settings.data_dir / "uploads/abc/客户.csv").read_bytes() == b"\x00\xff1,2"
    assert not (settings.data_dir / "logs").exists()
    assert migrations.check_all() == []
    fill(301, 1)
    assert jobs.recent() == []


def test_a_backup_while_writes_go_on_is_one_moment(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """Each transaction is in it whole or not at all, over all tables, and no id is given twice afterwards."""
    stop, rounds = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            fill(rounds[0] * 10 + 1, 10)
            rounds[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while rounds[0] < 20:
            threading.Event().wait(0.01)
        at_least = rounds[0]
        taken = backup.take(tmp_path / "backup")
        at_most = rounds[0]
    finally:
        stop.set()
        writer.join()
    events, hooks = taken.tables["platform.outbox"][0], taken.tables["platform.webhook"][0]
    assert events == hooks
    assert events % 10 == 0
    assert 10 * at_least <= events <= 10 * (at_most + 1)
    elsewhere()
    backup.restore(tmp_path / "backup")
    assert everything()[0] == taken.tables
    fill(1, 10)


@pytest.fixture(scope="module")
def taken(module_database: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup to damage copies of."""
    fill(1, 5)
    file("uploads/x", b"content")
    folder = tmp_path_factory.mktemp("taken") / "backup"
    backup.take(folder)
    return folder


@pytest.fixture
def copy(taken: Path, tmp_path: Path) -> Path:
    """A copy of it, with writable files."""
    return Path(shutil.copytree(taken, tmp_path / "copy"))


def refused(folder: Path) -> str:
    """In what words a restore refuses, having changed nothing."""
    before = everything()
    with pytest.raises(Problem) as refusal:
        backup.restore(folder, replace=True)
    assert everything() == before
    return str(refusal.value)


def test_a_changed_byte_is_found_and_the_file_named(copy: Path) -> None:
    """In any file: table data, list of contents, uploads, the manifest itself."""
    data = next(path for path in (copy / "database").iterdir() if path.suffix == ".gz")
    for path in (data, copy / "database/toc.dat", copy / "files/uploads/x", copy / "manifest.json"):
        content = path.read_bytes()
        path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
        assert str(path.relative_to(copy)) in refused(copy)
        path.write_bytes(content)
    backup.check(copy)


def test_a_missing_and_a_strange_file_are_named(copy: Path) -> None:
    (copy / "files/uploads/x").rename(copy / "files/uploads/y")
    assert "files/uploads/y" in refused(copy)
    (copy / "files/uploads/y").unlink()
    assert "files/uploads/x" in refused(copy)


def test_no_backup_and_a_half_one_are_refused(copy: Path) -> None:
    (copy / "manifest.sha256").unlink()
    assert "manifest.json" in refused(copy)
    with pytest.raises(NotFound):
        backup.check(copy / "nowhere")


def test_a_newer_version_is_refused(copy: Path) -> None:
    """Its tables are unknown here; the message says what to install."""
    known = manifest.check(copy)
    newer = {**known.revisions, "party": "9999"}
    manifest.write(copy, manifest.Manifest(**{**{name: getattr(known, name) for name in known.__struct_fields__},
                                              "revisions": newer, "hutong": "99.0"}))  # fmt: skip
    said = refused(copy)
    assert "99.0" in said
    assert "9999" in said


def test_nothing_is_overwritten_unless_told(copy: Path) -> None:
    """Neither a database with tables, nor a backup that is there."""
    with pytest.raises(Conflict, match="--replace"):
        backup.restore(copy)
    with pytest.raises(Conflict, match="is there already"):
        backup.take(copy)


def test_not_while_others_use_the_database(copy: Path) -> None:
    with psycopg.connect(programs.address(), application_name="hutong worker 5"):
        assert "hutong worker 5" in refused(copy)


def test_a_failed_restore_is_taken_up_again_and_nothing_runs_on_its_remains(
    elsewhere: Elsewhere, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed half way: servers refuse to start; the same command again starts over, without --replace."""
    elsewhere()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as half, pytest.raises(KeyboardInterrupt):
        half.setattr("hutong.platform.backup.restoring._compare", stop)
        backup.restore(copy)
    with pytest.raises(Conflict, match="not finished"):
        migrations.upgrade_all()
    live.dispose()
    restored = backup.restore(copy)
    assert everything()[0] == restored.tables


def test_replacing_takes_away_what_was_there(elsewhere: Elsewhere, copy: Path) -> None:
    """Rows, and files the backup does not have."""
    elsewhere()
    migrations.upgrade_all()
    fill(1, 50)
    extra = file("uploads/extra", b"1")
    restored = backup.restore(copy, replace=True)
    assert everything()[0] == restored.tables
    assert not extra.exists()


def test_what_was_loaded_is_compared(elsewhere: Elsewhere, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that came back otherwise than it was is found, and named."""
    loading = restoring._load

    def load_badly(folder: Path, count: int) -> None:
        loading(folder, count)
        with psycopg.connect(programs.address(), autocommit=True) as conn:
            conn.execute("UPDATE platform.webhook SET owner = 'another' WHERE id = 3")

    elsewhere()
    monkeypatch.setattr("hutong.platform.backup.restoring._load", load_badly)
    with pytest.raises(Unprocessable, match=r"platform\.webhook"):
        backup.restore(copy)
