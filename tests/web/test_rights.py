"""The console below the browser: rights, CSRF, masking, keys, and that nothing answers 500."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.sample_site import Site

from hutong.platform import database
from hutong.web.navigation import ENTRIES

SignIn = Callable[[str], TestClient]
NUMBERS = re.compile(r"(?<!\d)1[3-9]\d ?\d{4} ?\d{4}(?!\d)|(?<!\d)\d{17}[\dX](?!\d)")
"""Whole phone and resident ID numbers."""


def test_without_session(sign_in: SignIn) -> None:
    """A page leads to signing in and back; data is refused."""
    client = sign_in("clerk")
    client.cookies.clear()
    answer = client.get("/customers")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=/customers")
    assert client.get("/customers/rows", headers={"accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("role", ["administrator", "clerk", "service", "steward", "billing"])
def test_menu_and_pages_agree(sign_in: SignIn, role: str) -> None:
    """CR-10: whoever has a place in the menu may open it; whoever has not is told which right is missing."""
    client = sign_in(role)
    menu = client.get("/").text
    for entry in ENTRIES:
        answer = client.get(entry.path)
        shown = f'href="{entry.path}"' in menu.split('<nav class="side"')[1].split("</nav>")[0]
        assert answer.status_code == (200 if shown else 403), entry.path


def test_masking_on_pages(sign_in: SignIn, site: Site) -> None:
    """EC-17: a service agent sees names, but no whole phone or identity number on any page of a customer."""
    service, admin = sign_in("service"), sign_in("administrator")
    pages = [
        f"/customers/{site.customer}",
        *(f"/customers/{site.customer}/part/{tab}" for tab in ("records", "over-time", "orders", "changes")),
        "/customers/rows",
        f"/orders/{site.fulfilled}",
    ]
    seen_by_admin = 0
    for page in pages:
        text_of_page = re.sub(r'content="[^"]*"', "", service.get(page).text)
        assert not NUMBERS.search(text_of_page), (page, NUMBERS.search(text_of_page))
        seen_by_admin += len(NUMBERS.findall(admin.get(page).text))
    assert seen_by_admin > 20


def test_clear_reads_are_logged(sign_in: SignIn, site: Site) -> None:
    """EC-17: what the administrator saw in clear is in the log."""
    sign_in("administrator").get(f"/customers/{site.customer}")
    with database.read("identity") as conn:
        query = (
            "SELECT kinds FROM identity.sensitive_read WHERE entity_ids @> ARRAY[CAST(:id AS bigint)] ORDER BY id DESC"
        )
        kinds = {kind for row in conn.execute(text(query), {"id": site.customer}) for kind in row.kinds}
    assert {"name", "phone", "id_card"} <= kinds


def test_changes_need_the_token_and_the_right(sign_in: SignIn, site: Site) -> None:
    """A request without the session's token, or without the right, changes nothing."""
    admin, clerk, service = sign_in("administrator"), sign_in("clerk"), sign_in("service")
    del admin.headers["x-csrf-token"]
    assert admin.post(f"/orders/{site.waiting}/cancel", data={"reason": "x"}).status_code == 403
    assert (
        clerk.post(f"/customers/{site.customer}/merge", data={"reason": "x", "other": site.merged_from}).status_code
        == 403
    )
    assert clerk.post(f"/suspects/{site.group}/decide", data={"verdict": "same"}).status_code == 403
    for file in ("/quality/tasks/export.csv", "/quality/tasks/export.xlsx", "/quality/rules/x/export.csv"):
        assert service.get(file).status_code == 403, "refused before the file begins"
    with database.read("ordering") as conn:
        state = conn.execute(text("SELECT state FROM ordering.customer_order WHERE id = :id"), {"id": site.waiting})
        assert state.scalar_one() == "inProgress"
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.redirect")).scalar_one() == 0


def test_lists_page_by_key(sign_in: SignIn) -> None:
    """Every customer comes once, in blocks, whatever the block's size."""
    client = sign_in("administrator")
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        block = client.get("/customers/rows", params={"after": after, "limit": 37}).json()
        seen += [row["id"] for row in block["rows"]]
        after = block["next"]
    with database.read("party") as conn:
        expected = conn.execute(text("SELECT id FROM party.party WHERE state <> 'merged' ORDER BY id")).scalars()
        assert seen == list(expected)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/customers/999999999", 404),
        ("/orders/999999999", 404),
        ("/orders/1/steps/999999999", 404),
        ("/suspects/999999999", 404),
        ("/catalog/offers/NOTHING", 404),
        ("/customers/rows?limit=100000", 400),
        ("/suspects?after=nonsense", 400),
        ("/static/../shell.py", 404),
    ],
)
def test_bad_addresses(sign_in: SignIn, path: str, status: int) -> None:
    """What does not exist is said to, never 500."""
    assert sign_in("administrator").get(path).status_code == status


def test_merge_and_taking_it_back(sign_in: SignIn, site: Site) -> None:
    """EC-02, EC-07: previewed; against different documents a second person lets it take effect, not who asked; then the
    retired number redirects; taken back exactly."""
    client, second = sign_in("steward"), sign_in("administrator")
    one, other = site.customer, site.merged_from
    assert client.get(f"/customers/{one}/merge", params={"with": other}).status_code == 200
    asked = {"reason": "test", "other": other}
    assert client.post(f"/customers/{one}/merge", data=asked).status_code == 422, "different documents"
    forced = client.post(f"/customers/{one}/merge", data={**asked, "force": "true"})
    assert (forced.status_code, forced.headers["hx-redirect"]) == (204, f"/customers/{one}?pending=true")
    assert [client.get(f"/customers/{id}").status_code for id in (one, other)] == [200, 200]
    with database.read("party") as conn:
        request = conn.execute(text("SELECT max(id) FROM party.change_request WHERE kind = 'merge'")).scalar_one()
    assert client.post(f"/approvals/{request}", data={"verdict": "approve"}).status_code == 403
    assert second.post(f"/approvals/{request}", data={"verdict": "approve"}).status_code == 204
    with database.read("party") as conn:
        operation = conn.execute(text("SELECT max(id) FROM party.operation WHERE kind = 'merge'")).scalar_one()
        query = text("SELECT retired_id, survivor_id FROM party.redirect WHERE retired_id IN (:one, :other)")
        retired, survivor = conn.execute(query, {"one": one, "other": other}).one()
    assert {retired, survivor} == {one, other}
    assert client.get(f"/customers/{retired}").headers["location"] == f"/customers/{survivor}"
    assert client.post(f"/customers/{survivor}/undo/{operation}", data={"reason": "back"}).status_code == 204
    assert client.get(f"/customers/{retired}").status_code == 200


def test_search_finds_each_kind(sign_in: SignIn, site: Site) -> None:
    """One box: name, pinyin, phone, identity number, order number, channel's number, access number."""
    client = sign_in("administrator")
    with database.read("party") as conn:
        query = "SELECT name, name_key, mobile, id_number FROM party.party WHERE id = :id"
        row = conn.execute(text(query), {"id": site.customer}).one()
    with database.read("inventory") as conn:
        query = """SELECT n.number FROM inventory.access_number n
                   JOIN inventory.product_instance p ON p.id = n.product_instance_id
                   WHERE p.customer_id = :id LIMIT 1"""
        number = conn.execute(text(query), {"id": site.customer}).scalar_one()
    assert f'href="/customers/{site.customer}"' in client.get("/search", params={"q": row.name[0]}).text, (
        "a family name"
    )
    for words in (row.name, row.name_key, row.mobile, row.id_number, number):
        assert f'href="/customers/{site.customer}"' in client.get("/search/quick", params={"q": words}).text, words
    for words in (str(site.fulfilled), "WEB-1"):
        assert f'href="/orders/{site.fulfilled}"' in client.get("/search/quick", params={"q": words}).text, words
