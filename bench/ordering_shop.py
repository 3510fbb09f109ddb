"""(part of the ordering measurements) A shop: the telecom pack, customers with accounts, numbers."""

from pathlib import Path

from hutong import catalog
from hutong.catalog.documents import read_pack
from hutong.inventory import accounts, numbers
from hutong.inventory.requests import OpenAccount
from hutong.ordering.orders import ItemRequest, OrderRequest
from hutong.party.tables import party
from hutong.platform import database, history

PACK = Path(__file__).parents[1] / "packs" / "telecom"


def open_shop(customers: int, pool: int) -> list[tuple[int, int]]:
    """(customer, account) pairs."""
    catalog.publish(read_pack(PACK), by="bench")
    for number_class, prefix in (("mobile", "139"), ("broadband", "BB")):
        numbers.add_numbers(number_class, [f"{prefix}{place:08}" for place in range(pool)])
    row = {"kind": "person", "name": "张三", "record_count": 1, "provenance": {}, "survivorship_version": 1}
    with database.begin("party") as conn:
        ids = history.insert(conn, party, [row] * customers)
    opened = accounts.open_accounts([OpenAccount(f"account-{one}", one) for one in ids])
    return [(one, account.account_id or 0) for one, account in zip(ids, opened, strict=True)]


def order(who: tuple[int, int], key: str) -> OrderRequest:
    """One broadband line."""
    return OrderRequest("web", who[0], (ItemRequest("1", "BROADBAND-500M"),), external_id=key, account_id=who[1])
