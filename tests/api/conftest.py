"""The application with the telecom catalog, and a client that may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from hutong import catalog
from hutong.catalog.documents import read_pack
from hutong.identity import clients
from hutong.platform import clock
from hutong.platform import database as live
from hutong.server import create_app

TELECOM = Path(__file__).parents[2] / "packs" / "telecom"


def client_with(rights: list[str], code: str = "shop", clear: tuple[str, ...] = ("*",)) -> TestClient:
    """An API client with its own key."""
    with live.begin("identity") as conn:
        key = clients.register(conn, code=code, name=code, rights=rights, per_second=10_000, clear=clear)
    return TestClient(create_app(), headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"})


@pytest.fixture(scope="module")
def api(module_database: URL) -> Iterator[TestClient]:
    """A client that may do everything, on a database with the telecom catalog published."""
    catalog.publish(read_pack(TELECOM), by="test", effective_from=clock.now())
    with client_with(["*"]) as client:
        yield client
