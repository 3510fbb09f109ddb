"""Many at once against a whole installation: two servers and two workers, each a process, and nobody sees double."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx2 as httpx
import pytest
from sqlalchemy import text
from tests.crash.audit import audit, number, rows, unsettled
from tests.crash.clients import ORDERS, Load, order
from tests.crash.installation import Installation, eventually, own_server, running
from tests.crash.test_orders import open_shop, settle, wait_until_served

from hutong.platform import database

PEOPLE = "/tmf-api/party/v4/individual"
WANTED = "13900000007"


BEGUN_AGAIN_FOR_NOTHING = """
    SELECT s.id, s.code, s.fence FROM ordering.step s
    WHERE s.lane <> 'local' AND s.fence > 1 + (SELECT count(*) FROM ordering.trace t WHERE t.step_id = s.id
                                               AND t.event IN ('lease_expired', 'failed', 'awaiting'))"""
"""Steps both workers called at once. Where a machine is too busy to answer in time, a lease may run out or a call fail:
then the step is begun again, as it should be."""


class Place(NamedTuple):
    """A running installation, a channel's key, and customers with their accounts that nobody has used yet."""

    installation: Installation
    key: str
    customers: Iterator[tuple[int, int]]
    load: Load


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Two servers, two workers, peers, a database: shared by the tests of this file."""
    with own_server() as folder:
        key, customers = open_shop()
        with running(folder) as installation:
            wait_until_served(installation)
            load = Load(installation.urls[:-1], key, customers[200:], seed=1, pause=0.02)
            yield Place(installation, key, iter(customers[:200]), load)
            assert not installation.ended


def at_once(place: Place, path: str, contents: Sequence[dict[str, Any]]) -> list[httpx.Response]:
    """Post all of them at once, to the servers by turns."""
    servers = place.installation.urls[:-1]
    limits = httpx.Limits(max_connections=len(contents))
    headers = {"authorization": f"Bearer {place.key}", "accept-language": "en"}
    with (
        httpx.Client(headers=headers, timeout=300, limits=limits, trust_env=False) as http,
        ThreadPoolExecutor(len(contents)) as pool,
    ):
        urls = [servers[one % len(servers)] + path for one in range(len(contents))]

        def post(url: str, content: dict[str, Any]) -> httpx.Response:
            while (answer := http.post(url, json=content)).status_code == 503:  # too many wait: asked to come again
                time.sleep(float(answer.headers["retry-after"]))
            return answer

        return list(pool.map(post, urls, contents))


def test_one_key_from_64_clients(place: Place) -> None:
    """OC-01, XP-06: one is told it is new, all are told the same order, and it is planned once."""
    answers = at_once(place, ORDERS, [order(next(place.customers), "fused", "one key")] * 64)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 63}
    (made,) = {int(answer.json()["id"]) for answer in answers}
    settle(place.installation)
    assert number("ordering", "SELECT count(*) FROM ordering.customer_order WHERE external_id = 'one key'") == 1
    assert number("ordering", "SELECT count(*) FROM ordering.business_order WHERE order_id = :id", id=made) == 4
    place.load.book.asked["one key"] = "fused"
    place.load.book.given["one key"] = {made}


def test_one_number_wanted_by_40_orders(place: Place) -> None:
    """OC-07: the number is given once; the others are told why not, at the counter or by their order."""
    contents = []
    for one in range(40):
        content = order(next(place.customers), "mobile", f"wanting {one}")
        resource = {"id": WANTED, "@referredType": "AccessNumber"}
        content["productOrderItem"][0]["product"]["realizingResource"] = [resource]
        contents.append(content)
    answers = at_once(place, ORDERS, contents)
    taken = {
        content["externalId"]: int(answer.json()["id"])
        for content, answer in zip(contents, answers, strict=True)
        if answer.status_code == 201
    }
    refused = [answer for answer in answers if answer.status_code != 201]
    assert all(answer.status_code in (409, 422) and answer.json()["reason"] for answer in refused)
    settle(place.installation)
    ended = rows(
        "ordering",
        "SELECT id, state, reason FROM ordering.customer_order WHERE id = ANY(:ids)",
        ids=list(taken.values()),
    )
    (winner,) = [row.id for row in ended if row.state == "completed"]
    for row in ended:
        assert row.id == winner or (row.state, bool(row.reason)) == ("failed", True), row
    assert (
        number("inventory", "SELECT count(*) FROM inventory.access_number WHERE number = :number", number=WANTED) == 1
    )
    for key, made in taken.items():
        place.load.book.asked[key] = "mobile"
        place.load.book.given[key] = {made}


def test_one_person_asked_for_64_times(place: Place) -> None:
    """EC-14: 64 concurrent requests for one person, at two servers, make one party."""
    person = {
        "familyName": "欧阳",
        "givenName": "明",
        "individualIdentification": [{"identificationType": "resident_id", "identificationId": "11010519491231002X"}],
        "contactMedium": [{"mediumType": "mobile", "characteristic": {"phoneNumber": "13910442358"}}],
    }
    before = number("party", "SELECT count(*) FROM party.party WHERE NOT ended")
    answers = at_once(place, PEOPLE, [{**person, "externalReference": [{"name": f"K-{one}"}]} for one in range(64)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 63}
    (made,) = {int(answer.json()["id"]) for answer in answers}
    assert number("party", "SELECT count(*) FROM party.party WHERE NOT ended") == before + 1
    assert number("party", "SELECT record_count FROM party.party WHERE id = :id", id=made) == 64


def test_two_workers_share_the_steps(place: Place) -> None:
    """OC-06, OC-20: both workers take part, no step runs twice, and everything told above still holds."""
    load = place.load
    load.start(8)
    eventually(lambda: load.book.accepted > 250, lambda: f"{load.book.accepted} accepted")
    load.end()
    settle(place.installation)
    assert unsettled() == []
    wrong = [*audit(load.book, place.installation.peers_book), *load.book.surprises]
    assert not wrong, "\n".join(wrong[:50])
    actors = {row.actor for row in rows("ordering", "SELECT DISTINCT actor FROM ordering.step WHERE state = 'done'")}
    assert len([actor for actor in actors if actor.startswith("worker:")]) == 2, actors
    assert rows("ordering", BEGUN_AGAIN_FOR_NOTHING) == []


SABOTAGE = [
    (
        "peers",
        "INSERT INTO effect (peer, operation, key, at) SELECT peer, operation, key, 0 FROM effect LIMIT 1",
        "2 ef",
    ),
    ("peers", "DELETE FROM effect WHERE id = (SELECT min(id) FROM effect WHERE operation = 'send')", "effect None"),
    (
        "ordering",
        "UPDATE ordering.customer_order SET external_id = 'x' WHERE external_id = 'one key'",
        "the client was",
    ),
    ("ordering", "DELETE FROM ordering.customer_order WHERE external_id = 'x'", "acceptances told"),
    (
        "ordering",
        """UPDATE ordering.business_order SET state = 'failed'
           WHERE id = (SELECT max(id) FROM ordering.business_order WHERE state = 'completed')""",
        "is completed, its business orders are",
    ),
    (
        "inventory",
        """UPDATE inventory.number_pool SET state = 'free'
           WHERE number = (SELECT max(number) FROM inventory.number_pool WHERE state = 'assigned')""",
        "assigned numbers delivered and not there",
    ),
    ("inventory", "UPDATE inventory.account SET name = 'x' WHERE id = 1", "the row in use is not its last version"),
    (
        "ordering",
        """INSERT INTO ordering.event_log SELECT position + 900000, id, type, aggregate, payload, occurred_at
           FROM ordering.event_log WHERE type = 'ordering.order_accepted' LIMIT 1""",
        "told 2 times",
    ),
]


def test_the_audit_sees_what_it_looks_for(place: Place) -> None:
    """What proves the others right is no use if it never says no: each harm done on purpose is named."""
    book, peers_book = place.load.book, place.installation.peers_book
    assert list(audit(book, peers_book)) == []
    for where, harm, named in SABOTAGE:
        before = set(audit(book, peers_book))
        if where == "peers":
            with sqlite3.connect(peers_book) as effects:
                assert effects.execute(harm).rowcount == 1, harm
        else:
            with database.begin(where) as conn:
                assert conn.execute(text(harm)).rowcount == 1, harm
        fresh = set(audit(book, peers_book)) - before
        assert any(named in line for line in fresh), f"{harm}: {fresh}"
