"""The stewards' pages in Chromium: queue, review, bulk, merge with what follows, history, approvals, erasure."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.browsing import open_as, press
from tests.web.sample_site import Site
from tests.web.visiting import visit

from hutong.identity import SYSTEM, Principal
from hutong.party.lifecycle.changes import apply_change
from hutong.party.reading import suspects
from hutong.party.stewardship import decide
from hutong.platform import database

pytestmark = pytest.mark.browser
OTHER = Principal(99, "user", "other", frozenset({"party.*"}), clear=frozenset({"*"}))


def pool() -> list[dict[str, Any]]:
    """Groups nobody holds."""
    return suspects.queue(SYSTEM, limit=200)


def test_the_queue_by_keys(browser: Any, served: str, site: Site) -> None:
    """EC-06: j, k and Enter walk the queue, ? shows the keys, u notes and moves on within the same filter."""
    page, complaints = open_as(browser, served, "steward", "en")
    page.goto(f"{served}/suspects?view=pool&kind=person")
    press(page, "j")
    press(page, "j")
    page.wait_for_selector("tr[data-row]:nth-child(2).at")
    assert page.locator("tr.at").count() == 1
    press(page, "?")
    page.wait_for_selector("dialog#keys[open]")
    page.click("dialog#keys [data-close]")
    page.wait_for_selector("dialog#keys[open]", state="detached")
    with page.expect_navigation():
        press(page, "Enter")
    assert re.search(r"/suspects/\d+\?view=pool&kind=person$", page.url)
    here = page.url
    press(page, "c")
    page.wait_for_selector("button[data-hx-post$='/release']")
    press(page, "u")
    page.wait_for_url(lambda url: url != here and "kind=person" in url)
    assert complaints == []
    page.context.close()


def test_differences_are_marked(browser: Any, served: str, site: Site) -> None:
    """EC-06: the characters in which values differ are marked, not the whole value."""
    page, complaints = open_as(browser, served, "steward")
    page.goto(f"{served}/suspects/{pool()[0]['id']}")
    marks = page.locator("table.compare mark")
    assert marks.count() > 0
    cells = page.locator("table.compare td.differs")
    assert any(mark != cell for mark, cell in zip(marks.all_inner_texts(), cells.all_inner_texts(), strict=False))
    assert complaints == []
    page.context.close()


def test_many_groups_of_one_rule(browser: Any, served: str, site: Site) -> None:
    """EC-06: ticked, previewed, decided; what came of each is shown."""
    page, complaints = open_as(browser, served, "steward")
    before = len(pool())
    page.goto(f"{served}/suspects")
    for box in page.locator("input[name=group]").all()[:2]:
        box.check()
    press(page, "s")
    page.wait_for_selector("#bulk-form table tr")
    page.fill("#bulk-form [name=reason]", "different people")
    page.click("#bulk-form button.primary")
    page.wait_for_selector("#outcomes .tag.good")
    assert len(pool()) == before - 2 and complaints == []
    page.context.close()


def test_a_second_person_reviews(browser: Any, served: str, site: Site) -> None:
    """EC-06: a proposal of somebody else is approved by key a; it waited for me on the first page."""
    group = pool()[0]
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.party SET grade = 'diamond' WHERE id = :id"), {"id": group["party_ids"][0]})
    assert decide.decide(OTHER, group["id"], [group["party_ids"]], "same customer", force=True).state == "proposed"
    page, complaints = open_as(browser, served, "steward", "en")
    assert page.locator("a[href='/suspects?view=review']").count() == 1
    page.goto(f"{served}/suspects/{group['id']}?view=review")
    page.wait_for_selector("p.hint")
    with page.expect_navigation():
        press(page, "a")
    assert suspects.group(SYSTEM, group["id"])["state"] == "decided" and complaints == []
    page.context.close()


def test_merge_shows_what_follows_and_history_takes_it_back(browser: Any, served: str, site: Site) -> None:
    """EC-07: holdings of both are told; the merge is found in the history and taken back there."""
    page, complaints = open_as(browser, served, "administrator")
    page.goto(f"{served}/customers/{site.merged_from}/merge?with={site.customer}")
    page.wait_for_selector("table.compare td.golden")
    follows = page.locator("section.card", has_text="账户").inner_text()
    assert "账户" in follows
    if page.locator("input[name=force]").count():
        page.check("input[name=force]")
    page.fill("textarea[name=reason]", "walked through")
    with page.expect_navigation():
        page.click("button.primary")
    if "pending=true" not in page.url:
        page.goto(f"{served}/merges?words=walked")
        page.click("button:has-text('撤')")
        page.fill("dialog[open] textarea", "taken back")
        with page.expect_navigation():
            page.click("dialog[open] button.primary")
        page.wait_for_selector("span.tag")
        page.goto(f"{served}/merges?kind=undo")
        page.fill("input[name=by]", "test ADMIN")
        with page.expect_navigation():
            page.click("form.filters button")
        assert "taken back" in page.locator("table.stacks").inner_text(), "found by the person's name"
        page.goto(f"{served}/merges?kind=undo&by=nobody of that name")
        assert "taken back" not in page.locator("table.stacks").inner_text()
    assert complaints == []
    page.context.close()


def test_a_change_is_approved_and_shown(browser: Any, served: str, site: Site) -> None:
    """EC-02: pending on the customer's page and in the approvals with before and after; shown once approved."""
    with database.read("party") as conn:
        id, name = conn.execute(
            text(
                "SELECT id, name FROM party.party "
                "WHERE kind = 'person' AND state = 'active' AND record_count = 1 LIMIT 1"
            )
        ).one()
    assert apply_change(OTHER, "modify", [id], body={"attributes": {"name": name + "一"}}, reason="as on card").rule
    page, complaints = open_as(browser, served, "steward", "en")
    page.goto(f"{served}/customers/{id}")
    page.wait_for_selector("p.hint")
    page.goto(f"{served}/approvals")
    card = page.locator("section.request", has_text=name).first
    with page.expect_navigation():
        card.locator("button.good").click()
    with database.read("party") as conn:
        assert conn.execute(text("SELECT name FROM party.source_record WHERE source = 'api'")).scalars().all() == [
            name + "一"
        ]
    assert complaints == []
    page.context.close()


def test_erasure_is_asked_for(browser: Any, served: str, site: Site) -> None:
    """EC-02: what it means is told first; it waits for another person."""
    page, complaints = open_as(browser, served, "steward")
    page.goto(f"{served}/customers/{site.merged_from}/erase")
    page.fill("textarea[name=reason]", "asked by the person")
    with page.expect_navigation():
        page.click("button.primary")
    page.wait_for_selector("p.hint")
    page.goto(f"{served}/approvals?view=mine")
    assert page.locator("button[value=withdraw]").count() == 1 and complaints == []
    page.context.close()


def test_a_file_of_contacts_is_looked_at_applied_and_taken_back(
    browser: Any, served: str, site: Site, sign_in: Callable[[str], TestClient], tmp_path: Path
) -> None:
    """EC-08: taken in, its report before and after in both languages, applied, withdrawn."""
    client = sign_in("steward")
    body = f"party_id,mobile,email\n{site.customer},13800009999,better@163.com\n999999999,13800009998,\n"
    file = {"file": ("contacts.csv", body.encode(), "text/csv")}
    made = client.post("/enhancements", data={"name": "call-backs", "channel": "callback"}, files=file)
    assert made.status_code == 204, made.text
    place = made.headers["hx-redirect"]
    for locale, word in (("zh-CN", "回访"), ("en", "call")):
        page, complaints = open_as(browser, served, "steward", locale, {"width": 1440, "height": 900})
        for path in ("/enhancements", place):
            assert page.goto(served + path).status == 200 and complaints == []
            assert word in page.inner_text("main") and page.locator("main :text('web-')").count() == 0
        page.screenshot(path=str(tmp_path / f"enhancement-{locale}.png"), full_page=True)
        page.context.close()
    for action, state in (("preview", "drafted"), ("apply", "applied"), ("withdraw", "withdrawn")):
        assert client.post(place, data={"action": action}).headers["hx-redirect"] == place
        assert client.get(place).status_code == 200
        with database.read("party") as conn:
            query = text("SELECT state FROM party.enhancement_batch WHERE id = :id")
            assert conn.execute(query, {"id": int(place.split("/")[-1])}).scalar_one() == state
    assert client.get("/enhancements/sample/file").status_code == 200


def test_a_split_is_previewed(site: Site, sign_in: Callable[[str], TestClient]) -> None:
    """EC-07: the two customers to be, side by side; nothing chosen is told, not failed."""
    client = sign_in("steward")
    page = f"/customers/{site.customer}/split"
    records = re.findall(r'name="record" value="(\d+)"', client.get(page).text)
    assert len(records) > 1
    made = client.post(f"{page}/preview", data={"record": records[0]})
    assert made.status_code == 200 and made.text.count('class="golden"') == 2
    for wrong in ([], records):
        told = client.post(f"{page}/preview", data={"record": wrong})
        assert told.status_code == 200 and "golden" not in told.text


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [1440, 390], ids=["desktop", "phone"])
def test_pages_do_not_complain(browser: Any, served: str, site: Site, locale: str, width: int) -> None:
    """XP-07: every page in both languages, no wider than the screen."""
    page, complaints = open_as(browser, served, "steward", locale, {"width": width, "height": 900})
    paths = ["/suspects", "/suspects?view=review", "/suspects?view=all", "/suspects?view=done", "/merges", "/approvals",
             "/approvals?view=mine", "/approvals?view=decided", "/approvals?view=erased",
             f"/customers/{site.customer}?tab=changes", f"/customers/{site.customer}/split",
             f"/customers/{site.customer}/erase", f"/suspects/{site.group}"]  # fmt: skip
    for path in paths:
        assert visit(page, served + path).status == 200, path
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 1, f"{path} is {wide} pixels too wide"
        assert complaints == [], path
    page.context.close()
