"""`/hub`: registered listeners are told in TM Forum's event form (XP-04, EC-14)."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import client_with, open_shop
from tests.api.specification import conforms
from tests.api.test_party import person
from tests.api.test_product_order import body, post

from hutong import inventory
from hutong.inventory.requests import CreateInstances, NewProduct, TerminateInstances
from hutong.platform import webhooks, worker
from hutong.platform.settings import settings

ORDERS = "/tmf-api/productOrderingManagement/v4"
PARTIES = "/tmf-api/party/v4"
PRODUCTS = "/tmf-api/productInventory/v4"
CUSTOMERS = "/tmf-api/customerManagement/v4"


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a real listener, and what it was told."""
    told: list[dict[str, Any]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.webhook_allow_private = True
    yield f"http://127.0.0.1:{server.server_port}/listener", told
    settings.webhook_allow_private = False
    server.shutdown()
    server.server_close()


def listen(api: TestClient, base: str, callback: str, query: str | None = None) -> str:
    asked = {"callback": callback} | ({"query": query} if query else {})
    made = api.post(f"{base}/hub", json=asked)
    assert made.status_code == 201, made.text
    conforms("TMF622", "EventSubscription", made.json())
    assert len(made.headers["Hutong-Webhook-Secret"]) > 20
    assert made.headers["Location"].endswith(f"{base}/hub/{made.json()['id']}")
    return str(made.json()["id"])


def deliver() -> None:
    worker.drain(more=webhooks.subscriptions())


def test_orders_are_told_of(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    callback, told = heard
    everything = listen(api, ORDERS, callback)
    made = post(api, body(open_shop(), notificationContact="13910442358")).json()
    api.patch(f"{ORDERS}/productOrder/{made['id']}", json={"priority": "0"})
    api.post(f"{ORDERS}/cancelProductOrder", json={"productOrder": {"id": made["id"]}})
    deliver()
    kinds = [event["eventType"] for event in told]
    assert kinds == [f"ProductOrder{what}Event" for what in ("Create", "AttributeValueChange", "StateChange")]
    for event in told:
        conforms("TMF622", event["eventType"], event)
        conforms("TMF622", "ProductOrder", event["event"]["productOrder"])
        assert event["event"]["productOrder"]["id"] == made["id"]
        assert event["event"]["productOrder"]["notificationContact"] == "139****2358"
    assert told[-1]["event"]["productOrder"]["state"] == "cancelled"
    assert len({event["eventId"] for event in told}) == 3
    assert api.delete(f"{ORDERS}/hub/{everything}").status_code == 204
    assert api.delete(f"{ORDERS}/hub/{everything}").status_code == 404
    post(api, body(open_shop()))
    deliver()
    assert len(told) == 3


def test_only_the_events_asked_for(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    callback, told = heard
    number = listen(api, PARTIES, callback, "eventType=IndividualCreateEvent,IndividualStateChangeEvent")
    one = api.post(f"{PARTIES}/individual", json=person(familyName="夏侯", givenName="惇")).json()
    assert api.post(f"{PARTIES}/organization", json={"tradingName": "杭州甲乙丙贸易有限公司"}).status_code == 201
    api.patch(f"{PARTIES}/individual/{one['id']}", json={"title": "General"})
    api.delete(f"{PARTIES}/individual/{one['id']}")
    deliver()
    assert [event["eventType"] for event in told] == ["IndividualCreateEvent", "IndividualStateChangeEvent"]
    for event in told:
        conforms("TMF632", event["eventType"], event)
        assert event["event"]["individual"]["id"] == one["id"]
    assert "夏侯惇" not in str(told)
    assert api.delete(f"{ORDERS}/hub/{number}").status_code == 404, "another API's registration"
    assert api.delete(f"{PARTIES}/hub/{number}").status_code == 204


def test_products_and_customers(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    callback, told = heard
    numbers = [(base, listen(api, base, callback)) for base in (PRODUCTS, CUSTOMERS)]
    customer, account = open_shop()
    product = NewProduct("MOBILE-5G", access_number="13900000001")
    request = CreateInstances(
        "hub", customer, account, "hub", "MOBILE-5G", offer_attributes={"tier": "59"}, products=(product,)
    )
    (made,) = inventory.create_instances([request])
    inventory.terminate_instances([TerminateInstances("hub-end", made.offer_instance_id)])
    deliver()
    by_kind = {event["eventType"]: event for event in told}
    assert set(by_kind) == {"ProductCreateEvent", "ProductStateChangeEvent", "CustomerCreateEvent"}
    conforms("TMF637", "ProductCreateEvent", by_kind["ProductCreateEvent"])
    conforms("TMF637", "Product", by_kind["ProductStateChangeEvent"]["event"]["product"])
    assert by_kind["ProductCreateEvent"]["event"]["product"]["id"] == f"offer-{made.offer_instance_id}"
    assert by_kind["CustomerCreateEvent"]["event"]["customer"]["id"] == str(customer)
    for base, number in numbers:
        assert api.delete(f"{base}/hub/{number}").status_code == 204


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"callback": "ftp://example.com/x"}, 422),
        ({"callback": "http://127.0.0.1/x"}, 422),
        ({"callback": "not an address"}, 422),
        ({"callback": "http://[broken"}, 422),
        ({"callback": "http://a:99999999/"}, 422),
        ({"callback": "https://\0"}, 400),
        ({"callback": 7}, 400),
        ({}, 400),
        ({"callback": "http://127.0.0.1/x", "query": "eventType=Nothing"}, 422),
        ({"callback": "http://127.0.0.1/x", "query": "state=completed"}, 422),
    ],
)
def test_bad_registrations_are_refused(api: TestClient, asked: dict[str, Any], status: int) -> None:
    answer = api.post(f"{ORDERS}/hub", json=asked)
    assert answer.status_code == status, answer.text
    conforms("TMF622", "Error", answer.json())


def test_rights_to_listen(api: TestClient) -> None:
    asked = {"callback": "http://127.0.0.1/x"}
    with client_with(["party.read"], "deaf") as deaf:
        assert deaf.post(f"{ORDERS}/hub", json=asked).status_code == 403
    with client_with(["*"], "narrow", scopes={"order": "row.channel == viewer.name"}) as narrow:
        refused = narrow.post(f"{ORDERS}/hub", json=asked)
        assert (refused.status_code, refused.json()["code"]) == (403, "api-hub-scoped")
