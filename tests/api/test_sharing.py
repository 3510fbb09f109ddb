"""EC-14, EC-15 over HTTP: exports, the feed of changes, the scenarios; each within the interface's grants."""

import csv
import io
from typing import Any

from fastapi.testclient import TestClient
from tests.api.conftest import client_with
from tests.api.test_party import ID

from hutong.party.sharing.document_kinds import EXPORT
from hutong.platform import database, documents, jobs, worker

BASE = "/party/v1"
RIGHTS = ["party.read", "party.export"]


def published(code: str, who: str) -> None:
    body: dict[str, Any] = {
        "code": code, "title": {"zh": "清单", "en": "List"}, "consumer": who, "where": 'customer.kind == "person"',
        "columns": [{"fact": "id"}, {"fact": "name"}, {"fact": "mobile"}, {"fact": "branch"}],
    }  # fmt: skip
    with database.begin("party") as conn:
        documents.publish(conn, EXPORT, body, "user:1")


def issued(api: TestClient, key: str, **more: Any) -> dict[str, Any]:
    answer = api.post(f"{BASE}/issue", json={"key": key, "name": "诸葛亮", "mobile": "13912340077", **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_consumer_makes_follows_and_fetches_its_own_export(api: TestClient) -> None:
    """EC-14: nobody else's."""
    party_id = issued(api, "one")["party_id"]
    published("http-list", "warehouse")
    with client_with(RIGHTS, "warehouse", clear=("name",)) as warehouse, client_with(RIGHTS, "nosy") as nosy:
        assert "http-list" in [one["code"] for one in warehouse.get(f"{BASE}/exports").json()]
        assert "http-list" not in [one["code"] for one in nosy.get(f"{BASE}/exports").json()]
        assert nosy.post(f"{BASE}/exports/http-list/runs").status_code == 404
        run = warehouse.post(f"{BASE}/exports/http-list/runs")
        assert (run.status_code, run.json()["state"]) == (202, "queued")
        place = f"{BASE}/exports/runs/{run.json()['id']}"
        assert warehouse.get(f"{place}/file").status_code == 409
        jobs.run_queued()
        manifest = warehouse.get(place).json()
        file = warehouse.get(f"{place}/file")
        assert (manifest["state"], file.headers["x-content-sha256"]) == ("ready", manifest["sha256"])
        rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert len(rows) == manifest["rows"]
        mine = next(row for row in rows if row["id"] == str(party_id))
        assert (mine["name"], mine["mobile"]) == ("诸葛亮", "+86139****0077")
        assert nosy.get(place).status_code == nosy.get(f"{place}/file").status_code == 404
        worker.drain()
        assert warehouse.get(f"{BASE}/changes", params={"after": manifest["to_position"]}).status_code == 200
    with client_with(["catalog.read"], "stranger") as stranger:
        for path in ("exports", "changes", "exports/runs", "pop?number=1", f"parties/{party_id}/glance"):
            assert stranger.get(f"{BASE}/{path}").status_code == 403, path


def test_the_feed_waits_for_news(api: TestClient) -> None:
    """EC-14: a long poll answers when there is something, or when its time is over."""
    worker.drain()
    cursor = 0
    while (page := api.get(f"{BASE}/changes", params={"after": cursor, "limit": 1000}).json())["more"]:
        cursor = page["cursor"]
    cursor = page["cursor"]
    assert api.get(f"{BASE}/changes", params={"after": cursor, "wait": 1}).json()["changes"] == []
    party_id = issued(api, "two", mobile="13912340078", name="司马懿")["party_id"]
    worker.drain()
    (change,) = api.get(f"{BASE}/changes", params={"after": cursor, "wait": 5}).json()["changes"]
    assert (change["type"], change["party_id"], change["record"]["name"]) == ("party.created", party_id, "司马懿")


def test_issue_pop_glance_and_claims(api: TestClient) -> None:
    """EC-15: the same customer by every scenario; a repeated key is one request."""
    first = issued(api, "three", id_type="resident_id", id_number=ID, mobile="13912340079", name="周瑜")
    assert issued(api, "three", id_type="resident_id", id_number=ID, name="周瑜")["party_id"] == first["party_id"]
    assert {paper["state"] for paper in first["papers"]} == {"valid", "missing"}
    popped = api.get(f"{BASE}/pop", params={"number": "139 1234 0079"}).json()
    assert [one["customer"]["id"] for one in popped["candidates"]] == [first["party_id"]]
    glance = api.get(f"{BASE}/parties/{first['party_id']}/glance").json()
    assert glance["facts"]["policies"] == 0
    claim = {"number": "C-1", "party_id": first["party_id"], "amount_micros": 500_000_000, "documents_complete": True}
    routed = api.post(f"{BASE}/claims", json=claim).json()
    assert (routed["route"], routed["rule"], routed["inputs"]["claim"]["amount_micros"]) == (
        "simplified",
        "small",
        500_000_000,
    )
    assert api.post(f"{BASE}/claims", json={**claim, "party_id": 10**9}).status_code == 404
    assert api.post(f"{BASE}/issue", json={"key": "x", "name": "a", "hair": "red"}).status_code == 400
    wrong = {"key": "y", "name": "周瑜", "id_type": "resident_id", "id_number": "123"}
    assert api.post(f"{BASE}/issue", json=wrong).status_code == 422
