"""The telecom pack published, numbers in the pool, and short ways to ask for the usual things."""

from datetime import datetime
from pathlib import Path
from typing import Any

from hutong import catalog
from hutong.catalog.documents import read_pack
from hutong.inventory import accounts, creation, numbers
from hutong.inventory.requests import CreateInstances, InstancesCreated, NewProduct, OpenAccount
from hutong.platform.settings import settings

PACK = Path(__file__).parents[2] / "packs" / "telecom"


def day(year: int, month: int, date: int, hour: int = 0) -> datetime:
    """An instant in business time."""
    return datetime(year, month, date, hour, tzinfo=settings.zone)


def publish(pool: int = 20) -> None:
    """The catalog, and some numbers of each class."""
    catalog.publish(read_pack(PACK), by="test")
    for number_class, prefix in (("mobile", "139000"), ("broadband", "BB"), ("fixed", "0571")):
        numbers.add_numbers(number_class, [f"{prefix}{place:05}" for place in range(pool)])


def account(customer: int = 7, **more: Any) -> int:
    """An open account."""
    [opened] = accounts.open_accounts([OpenAccount(f"account-{customer}", customer, **more)])
    assert opened.account_id
    return opened.account_id


def mobile(key: str, place: int = 0, *, account_id: int, customer: int = 7, **more: Any) -> CreateInstances:
    """A mobile plan."""
    more.setdefault("offer_attributes", {"tier": "59"})
    products = (NewProduct("MOBILE-5G", access_number=f"139000{place:05}"),)
    return CreateInstances(key, customer, account_id, f"item-{key}", "MOBILE-5G", products=products, **more)


def create(*requests: CreateInstances) -> list[InstancesCreated]:
    """Created instances, all of them ok."""
    made = creation.create_instances(requests)
    assert [item.problem for item in made] == [None] * len(made)
    return made
