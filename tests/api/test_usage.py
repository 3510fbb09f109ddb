"""TMF635: single usage events, taken once and found again."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import client_with, open_shop
from tests.api.specification import conforms

from hutong import inventory
from hutong.inventory.requests import CreateInstances, NewProduct
from hutong.platform import clock

PATH = "/tmf-api/usageManagement/v4/usage"
NUMBER = "13900000005"


@pytest.fixture(scope="module")
def user(api: TestClient) -> str:
    """The product instance of a number in use."""
    customer, account = open_shop()
    product = NewProduct("MOBILE-5G", access_number=NUMBER)
    request = CreateInstances(
        "u", customer, account, "u", "MOBILE-5G", offer_attributes={"tier": "59"}, products=(product,)
    )
    (made,) = inventory.create_instances([request])
    return str(made.product_instance_ids[0])


def call(record: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"accessNumber": NUMBER, "direction": "MO", "otherParty": "13910442358", "duration": 61, **more}
    if record:
        given["recordId"] = record
    return {
        "usageDate": "2099-01-01T00:00:00+08:00",
        "usageType": "voice",
        "usageCharacteristic": [{"name": name, "value": value} for name, value in given.items()],
    }


def test_taken_once_and_found(api: TestClient, user: str) -> None:
    """BL-05: a record counts once, whoever repeats it."""
    today = {"usageDate": clock.now().isoformat()}
    first = api.post(PATH, json=call("R1") | today)
    assert first.status_code == 201, first.text
    conforms("TMF635", "Usage", first.json())
    again = api.post(PATH, json=call("R1") | today)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert api.post(PATH, json=call() | today).status_code == 201
    found = api.get(first.headers["Location"].removeprefix("http://127.0.0.1:8000")).json()
    conforms("TMF635", "Usage", found)
    assert found["ratedProductUsage"] == [{"productRef": {"id": user}}]
    assert {"name": "duration", "valueType": "integer", "value": 61} in found["usageCharacteristic"]
    listed = api.get(PATH, params={"usageCharacteristic.accessNumber": NUMBER, "limit": 1})
    assert (len(listed.json()), listed.headers["X-Total-Count"]) == (1, "2")
    assert api.get(PATH, params={"id": found["id"]}).json() == [found]
    assert api.get(PATH, params={"usageType": "sms"}).json() == []
    with client_with(["billing.read"], "blind", clear=()) as blind:
        assert NUMBER not in blind.get(PATH).text
        assert blind.post(PATH, json=call()).status_code == 403


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (call(accessNumber="no one's"), 422, "api-usage-refused"),
        (call() | {"usageType": "smoke"}, 422, "api-usage-refused"),
        (call(duration=-1), 422, "api-usage-refused"),
        (call(duration=10**30), 422, "api-usage-refused"),
        (call(), 422, "api-usage-refused"),
        (call(cell="a,b"), 422, "api-usage-text"),
        (call(cell="a\nD,x"), 422, "api-usage-text"),
        (call(cell="a\0"), 400, "api-nul"),
        (call(colour="red"), 422, "api-reference-unknown"),
        (call() | {"usageDate": "now"}, 400, "api-input-invalid"),
        (call() | {"usageDate": "0001-01-01T00:00:00+14:00"}, 400, "api-instant-invalid"),
        ({}, 400, "api-input-invalid"),
    ],
)
def test_what_cannot_be_used_is_refused(
    api: TestClient, user: str, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = api.post(PATH, json=sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    conforms("TMF635", "Error", answer.json())
    assert api.get(f"{PATH}/x").status_code == 404
