"""An installation to look at: people with roles, a catalog, customers out of three sources, orders in every state."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.ordering import shop

from hutong import masterdata
from hutong.cli.sample.generate import generate
from hutong.identity import roles, users
from hutong.identity.principal import SYSTEM
from hutong.inventory import accounts
from hutong.inventory.requests import OpenAccount
from hutong.ordering import change, worker
from hutong.party.documents.packs import publish_folder
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.resolution.resolve import resolve
from hutong.platform import database
from hutong.server import create_app
from hutong.simulators.server import Simulators

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "packs"
PASSWORD = "a-good-password"
ROLES = ("administrator", "clerk", "service", "steward", "billing")


@dataclass(frozen=True)
class Site:
    """What a test needs to know of it."""

    customer: int
    merged_from: int
    fulfilled: int
    partial: int
    waiting: int
    group: int


def signed_in(login: str, open_clients: ExitStack) -> TestClient:
    """A client of somebody's, until the stack is closed."""
    client = TestClient(create_app(), headers={"accept": "text/html"}, follow_redirects=False)
    open_clients.enter_context(client)
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "to": "/"})
    assert answer.status_code == 303
    page = client.get("/").text
    client.headers["x-csrf-token"] = page.split('name="csrf" content="')[1].split('"')[0]
    return client


def build(folder: Path) -> Site:
    """Fill the database the settings point at."""
    identity()
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACKS / "base" / "codes")
    customers(folder / "sample")
    return orders(folder / "book.sqlite")


def identity() -> None:
    """One person per role; login and role have the same name."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        for role in ROLES:
            users.save(conn, login=role, name=f"Test {role}", password=PASSWORD, unit_code="hq", roles=[role])


def customers(folder: Path) -> None:
    """Three sources, taken in and resolved."""
    generate(
        folder,
        customers=400,
        lines=400,
        seed=7,
        active=100,
        orders=2,
        first_cycle="2026-09",
        months=1,
        order_usage=False,
    )
    with database.begin("party") as conn:
        publish_folder(conn, PACKS / "telecom" / "party", "test")
    for source, name in (("crm", "crm.csv"), ("billing", "billing.xlsx"), ("callcentre", "callcentre.jsonl")):
        load_file(folder / "sources" / name, read_mapping(PACKS / "telecom" / "mappings" / f"{source}.yaml"), "user:1")
    resolve("user:1")


def orders(book: Path) -> Site:
    """A fused order fulfilled, one with failing broadband, one that waits for billing."""
    shop.open_shop(customers=1, pool=100)
    with database.read("party") as conn:
        query = """SELECT id FROM party.party WHERE kind = 'person' AND state = 'active'
                   ORDER BY record_count DESC, id LIMIT 4"""
        ids = list(conn.execute(text(query)).scalars())
        group = conn.execute(text("SELECT min(id) FROM party.suspect_group WHERE state = 'open'")).scalar_one()
    opened = accounts.open_accounts([OpenAccount(f"web-{one}", one) for one in ids])
    who = [(one, account.account_id or 0) for one, account in zip(ids, opened, strict=True)]
    peers = Simulators("127.0.0.1", 0, book)
    peers.start()
    with shop.dispatching(peers.url) as used:
        fulfilled = shop.accept(shop.fused(who[0], "WEB-1"))
        refuse = {"simulate": "network.provision.BROADBAND=refuse"}
        partial = shop.accept(shop.fused(who[1], "WEB-2", extra=refuse))
        shop.settle(used)
        waiting = shop.accept(shop.fused(who[2], "WEB-3"))
        worker.drain(used)
        change.expedite(SYSTEM, waiting, "in a hurry")
    peers.stop()
    return Site(who[0][0], who[3][0], fulfilled, partial, waiting, group)
