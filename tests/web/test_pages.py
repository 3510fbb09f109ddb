"""The console in Chromium: every page in both languages, on desktop and phone, without a complaint in its console."""

from typing import Any

import pytest
from tests.web.browsing import DESKTOP, PHONE, find, open_as, press
from tests.web.sample_site import Site
from tests.web.visiting import visit

from hutong.web.navigation import ENTRIES

pytestmark = pytest.mark.browser


def every_path(site: Site) -> list[str]:
    """All pages a person can come to."""
    return [
        "/",
        *(entry.path for entry in ENTRIES),
        *(f"/customers/{site.customer}?tab={tab}" for tab in ("overview", "records", "over-time", "orders", "changes")),
        f"/customers/{site.customer}/merge?with={site.merged_from}",
        f"/customers/{site.customer}/split",
        f"/suspects/{site.group}",
        *(f"/orders/{order}" for order in (site.fulfilled, site.partial, site.waiting)),
        "/search?q=WEB-1",
        "/catalog/offers/MOBILE-5G",
        "/catalog/plans/mobile-5g",
        "/catalog/templates/new-mobile",
    ]


@pytest.mark.parametrize(("locale", "viewport"), [("zh-CN", DESKTOP), ("en", PHONE)], ids=["zh-CN-desktop", "en-phone"])
def test_no_page_complains(browser: Any, served: str, site: Site, locale: str, viewport: dict[str, int]) -> None:
    """XP-07: every page answers 200, in its language, says nothing to the console, and is no wider than the screen."""
    page, complaints = open_as(browser, served, "administrator", locale, viewport)
    for path in every_path(site):
        answer = visit(page, served + path)
        assert answer.status == 200, path
        assert page.locator("html").get_attribute("lang") == locale
        room = page.locator("main").bounding_box()["width"] / viewport["width"]
        assert room > (0.95 if viewport == PHONE else 0.8), f"{path} leaves its contents {room:.0%} of the screen"
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 1, f"{path} is {wide} pixels too wide"
        assert complaints == [], path
    page.context.close()


def test_pages_of_other_roles_do_not_complain(browser: Any, served: str, site: Site) -> None:
    """CR-10: pages also work for those who see less."""
    for role in ("clerk", "service", "billing"):
        page, complaints = open_as(browser, served, role)
        for path in ("/", f"/customers/{site.customer}", f"/customers/{site.customer}?tab=records"):
            assert visit(page, served + path).status == 200
        assert complaints == [], role
        page.context.close()


def test_search_by_typing(browser: Any, served: str, site: Site) -> None:
    """`/` leads to the search box; what is found is chosen with the arrow keys."""
    page, complaints = open_as(browser, served, "clerk")
    find(page, "WEB-1")
    press(page, "ArrowDown")
    press(page, "Enter")
    page.wait_for_url(f"**/orders/{site.fulfilled}")
    assert complaints == []
    page.context.close()


def test_customer_tabs_and_step_details(browser: Any, served: str, site: Site) -> None:
    """EC-12, OC-13: tabs load in place with an address of their own; a step shows its details in a drawer."""
    page, complaints = open_as(browser, served, "administrator")
    page.goto(f"{served}/customers/{site.customer}")
    page.click("nav.tabs a[href$='tab=records']")
    page.wait_for_selector("table.compare")
    page.wait_for_url("**?tab=records")
    page.goto(f"{served}/orders/{site.partial}")
    page.click(".step.bad")
    page.wait_for_selector("dialog.drawer[open] dl.facts")
    page.click("dialog.drawer [data-close]")
    page.wait_for_selector("dialog.drawer[open]", state="detached")
    assert complaints == []
    page.context.close()


def test_list_scrolls_by_key(browser: Any, served: str, site: Site) -> None:
    """EC-12: the list fetches further blocks as one scrolls."""
    page, complaints = open_as(browser, served, "administrator")
    page.goto(f"{served}/customers")
    page.wait_for_selector(".ag-row a")
    with page.expect_response(lambda answer: "/customers/rows" in answer.url and "after=" in answer.url):
        page.locator(".ag-grid-viewport, .ag-body-viewport").first.evaluate("each => each.scrollTop = 4000")
    assert complaints == []
    page.context.close()


def test_stewards_decide_by_keyboard(browser: Any, served: str, site: Site) -> None:
    """EC-06: a group is judged not the same with one key, and the next one comes."""
    page, complaints = open_as(browser, served, "steward")
    page.goto(f"{served}/suspects/{site.group}")
    page.wait_for_selector("[data-key='s']")
    press(page, "s")
    page.wait_for_url(lambda url: not url.endswith(f"/suspects/{site.group}"))
    page.goto(f"{served}/suspects/{site.group}")
    assert page.locator("[data-key='s']").count() == 0
    assert complaints == []
    page.context.close()


def test_order_is_cancelled_by_clicking(browser: Any, served: str, site: Site) -> None:
    """OC-10: cancelled with a reason; refused without one."""
    page, complaints = open_as(browser, served, "clerk")
    page.goto(f"{served}/orders/{site.waiting}")
    page.click("[data-open=cancel]")
    page.click("dialog[open] button.primary")
    assert page.locator("dialog[open]").count() == 1
    page.fill("dialog[open] textarea", "the customer changed their mind")
    with page.expect_navigation():
        page.click("dialog[open] button.primary")
    page.wait_for_selector(".steps.back")
    assert complaints == []
    page.context.close()
