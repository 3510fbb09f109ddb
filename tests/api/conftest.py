"""The application with the telecom catalog, and a client that may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

from hutong import catalog, inventory
from hutong.catalog.documents import read_pack
from hutong.identity import clients
from hutong.inventory.requests import OpenAccount
from hutong.party.tables import party
from hutong.platform import clock, history
from hutong.platform import database as live
from hutong.platform.settings import settings
from hutong.server import create_app

TELECOM = Path(__file__).parents[2] / "packs" / "telecom"


def client_with(  # noqa: PLR0917 (tests name what they mean)
    rights: list[str],
    code: str = "shop",
    clear: tuple[str, ...] = ("*",),
    scopes: dict[str, str] | None = None,
    per_second: int = 10_000,
    fields: dict[str, list[str]] | None = None,
) -> TestClient:
    """An API client with its own key."""
    with live.begin("identity") as conn:
        key = clients.register(
            conn, code=code, name=code, rights=rights, per_second=per_second, clear=clear, scopes=scopes,
            fields=fields,
        )  # fmt: skip
    return TestClient(create_app(), headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"})


def open_shop() -> tuple[int, int]:
    """A customer with an account, and numbers to give out. Returns their ids."""
    for number_class, prefix in (("mobile", "139000"), ("broadband", "BB"), ("fixed", "0571")):
        inventory.add_numbers(number_class, [f"{prefix}{place:05}" for place in range(50)])
    row = {"kind": "person", "name": "张三", "record_count": 1, "provenance": {}, "survivorship_version": 1}
    with live.begin("party") as conn:
        (customer,) = history.insert(conn, party, [row])
    (account,) = inventory.open_accounts([OpenAccount(f"account-{customer}", customer)])
    assert account.account_id
    return customer, account.account_id


@pytest.fixture(scope="module")
def api(module_database: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client that may do everything; the telecom catalog is published, the data folder is the test's own."""
    before, settings.data_dir = settings.data_dir, tmp_path_factory.mktemp("data")
    catalog.publish(read_pack(TELECOM), by="test", effective_from=clock.now())
    with client_with(["*"]) as client:
        yield client
    settings.data_dir = before
