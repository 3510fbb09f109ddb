"""XP-07: a page works from the first moment it is seen: no key and no click is lost because scripts come late."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.web.browsing import open_as
from tests.web.sample_site import Site

from hutong.platform import database

pytestmark = pytest.mark.browser
KEY_AT_ONCE = """
    const inTime = window.setTimeout;
    window.setTimeout = (act, wait = 0, ...given) => inTime(act, wait + 1000, ...given);
    addEventListener("DOMContentLoaded", () =>
        document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "c", bubbles: true})));"""
"""Timers come late, as on a busy machine; the key does not wait for them."""
PAINTED = "() => performance.getEntriesByName('first-paint')[0]?.startTime"


def test_a_key_counts_as_soon_as_the_page_is_there(browser: Any, served: str, site: Site) -> None:
    """EC-06: a steward who works by keys is faster than a page loads; the group is claimed all the same."""
    page, complaints = open_as(browser, served, "steward")
    page.add_init_script(KEY_AT_ONCE)
    page.goto(f"{served}/suspects/{site.group}", wait_until="commit")
    page.wait_for_selector("button[data-hx-post$='/release']")
    with database.read("party") as conn:
        held = text("SELECT state FROM party.suspect_group WHERE id = :id")
        assert conn.execute(held, {"id": site.group}).scalar_one() == "claimed"
    assert complaints == []
    page.context.close()


def test_a_page_is_not_shown_before_its_scripts_have_run(browser: Any, served: str, site: Site) -> None:
    """A form sent before went out by itself, its fields in the address."""
    page, complaints = open_as(browser, served, "steward")
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/js/console.js*", hold)
    page.goto(f"{served}/customers/{site.customer}", wait_until="commit")
    page.wait_for_selector("#notice", state="attached")
    while not held:
        page.wait_for_timeout(20)
    assert page.evaluate(PAINTED) is None
    held[0].continue_()
    page.wait_for_function(PAINTED)
    assert page.evaluate("window.hutong !== undefined"), "it ran"
    assert complaints == []
    page.context.close()


def test_a_server_that_does_not_answer_is_said_so(browser: Any, served: str, site: Site) -> None:
    """What was asked for may not have happened: nobody is left to believe it has."""
    page, _ = open_as(browser, served, "steward", "en")
    page.goto(f"{served}/suspects/{site.group}")
    page.route("**/suspects/*/*", lambda route: route.abort())
    page.click("button[data-hx-post$='/release'], button[data-key=c]")
    page.wait_for_selector("#notice .bad:has-text('did not answer')")
    page.context.close()
