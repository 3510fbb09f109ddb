"""Instance creation (转实例): orders, and the load of existing subscribers, become what customers hold (BL-02, BL-10).

Locks are taken in one order everywhere: request keys, numbers, offer keys.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong import catalog
from hutong.inventory import events, members, numbers
from hutong.inventory.once import Done, once
from hutong.inventory.requests import CreateInstances, InstancesCreated, Refusal, Result
from hutong.inventory.settlement import Settled, SettledProduct, settle
from hutong.inventory.states import InstanceState
from hutong.inventory.tables import access_number, offer_instance, offer_product, product_instance
from hutong.platform import clock, history

ACCOUNTS = text("SELECT id, customer_id FROM inventory.account WHERE id = ANY(:ids) AND NOT ended")
PRODUCTS = text("""
    SELECT id, customer_id, product_code FROM inventory.product_instance WHERE id = ANY(:ids) AND NOT ended
""")
CLAIM = text("""
    INSERT INTO inventory.offer_key (key) SELECT key FROM unnest(CAST(:keys AS text[])) AS key ORDER BY key
    ON CONFLICT (key) DO NOTHING RETURNING key
""")
NAMED = text("""
    SELECT k.key, o.id, o.customer_id, o.offer_code, o.ended
    FROM inventory.offer_key AS k JOIN inventory.offer_instance AS o ON o.id = k.offer_instance_id
    WHERE k.key = ANY(:keys)
""")
NAME = text("""
    UPDATE inventory.offer_key AS k SET offer_instance_id = g.id
    FROM json_to_recordset(CAST(:named AS json)) AS g(key text, id bigint) WHERE k.key = g.key
""")
Refusals = dict[str, Refusal]


def create_instances(requests: Sequence[CreateInstances], *, by: str | None = None) -> list[InstancesCreated]:
    """Create offer and product instances with numbers, relations and members: a constant number of statements for any
    number of requests. `by` names the actor in the history.

    Refusals: `catalog-no-document`, `inventory-no-component`, `inventory-attribute-*`, `inventory-no-account`,
    `inventory-number-taken`, `inventory-number-expected`, `inventory-attachment`, `inventory-no-member`,
    `inventory-offer-key-used`. Tells `inventory.instances_created`.
    """
    offers = catalog.load()

    def work(conn: Connection, new: list[CreateInstances]) -> Done:
        now = clock.now()
        read = {item.request_key: settle(offers, item, now) for item in new}
        refused: Refusals = {key: what for key, what in read.items() if isinstance(what, Refusal)}
        settled = [what for what in read.values() if isinstance(what, Settled)]
        for check in (_accounts, _others, _numbers):
            refused |= check(conn, settled)
            settled = [item for item in settled if item.request.request_key not in refused]
        owners, used = _offer_instances(conn, settled, by)
        refused |= used
        settled = [item for item in settled if item.request.request_key not in refused]
        return refused | _write(conn, settled, owners, by)

    return once("create_instances", requests, InstancesCreated, work)


def _accounts(conn: Connection, settled: Sequence[Settled]) -> Refusals:
    rows = conn.execute(ACCOUNTS, {"ids": list({item.request.account_id for item in settled})})
    owner = {row.id: row.customer_id for row in rows}
    return {
        item.request.request_key: Refusal("inventory-no-account", {"account": str(item.request.account_id)})
        for item in settled
        if owner.get(item.request.account_id) != item.request.customer_id
    }


def _others(conn: Connection, settled: Sequence[Settled]) -> Refusals:
    """Product instances that a request builds on: main products of attached ones, and members of groups."""
    ids = {part.asked.attached_to for item in settled for part in item.products if part.asked.attached_to}
    ids |= {member for item in settled for member in item.request.members}
    found = {row.id: row for row in conn.execute(PRODUCTS, {"ids": list(ids)})} if ids else {}
    refused: Refusals = {}
    for item in settled:
        key = item.request.request_key
        for part in item.products:
            main = found.get(part.asked.attached_to)
            if part.asked.attached_to and (
                main is None
                or main.customer_id != item.request.customer_id
                or main.product_code not in part.spec.attaches_to
            ):
                refused[key] = Refusal("inventory-attachment", {"product": part.spec.code})
        for member in item.request.members:
            held = found.get(member)
            if held is None or item.offer.members is None or held.product_code not in item.offer.members.products:
                refused[key] = Refusal("inventory-no-member", {"instance": str(member), "offer": item.offer.code})
    return refused


def _numbers(conn: Connection, settled: Sequence[Settled]) -> Refusals:
    """Lock the numbers asked for; one asked for twice goes to the first."""
    wanted: dict[str, str | None] = {}
    asked_by: dict[str, str] = {}
    refused: Refusals = {}
    for item, part in _parts(settled):
        number, key = part.asked.access_number, item.request.request_key
        if number is None:
            continue
        if number in wanted:
            refused[key] = Refusal("inventory-number-taken", {"number": number})
        else:
            wanted[number], asked_by[number] = part.asked.reservation_key, key
    if wanted:
        taken = numbers.unavailable(conn, wanted)
        refused |= {asked_by[number]: refusal for number, refusal in taken.items()}
    return refused


def _offer_instances(conn: Connection, settled: Sequence[Settled], by: str | None) -> tuple[dict[str, int], Refusals]:
    """Offer instances by offer key, made where they are not there yet; and requests whose key means another offer."""
    first: dict[str, Settled] = {}
    for item in settled:
        first.setdefault(item.request.offer_key, item)
    if not first:
        return {}, {}
    claimed = set(conn.execute(CLAIM, {"keys": list(first)}).scalars())
    making = [(key, item) for key, item in first.items() if key in claimed]
    made = history.insert(
        conn,
        offer_instance,
        [
            {
                "customer_id": item.request.customer_id,
                "account_id": item.request.account_id,
                "offer_code": item.offer.code,
                "offer_version": item.version,
                "state": InstanceState.ACTIVE.value,
                "attributes": item.attributes,
                "effective_at": item.offer_from,
            }
            for _, item in making
        ],
        changed_by=by,
    )
    if making:
        named = [{"key": key, "id": made_id} for (key, _), made_id in zip(making, made, strict=True)]
        conn.execute(NAME, {"named": msgspec.json.encode(named).decode()})
    known = {row.key: row for row in conn.execute(NAMED, {"keys": list(first)})}
    used = {
        item.request.request_key: Refusal("inventory-offer-key-used", {"key": item.request.offer_key})
        for item in settled
        if (row := known[item.request.offer_key]).ended
        or (row.customer_id, row.offer_code) != (item.request.customer_id, item.offer.code)
    }
    return {key: row.id for key, row in known.items()}, used


def _write(conn: Connection, settled: Sequence[Settled], owners: dict[str, int], by: str | None) -> dict[str, Result]:
    parts = list(_parts(settled))
    made = _insert_products(conn, settled, by)
    numbered = [(part, item, key) for (item, part), key in zip(parts, made, strict=True) if part.asked.access_number]
    history.insert(
        conn,
        access_number,
        [
            {"number": part.asked.access_number, "product_instance_id": key, "effective_at": item.effective}
            for part, item, key in numbered
        ],
        changed_by=by,
    )
    numbers.assign(conn, [part.asked.access_number for part, _, _ in numbered if part.asked.access_number])
    history.insert(
        conn,
        offer_product,
        [
            {
                "offer_instance_id": owners[item.request.offer_key],
                "product_instance_id": key,
                "component": part.asked.component,
                "effective_at": part.related_from,
            }
            for (item, part), key in zip(parts, made, strict=True)
        ],
        changed_by=by,
    )
    joining = [(owners[i.request.offer_key], member, i.effective) for i in settled for member in i.request.members]
    members.join(conn, joining, by=by)
    return _tell(conn, settled, owners, iter(made))


def _insert_products(conn: Connection, settled: Sequence[Settled], by: str | None) -> list[int]:
    """Main products first, since attached ones of the same request name them. Ids in the order of the parts."""
    places = [
        (item, part, (item.request.request_key, place)) for item in settled for place, part in enumerate(item.products)
    ]
    ids: dict[tuple[str, int], int] = {}
    for attached in (False, True):
        wave = [entry for entry in places if (entry[1].main is not None) == attached]
        rows = [
            _product_row(item, part, ids.get((key, -1 if part.main is None else part.main)))
            for item, part, (key, _) in wave
        ]
        made = history.insert(conn, product_instance, rows, changed_by=by)
        ids |= {where: made_id for (_, _, where), made_id in zip(wave, made, strict=True)}
    return [ids[where] for _, _, where in places]


def _product_row(item: Settled, part: SettledProduct, main: int | None) -> dict[str, Any]:
    return {
        "customer_id": item.request.customer_id,
        "account_id": item.request.account_id,
        "product_code": part.spec.code,
        "product_version": part.version,
        "attached_to": part.asked.attached_to or main,
        "state": part.asked.state.value,
        "attributes": part.attributes,
        "effective_at": item.effective,
    }


def _tell(
    conn: Connection, settled: Sequence[Settled], owners: dict[str, int], made: Iterable[int]
) -> dict[str, Result]:
    ids = iter(made)
    done: dict[str, Result] = {}
    told: list[tuple[str, dict[str, Any]]] = []
    for item in settled:
        result = {
            "offer_instance_id": owners[item.request.offer_key],
            "product_instance_ids": [next(ids) for _ in item.products],
        }
        done[item.request.request_key] = result
        about = {"customer_id": item.request.customer_id, "account_id": item.request.account_id}
        told.append(
            (
                f"offer_instance:{result['offer_instance_id']}",
                {"request_key": item.request.request_key, **about, **result},
            )
        )
    events.tell(conn, "instances_created", told)
    return done


def _parts(settled: Sequence[Settled]) -> Iterable[tuple[Settled, SettledProduct]]:
    return ((item, part) for item in settled for part in item.products)
