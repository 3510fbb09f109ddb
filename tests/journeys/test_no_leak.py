"""EC-17: no page, part, API, export, error or log shows what scope or mask forbids: every GET route there is, as every
role there is, against a world of canaries. New routes are crawled by themselves; one with a parameter that nobody has
told this test of fails it.
"""

import html
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL
from tests.journeys.leak_world import KEY, ORGANISATION, PASSWORD, World, build

from hutong.identity import Principal
from hutong.insight.reports import REPORTS
from hutong.party.documents.kinds import KINDS
from hutong.platform import log_files
from hutong.platform.logs import log
from hutong.platform.settings import settings
from hutong.server import create_app
from hutong.web.party.customer_parts import PARTS

ROLES = [role["code"] for role in yaml.safe_load(ORGANISATION.read_text(encoding="utf-8"))["roles"]]
JSON = ("/tmf-api/", "/party/v1/", "/openapi", "/healthz", "/readyz", "/metrics")
RULES = (
    "reachable_by_phone",
    "id_number_valid",
    "birth_date_known",
    "golden_reachable",
    "confirmed_in_three_years",
    "x",
)
TMF_PARTIES = ("/tmf-api/party/", "/tmf-api/customerManagement/")


@pytest.fixture(scope="module")
def world(module_database: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Built once; logs at their most talkative."""
    before, settings.log_level = settings.log_level, "DEBUG"
    yield build(tmp_path_factory.mktemp("leak"))
    settings.log_level = before


@pytest.fixture(scope="module")
def app(world: World) -> FastAPI:
    """The whole application."""
    return create_app()


def paths(app: FastAPI) -> list[str]:
    """Every path that answers GET, mounted routers included."""
    found: set[str] = set()
    for route in app.routes:
        nested = route.effective_route_contexts() if hasattr(route, "effective_route_contexts") else [route]
        found |= {each.path for each in nested if "GET" in (getattr(each, "methods", None) or ())}
    return sorted(found)


def values(world: World, path: str, name: str) -> list[Any] | None:
    """What a path parameter is tried with; None for one that nobody has thought of: say here what it is."""
    parties = [world.own.party, *dict.fromkeys(canary.party for canary in world.hidden), world.retired]
    if path.startswith("/documents/"):
        known = {"kind": list(KINDS), "name": ["quality", "lifecycle", "customers", "renewals", "claim-route"]}[name]
    elif name == "key":
        known = (
            parties
            if path.startswith((*TMF_PARTIES, "/party/v1/parties"))
            else [*world.orders, *world.places["product"]]
        )
    else:
        known = {
            "party_id": parties, "customer_id": parties, "other": parties, "pack": ["telecom"], "short": ["crm"],
            "order_id": world.orders, "tab": list(PARTS), "model_id": [1, 2], "batch": [1],
            "rule": RULES, "id": list(REPORTS),
            "form": ["csv", "xlsx"], "locale": ["en"], "name": ["css/console.css"], "name:path": ["css/console.css"],
            "code": ["MOBILE-5G", "mobile-5g", "new-mobile", "customers", "winback", "renewal"],
            "kind": ["productOffering", "productSpecification"], "area": ["contact", "address", "document"],
            "guide": ["stewardship"], "file": ["shop.csv"],
            "subscription": ["inventory.on_order"], "source": ["crm"], "position": [1], "center": ["party"],
            **{one: [1, 2] for one in ("bill_id", "number", "list_id", "run_id", "batch_id", "group", "household_id",
                                       "request_id", "change_id", "version", "image_id", "row_id", "value_id",
                                       "place")},
            **{one: world.places[one] or [1] for one in ("task_id", "group_id", "load_id", "job_id", "step_id",
                                                             "reject_id")},
            "operation_id": world.places["operation"] or [1], "operation": world.places["operation"] or [1],
        }.get(name)  # fmt: skip
    return known


def queries_of(world: World, path: str) -> list[dict[str, Any]]:
    """Addresses worth asking with more than nothing: searches by beginnings (whole values are the asker's)."""
    hidden = world.hidden[-2]
    found: dict[str, list[dict[str, Any]]] = {
        "/search": [{"q": "司徒"}, {"q": "situ"}, {"q": "皇甫"}, {"q": "LEAK-1"}, {"q": str(hidden.party)}],
        "/search/quick": [{"q": "司徒"}, {"q": "诸葛"}, {"q": str(hidden.party)}, {"q": hidden.values["phone"][0]}],
        "/customers/{party_id}/merge": [{"with": canary.party} for canary in world.hidden],
        "/customers/{party_id}/merge/candidates": [{"q": "司徒"}, {"q": "皇甫"}],
        "/reports/{id}/records": [
            {"kind": "person", "state": "active"},
            {"city": "上海市"},
            {"operation": "merge", "by_kind": "user"},
        ],
        "/party/v1/pop": [{"number": canary.values["phone"][0]} for canary in (world.own, hidden)],
        "/pop": [{"number": canary.values["phone"][0]} for canary in (world.own, hidden)],
        "/tmf-api/party/v4/individual": [{"limit": 50}, {"familyName": "司徒"}],
        "/quality/report": [{"party": canary.party} for canary in (world.own, *world.hidden)],
        "/suspects": [{"view": "mine"}],
        "/logs": [{"words": "error"}],
        "/exception-centre": [{"kind": "jobs"}],
    }
    found["/reports/{id}/records/rows"] = found["/reports/{id}/records"]
    return [{}, *found.get(path, [])]


def addresses(world: World, path: str) -> list[str]:
    """A path with all values of its parameters; none for a path of which `test_every_parameter_is_known` complains."""
    names = re.findall(r"{([^}]+)}", path)
    tried = []
    for name in names:
        known = values(world, path, name)
        tried.append(known or [])
    made = []
    for each in itertools.product(*tried):
        one = path
        for name, value in zip(names, each, strict=True):
            one = one.replace(f"{{{name}}}", str(value), 1)
        made.append(one)
    return made


def plain(content: bytes) -> str:
    """All that a body says: archives opened, escapes undone, spaces and dashes left out, small letters."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    said = html.unescape(unquote(content.decode("utf-8", "replace")))
    said = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), said)
    return bare(said)


def forbidden(world: World, viewer: Principal) -> set[str]:
    """Texts this viewer may see nowhere."""
    made: set[str] = set()
    for canary in (world.own, *world.hidden):
        outside = "party" in viewer.scopes and not (
            canary is world.own and viewer.name in ("Test salesperson",)
        )  # fmt: skip
        for kind, texts in canary.values.items():
            if outside or (kind != "free" and not viewer.sees(kind)):
                made |= set(texts)
    for kind, said in zip(("name", "id_card", "phone", "address", "email"), world.raw, strict=True):
        if "party" in viewer.scopes or not viewer.sees(kind):
            made.add(said)
    return {bare(said) for said in made}


def bare(said: str) -> str:
    """A text as `plain` would say it."""
    return re.sub(r"[\s\-]+", "", said).casefold()


def crawl(
    app: FastAPI, world: World, client: TestClient, viewer: Principal, only: tuple[str, ...] = ("",)
) -> tuple[list[str], int]:
    """Ask for everything; returns what leaked (address: text) and how many answers showed something."""
    never, leaks, answered = forbidden(world, viewer), [], 0
    for path in paths(app):
        if not path.startswith(only):
            continue
        for address in addresses(world, path):
            for query in queries_of(world, path):
                kind = "application/json" if path.startswith(JSON) or path.endswith("/rows") else "text/html"
                answer = client.get(address, params=query, headers={"accept": kind})
                leaks += [f"{address} {query}: fails"] if answer.status_code >= 500 else []
                answered += answer.status_code == 200
                said = plain(answer.content) + plain(json.dumps(dict(answer.headers)).encode())
                own = plain(json.dumps(query, ensure_ascii=False).encode())
                leaks += [
                    f"{address} {query} {answer.status_code}: {text}"
                    for text in never
                    if text in said and text not in own
                ]
    return leaks, answered


@pytest.fixture(scope="module")
def sign_in(app: FastAPI, world: World) -> Iterator[Any]:
    """A client that is signed in."""
    with ExitStack() as open_clients:

        def signed_in(login: str) -> TestClient:
            client = TestClient(
                app, headers={"accept": "text/html"}, follow_redirects=False, raise_server_exceptions=False
            )
            open_clients.enter_context(client)
            assert client.post("/sign-in", data={"login": login, "password": PASSWORD, "to": "/"}).status_code == 303
            return client

        yield signed_in


@pytest.mark.parametrize("role", ROLES)
def test_console_as_every_role(app: FastAPI, world: World, sign_in: Any, role: str) -> None:
    """Every GET route as a person of the role: nothing out of scope, nothing unmasked that the role may not see."""
    leaks, answered = crawl(app, world, sign_in(role), world.people[role])
    assert not leaks, "\n".join(leaks[:40])
    assert answered > 20, "the crawl met nothing"


def test_interface_without_scope_or_fields(app: FastAPI, world: World) -> None:
    """A calling system with all rights but no rows: the APIs show it nobody."""
    client = TestClient(app, headers={"authorization": f"Bearer {KEY}"}, raise_server_exceptions=False)
    leaks, answered = crawl(app, world, client, world.client, only=("/tmf-api/", "/party/v1/"))
    assert not leaks, "\n".join(leaks[:40])
    assert answered > 5


def test_canaries_are_there_to_be_found(app: FastAPI, world: World, sign_in: Any) -> None:
    """The crawl would find them: an administrator sees every value of every party somewhere."""
    client = sign_in("administrator")
    pages = [
        f"/customers/{canary.party}{part}" for canary in (world.own, *world.hidden) for part in ("", "/part/records")
    ]
    said = "".join(plain(client.get(page).content) for page in pages)
    for canary in (world.own, *world.hidden):
        for kind in ("name", "id_card", "phone", "email", "address"):
            assert any(bare(text) in said for text in canary.values.get(kind, ())), (kind, canary.values)


def test_nobody_without_session_sees_anything(app: FastAPI, world: World) -> None:
    """Without a session: only what is meant for everybody."""
    client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    nobody = Principal(0, "user", "nobody", frozenset(), scopes={"party": "false"})
    leaks, _ = crawl(app, world, client, nobody)
    assert not leaks, "\n".join(leaks[:40])


def test_reveal_shows_one_value_for_a_reason_in_scope(app: FastAPI, world: World, sign_in: Any) -> None:
    """EC-17: with the right and a reason, one value, logged; out of scope or without the right, nothing."""
    client = sign_in("service")
    client.headers["x-csrf-token"] = client.get("/").text.split('name="csrf" content="')[1].split('"')[0]
    page = f"/customers/{world.own.party}/reveal"
    assert client.post(page, data={"field": "mobile", "reason": "  "}).status_code == 422
    answer = client.post(page, data={"field": "mobile", "reason": "asks for a call back"})
    assert world.own.values["phone"][0] in plain(answer.content)
    assert client.post(page, data={"field": "attributes", "reason": "curious me"}).status_code == 404
    clerk = sign_in("clerk")
    clerk.headers["x-csrf-token"] = clerk.get("/").text.split('name="csrf" content="')[1].split('"')[0]
    assert clerk.post(page, data={"field": "mobile", "reason": "asks for a call back"}).status_code == 403
    api = TestClient(app, headers={"authorization": f"Bearer {KEY}"})
    asked = api.post(f"/party/v1/parties/{world.own.party}/reveal", json={"field": "mobile", "reason": "just because"})
    assert asked.status_code == 404 and "1387" not in asked.text
    log_page = sign_in("administrator").get("/access-log/rows?reasoned=true").json()["rows"]
    assert ("asks for a call back", 1) in [(row["reason"], row["count"]) for row in log_page]


def test_logs_hold_nobody(app: FastAPI, world: World, sign_in: Any) -> None:
    """After all that, and after failures that carry personal data, no log line has a canary of anybody."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from hutong.platform import database

    own = world.own.values
    try:
        with database.begin("party") as conn:
            conn.execute(
                text(
                    "INSERT INTO party.xref (record_id, source, key, party_id)"
                    " SELECT record_id, :name, :mobile, 1 FROM party.xref"
                ),
                {"name": own["name"][0], "mobile": own["phone"][0]},
            )
    except DBAPIError:
        log().exception("a statement failed")
    log().error("mail bounced", address=own["email"][0], number=f"+86{own['phone'][0]}", document=own["id_card"][0])
    client = sign_in("clerk")
    client.get("/search", params={"q": own["name"][0]})
    client.post("/tmf-api/party/v4/individual", json={"fullName": own["name"][0], "id": own["id_card"][0]})
    kept = "".join(path.read_text(encoding="utf-8", errors="replace") for path in log_files.kept())
    assert "a statement failed" in kept and "mail bounced" in kept
    said = plain(kept.encode())
    for canary in (world.own, *world.hidden):
        for texts in canary.values.values():
            for value in texts:
                assert bare(value) not in said, value


def test_every_parameter_is_known(app: FastAPI, world: World) -> None:
    """A new route with a parameter that this test cannot fill must be told to it."""
    unknown = [
        (path, name)
        for path in paths(app)
        for name in re.findall(r"{([^}]+)}", path)
        if values(world, path, name) is None
    ]
    assert unknown == []
