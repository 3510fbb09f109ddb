"""EC-02: whichever way a change comes, the same policy decides whether it waits. Every route that writes to the
customer master is tried against a policy that wants everything approved, or named here with the reason why it is no
change of a known party. A new route that is neither fails."""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.api.conftest import client_with
from tests.party.state import state
from tests.web.sample_site import Site

from hutong.identity import SYSTEM
from hutong.party.model.extension import MODEL
from hutong.party.policies import POLICY
from hutong.party.realtime import statements
from hutong.platform import database, documents
from hutong.server import create_app

SignIn = Callable[[str], TestClient]
OURS = re.compile(
    r"^/(customers|party/v1|tmf-api/(party|customerManagement)|portal|suspects|merges|groups|households|enhancements|"
    r"rejects|loads|approvals|calls|call-lists|claims-desk|portal-accounts)(/|$)"
)
OTHERWISE = {
    "* /customers/{party_id}/areas/*": "areas beside the golden record; names and contacts are refused there",
    "* /party/v1/parties/{party_id}/areas/*": "the same",
    "* /customers/{party_id}/household*": "households are people's word beside the golden record",
    "* /customers/{party_id}/images": "images of documents",
    "* /customers/{party_id}/relations*": "relations, a statement of their own",
    "* /party/v1/parties/{party_id}/relations": "the same",
    "* /customers/{party_id}/reveal": "shows, changes nothing",
    "* /party/v1/parties/{key}/reveal": "shows, changes nothing",
    "* /customers/{party_id}/split/preview": "shows, changes nothing",
    "* /customers/{party_id}/undo/{operation_id}": "takes back what was approved or done, by a right of its own",
    "* /merges/*": "the same",
    "* /suspects*": "decisions on suspects follow the stewardship policy (four eyes)",
    "* /groups*": "groups of customers",
    "* /enhancements*": "batches wait for their own second person",
    "* /party/v1/enhancements*": "the same",
    "* /rejects*": "a source's records, under admission rules",
    "* /loads*": "a source's records, under admission rules",
    "* /party/v1/sources/{source}/records": "a source's records, under admission rules",
    "POST /party/v1/parties": "find or create: a calling system's own record, under admission rules",
    "POST /party/v1/issue": "the same",
    "POST /tmf-api/party/v4/individual": "the same",
    "POST /tmf-api/party/v4/organization": "the same",
    "POST /portal/register": "the same, for oneself",
    "* /party/v1/match": "finds", "* /party/v1/exports/*": "reads",
    "* /party/v1/claims": "routes a claim", "* /claims-desk": "routes a claim",
    "* /tmf-api/*/hub*": "listeners",
    "POST /tmf-api/customerManagement/v4/customer": "gives a role, states by the way that PATCH does",
    "DELETE /tmf-api/customerManagement/v4/customer/{key}": "takes a role",
    "* /approvals/*": "decides", "* /party/v1/change-requests/{request_id}": "decides",
    "* /calls*": "results of calls", "* /call-lists*": "lists of calls",
    "* /portal/code": "signing in", "* /portal/sign-*": "signing in", "* /portal-accounts/*": "accounts of the portal",
    "POST /portal/contact": "asks by the same function; tests/party/sharing/test_scenarios.py",
}  # fmt: skip


def writing(app: FastAPI) -> set[tuple[str, str]]:
    """Every (method, path) that writes to the customer master."""
    found = set()
    for route in app.routes:
        nested = route.effective_route_contexts() if hasattr(route, "effective_route_contexts") else [route]
        for each in nested:
            methods = set(getattr(each, "methods", None) or ()) - {"GET", "HEAD", "OPTIONS"}
            path = str(getattr(each, "path", ""))
            found |= {(method, path) for method in methods if OURS.match(path)}
    return found


@pytest.fixture
def strict(site: Site) -> Iterator[dict[str, Any]]:
    """Everything waits; the person that is tried, another, a record and values of the first."""
    rule = {"rule": "everything", "when": "true", "zh": "一切变更", "en": "everything"}
    with database.begin("party") as conn:
        documents.publish(conn, POLICY, {"policy": "lifecycle", "rules": [rule]}, "test", name="lifecycle")
        hobby = {"name": "hobby", "zh": "爱好", "en": "Hobby", "type": "text"}
        documents.publish(conn, MODEL, {"model": "m", "attributes": [hobby]}, "test", name="model")
        row = conn.execute(text("SELECT id, mobile FROM party.party WHERE id = :id"), {"id": site.customer}).one()
        other = conn.execute(
            text("SELECT min(id) FROM party.party WHERE kind = 'person' AND state = 'active' AND id <> :id"),
            {"id": site.customer},
        ).scalar_one()
        record = conn.execute(
            text("SELECT min(record_id) FROM party.xref WHERE party_id = :id"), {"id": site.customer}
        ).scalar_one()
    statements.take_role(SYSTEM, row.id, "customer")
    yield {"id": row.id, "mobile": row.mobile, "other": other, "record": record}


def nothing_waits() -> int:
    """End what is pending, so that the next may be asked for; how many there were."""
    with database.begin("party") as conn:
        return conn.execute(text("UPDATE party.change_request SET state = 'refused' WHERE state = 'pending'")).rowcount


def tried(at: dict[str, Any]) -> dict[tuple[str, str], list[tuple[str, dict[str, Any], str]]]:
    """Route → what it is tried with: address, content, and `waits` (a request is pending) or `refused`."""
    page, api, party = f"/customers/{at['id']}", f"/party/v1/parties/{at['id']}", "/tmf-api/party/v4"
    customer = "/tmf-api/customerManagement/v4/customer"
    phone = {"kind": "phone", "value": "13912349876", "main": True}
    contact = {"contactMedium": [{"characteristic": {"phoneNumber": "13912349876"}}]}
    asked = {"kind": "modify", "parties": [at["id"]], "body": {"attributes": {"email": "new@hutong.cn"}}}
    return {
        ("POST", "/customers/{party_id}/basic"): [(f"{page}/basic", {"postcode": "350009"}, "waits")],
        ("POST", "/customers/{party_id}/attributes"): [(f"{page}/attributes", {"hobby": "go"}, "waits")],
        ("POST", "/customers/{party_id}/values"): [(f"{page}/values", phone, "waits")],
        ("POST", "/customers/{party_id}/values/{action}"): [
            (f"{page}/values/end", {"kind": "phone", "value": at["mobile"]}, "waits")],
        ("POST", "/customers/{party_id}/requests"): [(f"{page}/requests", {"kind": "deactivate", "reason": "x"},
                                                      "waits")],
        ("POST", "/customers/{party_id}/merge"): [(f"{page}/merge", {"other": at["other"], "reason": "one",
                                                                      "force": True}, "waits")],
        ("POST", "/customers/{party_id}/split"): [(f"{page}/split", {"record": at["record"], "reason": "two"},
                                                   "waits")],
        ("POST", "/party/v1/change-requests"): [("/party/v1/change-requests", asked, "waits")],
        ("POST", "/party/v1/parties/{party_id}/values"): [(f"{api}/values", phone, "waits")],
        ("PATCH", "/tmf-api/party/v4/individual/{key}"): [(f"{party}/individual/{at['id']}", contact, "waits")],
        ("DELETE", "/tmf-api/party/v4/individual/{key}"): [(f"{party}/individual/{at['id']}", {}, "waits")],
        ("PATCH", "/tmf-api/party/v4/organization/{key}"): [],
        ("DELETE", "/tmf-api/party/v4/organization/{key}"): [],
        ("PATCH", "/tmf-api/customerManagement/v4/customer/{key}"): [(f"{customer}/{at['id']}", contact, "waits")],
    }  # fmt: skip


def test_every_route_that_writes_is_known(strict: dict[str, Any]) -> None:
    known = tried(strict)
    for method, path in sorted(writing(create_app())):
        named = any(fnmatchcase(f"{method} {path}", pattern) for pattern in OTHERWISE)
        assert ((method, path) in known) != named, f"{method} {path}: say how the policy of changes holds for it"


def test_nothing_that_waits_shows(sign_in: SignIn, strict: dict[str, Any], site: Site) -> None:
    """Whatever way it came: a request waits, or it is refused; the golden record is as it was."""
    console = sign_in("administrator")
    api = client_with(["*"], "approval-walk")
    before = state()
    with api:
        for (method, path), trials in tried(strict).items():
            for place, content, outcome in trials:
                if path.startswith("/customers/"):
                    answer = console.post(place, data=content)
                else:
                    merge = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
                    answer = api.request(method, place, json=content or None, headers=merge)
                waiting = nothing_waits()
                assert state() == before, (method, path, answer.status_code, answer.text[:200])
                assert (waiting > 0) == (outcome == "waits"), (method, path, answer.status_code, answer.text[:300])
                assert (answer.status_code == 409) == (outcome == "refused"), (method, path, answer.text[:300])
