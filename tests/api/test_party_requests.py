"""Changes with approval and enhancement batches over HTTP (EC-02, EC-08); TMF632 goes through the same policy."""

import pytest
from fastapi.testclient import TestClient
from tests.api.conftest import client_with

from hutong.identity import SYSTEM
from hutong.party import PartyData, find_or_create, get

ID = "330106199001010018"


@pytest.fixture(scope="module")
def wang(api: TestClient) -> int:
    """A customer."""
    return find_or_create(SYSTEM, PartyData("person", "王小明", id_type="resident_id", id_number=ID), "wang").party_id


def test_tmf_patch_waits_where_the_policy_says(api: TestClient, wang: int) -> None:
    """EC-02: a new phone is 200, a new name 202 and not shown; a second system approves, then it shows."""
    path = f"/tmf-api/party/v4/individual/{wang}"
    headers = {"Content-Type": "application/merge-patch+json"}
    assert api.patch(path, json={"fullName": "王小明", "gender": "male"}, headers=headers).status_code == 200
    answer = api.patch(path, json={"fullName": "王晓明"}, headers=headers)
    assert answer.status_code == 202 and answer.json()["fullName"] == "王小明"
    [waiting] = api.get("/party/v1/change-requests").json()
    assert waiting["change"]["attributes"]["name"] == "王晓明"
    decision = {"verdict": "approve", "note": "seen"}
    assert api.post(f"/party/v1/change-requests/{waiting['id']}", json=decision).status_code == 403
    with client_with(["party.*"], code="back-office") as other:
        done = other.post(f"/party/v1/change-requests/{waiting['id']}", json=decision)
        assert done.status_code == 200 and done.json()["state"] == "done"
    assert api.get("/party/v1/change-requests").json() == []


def test_an_enhancement_batch(api: TestClient, wang: int) -> None:
    """EC-08: drafted with its report, applied, taken back."""
    rows = [{"party_id": str(wang), "email": "w@163.com"}, {"party_id": "999999", "email": "x@163.com"}]
    made = api.post("/party/v1/enhancements", json={"name": "May", "channel": "callback", "rows": rows})
    assert made.status_code == 201 and made.json()["report"]["gained"] == {"email": 1}
    batch = made.json()["batch"]
    assert get(SYSTEM, wang)["email"] is None
    assert api.post(f"/party/v1/enhancements/{batch}/apply").json()["state"] == "applied"
    assert get(SYSTEM, wang)["email"] == "w@163.com"
    assert api.post(f"/party/v1/enhancements/{batch}/apply").status_code == 409
    assert [row["problem"] for row in api.get(f"/party/v1/enhancements/{batch}").json()["rows"]] == [
        None, "party-enhance-nobody",
    ]  # fmt: skip
    assert api.post(f"/party/v1/enhancements/{batch}/withdraw").json()["records"] == 1
    assert get(SYSTEM, wang)["email"] is None


def test_an_erased_party_is_gone(api: TestClient) -> None:
    """EC-02: 202 while it waits; after approval 410 for ever, at every interface."""
    party = find_or_create(SYSTEM, PartyData("person", "李丽", mobile="13912340077"), "li").party_id
    asked = api.post("/party/v1/change-requests", json={"kind": "erase", "parties": [party], "reason": "asked"})
    assert asked.status_code == 202 and asked.json()["rule"] == "erasure"
    path = f"/tmf-api/party/v4/individual/{party}"
    assert api.get(path).status_code == 200
    with client_with(["party.*"], code="officer") as other:
        other.post(f"/party/v1/change-requests/{asked.json()['request']}", json={"verdict": "approve"})
    assert api.get(path).status_code == 410
    again = {"kind": "erase", "parties": [party], "reason": "asked"}
    assert api.post("/party/v1/change-requests", json=again).status_code == 404
