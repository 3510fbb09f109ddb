"""Chapter 4: orders on three channels through TMF622, by a real HTTP client; among them the fused order, twice:
fulfilled, and with its broadband failing, so that broadband and phone are undone and the plans go on (OC-09)."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, groupby
from pathlib import Path
from typing import Any

import duckdb
import httpx2 as httpx
from sqlalchemy import text

from hutong import inventory
from hutong.inventory.requests import OpenAccount
from hutong.platform import database
from hutong.platform.errors import Unavailable

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
PATIENCE_SECONDS = 180.0
ENDED = frozenset({"completed", "partial", "failed", "cancelled", "rejected"})
BUNDLE = "FUSION-199"
Resource = dict[str, Any]


class Unfinished(Unavailable):
    """An order was refused, or did not reach a final state in time."""


@dataclass(frozen=True)
class Ordered:
    """The orders of the journey: id → final state, by channel; which are the two fused ones; seconds of wall time."""

    states: Mapping[str, str]
    channels: Mapping[str, int]
    fused: str
    fused_failing: str
    seconds: float


def place_orders(address: str, peers: str, keys: Mapping[str, str], sample: Path) -> Ordered:
    """Place the two fused orders and the sample's, and wait until each is final."""
    started = time.perf_counter()
    orders = list(orders_of(sample))
    placed: dict[str, str] = {}
    with ExitStack() as stack:
        sessions = {code: stack.enter_context(client(address, key)) for code, key in keys.items()}
        good = place(sessions["counter"], fused(orders[0], "demo-fused-1"))
        wait(sessions["counter"], [good])
        refuse_broadband_once(peers)
        failing = place(sessions["hotline"], fused(orders[1], "demo-fused-2"))
        wait(sessions["hotline"], [failing])
        placed |= {good: "counter", failing: "hotline"}
        for turn, order in zip(cycle(sessions), orders, strict=False):
            channel = "counter" if has_bundle(order) else turn
            placed[place(sessions[channel], order)] = channel
        states = wait(sessions["counter"], list(placed))
    channels = {code: sum(channel == code for channel in placed.values()) for code in keys}
    return Ordered(states, channels, good, failing, time.perf_counter() - started)


def client(address: str, key: str) -> httpx.Client:
    """A channel's HTTP client."""
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30, trust_env=False)


def place(session: httpx.Client, order: Resource) -> str:
    """Place one order; its id."""
    answer = session.post(ORDERS, json=order)
    if answer.status_code not in (httpx.codes.CREATED, httpx.codes.OK):
        raise Unfinished("journey-refused", order=order["externalId"], why=answer.text)
    return str(answer.json()["id"])


def wait(session: httpx.Client, orders: Sequence[str]) -> dict[str, str]:
    """Until every order is final. Returns their states."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        asked: dict[str, str | int] = {"id": ",".join(orders), "fields": "state", "limit": len(orders)}
        states = {found["id"]: found["state"] for found in session.get(ORDERS, params=asked).raise_for_status().json()}
        if len(states) == len(orders) and set(states.values()) <= ENDED:
            return states
        if time.monotonic() > deadline:
            open_ones = ", ".join(f"{key} ({states.get(key, '?')})" for key in orders if states.get(key) not in ENDED)
            raise Unfinished("journey-unfinished", orders=open_ones, seconds=PATIENCE_SECONDS)
        time.sleep(0.2)


def refuse_broadband_once(peers: str) -> None:
    """Tell the simulated network to refuse the next broadband."""
    rule = {"peer": "network", "operation": "provision", "how": "refuse", "times": 1}
    match = {"match": {"products.0.product": "BROADBAND"}}
    httpx.post(f"{peers}/control", json=rule | match, timeout=10, trust_env=False).raise_for_status()


def fused(like: Resource, external_id: str) -> Resource:
    """Two mobile plans, broadband, and an IP phone that depends on the broadband, for the customer of another order."""
    tiers = [{"product": {"productCharacteristic": [{"name": "tier", "value": tier}]}} for tier in ("99", "59")]
    parts = [("MOBILE-5G", tiers[0]), ("MOBILE-5G", tiers[1]), ("BROADBAND-500M", {}), ("IP-PHONE", {})]
    items = [item(number, offer) | rest for number, (offer, rest) in enumerate(parts, 1)]
    head = {name: like[name] for name in ("relatedParty", "billingAccount")}
    return head | {"externalId": external_id, "productOrderItem": items}


def item(number: int, offer: str) -> Resource:
    """One order item that adds an offer."""
    return {"id": str(number), "action": "add", "productOffering": {"id": offer}}


def orders_of(sample: Path) -> Iterator[Resource]:
    """The sample's subscriptions to be ordered, one order per customer; their numbers are wished for."""
    with database.read("party") as conn:
        owner = {(row.source, row.key): row.party_id for row in conn.execute(text("SELECT * FROM party.v1_xref"))}
    with duckdb.connect() as duck:
        rows = duck.execute(
            """SELECT source, source_key, coalesce("group", ''), offer_code, component, access_number,
                      coalesce(tier, '')
               FROM read_csv(?, all_varchar = true) WHERE via = 'order' ORDER BY source, source_key, subscription""",
            [str(sample / "subscriptions.csv")],
        ).fetchall()
    for (source, key), lines in groupby(rows, key=lambda row: (row[0], row[1])):
        if (source, key) in owner:
            yield order_of(f"demo-{source}-{key}", owner[source, key], [line[2:] for line in lines])


def order_of(external_id: str, customer: int, lines: Sequence[Sequence[str]]) -> Resource:
    """One customer's order; lines of one bundle become one item with its components."""
    opened = inventory.open_accounts([OpenAccount(f"cut-over:{customer}", customer)])[0]
    items = []
    for number, (offer, found) in enumerate(units(lines), 1):
        if offer == BUNDLE:
            items.append(
                item(number, offer) | {"productOrderItem": [part(at, line) for at, line in enumerate(found, 1)]}
            )
        else:
            items.append(item(number, offer) | {"product": product(found[0])})
    return {
        "externalId": external_id,
        "relatedParty": [{"id": str(customer), "role": "customer", "@referredType": "Customer"}],
        "billingAccount": {"id": str(opened.account_id)},
        "productOrderItem": items,
    }


def has_bundle(order: Resource) -> bool:
    """Whether it orders the bundle, which organisations order at the counter only."""
    return any(ordered["productOffering"]["id"] == BUNDLE for ordered in order["productOrderItem"])


def units(lines: Sequence[Sequence[str]]) -> Iterator[tuple[str, list[Sequence[str]]]]:
    """(offer, lines): the lines of a bundle together, others alone. A line: group, offer, component, number, tier."""
    for _, found in groupby(enumerate(lines), key=lambda pair: pair[1][0] or pair[0]):
        together = [line for _, line in found]
        yield together[0][1], together


def part(number: int, line: Sequence[str]) -> Resource:
    """One component of a bundle, with the number wished for."""
    return item(number, line[2]) | {"product": {"realizingResource": [{"id": line[3], "value": line[3]}]}}


def product(line: Sequence[str]) -> Resource:
    """The product of an item: its tier where it has one, and the number wished for."""
    tier = [{"name": "tier", "value": line[4]}] if line[4] else []
    return {"productCharacteristic": tier, "realizingResource": [{"id": line[3], "value": line[3]}]}
