"""EC-01, EC-11, EC-16 over HTTP: areas, values, relations, timeline; masked and refused as on the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.api.conftest import client_with

from hutong.identity import SYSTEM
from hutong.party import PartyData, find_or_create
from hutong.party.areas import values

pytestmark = pytest.mark.usefixtures("database")
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()


def test_stated_and_read(database: object) -> None:
    """Stated once under a key, read back, related, told in the timeline; as it will be tomorrow."""
    one = find_or_create(SYSTEM, PartyData("person", "王小明", mobile="13912340001"), "1").party_id
    two = find_or_create(SYSTEM, PartyData("person", "李丽华"), "2").party_id
    client = client_with(["party.read", "party.change"])
    here = f"/party/v1/parties/{one}"
    stated = {"values": {"kind": "channel", "value": "sms"}, "key": "prefer-1"}
    assert client.post(f"{here}/areas/preference", json=stated).status_code == 201
    assert client.post(f"{here}/areas/preference", json=stated | {"values": {"kind": "channel"}}).status_code == 422
    policy = {"number": "P9", "state": "in_force", "due_on": "2026-12-24", "valid_from": "2026-01-01T00:00:00+08:00"}
    assert client.post(f"{here}/areas/policy_summary", json={"values": policy, "key": "P9"}).status_code == 201
    said = client.post(f"{here}/values", json={"kind": "email", "value": "W@QQ.COM", "use": "home"})
    assert said.json() == {"value": "w@qq.com", "state": "done"}
    assert client.post(f"{here}/relations", json={"other": two, "kind": "spouse"}).status_code == 201
    assert [row["value"] for row in client.get(f"{here}/areas/preference").json()] == ["sms"]
    assert [row["other_is"] for row in client.get(f"/party/v1/parties/{two}/relations").json()] == ["spouse"]
    assert {row["value"] for row in client.get(f"{here}/values").json()} >= {"w@qq.com", "+8613912340001"}
    kinds = [row["kind"] for row in client.get(f"{here}/timeline").json()]
    assert {"preference", "policy_summary", "party_relation", "version"} <= set(kinds)
    [due] = client.get("/party/v1/renewals-due?first=2026-12-01&end=2027-01-01").json()
    assert (due["number"], due["party_id"]) == ("P9", one)
    assert client.get(f"{here}/as-it-was", params={"at": SOON}).json()["party"]["name"] == "王小明"
    assert client.get(f"{here}/household").json() is None


def test_refused_and_masked(database: object) -> None:
    """EC-17: without the right 403, unknown areas and parties 404, sensitive values masked."""
    one = find_or_create(SYSTEM, PartyData("person", "王小明", mobile="13912340001"), "1").party_id
    reader = client_with(["party.read"], code="reader", clear=())
    here = f"/party/v1/parties/{one}"
    assert reader.post(f"{here}/areas/preference", json={"values": {}}).status_code == 403
    assert reader.get(f"{here}/areas/nothing").status_code == 404
    assert reader.get("/party/v1/parties/999/timeline").status_code == 404
    for path in ("values", "timeline"):
        answer = reader.get(f"{here}/{path}")
        assert answer.status_code == 200 and "13912340001" not in answer.text and "小明" not in answer.text


def test_what_a_field_cannot_hold_is_refused_by_its_name(database: object) -> None:
    """EC-01: types, numbers too large, NUL, periods that end before they begin in whatever zone, texts without end: 4xx
    that names the field, and nothing is stated."""
    one = find_or_create(SYSTEM, PartyData("person", "王小明"), "1").party_id
    rows = f"/party/v1/parties/{one}/areas/party_role"
    client = client_with(["party.read", "party.change"])
    ten = "2026-01-10T10:00:00"
    for field, wrong, status in (
        ("valid_to", "soon", 422), ("valid_to", 7, 422), ("valid_from", ["x"], 422), ("share", "abc", 422),
        ("share", 10**30, 422), ("share", True, 422), ("share", 2.5, 422), ("role", ["x"], 422), ("role", "a\0b", 422),
        ("context", "x" * 2001, 400), ("hair", "red", 422),
    ):  # fmt: skip
        answer = client.post(rows, json={"values": {"role": "insured", field: wrong}})
        assert (answer.status_code, answer.json()["field"]) == (status, field), (field, wrong)
    backwards = {"role": "insured", "valid_from": f"{ten}Z", "valid_to": "2026-01-10T11:00:00+08:00"}
    assert client.post(rows, json={"values": backwards}).json()["code"] == "party-area-period"
    assert client.get(rows).json() == []
    across = {"role": "insured", "valid_from": f"{ten}+08:00", "valid_to": "2026-01-10T09:00:00"}
    assert client.post(rows, json={"values": across, "key": "1"}).status_code == 201, "an hour, over two zones"


def test_instants_without_a_zone_are_utc(database: object) -> None:
    """EC-11, EC-16: what callers send without a zone is neither refused nor a defect."""
    one = find_or_create(SYSTEM, PartyData("person", "王小明"), "1").party_id
    two = find_or_create(SYSTEM, PartyData("person", "李丽华"), "2").party_id
    here, later = f"/party/v1/parties/{one}", (datetime.now(UTC) + timedelta(days=9)).replace(tzinfo=None).isoformat()
    client = client_with(["party.read", "party.change"])
    values.add(SYSTEM, one, "phone", "13912340009", valid_to=datetime.now(UTC) + timedelta(days=1))
    related = {"other": two, "kind": "friend", "valid_to": later}
    assert client.post(f"{here}/relations", json=related).status_code == 201
    [friend] = client.get(f"{here}/relations").json()
    assert friend["valid_to"] == f"{later}Z"
    for path in ("as-it-was", "values", "relations", "areas/party_role"):
        assert client.get(f"{here}/{path}", params={"at": later}).status_code == 200, path
