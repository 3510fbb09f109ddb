"""TMF632 and TMF629: persons, organisations and customers, found, made once, stated anew, ended."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from tests.api.conftest import client_with, open_shop
from tests.api.specification import conforms

from hutong.identity import SYSTEM
from hutong.party.stewardship.merge import merge
from hutong.platform import worker

BASE = "/tmf-api/party/v4"
CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
MERGE = {"Content-Type": "application/merge-patch+json"}
ID = "11010519491231002X"
USCC = "91350100M000100Y43"


def person(**more: Any) -> dict[str, Any]:
    return {
        "familyName": "欧阳",
        "givenName": "明",
        "gender": "male",
        "contactMedium": [
            {"mediumType": "mobile", "characteristic": {"phoneNumber": "13910442358"}},
            {"mediumType": "email", "characteristic": {"emailAddress": "Ming@Hutong.cn"}},
            {"mediumType": "postalAddress", "characteristic": {"street1": "朝阳区建国路1号", "city": "北京市"}},
        ],
        **more,
    }


def company(**more: Any) -> dict[str, Any]:
    identification = [{"identificationType": "uscc", "identificationId": USCC}]
    return {"tradingName": "福州户通科技有限公司", "organizationIdentification": identification, **more}


def post(api: TestClient, kind: str, content: dict[str, Any]) -> Response:
    answer = api.post(f"{BASE}/{kind}", json=content)
    assert answer.status_code in (200, 201), answer.text
    conforms("TMF632", kind.capitalize(), answer.json())
    return answer


def found(api: TestClient, kind: str = "individual", **query: Any) -> list[str]:
    answer = api.get(f"{BASE}/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    for one in answer.json():
        conforms("TMF632", kind.capitalize(), one)
    return [one["id"] for one in answer.json()]


def test_a_person_is_made_once_and_found_by_every_key(api: TestClient) -> None:
    """EC-14: find or create; XP-04: filters, also dotted."""
    identification = [{"identificationType": "resident_id", "identificationId": ID}]
    content = person(individualIdentification=identification, externalReference=[{"name": "C-1"}])
    first = post(api, "individual", content)
    made = first.json()
    assert first.status_code == 201
    assert api.get(first.headers["Location"].removeprefix("http://127.0.0.1:8000")).json() == made
    assert (made["fullName"], made["familyName"], made["givenName"]) == ("欧阳明", "欧阳", "明")
    assert (made["gender"], made["birthDate"][:10]) == ("female", "1949-12-31"), "a resident ID says both itself"
    again = post(api, "individual", content)
    same = post(api, "individual", person(individualIdentification=identification))
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert (same.status_code, same.json()["id"]) == (200, made["id"])
    for query in (
        {"id": made["id"]},
        {"fullName": "歐陽明"},
        {"familyName": "欧阳"},
        {"contactMedium.characteristic.emailAddress": "ming@hutong.cn"},
        {"contactMedium.characteristic.phoneNumber": "139 1044 2358"},
        {"individualIdentification.identificationId": ID.lower()},
        {"externalReference.name": "shop:C-1"},
    ):
        assert found(api, **query) == [made["id"]], query
    assert found(api, fullName="a\0") == found(api, id="x") == found(api, "organization", id=made["id"]) == []


def test_an_organisation(api: TestClient) -> None:
    made = post(api, "organization", company(isLegalEntity=True)).json()
    assert made["isLegalEntity"] is True
    assert found(api, "organization", **{"organizationIdentification.identificationId": USCC}) == [made["id"]]
    assert found(api, "organization", tradingName=made["name"]) == [made["id"]]
    assert api.get(f"{BASE}/individual/{made['id']}").status_code == 404


def test_stated_anew_and_withdrawn(api: TestClient) -> None:
    """Merge-patch: what the caller states shows where survivorship prefers it; the rest stays."""
    made = post(api, "individual", person(familyName="诸葛", givenName="亮", externalReference=[{"name": "p"}])).json()
    path = f"{BASE}/individual/{made['id']}"
    contact = [{"characteristic": {"phoneNumber": "13651820473"}}]
    patched = api.patch(path, json={"contactMedium": contact, "title": "Dr"}, headers=MERGE)
    assert patched.status_code == 200, patched.text
    conforms("TMF632", "Individual", patched.json())
    phones = [one["characteristic"].get("phoneNumber") for one in patched.json()["contactMedium"]]
    assert "+8613651820473" in phones
    assert patched.json()["fullName"] == "诸葛亮"
    assert found(api, **{"contactMedium.characteristic.phoneNumber": "13651820473"}) == [made["id"]]
    for wrong, status, code in (
        ({"id": "7"}, 400, "api-patch-fixed"),
        ({"hair": "red"}, 400, "api-input-invalid"),
        ({"contactMedium": [{"characteristic": {"phoneNumber": "136****0473"}}]}, 422, "api-masked"),
        ({"birthDate": "1999-02-31"}, 422, "api-reference-unknown"),
    ):
        answer = api.patch(path, json=wrong, headers=MERGE)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    withdrawn = api.patch(path, json={"contactMedium": None}, headers=MERGE).json()
    assert "13651820473" not in str(withdrawn)


def test_ended_but_not_forgotten(api: TestClient) -> None:
    made = post(api, "individual", person(familyName="司马", givenName="光")).json()
    assert api.delete(f"{BASE}/individual/{made['id']}").status_code == 204
    assert api.get(f"{BASE}/individual/{made['id']}").status_code == 404
    assert found(api, id=made["id"]) == []
    assert api.delete(f"{BASE}/individual/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"familyName": "", "givenName": ""}, 422),
        ({"familyName": 7}, 400),
        ({"gender": "purple"}, 422),
        ({"birthDate": "soon"}, 400),
        ({"hair": "red"}, 400),
        ({"familyName": "a\0b"}, 400),
        ({"individualIdentification": [{"identificationType": "resident_id", "identificationId": "123"}]}, 422),
        ({"fullName": "张三", "familyName": "李", "givenName": "三"}, 422),
        ({"contactMedium": [{"characteristic": {"phoneNumber": "13800000000"}}]}, 422),
        ({"contactMedium": "x"}, 400),
        ({"partyCharacteristic": [{"name": "x", "value": 10**400}]}, 400),
    ],
)
def test_bad_persons_are_refused(api: TestClient, change: dict[str, Any], status: int) -> None:
    before = api.get(f"{BASE}/individual").headers["X-Total-Count"]
    answer = api.post(f"{BASE}/individual", json=person() | change)
    assert answer.status_code == status, answer.text
    conforms("TMF632", "Error", answer.json())
    assert api.get(f"{BASE}/individual").headers["X-Total-Count"] == before


@pytest.mark.parametrize(
    ("beside", "status"),
    [
        ({"relatedParty": [{"id": "KNOWN", "role": "friend of", "@referredType": "Individual"}]}, 422),
        ({"relatedParty": [{"id": "KNOWN", "role": "subsidiary", "@referredType": "Individual"}]}, 422),
        ({"relatedParty": [{"id": "99999999", "role": "spouse", "@referredType": "Individual"}]}, 404),
        (
            {"creditRating": [{"creditAgencyName": "agency", "ratingReference": "a",
              "validFor": {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}}]},
            422,
        ),
    ],
)  # fmt: skip
def test_nobody_is_made_when_what_stands_beside_is_refused(
    api: TestClient, beside: dict[str, Any], status: int
) -> None:
    known = post(api, "individual", person()).json()["id"]
    before = api.get(f"{BASE}/individual").headers["X-Total-Count"]
    contact = [{"characteristic": {"phoneNumber": "13811119999"}}]
    content = person(familyName="尉迟", givenName="新", contactMedium=contact) | json.loads(
        json.dumps(beside).replace("KNOWN", known)
    )
    answer = api.post(f"{BASE}/individual", json=content)
    assert answer.status_code == status, answer.text
    assert api.get(f"{BASE}/individual").headers["X-Total-Count"] == before


def test_customers_are_parties_in_that_role(api: TestClient) -> None:
    """EC-01: roles; TMF629."""
    made = post(api, "individual", person(familyName="上官", givenName="婉")).json()
    assert api.get(f"{CUSTOMERS}/{made['id']}").status_code == 404
    asked = {"name": "x", "engagedParty": {"id": made["id"], "@referredType": "Individual"}}
    first = api.post(CUSTOMERS, json=asked)
    assert first.status_code == 201, first.text
    conforms("TMF629", "Customer", first.json())
    assert first.json()["id"] == made["id"]
    listed = api.get(CUSTOMERS, params={"engagedParty.id": made["id"]})
    assert (listed.json(), listed.headers["X-Total-Count"]) == ([first.json()], "1")
    phone = [{"characteristic": {"phoneNumber": "13521904867"}}]
    patched = api.patch(f"{CUSTOMERS}/{made['id']}", json={"contactMedium": phone}, headers=MERGE)
    assert "13521904867" in patched.text
    assert api.delete(f"{CUSTOMERS}/{made['id']}").status_code == 204
    assert api.get(f"{CUSTOMERS}/{made['id']}").status_code == 404
    assert api.get(f"{BASE}/individual/{made['id']}").status_code == 200
    unknown = api.post(CUSTOMERS, json={**asked, "engagedParty": {"id": "123456"}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "api-reference-unknown")


def test_who_has_an_account_is_a_customer(api: TestClient) -> None:
    customer, account = open_shop()
    worker.drain()
    shown = api.get(f"{CUSTOMERS}/{customer}").json()
    conforms("TMF629", "Customer", shown)
    assert [one["id"] for one in shown["account"]] == [str(account)]


def test_rights_scope_and_masking(api: TestClient) -> None:
    """EC-17, per calling system."""
    one = post(api, "individual", person(familyName="公孙", givenName="胜")).json()
    with client_with(["party.read"], "narrow", clear=("name",)) as narrow:
        seen = narrow.get(f"{BASE}/individual/{one['id']}").json()
        assert seen["fullName"] == "公孙胜"
        assert "139****2358" in str(seen)
        assert "13910442358" not in str(seen)
        assert narrow.post(f"{BASE}/individual", json=person()).status_code == 403
        assert narrow.delete(f"{BASE}/individual/{one['id']}").status_code == 403
    with client_with(["party.*"], "blind", scopes={"party": 'row.branch == "none"'}) as blind:
        assert blind.get(f"{BASE}/individual").json() == []
        assert blind.get(f"{BASE}/individual/{one['id']}").status_code == 404
        assert blind.patch(f"{BASE}/individual/{one['id']}", json={"title": "x"}, headers=MERGE).status_code == 404
        made = blind.post(f"{BASE}/individual", json=person(familyName="慕容", givenName="复"))
        assert (made.status_code, set(made.json())) == (201, {"id", "href", "@type"})
    with client_with(["catalog.read"], "other") as other:
        assert other.get(f"{BASE}/individual").status_code == other.get(CUSTOMERS).status_code == 403


def test_a_resource_is_only_what_it_is(api: TestClient) -> None:
    """TMF632, TMF629: a person is no organisation, a party without the role no customer: nothing is read, stated or
    ended under another's path."""
    made = post(api, "individual", person(familyName="皇甫", givenName="嵩")).json()
    hobby = {"characteristic": [{"name": "hobby", "value": "go"}]}
    for path, stated in ((f"{BASE}/organization/{made['id']}", {"organizationType": "company"}),
                         (f"{CUSTOMERS}/{made['id']}", hobby)):  # fmt: skip
        answers = (api.get(path), api.patch(path, json=stated, headers=MERGE), api.delete(path))
        assert {answer.status_code for answer in answers} == {404}, path
    shown = api.get(f"{BASE}/individual/{made['id']}")
    assert shown.status_code == 200 and "hobby" not in shown.text and "company" not in shown.text


def test_the_role_of_who_was_merged_is_the_survivors(api: TestClient) -> None:
    """EC-07, TMF629: the customer is found under the id that is left, though the role was the other's."""
    made = []
    for name, number in (("吉", "13512345670"), ("祥", "13512345671")):
        contact = [{"characteristic": {"phoneNumber": number}}]
        asked = person(familyName="长孙", givenName=name, contactMedium=contact)
        made.append(post(api, "individual", asked).json()["id"])
    survivor, retired = sorted(made, key=int)
    engaged = {"id": retired, "@referredType": "Individual"}
    assert api.post(CUSTOMERS, json={"name": "x", "engagedParty": engaged}).status_code == 201
    assert merge(SYSTEM, [int(survivor), int(retired)], "one person", force=True).retired == [int(retired)]
    assert api.get(f"{CUSTOMERS}/{survivor}").status_code == 200
    assert [row["id"] for row in api.get(CUSTOMERS, params={"id": survivor}).json()] == [survivor]
