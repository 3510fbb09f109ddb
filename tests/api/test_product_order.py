"""TMF622: orders taken once, found, amended and cancelled where their state allows it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy.engine import URL
from tests.api.conftest import client_with, open_shop
from tests.api.specification import conforms

BASE = "/tmf-api/productOrderingManagement/v4"
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def who(api: TestClient) -> tuple[int, int]:
    """A customer and their account."""
    return open_shop()


def body(who: tuple[int, int], **more: Any) -> dict[str, Any]:
    """An order of a mobile plan and a broadband."""
    customer, account = who
    return {
        "relatedParty": [{"id": str(customer), "role": "customer", "@referredType": "Customer"}],
        "billingAccount": {"id": str(account)},
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "productOffering": {"id": "MOBILE-5G"},
                "product": {
                    "productCharacteristic": [{"name": "tier", "value": "59"}, {"name": "roaming", "value": True}],
                    "realizingResource": [{"id": "13900000007", "@referredType": "AccessNumber"}],
                },
            },
            {
                "id": "2",
                "action": "add",
                "productOffering": {"id": "BROADBAND-500M"},
                "productOrderItemRelationship": [{"id": "1", "relationshipType": "reliesOn"}],
            },
        ],
        **more,
    }


def post(api: TestClient, content: dict[str, Any], **headers: str) -> Response:
    return api.post(f"{BASE}/productOrder", json=content, headers=headers)


def test_an_order_is_taken_and_found_by_its_location(api: TestClient, who: tuple[int, int]) -> None:
    """OC-01, XP-04: the answer and the order found later conform to TMF622."""
    taken = post(api, body(who, externalId="first", note=[{"text": "leave at the door"}], priority="1"))
    assert taken.status_code == 201, taken.text
    made = taken.json()
    conforms("TMF622", "ProductOrder", made)
    assert (made["state"], made["@type"], made["externalId"]) == ("acknowledged", "ProductOrder", "first")
    found = api.get(taken.headers["Location"].removeprefix("http://127.0.0.1:8000")).json()
    conforms("TMF622", "ProductOrder", found)
    for name in ("id", "href", "state", "orderDate", "channel", "note", "priority", "orderTotalPrice"):
        assert found[name] == made[name], name
    mobile, broadband = found["productOrderItem"]
    assert mobile["product"]["productCharacteristic"] == [{"name": "tier", "valueType": "string", "value": "59"}]
    (line,) = mobile["productOrderItem"]
    assert {"name": "roaming", "valueType": "boolean", "value": True} in line["product"]["productCharacteristic"]
    assert line["product"]["realizingResource"][0]["id"] == "13900000007"
    assert broadband["productOrderItemRelationship"] == [{"id": "1", "relationshipType": "reliesOn"}]
    prices = {price["priceType"]: price["price"]["taxIncludedAmount"]["value"] for price in found["orderTotalPrice"]}
    assert prices["oneTime"] == 110


@pytest.mark.parametrize("by_header", [True, False])
def test_the_same_key_gives_the_same_order(api: TestClient, who: tuple[int, int], by_header: bool) -> None:
    """OC-01: idempotent; other content under the key is refused, and changes nothing."""
    key = {"Idempotency-Key": "key-h"} if by_header else {}
    named = {} if by_header else {"externalId": "key-b"}
    first = post(api, body(who, **named), **key)
    again = post(api, body(who, **named), **key)
    other = post(api, body(who, **named, description="other"), **key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409), other.text
    assert again.json()["id"] == first.json()["id"]
    conforms("TMF622", "ProductOrder", again.json())
    conforms("TMF622", "Error", other.json())
    assert other.json()["code"] == "ordering-key-used"
    stored = api.get(f"{BASE}/productOrder", params={"externalId": "key-h" if by_header else "key-b"}).json()
    assert [order["id"] for order in stored] == [first.json()["id"]]


def test_a_bundle_is_ordered_by_its_components(api: TestClient, who: tuple[int, int]) -> None:
    """OC-04: nested items name the components of a bundle and what is wanted of each."""
    plan = {"id": "1.1", "action": "add", "productOffering": {"id": "MOBILE-5G"}}
    second = {**plan, "id": "1.2", "product": {"productCharacteristic": [{"name": "network", "value": "4G"}]}}
    item = {"id": "1", "action": "add", "productOffering": {"id": "FUSION-199"}, "productOrderItem": [plan, second]}
    made = post(api, body(who, productOrderItem=[item]))
    assert made.status_code == 201, made.text
    (kept,) = api.get(f"{BASE}/productOrder/{made.json()['id']}").json()["productOrderItem"]
    lines = [(line["productOffering"]["id"], line["product"]) for line in kept["productOrderItem"]]
    assert [place for place, _ in lines] == ["MOBILE-5G", "MOBILE-5G", "BROADBAND-500M"]
    assert {"name": "network", "valueType": "string", "value": "4G"} in lines[1][1]["productCharacteristic"]


def test_filters_pages_and_fields(api: TestClient, who: tuple[int, int]) -> None:
    """OC-14: query by order, customer, channel, state."""
    for number in range(3):
        assert post(api, body(who, category="bulk", externalId=f"bulk-{number}")).status_code == 201

    def found(**query: str) -> list[dict[str, Any]]:
        answer = api.get(f"{BASE}/productOrder", params=query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Result-Count"] == str(len(answer.json()))
        return list(answer.json())

    bulk = found(category="bulk")
    assert [order["externalId"] for order in bulk] == ["bulk-2", "bulk-1", "bulk-0"]
    assert found(category="bulk", offset="1", limit="1") == bulk[1:2]
    assert len(found(**{"relatedParty.id": str(who[0]), "category": "bulk", "channel.id": "shop,app"})) == 3
    assert found(**{"relatedParty.id": "999999999999999999999"}) == found(state="completed") == []
    assert found(**{"productOrderItem.productOffering.id": "IP-PHONE"}) == []
    assert len(found(**{"productOrderItem.productOffering.id": "BROADBAND-500M", "category": "bulk"})) == 3
    assert found(id="x,\0") == found(externalId="a\0b") == []
    assert set(found(id=bulk[0]["id"], fields="state")[0]) == {"id", "href", "@type", "state"}
    unknown = api.get(f"{BASE}/productOrder", params={"colour": "red"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "api-filter-unknown")


def test_amended_while_it_may_be(api: TestClient, who: tuple[int, int]) -> None:
    """OC-10: merge-patch of what an order says of itself; refused with a reason once it is cancelled."""
    made = post(api, body(who, description="a", notificationContact="13800138000", note=[{"text": "n"}])).json()
    path = f"{BASE}/productOrder/{made['id']}"
    patched = api.patch(path, json={"description": None, "priority": "0", "quote": [{"id": "q"}]}, headers=MERGE)
    assert patched.status_code == 200, patched.text
    after = patched.json()
    conforms("TMF622", "ProductOrder", after)
    assert "description" not in after
    assert (after["priority"], after["notificationContact"]) == ("0", "13800138000")
    assert (after["note"], after["quote"]) == ([{"text": "n"}], [{"id": "q"}])
    for wrong, code in (
        ({"state": "completed"}, "api-patch-fixed"),
        ({"priority": 3}, "api-input-invalid"),
        ({"colour": "red"}, "api-input-invalid"),
        ({"requestedCompletionDate": "tomorrow"}, "api-input-invalid"),
    ):
        answer = api.patch(path, json=wrong, headers=MERGE)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert api.get(path).json() == after
    api.post(f"{BASE}/cancelProductOrder", json={"productOrder": {"id": made["id"]}})
    late = api.patch(path, json={"description": "b"}, headers=MERGE)
    assert (late.status_code, late.json()["code"]) == (409, "ordering-transition-refused")


def test_cancelled_once(api: TestClient, who: tuple[int, int]) -> None:
    """OC-10: an order that is not planned yet is cancelled at once; a second request meets its final state."""
    made = post(api, body(who)).json()
    asked = {"productOrder": {"id": made["id"]}, "cancellationReason": "changed my mind"}
    answer = api.post(f"{BASE}/cancelProductOrder", json=asked)
    assert answer.status_code == 201, answer.text
    task = answer.json()
    conforms("TMF622", "CancelProductOrder", task)
    assert (task["state"], task["cancellationReason"]) == ("done", "changed my mind")
    assert api.get(f"{BASE}/cancelProductOrder/{task['id']}").json() == task
    assert api.get(f"{BASE}/cancelProductOrder", params={"productOrder.id": made["id"]}).json() == [task]
    order = api.get(f"{BASE}/productOrder/{made['id']}").json()
    conforms("TMF622", "ProductOrder", order)
    assert (order["state"], order["cancellationReason"]) == ("cancelled", "changed my mind")
    again = api.post(f"{BASE}/cancelProductOrder", json=asked)
    assert again.status_code == 409
    conforms("TMF622", "Error", again.json())
    gone = api.delete(f"{BASE}/productOrder/{made['id']}")
    assert (gone.status_code, gone.json()["code"]) == (409, "api-order-kept")
    unknown = api.post(f"{BASE}/cancelProductOrder", json={"productOrder": {"id": "12345678"}})
    assert unknown.status_code == 404


ITEM = {"id": "1", "action": "add", "productOffering": {"id": "BROADBAND-500M"}}
HELD = {**ITEM, "action": "modify", "product": {"id": "5"}}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"productOrderItem": []}, 400, "api-input-invalid"),
        ({"productOrderItem": [{**ITEM, "action": "steal"}]}, 400, "api-input-invalid"),
        ({"productOrderItem": [{**ITEM, "quantity": 10**30}]}, 400, "api-input-invalid"),
        ({"productOrderItem": [{**ITEM, "colour": "red"}]}, 400, "api-input-invalid"),
        ({"productOrderItem": "x"}, 400, "api-input-invalid"),
        ({"description": "a\0b"}, 400, "api-nul"),
        ({"description": "x" * 3000}, 400, "api-input-invalid"),
        ({"requestedCompletionDate": "2026-02-31T00:00:00Z"}, 400, "api-input-invalid"),
        ({"requestedCompletionDate": "0001-01-01T00:00:00+14:00"}, 400, "api-instant-invalid"),
        ({"requestedStartDate": "9999-12-31T23:59:59-14:00"}, 400, "api-instant-invalid"),
        ({"relatedParty": []}, 422, "api-order-customer"),
        ({"relatedParty": [{"id": "9" * 40}]}, 422, "api-reference-unknown"),
        ({"relatedParty": [{"id": "123456789"}]}, 422, "ordering-customer-unknown"),
        ({"billingAccount": {"id": "77777"}}, 422, "ordering-account-not-theirs"),
        ({"productOrderItem": [{**ITEM, "productOffering": {"id": "NOTHING"}}]}, 422, "ordering-offer-unknown"),
        ({"productOrderItem": [{"id": "1", "action": "add"}]}, 422, "api-order-offering"),
        ({"productOrderItem": [{**ITEM, "quantity": 999}]}, 422, "ordering-quantity"),
        ({"productOrderItem": [{**ITEM, "product": {"id": "offer-x"}}]}, 422, "api-reference-unknown"),
        ({"productOrderItem": [HELD]}, 422, "ordering-instance-not-theirs"),
    ],
)  # fmt: skip
def test_bad_orders_are_refused_with_code_and_reason(
    api: TestClient, who: tuple[int, int], change: dict[str, Any], status: int, code: str
) -> None:
    """OC-03: never a 500, and nothing is stored."""
    before = api.get(f"{BASE}/productOrder", params={"limit": 0}).headers["X-Total-Count"]
    answer = post(api, body(who) | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    conforms("TMF622", "Error", answer.json())
    assert api.get(f"{BASE}/productOrder", params={"limit": 0}).headers["X-Total-Count"] == before


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"productOrderItem": NaN}', b"[" * 100_000, b'{"a":' * 50_000),
        *(b'{"externalId": "\\ud800"}', b'{"externalId": "\\u0000"}', b'{"note": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ],
    ids=range(11),
)
def test_what_is_no_order_is_400(api: TestClient, content: bytes) -> None:
    for method, path in (("POST", "productOrder"), ("PATCH", "productOrder/1"), ("POST", "cancelProductOrder")):
        answer = api.request(method, f"{BASE}/{path}", content=content, headers=MERGE)
        assert answer.status_code == 400, answer.text
        conforms("TMF622", "Error", answer.json())


def test_unknown_paths_and_methods_answer_in_tmf_form(api: TestClient) -> None:
    assert api.get(f"{BASE}/productOrder/x").json()["code"] == "api-resource-unknown"
    for method, path, status in (("GET", f"{BASE}/nothing", 404), ("PUT", f"{BASE}/productOrder", 405)):
        answer = api.request(method, path)
        assert answer.status_code == status
        conforms("TMF622", "Error", answer.json())


def test_rights_and_channels(api: TestClient, who: tuple[int, int]) -> None:
    """OC-01: a channel speaks for itself; EC-14: each calling system has its rights."""
    with client_with(["ordering.write"], code="app") as app:
        made = post(app, body(who))
        assert (made.status_code, made.json()["channel"][0]["id"]) == (201, "app")
        foreign = post(app, body(who, channel=[{"id": "shop"}]))
        assert (foreign.status_code, foreign.json()["code"]) == (403, "identity-right-missing")
        assert app.get(f"{BASE}/productOrder").status_code == 403
    with client_with(["ordering.read"], code="reader") as reader:
        assert post(reader, body(who)).status_code == 403
        assert reader.get(f"{BASE}/productOrder").status_code == 200
        assert reader.post(f"{BASE}/cancelProductOrder", json={"productOrder": {"id": "1"}}).status_code in (403, 404)
    assert post(api, body(who), Authorization="Bearer nobody").status_code == 401


def test_quota(api: TestClient, who: tuple[int, int]) -> None:
    """OC-01: flow control per channel."""
    with client_with(["*"], code="small", per_second=3) as small:
        statuses = [post(small, {"productOrderItem": []}).status_code for _ in range(8)]
        assert statuses[:3] == [400, 400, 400]
        assert statuses.count(429) >= 4
        refused = next(answer for answer in iter(lambda: post(small, {}), None) if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "1"
    conforms("TMF622", "Error", refused.json())


def test_a_viewer_sees_the_rows_and_fields_allowed(api: TestClient, who: tuple[int, int], module_database: URL) -> None:
    """EC-17: row scope inside the query, contacts masked."""
    theirs = post(api, body(who, notificationContact="13812345678")).json()
    scopes = {"order": "row.channel == viewer.name"}
    with client_with(["ordering.*"], code="kiosk", clear=(), scopes=scopes) as kiosk:
        own = post(kiosk, body(who, notificationContact="13812345678")).json()
        seen = kiosk.get(f"{BASE}/productOrder").json()
        assert [order["id"] for order in seen] == [own["id"]]
        assert seen[0]["notificationContact"] == "138****5678"
        assert kiosk.get(f"{BASE}/productOrder/{theirs['id']}").status_code == 404
        assert kiosk.patch(f"{BASE}/productOrder/{theirs['id']}", json={"priority": "0"}).status_code == 404
        cancel = kiosk.post(f"{BASE}/cancelProductOrder", json={"productOrder": {"id": theirs["id"]}})
        assert cancel.status_code == 404
    assert api.get(f"{BASE}/productOrder/{theirs['id']}").json()["notificationContact"] == "13812345678"


def test_messages_in_the_callers_language(api: TestClient, who: tuple[int, int]) -> None:
    answer = post(api, body(who, relatedParty=[]), **{"Accept-Language": "zh-CN,en;q=0.5"})
    assert "客户" in answer.json()["reason"]
