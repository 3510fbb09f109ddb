"""Changing what is held: attributes (a plan tier), state, account, members; now or from a date on (BL-04, OC-04)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from hutong import catalog
from hutong.catalog import Catalog
from hutong.inventory import events, members
from hutong.inventory.attributes import AttributeVersion, merge
from hutong.inventory.creation import ACCOUNTS, PRODUCTS
from hutong.inventory.cycle import instant_of
from hutong.inventory.once import Done, once
from hutong.inventory.requests import ChangeInstance, Outcome, Refusal, Result
from hutong.inventory.settlement import refused_attributes
from hutong.inventory.states import TRANSITIONS, InstanceState, may_become
from hutong.inventory.tables import offer_instance, product_instance
from hutong.platform import clock, history
from hutong.platform.errors import NotFound

Versions = dict[int, list[Row[Any]]]


@dataclass(frozen=True)
class Surroundings:
    """What refusals depend on: the catalog, owners of the accounts named, products of the joining members."""

    offers: Catalog
    owners: dict[int, int]
    products: dict[int, str]


@dataclass(frozen=True)
class Accepted:
    """A change that can be made, and the instant from which it holds."""

    request: ChangeInstance
    at: datetime

    @property
    def id(self) -> int:
        """The instance."""
        return self.request.offer_instance_id or self.request.product_instance_id or 0


def change_instances(requests: Sequence[ChangeInstance], *, by: str | None = None) -> list[Outcome]:
    """Change offer or product instances from an instant on; the table in use shows it at once, billing's periods on
    the date. A change dated before the instance begins holds from its beginning.

    Refusals: `inventory-one-instance`, `inventory-nothing-to-do`, `inventory-no-instance`, `inventory-state`,
    `inventory-attribute-*`, `inventory-no-account`, `inventory-no-member`. Tells `inventory.instance_changed`.
    """
    offers = catalog.load()

    def work(conn: Connection, new: list[ChangeInstance]) -> Done:
        done: dict[str, Result | Refusal] = {}
        for turn in _turns(new):
            done |= _change(conn, offers, turn, by)
        return done

    return once("change_instances", requests, Outcome, work)


def _turns(requests: Sequence[ChangeInstance]) -> Iterator[list[ChangeInstance]]:
    """Sets that name no instance twice: usually one; the n-th change of an instance is in the n-th set."""
    by_instance: dict[tuple[int | None, int | None], list[ChangeInstance]] = defaultdict(list)
    for item in requests:
        by_instance[item.offer_instance_id, item.product_instance_id].append(item)
    for turn in zip_longest(*by_instance.values()):
        yield [item for item in turn if item is not None]


def _change(
    conn: Connection, offers: Catalog, turn: list[ChangeInstance], by: str | None
) -> dict[str, Result | Refusal]:
    now = clock.now()
    done: dict[str, Result | Refusal] = {}
    for table, wanted in (
        (offer_instance, [item for item in turn if item.offer_instance_id is not None]),
        (product_instance, [item for item in turn if item.offer_instance_id is None]),
    ):
        versions = _lock(conn, table, wanted)
        refused = _refused(conn, offers, table, wanted, versions)
        accepted = [
            Accepted(item, max(instant_of(item.effective, now), versions[_id(item)][0].valid_from))
            for item in wanted
            if item.request_key not in refused
        ]
        _write(conn, table, accepted, versions, by)
        _tell(conn, table, accepted)
        done |= refused
        done |= {item.request.request_key: {} for item in accepted}
    return done


def _id(item: ChangeInstance) -> int:
    return item.offer_instance_id or item.product_instance_id or 0


def _lock(conn: Connection, table: Table, wanted: Sequence[ChangeInstance]) -> Versions:
    """Lock the instances in id order; all their versions, the earliest first."""
    ids = sorted({_id(item) for item in wanted})
    if not ids:
        return {}
    conn.execute(select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id).with_for_update())
    past = history.history_of(table)
    found: Versions = defaultdict(list)
    for row in conn.execute(select(past).where(past.c.id.in_(ids)).order_by(past.c.id, past.c.valid_from)):
        found[row.id].append(row)
    return found


def _refused(
    conn: Connection, offers: Catalog, table: Table, wanted: Sequence[ChangeInstance], versions: Versions
) -> dict[str, Refusal]:
    accounts = [item.account_id for item in wanted if item.account_id is not None]
    owners = {row.id: row.customer_id for row in conn.execute(ACCOUNTS, {"ids": accounts})} if accounts else {}
    joining = [member for item in wanted for member in item.join]
    products = {row.id: row.product_code for row in conn.execute(PRODUCTS, {"ids": joining})} if joining else {}
    around = Surroundings(offers, owners, products)
    found: dict[str, Refusal] = {}
    for item in wanted:
        if refusal := _refusal(around, table, item, versions.get(_id(item))):
            found[item.request_key] = refusal
    return found


def _refusal(
    around: Surroundings, table: Table, item: ChangeInstance, versions: list[Row[Any]] | None
) -> Refusal | None:
    if (item.offer_instance_id is None) == (item.product_instance_id is None):
        return Refusal("inventory-one-instance")
    if not (item.attributes or item.state or item.account_id or item.join or item.leave):
        return Refusal("inventory-nothing-to-do")
    if not versions or versions[-1].ended:
        return Refusal("inventory-no-instance", {"instance": str(_id(item))})
    last = versions[-1]
    if item.account_id is not None and around.owners.get(item.account_id) != last.customer_id:
        return Refusal("inventory-no-account", {"account": str(item.account_id)})
    return _refused_state(item, last) or _refused_by_catalog(around, table, item, last)


def _refused_state(item: ChangeInstance, last: Row[Any]) -> Refusal | None:
    before = InstanceState(last.state)
    if item.state is None or (may_become(before, item.state) and item.state is not InstanceState.TERMINATED):
        return None
    allowed = ", ".join(sorted(TRANSITIONS[before] - {InstanceState.TERMINATED})) or "-"
    return Refusal("inventory-state", {"before": before.value, "after": item.state.value, "allowed": allowed})


def _refused_by_catalog(around: Surroundings, table: Table, item: ChangeInstance, last: Row[Any]) -> Refusal | None:
    """Values are checked by the document version that the instance was made from."""
    try:
        if table is product_instance:
            product = around.offers.product(last.product_code, last.product_version)
            taken: tuple[str, ...] = ()
            declared = product.attributes
        else:
            offer = around.offers.offer(last.offer_code, last.offer_version)
            taken = offer.members.products if offer.members else ()
            declared = offer.attributes
    except NotFound as problem:
        return Refusal.of(problem)
    owner = last.product_code if table is product_instance else last.offer_code
    for member in item.join:
        if around.products.get(member) not in taken:
            return Refusal("inventory-no-member", {"instance": str(member), "offer": owner})
    if not item.attributes:
        return None
    return refused_attributes(declared, {**last.attributes, **item.attributes}, owner)


def _write(conn: Connection, table: Table, accepted: Sequence[Accepted], versions: Versions, by: str | None) -> None:
    for column in ("state", "account_id"):
        rows = [
            {"id": item.id, "effective_at": item.at, column: value}
            for item in accepted
            if (value := getattr(item.request, column)) is not None
        ]
        history.change(conn, table, rows, columns=[column], changed_by=by)
    merged = [
        [(item.id, at, attributes) for at, attributes in merge(_attributes(versions[item.id]), item.at, patch)]
        for item in accepted
        if (patch := item.request.attributes)
    ]
    for rank in zip_longest(*merged):  # one set for the change itself, more only where later versions exist
        rows = [{"id": key, "effective_at": at, "attributes": values} for key, at, values in filter(None, rank)]
        history.change(conn, table, rows, columns=["attributes"], changed_by=by)
    members.join(conn, [(item.id, other, item.at) for item in accepted for other in item.request.join], by=by)
    members.leave(conn, [(item.id, other, item.at) for item in accepted for other in item.request.leave], by=by)


def _attributes(versions: Sequence[Row[Any]]) -> list[AttributeVersion]:
    return [
        AttributeVersion(row.valid_from, row.attributes, row.changed is None or "attributes" in row.changed)
        for row in versions
    ]


def _tell(conn: Connection, table: Table, accepted: Sequence[Accepted]) -> None:
    events.tell(
        conn,
        "instance_changed",
        (
            (
                f"{table.name}:{item.id}",
                {
                    "request_key": item.request.request_key,
                    "offer_instance_id": item.request.offer_instance_id,
                    "product_instance_id": item.request.product_instance_id,
                    "attributes": item.request.attributes,
                    "state": item.request.state,
                    "effective_at": item.at.isoformat(),
                },
            )
            for item in accepted
        ),
    )
