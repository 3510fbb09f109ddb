"""EC-19: two database servers that stand in for each other: what is committed on one is on the other; when one dies the
other goes on with the same configuration, and back again; nothing is lost."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from tests.platform.standby import Server, two_servers

from hutong.platform import database as live
from hutong.platform import migrations, outbox
from hutong.platform.settings import settings


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A server and its synchronous standby; the settings name both."""
    before = settings.database_url, settings.replica_url
    with ExitStack() as stack:
        one, other = two_servers(stack)
        live.dispose()
        ports = f"{one.port},{other.port}"
        settings.database_url = (
            f"postgresql://postgres@/postgres?host=127.0.0.1,127.0.0.1&port={ports}&target_session_attrs=read-write"
        )
        yield one, other
        live.dispose()
        settings.database_url, settings.replica_url = before


def say(number: int) -> None:
    with live.begin("platform") as conn:
        outbox.publish(conn, "platform", [outbox.Event("platform.test", f"test:{number}", {"n": number})])


def said() -> list[int]:
    with live.read("platform") as conn:
        query = "SELECT CAST(payload ->> 'n' AS int) FROM platform.outbox WHERE type = 'platform.test' ORDER BY 1"
        return list(conn.execute(text(query)).scalars())


def say_until_heard(number: int) -> None:
    """Connections of the dead server fail once; the next ones find the living."""
    with suppress(OperationalError):
        say(number)
        return
    say(number)


def test_each_stands_in_for_the_other(servers: tuple[Server, Server]) -> None:
    one, other = servers
    migrations.upgrade_all()
    settings.replica_url = f"postgresql://postgres@127.0.0.1:{other.port}/postgres"
    live.dispose()
    say(1)
    with live.read("platform") as conn:
        assert conn.execute(text("SELECT pg_is_in_recovery()")).scalar_one(), "reports read where nobody writes"
    assert said() == [1], "committed is on both"
    settings.replica_url = None
    live.dispose()
    say(2)
    one.die()
    other.promote()
    say_until_heard(3)
    assert said() == [1, 2, 3], "nothing that was committed is lost"
    one.follow(other)
    say(4)
    other.die()
    one.promote()
    say_until_heard(5)
    assert said() == [1, 2, 3, 4, 5]
