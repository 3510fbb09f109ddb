"""`/hub`: registered listeners are told in TM Forum's event form (XP-04, EC-14)."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import TELECOM, client_with, open_shop
from tests.api.specification import conforms
from tests.api.test_party import person
from tests.api.test_product_order import body, post
from tests.api.test_usage import call

from hutong import catalog, inventory
from hutong.billing import bill_run
from hutong.catalog import documents
from hutong.catalog.document import Kind
from hutong.catalog.documents import read_pack
from hutong.inventory.requests import CreateInstances, NewProduct, TerminateInstances
from hutong.platform import clock, webhooks, worker
from hutong.platform.settings import settings

ORDERS = "/tmf-api/productOrderingManagement/v4"
PARTIES = "/tmf-api/party/v4"
PRODUCTS = "/tmf-api/productInventory/v4"
CUSTOMERS = "/tmf-api/customerManagement/v4"
OFFERS = "/tmf-api/productCatalogManagement/v4"
USAGE = "/tmf-api/usageManagement/v4"
BILLS = "/tmf-api/customerBillManagement/v4"


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
    for event in told:
        conforms("TMF622", event["eventType"], event)
    orders = [event for event in told if "productOrder" in event["event"]]
    kinds = [event["eventType"] for event in orders]
    assert kinds == [f"ProductOrder{what}Event" for what in ("Create", "AttributeValueChange", "StateChange")]
    for event in orders:
        conforms("TMF622", "ProductOrder", event["event"]["productOrder"])
        assert event["event"]["productOrder"]["id"] == made["id"]
        assert event["event"]["productOrder"]["notificationContact"] == "13910442358"
    assert orders[-1]["event"]["productOrder"]["state"] == "cancelled"
    cancellations = [event for event in told if "cancelProductOrder" in event["event"]]
    kinds = [event["eventType"] for event in cancellations]
    assert kinds == ["CancelProductOrderCreateEvent", "CancelProductOrderStateChangeEvent"]
    for event in cancellations:
        conforms("TMF622", "CancelProductOrder", event["event"]["cancelProductOrder"])
        assert event["event"]["cancelProductOrder"]["productOrder"]["id"] == made["id"]
        assert event["event"]["cancelProductOrder"]["state"] == "done"
    assert len({event["eventId"] for event in told}) == len(told) == 5
    assert api.delete(f"{ORDERS}/hub/{everything}").status_code == 204
    assert api.delete(f"{ORDERS}/hub/{everything}").status_code == 404
    post(api, body(open_shop()))
    deliver()
    assert len(told) == 5


def test_told_with_the_listeners_own_rights(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    """EC-17: what a listener may not see clear is masked for it; one that lost its right hears no more."""
    callback, told = heard
    with client_with(["ordering.read"], "masked", clear=()) as masked:
        number = listen(masked, ORDERS, callback, "eventType=ProductOrderCreateEvent")
        post(api, body(open_shop(), notificationContact="13910442358"))
        deliver()
        assert [event["event"]["productOrder"]["notificationContact"] for event in told] == ["139****2358"]
        for changed in ({"rights": ["party.read"]}, {"rights": ["*"], "scopes": {"order": "row.channel == 'shop'"}}):
            client_with(code="masked", **changed)
            post(api, body(open_shop()))
            deliver()
        assert len(told) == 1
    webhooks.unregister(int(number))


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


def edited(kind: str, code: str, **changes: Any) -> dict[str, Any]:
    """A document of the telecom pack with other content."""
    (found,) = [draft.body for draft in read_pack(TELECOM) if (draft.body["kind"], draft.body["code"]) == (kind, code)]
    return json.loads(json.dumps(found)) | changes


def test_the_catalog_is_told_of(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    """One event for each offer, product and price that a publication changed."""
    callback, told = heard
    number = listen(api, OFFERS, callback)
    offer = edited("offer", "MOBILE-5G")
    price = {"code": "sim", "name": {"zh": "卡费", "en": "SIM card"}, "amount": "10"}
    new = offer | {"code": "MOBILE-HUB", "one_off_prices": [price], "price_plans": []}
    product = edited("product", "CALLER-DISPLAY", name={"zh": "来显", "en": "Caller id"})
    assert kinds_told(told, [new, product]) == {
        ("ProductOfferingCreateEvent", "MOBILE-HUB"),
        ("ProductOfferingPriceCreateEvent", "MOBILE-HUB.sim"),
        ("ProductSpecificationAttributeValueChangeEvent", "CALLER-DISPLAY"),
    }
    shown = {event["event"]["productOffering"]["id"]: event for event in told if "productOffering" in event["event"]}
    assert (
        shown["MOBILE-HUB"]["event"]["productOffering"]
        == api.get(f"{OFFERS}/productOffering/MOBILE-HUB", headers={"Accept-Language": "zh-CN"}).json()
    )
    retired = new | {"lifecycle": "retired", "one_off_prices": [price | {"amount": "12"}]}
    assert kinds_told(told, [retired]) == {
        ("ProductOfferingStateChangeEvent", "MOBILE-HUB"),
        ("ProductOfferingAttributeValueChangeEvent", "MOBILE-HUB"),
        ("ProductOfferingPriceAttributeValueChangeEvent", "MOBILE-HUB.sim"),
    }
    later = clock.now() + timedelta(days=1)
    assert kinds_told(told, [], withdraw=[(Kind.OFFER, "MOBILE-HUB")], effective_from=later) == {
        ("ProductOfferingDeleteEvent", "MOBILE-HUB"),
        ("ProductOfferingPriceDeleteEvent", "MOBILE-HUB.sim"),
    }
    assert api.delete(f"{OFFERS}/hub/{number}").status_code == 204


def kinds_told(told: list[dict[str, Any]], bodies: list[dict[str, Any]], **more: Any) -> set[tuple[str, str]]:
    """What is told of a publication, each event and resource held against the specification."""
    told.clear()
    catalog.publish(documents.drafts(bodies), by="test", **more)
    deliver()
    found = set()
    for event in told:
        conforms("TMF620", event["eventType"], event)
        ((kind, resource),) = event["event"].items()
        conforms("TMF620", kind[0].upper() + kind[1:], resource)
        found.add((event["eventType"], resource["id"]))
    assert len(found) == len(told)
    return found


def in_use(number: str) -> None:
    """A customer with a mobile of a number."""
    customer, account = open_shop()
    product = NewProduct("MOBILE-5G", access_number=number)
    month = clock.now().replace(day=1)
    request = CreateInstances(
        number, customer, account, number, "MOBILE-5G", offer_attributes={"tier": "59"}, products=(product,),
        effective=month,
    )  # fmt: skip
    inventory.create_instances([request])


def test_usage_is_told_of(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    """One event for a record sent by itself, however often it is sent; none for what is refused."""
    callback, told = heard
    number = listen(api, USAGE, callback)
    in_use("13900000007")
    record = call("H1", accessNumber="13900000007") | {"usageDate": clock.now().isoformat()}
    sent = api.post(f"{USAGE}/usage", json=record).json()
    assert api.post(f"{USAGE}/usage", json=record).status_code == 200
    assert api.post(f"{USAGE}/usage", json=record | {"usageType": "smoke"}).status_code == 422
    deliver()
    (event,) = told
    conforms("TMF635", "UsageCreateEvent", event)
    conforms("TMF635", "Usage", event["event"]["usage"])
    assert event["event"]["usage"] == api.get(f"{USAGE}/usage/{sent['id']}").json()
    assert api.delete(f"{USAGE}/hub/{number}").status_code == 204


def test_bills_are_told_of(api: TestClient, heard: tuple[str, list[dict[str, Any]]]) -> None:
    """A bill is made once, keeps its id from run to run, and changes its state when it becomes final.

    TMF678 v4.0.0 describes no events; they have the form its other APIs give theirs.
    """
    callback, told = heard
    number = listen(api, BILLS, callback)
    in_use("13900000008")
    cycle = clock.now().astimezone(settings.zone).strftime("%Y%m")
    for final in (False, False, True):
        bill_run.run(cycle, "test", final=final)
        deliver()
    bills = {one["id"]: one for one in api.get(f"{BILLS}/customerBill").json()}
    assert bills
    for kind, state in (("Create", "new"), ("StateChange", "validated")):
        events = [event for event in told if event["eventType"] == f"CustomerBill{kind}Event"]
        assert sorted(event["event"]["customerBill"]["id"] for event in events) == sorted(bills)
        for event in events:
            conforms("TMF635", "UsageCreateEvent", event | {"event": {}})
            conforms("TMF678", "CustomerBill", event["event"]["customerBill"])
            assert event["event"]["customerBill"]["state"] == state
    assert len(told) == 2 * len(bills)
    assert told[-1]["event"]["customerBill"] == bills[told[-1]["event"]["customerBill"]["id"]]
    assert api.delete(f"{BILLS}/hub/{number}").status_code == 204


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
