"""The pages of sharing (EC-14, EC-15) in Chromium: counter, caller, claims, campaigns, a seat's calls, exports."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.web.browsing import DESKTOP, PHONE, open_as, press
from tests.web.sample_site import PACKS, PASSWORD, Site
from tests.web.visiting import visit

from hutong.identity import SYSTEM, roles, users
from hutong.party import PartyData, find_or_create
from hutong.party.areas import people
from hutong.platform import clock, database, jobs

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("HUTONG_SHOTS")
PLACES = ("/counter", "/pop", "/pop?number=13912340077", "/call-lists", "/campaigns/birthday", "/claims-desk",
          "/exports", "/exports/customers", "/exports/renewals")  # fmt: skip


@pytest.fixture(scope="module")
def customer(site: Site) -> int:
    """A gold customer with policies, a claim and a complaint; people of telesales."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        for role in ("telesales", "telesales-lead", "underwriter"):
            users.save(conn, login=role, name=f"Test {role}", password=PASSWORD, unit_code="hq", roles=[role])
    today = clock.now()
    born = (today + timedelta(days=3)).date().replace(year=1980)
    data = PartyData(
        "person", "诸葛亮", mobile="13912340077", grade="gold", birth_date=born, address="福州市鼓楼区五四路1号"
    )
    party_id = find_or_create(SYSTEM, data, "sharing").party_id
    due = (today + timedelta(days=20)).date()
    policy = {"state": "in_force", "line": "motor", "product": "机动车商业险", "premium_micros": 4_850_000_000}
    for area, values in (
        ("policy_summary", {**policy, "number": "P-2026-001", "insured_micros": 1_000_000_000_000, "due_on": due}),
        ("claim_summary", {"number": "C-77", "state": "reported", "claimed_micros": 900_000_000}),
        ("customer_event", {"kind": "complaint", "state": "open", "subject": "续保通知未收到"}),
        ("classification", {"scheme": "value", "class": "high"}),
        ("evaluation", {"kind": "risk", "score": 32, "grade": "low", "model": "risk v3"}),
        ("consent", {"purpose": "data", "given": True}),
        ("points_entry", {"scheme": "club", "points": 12_600}),
    ):
        people.state(SYSTEM, party_id, area, values)
    return party_id


def shoot(page: Any, name: str) -> None:
    """A picture, for whoever wants to look."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_no_page_complains(browser: Any, served: str, customer: int, locale: str, viewport: dict[str, int]) -> None:
    """XP-07: each page answers, in its language, without a complaint, and no wider than the screen."""
    page, complaints = open_as(browser, served, "administrator", locale, viewport)
    for path in (*PLACES, f"/customers/{customer}/glance", "/calls"):
        answer = visit(page, served + path)
        assert answer.status == 200, path
        shoot(page, f"{locale}-{viewport['width']}-{path.strip('/').replace('/', '_').replace('?', '_')}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 1, f"{path} is {wide} pixels too wide"
        assert complaints == [], path
    page.context.close()


def test_the_counter_finds_or_creates(browser: Any, served: str, customer: int) -> None:
    """EC-15: a short form, an instant result; sent twice it stays one customer."""
    page, complaints = open_as(browser, served, "clerk", "en")
    page.goto(f"{served}/counter")
    page.fill("[name=name]", "司马懿")
    page.fill("[name=mobile]", "13912340088")
    before = page.input_value("[name=key]")
    page.click("form button.primary")
    page.wait_for_selector(".issued")
    assert "New customer" in page.inner_text("#issued")
    assert "Papers" in page.inner_text("#issued") or "papers" in page.inner_text("#issued")
    page.wait_for_function("before => document.querySelector('[name=key]').value !== before", arg=before)
    shoot(page, "counter-issued")
    page.fill("[name=name]", "诸葛亮")
    page.fill("[name=mobile]", "13912340077")
    page.click("form button.primary")
    page.wait_for_selector("text=Known customer")
    assert f"Customer {customer}" in page.inner_text("#issued")
    shoot(page, "counter-known")
    assert complaints == []
    page.context.close()


def test_a_caller_pops_up(browser: Any, served: str, customer: int) -> None:
    """EC-15: candidates, open matters, what to say; masked for a seat without the right."""
    page, complaints = open_as(browser, served, "service", "zh-CN")
    page.goto(f"{served}/pop?number=139-1234-0077")
    told = page.inner_text("main")
    for word in ("诸葛亮", "C-77", "续保通知未收到", "有未结投诉"):
        assert word in told, word
    assert "13912340077" not in page.content().replace(" ", "").replace("139-1234-0077", "")
    shoot(page, "pop")
    page.goto(f"{served}/customers/{customer}/glance")
    assert "机动车商业险" in page.inner_text("main")
    assert complaints == []
    page.context.close()


def test_a_claim_goes_its_way(browser: Any, served: str, customer: int) -> None:
    """EC-15: the route with its reason and the rules asked."""
    page, complaints = open_as(browser, served, "underwriter", "en")
    page.goto(f"{served}/claims-desk?party_id={customer}")
    assert "诸葛亮" in page.inner_text("form:has([name=party_id])"), "whose claim it is"
    page.fill("[name=number]", "C-78")
    page.fill("[name=amount]", "2500")
    page.click("form button.primary")
    page.wait_for_selector(".tag.big")
    assert page.inner_text(".tag.big") == "Simplified"
    routed = page.inner_text("#routed")
    assert "A small claim of a valued customer, papers complete - simplified" in routed
    assert "small-and-trusted" not in routed
    page.click("#routed summary")
    facts = page.inner_text("#routed dl")
    assert "Amount claimed" in facts
    assert "2,500.00" in facts
    assert "amount_micros" not in facts
    shoot(page, "claim")
    assert complaints == []
    page.context.close()


def test_from_campaign_to_calls(browser: Any, served: str, customer: int) -> None:
    """EC-15: preview, freeze, share out; the seat sees its own, works it by keyboard; the result is written back."""
    page, complaints = open_as(browser, served, "telesales-lead", "zh-CN")
    page.goto(f"{served}/campaigns/renewal-motor")
    assert "诸葛" in page.inner_text("#found")
    shoot(page, "campaign")
    page.click("[data-open=freeze]")
    page.check("dialog [name=seat] >> nth=0") if page.locator("dialog [name=seat]").count() == 1 else None
    for box in page.locator("dialog label.check").all():
        if "Test telesales" in box.inner_text() and "lead" not in box.inner_text():
            box.locator("input").check()
    page.click("dialog button.primary")
    page.wait_for_url("**/call-lists/*")
    shoot(page, "call-list")
    list_url = page.url
    page.context.close()
    seat, seat_complaints = open_as(browser, served, "telesales", "zh-CN")
    assert seat.goto(f"{served}/customers").status == 200
    seat.goto(f"{served}/calls")
    seat.click("a.button")
    seat.wait_for_selector("text=诸葛亮")
    shoot(seat, "call")
    seat.fill("[name=note]", "同意续保")
    press(seat, "Tab")
    seat.locator("h2").first.click()
    seat.evaluate("document.activeElement.blur()")
    press(seat, "1")
    seat.wait_for_selector("text=名单已呼完")
    shoot(seat, "calls-done")
    seat.context.close()
    lead, _ = open_as(browser, served, "telesales-lead", "zh-CN")
    lead.goto(list_url)
    assert "1" in lead.inner_text("tbody")
    lead.context.close()
    with database.read("party") as conn:
        asked = text("SELECT outcome, note FROM party.touch WHERE campaign = 'renewal-motor'")
        assert [tuple(row) for row in conn.execute(asked)] == [("sold", "同意续保")]
    assert complaints == seat_complaints == []


def test_a_list_becomes_a_file(browser: Any, served: str, customer: int) -> None:
    """EC-14, EC-15: the renewal list, previewed, made by a job, downloaded by who made it."""
    page, complaints = open_as(browser, served, "underwriter", "en")
    page.goto(f"{served}/exports/renewals")
    assert "4,850.00" in page.inner_text("table") and "Premium (CNY)" in page.inner_text("table")
    shoot(page, "export-preview")
    page.click("button.primary")
    page.wait_for_url("**/exports")
    jobs.run_queued()
    page.wait_for_selector("a[download]")
    shoot(page, "exports-done")
    with page.expect_download() as download:
        page.click("a[download]")
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    assert complaints == []
    page.context.close()


def test_others_have_no_way_in(sign_in: Callable[[str], Any], customer: int) -> None:
    """CR-10: pages and actions ask for their rights."""
    service = sign_in("service")
    for path in ("/counter", "/call-lists", "/campaigns/birthday", "/claims-desk", "/exports", "/calls"):
        assert service.get(path).status_code == 403, path
    for path in ("/campaigns/birthday/freeze", "/call-lists/1/close", "/exports/customers"):
        assert service.post(path, data={"body": "x"}).status_code in (403, 422), path
