"""The database: transactions per center, read-only reads, COPY."""

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import InternalError

from hutong.platform import database as live
from hutong.platform import migrations


def test_a_block_commits_at_its_end_and_rolls_back_on_an_exception(database: URL) -> None:
    with live.begin("platform") as conn:
        conn.execute(text("CREATE TABLE kept (n int)"))
    with pytest.raises(ZeroDivisionError), live.begin("platform") as conn:
        conn.execute(text("INSERT INTO kept VALUES (1)"))
        raise ZeroDivisionError
    with live.read("platform") as conn:
        assert conn.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0


def test_reading_cannot_write(database: URL) -> None:
    with live.read("platform") as conn, pytest.raises(InternalError, match="read-only transaction"):
        conn.execute(text("CREATE TABLE nothing ()"))


def test_copy_loads_rows_and_csv(database: URL) -> None:
    with live.begin("platform") as conn:
        conn.execute(text("CREATE TABLE identity.loaded (n int, t text)"))
        assert live.copy_rows(conn, "identity.loaded", ["n", "t"], [(1, "一"), (2, None)]) == 2
        live.copy_csv(conn, "identity.loaded", ["n", "t"], [b'3,"a,b"\n', b"4,\n"])
        rows = conn.execute(text("SELECT n, t FROM identity.loaded ORDER BY n")).all()
    assert [tuple(row) for row in rows] == [(1, "一"), (2, None), (3, "a,b"), (4, None)]


def test_an_unknown_center_is_refused() -> None:
    with pytest.raises(ValueError, match="no center nowhere"), live.begin("nowhere"):
        pass


def test_migrations_and_declared_tables_agree(database: URL) -> None:
    """What `alembic check` asks, for every center."""
    assert migrations.check_all() == []
