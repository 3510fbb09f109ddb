"""TMF620 (read), and with it the conventions of every list."""

from decimal import Decimal

import msgspec
import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import client_with
from tests.api.specification import conforms

BASE = "/tmf-api/productCatalogManagement/v4"


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("productOffering", "ProductOffering"),
        ("productSpecification", "ProductSpecification"),
        ("productOfferingPrice", "ProductOfferingPrice"),
    ],
)
def test_resources_conform_and_are_found_by_their_href(api: TestClient, kind: str, definition: str) -> None:
    """XP-04: TM Forum Open APIs at the border."""
    resources = api.get(f"{BASE}/{kind}", params={"limit": 1000}).json()
    assert resources
    for resource in resources:
        conforms("TMF620", definition, resource)
        assert resource["@type"] == definition
        assert resource["href"].endswith(f"{BASE}/{kind}/{resource['id']}")
    first = resources[0]
    assert api.get(f"{BASE}/{kind}/{first['id']}").json() == first


def test_pages_and_counts(api: TestClient) -> None:
    everything = api.get(f"{BASE}/productOffering")
    total = len(everything.json())
    assert everything.headers["X-Total-Count"] == everything.headers["X-Result-Count"] == str(total)
    part = api.get(f"{BASE}/productOffering", params={"offset": 1, "limit": 2})
    assert part.json() == everything.json()[1:3]
    assert (part.headers["X-Total-Count"], part.headers["X-Result-Count"]) == (str(total), "2")
    beyond = api.get(f"{BASE}/productOffering", params={"offset": 999})
    assert (beyond.json(), beyond.headers["X-Total-Count"]) == ([], str(total))


def test_filters_also_dotted_and_with_alternatives(api: TestClient) -> None:
    def codes(**query: str) -> set[str]:
        return {offer["id"] for offer in api.get(f"{BASE}/productOffering", params=query).json()}

    assert codes(id="MOBILE-5G,IP-PHONE") == {"MOBILE-5G", "IP-PHONE"}
    assert "FUSION-199" in codes(isBundle="true", lifecycleStatus="Launched")
    assert codes(**{"prodSpecCharValueUse.productSpecCharacteristicValue.value": "199"}) >= {"MOBILE-5G"}
    assert codes(lifecycleStatus="No such") == set()


def test_fields_keep_what_identifies(api: TestClient) -> None:
    (offer,) = api.get(f"{BASE}/productOffering", params={"id": "MOBILE-5G", "fields": "name,validFor.x"}).json()
    assert set(offer) == {"id", "href", "@type", "name"}


def test_amounts_are_exact_numbers(api: TestClient) -> None:
    body = api.get(f"{BASE}/productOfferingPrice/MOBILE-5G.sim-card").content
    price = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["price"]
    assert msgspec.json.decode(price)["unit"] == "CNY"
    assert Decimal(bytes(price).decode().split('"value":')[1].rstrip("}")) == Decimal("10.00")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("productOffering/NOTHING", 404, "api-resource-unknown"),
        ("nothing", 404, "api-resource-unknown"),
        ("productOffering?limit=ten", 400, "api-number-invalid"),
        ("productOffering?offset=-1", 400, "api-number-invalid"),
        ("productOffering?limit=99999", 400, "api-number-invalid"),
    ],
)
def test_errors_have_tmf_form(api: TestClient, path: str, status: int, code: str) -> None:
    answer = api.get(f"{BASE}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    conforms("TMF620", "Error", answer.json())


def test_a_key_and_a_right_are_needed(api: TestClient) -> None:
    assert api.get(f"{BASE}/productOffering", headers={"Authorization": ""}).status_code == 401
    with client_with(["ordering.read"], code="other") as other:
        refused = other.get(f"{BASE}/productOffering")
    assert (refused.status_code, refused.json()["code"]) == (403, "identity-right-missing")
