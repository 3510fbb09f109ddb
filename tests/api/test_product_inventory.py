"""TMF637 (read): what customers hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import client_with, open_shop
from tests.api.specification import conforms

from hutong import inventory
from hutong.inventory.requests import CreateInstances, NewProduct, RemoveInstances, TerminateInstances

BASE = "/tmf-api/productInventory/v4/product"


def create(who: tuple[int, int], key: str, number: str) -> CreateInstances:
    return CreateInstances(
        key, *who, key, "MOBILE-5G", offer_attributes={"tier": "99"},
        products=(NewProduct("MOBILE-5G", access_number=number),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def held(api: TestClient) -> tuple[int, list[int], list[int]]:
    """A customer; product and offer instances: in use, ended, ending next month, and one that never was."""
    who = open_shop()
    made = inventory.create_instances([create(who, f"made-{place}", f"1390000000{place}") for place in range(4)])
    assert all(one.ok for one in made), made
    products = [one.product_instance_ids[0] for one in made]
    offers = [one.offer_instance_id or 0 for one in made]
    later = datetime.now(UTC) + timedelta(days=30)
    ended = inventory.terminate_instances(
        [
            TerminateInstances("t1", offers[1]),
            TerminateInstances("t2", product_instance_ids=(products[2],), effective=later),
        ]
    )
    removed = inventory.remove_instances([RemoveInstances("r3", "made-3")])
    assert all(one.ok for one in [*ended, *removed])
    return who[0], products, offers


def found(api: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(BASE, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Result-Count"] == str(len(answer.json()))
    for product in answer.json():
        conforms("TMF637", "Product", product)
        assert api.get(f"{BASE}/{product['id']}").json() == product
    return list(answer.json())


def test_products_and_their_states(api: TestClient, held: tuple[int, list[int], list[int]]) -> None:
    """XP-04, EC-01: what is held, what ended, what is to end; what compensation removed is not there."""
    customer, products, offers = held
    listed = found(api, **{"relatedParty.id": customer})
    assert [(one["id"], one["status"]) for one in listed] == [
        (str(products[2]), "pendingTerminate"),
        (str(products[1]), "terminated"),
        (str(products[0]), "active"),
    ]
    assert api.get(f"{BASE}/{products[3]}").status_code == 404
    mobile = listed[2]
    assert (mobile["productSerialNumber"], mobile["isBundle"]) == ("13900000000", False)
    assert mobile["productOffering"]["id"] == "MOBILE-5G"
    assert mobile["productRelationship"][0]["product"]["id"] == f"offer-{offers[0]}"
    assert "terminationDate" in listed[0]


def test_filters(api: TestClient, held: tuple[int, list[int], list[int]]) -> None:
    customer, products, offers = held
    first = str(products[0])
    assert [one["id"] for one in found(api, productSerialNumber="13900000000")] == [first]
    assert [one["id"] for one in found(api, status="active", **{"relatedParty.id": customer})] == [first]
    assert [one["id"] for one in found(api, **{"productRelationship.product.id": f"offer-{offers[0]}"})] == [first]
    assert (
        found(api, status="no such") == found(api, id="7,x") == found(api, **{"productOffering.id": "IP-PHONE"}) == []
    )
    assert len(found(api, **{"productSpecification.id": "MOBILE", "relatedParty.id": customer})) == 3
    assert len(found(api, limit=1, offset=1)) == 1


def test_offer_instances_are_bundles(api: TestClient, held: tuple[int, list[int], list[int]]) -> None:
    customer, products, offers = held
    bundles = found(api, isBundle="true", **{"relatedParty.id": customer})
    assert [one["id"] for one in bundles] == [f"offer-{offers[place]}" for place in (2, 1, 0)]
    assert [part["id"] for part in bundles[2]["product"]] == [str(products[0])]
    assert {"name": "tier", "valueType": "string", "value": "99"} in bundles[2]["productCharacteristic"]
    assert found(api, isBundle="true", productSerialNumber="13900000000") == []


def test_rights_scope_and_masking(api: TestClient, held: tuple[int, list[int], list[int]]) -> None:
    """EC-17: a limited viewer sees its rows, and numbers masked."""
    _, products, _ = held
    with client_with(["inventory.read"], "narrow", clear=(), scopes={"product_instance": "row.state == 'none'"}) as one:
        assert one.get(BASE).json() == []
        assert one.get(f"{BASE}/{products[0]}").status_code == 404
    with client_with(["inventory.read"], "blind", clear=()) as one:
        assert one.get(f"{BASE}/{products[0]}").json()["productSerialNumber"] == "139****0000"
    with client_with(["party.read"], "other") as one:
        assert one.get(BASE).status_code == 403
