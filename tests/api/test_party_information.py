"""EC-01, EC-11, EC-16 over HTTP: areas, values, relations, timeline; masked and refused as on the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.api.conftest import client_with

from hutong.identity import SYSTEM
from hutong.party import PartyData, find_or_create

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
