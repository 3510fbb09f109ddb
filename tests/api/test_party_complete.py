"""TMF632 and TMF629, whole: every attribute, relations, credit, retired and erased ids, field lists, events."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import Engine
from sqlalchemy.event import listen, remove
from tests.api.conftest import client_with
from tests.api.specification import conforms
from tests.api.test_party import BASE, CUSTOMERS, MERGE, person, post

from hutong import masterdata
from hutong.api.tmf.party_body import Contact, Medium
from hutong.api.tmf.party_contacts import split
from hutong.api.webhook_forms import customer_event, party_event
from hutong.api.webhook_hubs import CUSTOMERS as CUSTOMER_HUB
from hutong.api.webhook_hubs import PARTIES
from hutong.identity import SYSTEM, Principal
from hutong.party.areas import values
from hutong.party.lifecycle.changes import apply_change, approve
from hutong.party.stewardship.merge import merge
from hutong.platform import database, jobs
from hutong.platform.outbox import Delivered

WHOLE: dict[str, Any] = {
    "aristocraticTitle": "Sir", "birthDate": "1980-02-03T00:00:00Z", "countryOfBirth": "CN", "generation": "Jr.",
    "deathDate": "2020-01-01T00:00:00Z", "familyNamePrefix": "de", "formattedName": "Sir X", "legalName": "X",
    "location": "Fuzhou", "maritalStatus": "married", "middleName": "M", "nationality": "CN", "placeOfBirth": "Fuzhou",
    "preferredGivenName": "Ming", "title": "Dr", "disability": [{"disabilityCode": "d1", "disabilityName": "none"}],
    "languageAbility": [{"languageCode": "zh", "isFavouriteLanguage": True, "speakingProficiency": "native"}],
    "otherName": [{"fullName": "阿明", "validFor": {"startDateTime": "2001-01-01T00:00:00Z"}}],
    "skill": [{"skillCode": "s1", "skillName": "drives", "evaluatedLevel": "5"}],
    "taxExemptionCertificate": [{"id": "t1", "taxDefinition": [{"id": "VAT", "name": "VAT"}]}],
}  # fmt: skip


def made(api: TestClient, family: str, **more: Any) -> dict[str, Any]:
    content = person(familyName=family, givenName="完", externalReference=[{"name": f"whole-{family}"}], **more)
    return dict(post(api, "individual", content).json())


def test_every_attribute_of_an_individual_is_kept(api: TestClient) -> None:
    """XP-04: nothing the specification names is lost or refused."""
    contact = [{"characteristic": {"phoneNumber": "13811110001"}}]
    shown = made(api, "端木", contactMedium=contact, **WHOLE)
    for name, value in WHOLE.items():
        assert shown[name] == value, name
    path = f"{BASE}/individual/{shown['id']}"
    patched = api.patch(path, json={"skill": [{"skillCode": "s2"}], "title": "Prof"}, headers=MERGE).json()
    conforms("TMF632", "Individual", patched)
    assert (patched["skill"], patched["title"], patched["legalName"]) == ([{"skillCode": "s2"}], "Prof", "X")
    withdrawn = api.patch(path, json={"skill": None}, headers=MERGE).json()
    assert withdrawn["skill"] == WHOLE["skill"], "what was stated anew is withdrawn; the first statement stands"
    assert api.get(f"{BASE}/individual/{shown['id']}", params={"fields": "title"}).json().keys() == {
        "id", "href", "@type", "title"}  # fmt: skip


def test_an_organization_with_relations_and_rating(api: TestClient) -> None:
    content = {
        "tradingName": "厦门完整有限公司", "nameType": "Co.", "isHeadOffice": True, "organizationType": "company",
        "existsDuring": {"startDateTime": "2001-01-01T00:00:00Z"}, "otherName": [{"tradingName": "完整"}],
        "creditRating": [{"creditAgencyName": "agency", "ratingReference": "a", "ratingScore": 700}],
        "externalReference": [{"name": "whole-org"}],
    }  # fmt: skip
    first = post(api, "organization", content).json()
    assert (first["existsDuring"], first["otherName"]) == (content["existsDuring"], content["otherName"])
    (rating,) = first["creditRating"]
    assert (rating["creditAgencyName"], rating["ratingScore"]) == ("agency", 700)
    wife = made(api, "闻人", contactMedium=[{"characteristic": {"phoneNumber": "13811110002"}}])
    related = [{"id": wife["id"], "role": "spouse", "@referredType": "Individual"}]
    man = made(api, "澹台", contactMedium=[{"characteristic": {"phoneNumber": "13811110003"}}], relatedParty=related)
    (other,) = man["relatedParty"]
    assert (other["id"], other["role"], other["@referredType"]) == (wife["id"], "spouse", "Individual")
    back = api.get(f"{BASE}/individual/{wife['id']}").json()["relatedParty"]
    assert [(one["id"], one["role"]) for one in back] == [(man["id"], "spouse")]
    again = api.patch(f"{BASE}/individual/{man['id']}", json={"relatedParty": related}, headers=MERGE)
    assert (again.status_code, len(again.json()["relatedParty"])) == (200, 1)
    wrong = {"title": "Dr", "relatedParty": [{**related[0], "role": "friend of"}]}
    unknown = api.patch(f"{BASE}/individual/{man['id']}", json=wrong, headers=MERGE)
    assert unknown.status_code == 422, unknown.text
    assert "title" not in api.get(f"{BASE}/individual/{man['id']}").json(), "nothing is half done"


def test_all_contacts_and_documents_that_hold_are_shown(api: TestClient) -> None:
    """EC-01, XP-04: every number, address and document that holds, with its validity; golden ones preferred."""
    first = [{"characteristic": {"phoneNumber": "13811110011"}}]
    party = made(api, "令狐", contactMedium=first)
    key = int(party["id"])
    values.add(SYSTEM, key, "phone", "057188880011", use="work")
    values.add(SYSTEM, key, "address", "浙江省杭州市西湖区文三路90号")
    values.add(SYSTEM, key, "email", "old@hutong.cn")
    values.add(SYSTEM, key, "identifier", "E12345678", detail="passport")
    values.end_value(SYSTEM, key, "email", "old@hutong.cn")
    shown = api.get(f"{BASE}/individual/{key}").json()
    conforms("TMF632", "Individual", shown)
    media = {one["mediumType"]: one for one in shown["contactMedium"]}
    assert set(media) == {"mobile", "telephone", "postalAddress"}
    assert (media["mobile"]["preferred"], media["telephone"]["preferred"]) == (True, False)
    assert media["telephone"]["characteristic"]["contactType"] == "work"
    assert media["postalAddress"]["characteristic"]["city"] == "杭州市"
    assert all(one["validFor"]["startDateTime"] for one in media.values())
    (document,) = shown["individualIdentification"]
    assert (document["identificationType"], document["identificationId"]) == ("passport", "E12345678")
    assert document["validFor"]["startDateTime"]


def test_organisations_above_and_below(api: TestClient) -> None:
    """TMF632 organizationParentRelationship, organizationChildRelationship."""
    above = post(
        api, "organization", {"tradingName": "厦门上级集团有限公司", "externalReference": [{"name": "up"}]}
    ).json()
    parent = {"organization": {"id": above["id"]}, "relationshipType": "parent_company"}
    asked = {"tradingName": "漳州下属贸易有限公司", "externalReference": [{"name": "down"}],
             "organizationParentRelationship": parent}  # fmt: skip
    below = post(api, "organization", asked).json()
    conforms("TMF632", "Organization", below)
    assert below["organizationParentRelationship"]["organization"]["id"] == above["id"]
    (child,) = api.get(f"{BASE}/organization/{above['id']}").json()["organizationChildRelationship"]
    assert (child["organization"]["id"], child["relationshipType"]) == (below["id"], "subsidiary")


def test_a_customer_with_credit_and_payment(api: TestClient) -> None:
    """TMF629: creditProfile, paymentMethod, characteristic, relatedParty."""
    party = made(api, "呼延", contactMedium=[{"characteristic": {"phoneNumber": "13811110004"}}])
    profile = {"creditProfileDate": "2026-01-01T00:00:00Z", "creditScore": 650, "validFor": {}}
    asked = {
        "name": "x", "engagedParty": {"id": party["id"], "@referredType": "Individual"}, "creditProfile": [profile],
        "paymentMethod": [{"id": "direct-debit"}], "characteristic": [{"name": "hobby", "value": "go"}],
    }  # fmt: skip
    first = api.post(CUSTOMERS, json=asked)
    assert first.status_code == 201, first.text
    conforms("TMF629", "Customer", first.json())
    shown = first.json()
    assert [(one["creditScore"], one["creditProfileDate"][:10]) for one in shown["creditProfile"]] == [
        (650, "2026-01-01")
    ]
    assert shown["paymentMethod"][0]["id"] == "direct-debit"
    assert {"name": "hobby", "valueType": "string", "value": "go"} in shown["characteristic"]
    patched = api.patch(f"{CUSTOMERS}/{party['id']}", json={"paymentMethod": [{"id": "card"}]}, headers=MERGE)
    assert [one["id"] for one in patched.json()["paymentMethod"]] == ["card"]
    for fixed in ({"account": []}, {"agreement": []}, {"engagedParty": {"id": "1"}}):
        assert api.patch(f"{CUSTOMERS}/{party['id']}", json=fixed, headers=MERGE).status_code == 400


def test_a_merged_id_leads_to_its_survivor_and_an_erased_one_is_gone(api: TestClient) -> None:
    """A retired id: 301 to read, 308 to change, at the survivor's place; erased: 410."""
    one = made(api, "钟离", contactMedium=[{"characteristic": {"phoneNumber": "13811110005"}}])
    two = made(api, "宗政", contactMedium=[{"characteristic": {"phoneNumber": "13811110006"}}])
    for party in (one, two):
        engaged = {"id": party["id"], "@referredType": "Individual"}
        assert api.post(CUSTOMERS, json={"name": "x", "engagedParty": engaged}).status_code == 201
    merge(SYSTEM, [int(one["id"]), int(two["id"])], "same person", force=True)
    gone = next(
        party["id"] for party in (one, two)
        if api.get(f"{BASE}/individual/{party['id']}", follow_redirects=False).status_code == 301
    )  # fmt: skip
    stays = ({one["id"], two["id"]} - {gone}).pop()
    for path in (f"{BASE}/individual", CUSTOMERS):
        read = api.get(f"{path}/{gone}", follow_redirects=False)
        assert (read.status_code, read.headers["Location"].endswith(f"/{stays}")) == (301, True)
        assert read.json()["code"] == "api-resource-merged"
        assert api.get(read.headers["Location"].removeprefix("http://127.0.0.1:8000")).json()["id"] == stays
        for answer in (
            api.patch(f"{path}/{gone}", json={"name": "y"} if path == CUSTOMERS else {"title": "y"}, headers=MERGE,
                      follow_redirects=False),
            api.delete(f"{path}/{gone}", follow_redirects=False),
        ):  # fmt: skip
            assert (answer.status_code, answer.headers["Location"].endswith(f"/{stays}")) == (308, True)
    assert api.get(f"{BASE}/individual/{stays}").status_code == 200, "nothing was done to the survivor"
    lead = Principal(77, "user", "lead", frozenset({"*"}), clear=frozenset({"*"}))
    approve(lead, apply_change(SYSTEM, "erase", [int(stays)], reason="asked by the person").request_id)
    jobs.run_queued()
    for path in (f"{BASE}/individual", CUSTOMERS):
        assert api.get(f"{path}/{stays}").status_code == 410
        assert api.delete(f"{path}/{stays}").status_code == 410


def test_an_interface_has_only_its_fields(api: TestClient) -> None:
    """EC-17: what the field list of a calling system does not name it never gets, by any way."""
    party = made(api, "濮阳", contactMedium=[{"characteristic": {"phoneNumber": "13811110007"}}], title="Dr")
    with client_with(["party.read"], "narrow-fields", fields={"party": ["name"]}) as narrow:
        one = narrow.get(f"{BASE}/individual/{party['id']}").json()
        assert one["fullName"] == "濮阳完"
        for way in (
            one,
            narrow.get(f"{BASE}/individual", params={"id": party["id"]}).json(),
            narrow.get("/party/v1/changes", params={"after": 0, "limit": 1000}).json(),
            narrow.get("/party/v1/pop", params={"number": "13811110007"}).json()["candidates"][0]["customer"],
            narrow.get(f"/party/v1/parties/{party['id']}/glance").json()["customer"],
        ):
            assert "13811110007" not in str(way)
            assert "Dr" not in str(way)
        for name, value in (
            ("gender", "male"), ("contactMedium.characteristic.city", "福州市"), ("familyName", "濮阳"),
            ("contactMedium.characteristic.phoneNumber", "13811110007"),
            ("individualIdentification.identificationId", "11010519491231002X"),
        ):  # fmt: skip
            answer = narrow.get(f"{BASE}/individual", params={name: value})
            assert answer.status_code == (200 if name == "familyName" else 403), f"{name}: who is left would tell it"


@pytest.mark.parametrize("kind", ["person", "organisation"])
def test_every_event_of_the_specifications_is_told(api: TestClient, kind: str) -> None:
    """XP-04: create, attribute value change, state change, delete; in TMF's form, of parties gone as well."""
    name = {"person": "individual", "organisation": "organization"}[kind]
    for hub, tell, what in ((PARTIES, party_event, name), (CUSTOMER_HUB, customer_event, "customer")):
        for told, ours in hub.events.items():
            if not told.lower().startswith(what):
                continue
            for event in ours:
                payload = {"party_id": 987654, "kind": kind, "role": "customer"}
                made = tell(SYSTEM, Delivered(event, "party:987654", payload))
                if what == "customer" and event not in ("party.role_left", "party.erased"):
                    assert made is None, "nothing is told of a party that is no customer"
                    continue
                assert made is not None, event
                assert (made["eventType"], made["event"][what]["id"]) == (told, "987654")


def test_a_customer_is_not_half_stated(api: TestClient) -> None:
    """TMF629 asks what stands beside before it writes: neither role nor attributes are there after a refusal."""
    party = made(api, "夏侯", contactMedium=[{"characteristic": {"phoneNumber": "13811110021"}}])
    other = made(api, "诸葛", contactMedium=[{"characteristic": {"phoneNumber": "13811110022"}}])
    related = {"id": other["id"], "role": "subsidiary", "@referredType": "Individual"}
    hobby = [{"name": "hobby", "value": "go"}]
    engaged = {"name": "x", "engagedParty": {"id": party["id"], "@referredType": "Individual"}}
    backwards = {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"}
    profile = {"creditProfileDate": "2026-01-01T00:00:00Z", "creditScore": 1, "validFor": backwards}
    for wrong in ({"relatedParty": [related]}, {"creditProfile": [profile]}):
        refused = api.post(CUSTOMERS, json={**engaged, "characteristic": hobby, **wrong})
        assert refused.status_code == 422, refused.text
        assert api.get(f"{CUSTOMERS}/{party['id']}").status_code == 404
    assert api.post(CUSTOMERS, json=engaged).status_code == 201
    for wrong in ({"relatedParty": [related]}, {"creditProfile": [profile]}):
        refused = api.patch(f"{CUSTOMERS}/{party['id']}", json={"characteristic": hobby, **wrong}, headers=MERGE)
        assert refused.status_code == 422, refused.text
    assert "hobby" not in str(api.get(f"{CUSTOMERS}/{party['id']}").json())


def test_codes_are_asked_for_once_and_unknown_ones_refused(api: TestClient) -> None:
    """EC-09: with the code sets loaded: the uses of many contacts are one query; a grade that is none makes nobody."""
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, Path(__file__).parents[2] / "packs" / "base" / "codes")
    asked = []

    def count(_conn: object, _cursor: object, _statement: str, parameters: dict[str, Any], *_: object) -> None:
        if isinstance(parameters, dict) and parameters.get("set") == "value_use":
            asked.append(parameters)

    contacts = [Contact(characteristic=Medium(phone_number=f"1381111004{n}", contact_type="work")) for n in range(4)]
    listen(Engine, "before_cursor_execute", count)
    try:
        stated = split(contacts)
    finally:
        remove(Engine, "before_cursor_execute", count)
    assert [one.use for one in stated.beside] == ["work"] * 4 and len(asked) == 1
    before = api.get(f"{BASE}/individual").headers["X-Total-Count"]
    rating = [{"creditAgencyName": "agency", "ratingReference": "no-such-grade", "ratingScore": 1}]
    wrong = person(familyName="慕容", givenName="新", creditRating=rating,
                   contactMedium=[{"characteristic": {"phoneNumber": "13811110055"}}])  # fmt: skip
    refused = api.post(f"{BASE}/individual", json=wrong)
    assert refused.status_code == 422 and "no-such-grade" in refused.text
    assert api.get(f"{BASE}/individual").headers["X-Total-Count"] == before
