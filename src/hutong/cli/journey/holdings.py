"""Chapter 3: what existing customers hold is cut over: accounts, offers, products and numbers, as sets."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import duckdb
from sqlalchemy import text

from hutong import catalog, inventory
from hutong.inventory.requests import CreateInstances, NewProduct, OpenAccount
from hutong.platform import clock, database

AT_ONCE = 5000
Request = TypeVar("Request")
BY = "system:0"


@dataclass(frozen=True)
class Line:
    """One product of one existing subscription, as the sample's `subscriptions.csv` gives it."""

    unit: str  # the offer instance it belongs to
    customer_id: int
    offer: str
    component: str
    number: str
    start: datetime
    tier: str


@dataclass(frozen=True)
class CutOver:
    """What was loaded; seconds of wall time."""

    customers: int
    offers: int
    products: int
    refused: int
    seconds: float


def cut_over(sample: Path) -> CutOver:
    """Load the subscriptions that exist (`via` = load). Repeatable: request keys name each subscription."""
    started = time.perf_counter()
    lines = existing(sample)
    accounts = open_accounts(lines)
    requests = [as_request(list(unit), accounts) for _, unit in groupby(lines, key=lambda line: line.unit)]
    made = [result for part in parts(requests) for result in inventory.create_instances(part, by=BY)]
    return CutOver(
        len(accounts),
        sum(result.problem is None for result in made),
        sum(len(result.product_instance_ids) for result in made),
        sum(result.problem is not None for result in made),
        time.perf_counter() - started,
    )


def existing(sample: Path) -> list[Line]:
    """The subscriptions to load, those of one offer instance together; the customer is who the source record became."""
    with database.read("party") as conn:
        owner = {(row.source, row.key): row.party_id for row in conn.execute(text("SELECT * FROM party.v1_xref"))}
    with duckdb.connect() as duck:
        rows = duck.execute(
            """SELECT coalesce(nullif("group", ''), subscription), source, source_key, offer_code, component,
                      access_number, CAST(start_date AS DATE), coalesce(tier, '')
               FROM read_csv(?, all_varchar = true) WHERE via = 'load' ORDER BY 1, subscription""",
            [str(sample / "subscriptions.csv")],
        ).fetchall()
    return [
        Line(unit, owner[source, key], offer, component, number, clock.start_of_day(start), tier)
        for unit, source, key, offer, component, number, start, tier in rows
        if (source, key) in owner
    ]


def open_accounts(lines: Iterable[Line]) -> dict[int, int]:
    """One postpaid account per customer, from the first day they hold something. Returns customer → account."""
    first: dict[int, datetime] = {}
    for line in lines:
        first[line.customer_id] = min(line.start, first.get(line.customer_id, line.start))
    requests = [
        OpenAccount(f"cut-over:{customer}", customer, opened_at=opened) for customer, opened in sorted(first.items())
    ]
    opened = [result for part in parts(requests) for result in inventory.open_accounts(part, by=BY)]
    return {
        request.customer_id: result.account_id
        for request, result in zip(requests, opened, strict=True)
        if result.account_id is not None
    }


def as_request(unit: Sequence[Line], accounts: Mapping[int, int]) -> CreateInstances:
    """One offer instance with its products."""
    first = unit[0]
    return CreateInstances(
        request_key=f"cut-over:{first.unit}",
        customer_id=first.customer_id,
        account_id=accounts[first.customer_id],
        offer_key=f"cut-over:{first.unit}",
        offer_code=first.offer,
        offer_attributes=varying(first.offer, {"tier": first.tier}),
        products=tuple(NewProduct(line.component, access_number=line.number) for line in unit),
        effective=first.start,
    )


def varying(offer: str, given: Mapping[str, str]) -> dict[str, str | int | bool]:
    """Of the values given, those that the offer lets vary."""
    known = {attribute.code for attribute in catalog.load().offer(offer).attributes}
    return {name: value for name, value in given.items() if name in known and value}


def parts(requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """Sets of at most `AT_ONCE`."""
    return (requests[at : at + AT_ONCE] for at in range(0, len(requests), AT_ONCE))
