"""A statement asked over and over: always what is committed, also after its connection was lost, by many threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from hutong.platform import database as live
from hutong.platform.quick_read import QuickRead
from hutong.platform.settings import settings

BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE query LIKE '%twice its number%' AND pid <> pg_backend_pid()")


@pytest.fixture
def doubled(database: URL) -> QuickRead:
    """Twice a number, and who says so."""
    return QuickRead("platform", "SELECT CAST($1 AS int) * 2, pg_backend_pid() /* twice its number */")


def test_it_is_prepared_once_on_a_connection_of_its_own(doubled: QuickRead) -> None:
    """Neither the pool nor another connection is asked again."""
    answers = [doubled.rows([number])[0] for number in range(5)]
    assert [double for double, _ in answers] == [0, 2, 4, 6, 8] and len({backend for _, backend in answers}) == 1
    with live.begin("platform") as conn:
        assert conn.execute(BACKENDS).scalars().all() == [answers[0][1]]


def test_it_sees_what_is_committed_and_writes_nothing(database: URL) -> None:
    with live.begin("platform") as conn:
        conn.execute(text("CREATE TABLE platform.seen (number int)"))
    counted = QuickRead("platform", "SELECT count(*) FROM platform.seen")
    for number in range(3):
        assert counted.rows([]) == [(number,)]
        with live.begin("platform") as conn:
            conn.execute(text("INSERT INTO platform.seen VALUES (1)"))
    with pytest.raises(Exception, match="read-only"):
        QuickRead("platform", "DELETE FROM platform.seen RETURNING number").rows([])


def test_a_lost_connection_is_made_anew(doubled: QuickRead) -> None:
    [(_, first)] = doubled.rows([1])
    with live.begin("platform") as conn:
        conn.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    [(double, second)] = doubled.rows([21])
    assert double == 42 and second != first


def test_threads_at_once_have_a_connection_each(doubled: QuickRead) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: doubled.rows([number])[0][0], range(200)))
    assert answers == [2 * number for number in range(200)]


def test_it_goes_with_the_engine(doubled: QuickRead) -> None:
    """What closes the process's connections closes its own."""
    doubled.rows([1])
    live.dispose()
    with live.begin("platform") as conn:
        assert conn.execute(BACKENDS).all() == []
    assert doubled.rows([4])[0][0] == 8


def test_a_database_that_is_gone_is_told_as_by_other_reads(doubled: QuickRead) -> None:
    live.dispose()
    there = settings.database_url
    settings.database_url = "postgresql://nobody@127.0.0.1:1/nothing"
    try:
        with pytest.raises(OperationalError):
            doubled.rows([1])
    finally:
        live.dispose()
        settings.database_url = there
