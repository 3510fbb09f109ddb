"""XP-04: TMF632 and TMF629 walked property by property: each is kept and shown again, or declared and refused by name;
nothing that is sent is silently dropped."""

import copy
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.api.specification import conforms, definitions
from tests.api.test_party import BASE, CUSTOMERS, MERGE

from hutong.api.tmf.party_specification import DERIVED, REFUSED

OWN: Mapping[str, Any] = {
    "Individual.birthDate": "1980-02-03T00:00:00Z", "Individual.deathDate": "2020-01-01T00:00:00Z",
    "Individual.gender": "female", "Individual.fullName": "赫连规格", "Individual.familyName": "赫连",
    "Individual.givenName": "规格", "Organization.name": "规格(福州)有限公司", "Organization.tradingName": "规格",
    "MediumCharacteristic.phoneNumber": "13722220001", "MediumCharacteristic.faxNumber": "059188123406",
    "MediumCharacteristic.emailAddress": "spec@hutong.cn", "MediumCharacteristic.contactType": "work",
    "MediumCharacteristic.city": "福州市", "MediumCharacteristic.stateOrProvince": "福建省",
    "MediumCharacteristic.street1": "鼓楼区五四路8号", "MediumCharacteristic.street2": "2幢",
    "MediumCharacteristic.country": "CN", "MediumCharacteristic.postCode": "350001",
    "IndividualIdentification.identificationType": "passport",
    "OrganizationIdentification.identificationType": "other", "IndividualIdentification.identificationId": "E87654321",
    "OrganizationIdentification.identificationId": "ORG778", "TimePeriod.startDateTime": "2020-01-01T00:00:00.000Z",
    "TimePeriod.endDateTime": "2099-01-01T00:00:00.000Z", "PartyCreditProfile.ratingReference": "a",
    "CreditProfile.creditProfileDate": "2020-01-01T00:00:00.000Z", "CreditProfile.creditRiskRating": 2,
    "ExternalReference.name": "spec-1", "RelatedParty.role": "agent", "PaymentMethodRef.id": "direct-debit",
    "OrganizationParentRelationship.relationshipType": "parent_company",
    "OrganizationChildRelationship.relationshipType": "subsidiary", "Characteristic.name": "hobby",
}  # fmt: skip
"""Values where any text would not do."""
TESTED = [("TMF632", "Individual"), ("TMF632", "Organization"), ("TMF629", "Customer")]


def among(table: Mapping[str, str], definition: str, name: str) -> bool:
    return any(fnmatchcase(f"{definition}.{name}", pattern) for pattern in table)


def kind_of(schema: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The definition a property refers to, and whether it is a list of it."""
    inner = schema.get("items", schema)
    return inner.get("$ref", "").rpartition("/")[2] or None, "items" in schema


def walk(number: str, definition: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Every (definition, property) a resource reaches."""
    known = definitions(number)
    for name, schema in known[definition].get("properties", {}).items():
        yield definition, name
        inner, _ = kind_of(schema)
        if inner and known[inner].get("properties") and inner not in seen:
            yield from walk(number, inner, seen | {definition, inner})


def whole(number: str, definition: str, others: Mapping[str, str]) -> dict[str, Any]:
    """A document with every property that is kept."""
    known, made = definitions(number), {}
    for name, schema in known[definition]["properties"].items():
        if among(REFUSED, definition, name) or (name.startswith("@") and name != "@referredType"):
            continue
        inner, many = kind_of(schema)
        place = f"{definition}.{name}"
        value: Any
        if place in OWN:
            value = OWN[place]
        elif name == "id" and place in ("OrganizationRef.id", "RelatedParty.id"):
            value = others[definition]
        elif inner and known[inner].get("properties"):
            value = whole(number, inner, others)
        else:
            value = {"integer": 7, "boolean": True, "number": 7}.get(schema.get("type"), f"of {name}")
        made[name] = [value] if many and not isinstance(value, list) else value
    return made


def lost(sent: Any, shown: Any, definition: str, number: str) -> Iterator[str]:
    """Properties that were sent and are not shown as they were; derived ones aside."""
    known = definitions(number)
    for name, value in sent.items():
        if among(DERIVED, definition, name):
            continue
        inner, _ = kind_of(known[definition]["properties"][name])
        place = f"{definition}.{name}"
        got = shown.get(name) if isinstance(shown, dict) else None
        if isinstance(value, list):
            found = [list(lost(one, each, inner or "", number)) for one in value for each in got or [{}]]
            yield from min(found, key=len)
        elif isinstance(value, dict):
            yield from lost(value, got or {}, inner or "", number)
        elif got != value:
            yield f"{place}: sent {value!r}, shown {got!r}"


def apart(document: dict[str, Any]) -> dict[str, Any]:
    """A document whose contacts are media of their own, as they are shown."""
    made = copy.deepcopy(document)
    (medium,) = made["contactMedium"]
    detail = medium["characteristic"]
    own = ("phoneNumber", "faxNumber", "emailAddress", "socialNetworkId")
    place = {name: value for name, value in detail.items() if name not in own}
    made["contactMedium"] = [
        *({**medium, "characteristic": {name: detail[name]} | (
            {} if name == "faxNumber" else {"contactType": detail["contactType"]})} for name in own),
        {**medium, "characteristic": place},
    ]  # fmt: skip
    return made


@pytest.fixture(scope="module")
def others(api: TestClient) -> dict[str, str]:
    """Whom a whole document relates its party to."""
    person = api.post(f"{BASE}/individual", json={
        "fullName": "别人", "contactMedium": [{"characteristic": {"phoneNumber": "13722220009"}}]})  # fmt: skip
    above = api.post(f"{BASE}/organization", json={"tradingName": "上级规格有限公司"})
    return {"RelatedParty": person.json()["id"], "OrganizationRef": above.json()["id"]}


@pytest.mark.parametrize(("number", "definition"), TESTED)
def test_what_is_sent_is_kept_and_shown(api: TestClient, others: dict[str, str], number: str, definition: str) -> None:
    """Every property of the specification, but for those declared, comes back as it was sent."""
    document = apart(whole(number, definition, others))
    document |= {"externalReference": [{"name": f"spec-{definition}"}]} if "externalReference" in document else {}
    document.pop("organizationChildRelationship", None)  # the same other cannot be above and below
    if definition == "Customer":
        document["engagedParty"] = {"id": others["RelatedParty"], "@referredType": "Individual"}
        document.pop("relatedParty")
        made = api.post(CUSTOMERS, json=document)
        place = CUSTOMERS
    else:
        made = api.post(f"{BASE}/{definition.lower()}", json=document)
        place = f"{BASE}/{definition.lower()}"
    assert made.status_code == 201, made.text
    shown = api.get(f"{place}/{made.json()['id']}").json()
    conforms(number, definition, shown)
    assert list(lost(document, shown, definition, number)) == []
    street = next(one for one in shown["contactMedium"] if one["mediumType"] == "postalAddress")["characteristic"]
    assert "五四路8号" in street["street1"] and street["street1"].endswith("2幢")
    again = {name: value for name, value in shown.items()
             if name not in ("id", "href", "status", "externalReference", "account", "agreement", "engagedParty",
                             "validFor")}  # fmt: skip
    same = api.patch(f"{place}/{shown['id']}", json=again, headers=MERGE)
    assert same.status_code in (200, 202), same.text
    assert list(lost(document, same.json(), definition, number)) == [], "sent back as it was read, nothing changes"


@pytest.mark.parametrize(("number", "definition"), TESTED)
def test_what_is_not_kept_is_refused_by_name(
    api: TestClient, others: dict[str, str], number: str, definition: str
) -> None:
    """Every property that is declared not to be kept is refused where it stands, and nothing is made."""
    known = definitions(number)
    document = whole(number, definition, others)
    refused = [(of, name) for of, name in dict.fromkeys(walk(number, definition)) if among(REFUSED, of, name)]
    assert refused
    place = CUSTOMERS if definition == "Customer" else f"{BASE}/{definition.lower()}"
    before = api.get(place).headers["X-Total-Count"]
    tried = 0
    for of, name in refused:
        asked = copy.deepcopy(document)
        parents = [asked] if of == definition else [
            (each[0] if isinstance(each, list) else each)
            for field, schema in known[definition]["properties"].items()
            if kind_of(schema)[0] == of and (each := asked.get(field)) is not None
        ]  # fmt: skip
        for parent in parents:
            parent[name] = "x"
            answer = api.post(place, json=asked)
            assert answer.status_code == 400, (of, name, answer.text)
            assert name in answer.text, (of, name, answer.text)
            tried += 1
    assert tried >= len([name for of, name in refused if of == definition])
    assert api.get(place).headers["X-Total-Count"] == before


def test_tables_name_only_what_there_is() -> None:
    """A declaration of nothing is a mistake."""
    every = {place for number, definition in TESTED for place in walk(number, definition)}
    for table in (DERIVED, REFUSED):
        for pattern in table:
            assert any(fnmatchcase(f"{of}.{name}", pattern) for of, name in every), pattern


def test_the_description_tells_what_is_not_kept(api: TestClient) -> None:
    tags = {tag["name"]: tag["description"] for tag in api.get("/openapi.json").json()["tags"]}
    for name in ("TMF632 Party", "TMF629 Customer"):
        assert all(pattern in tags[name] for pattern in (*REFUSED, *DERIVED))
