"""Calling systems: keys and quotas (EC-14, OC-01)."""

import pytest
from sqlalchemy.engine import URL

from hutong.identity import clients
from hutong.platform import database as live
from hutong.platform.errors import TooMany, Unauthenticated


def register(per_second: int = 1000) -> str:
    with live.begin("identity") as conn:
        return clients.register(conn, code="shop", name="Web shop", rights=["ordering.write"], per_second=per_second)


def test_a_key_stands_for_its_client(database: URL) -> None:
    viewer = clients.authenticate(register())
    assert (viewer.kind, viewer.name) == ("client", "shop")
    assert viewer.may("ordering.write") and not viewer.may("party.read")


def test_a_replaced_or_unknown_key_is_refused(database: URL) -> None:
    old = register()
    register()
    for key in (old, "made up", "", None):
        with pytest.raises(Unauthenticated):
            clients.authenticate(key)


def test_over_the_quota_is_refused_until_time_passes(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    instant = 100.0
    monkeypatch.setattr("hutong.identity.clients.time.monotonic", lambda: instant)
    key = register(per_second=3)
    for _ in range(3):
        clients.authenticate(key)
    with pytest.raises(TooMany):
        clients.authenticate(key)
    instant += 0.5
    clients.authenticate(key)
    with pytest.raises(TooMany):
        clients.authenticate(key)
