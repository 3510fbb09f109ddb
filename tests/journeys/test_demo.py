"""The newcomer's command: it tells its story to the end, every audit holds, and its console is walked by clicking."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.web.browsing import PATIENCE_MS, find, press

from hutong.web.static_files import LIBRARIES

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
DEMO = ["demo", "--customers", "600", "--events", "8000", "--port", "0"]
SEEDS = ("7", "11", "23", "42")
"""A seed a day, so that every day's runs tell another story: HUTONG_DEMO_SEED names one."""


@dataclass
class Demo:
    """A demo that stays up: where it is, and how to sign in, as it says itself."""

    lines: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where to look."""
        return next(line.split()[-1] for line in self.lines if line.startswith("Console:"))

    def password(self, login: str) -> str:
        """How to sign in."""
        return next(line.split()[1] for line in reversed(self.lines) if re.match(rf"\s*{login}\s+\S+\s", line))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`hutong demo`, until it says how to end it."""
    seed = os.environ.get("HUTONG_DEMO_SEED") or SEEDS[datetime.now(UTC).toordinal() % len(SEEDS)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUTONG_")}
    env |= {"HUTONG_DATA_DIR": str(tmp_path_factory.mktemp("demo")), "HUTONG_DEFAULT_LOCALE": "en", "COLUMNS": "160"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "hutong.cli.main", *DEMO, "--seed", seed],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    told, up = Demo(), threading.Event()

    def listen() -> None:
        for line in process.stdout or ():
            told.lines.append(line.rstrip())
            if line.startswith("Press Ctrl-C"):
                up.set()
        up.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert up.wait(600) and process.poll() is None, "\n".join([f"seed {seed}", *told.lines[-40:]])
        yield told
    finally:
        process.terminate()
        ended = process.wait(120)
        listener.join()
        process.stdout.close()  # type: ignore[union-attr]
    assert ended == 0


def test_the_demo_ends_with_every_audit_holding(demo: Demo) -> None:
    """The journey of the first customer: records, orders (one fused order fails and is compensated), usage, bills;
    and the insurer beside it: policies, claims, households, renewals."""
    said = "\n".join(demo.lines)
    assert "Every audit holds." in said
    assert "fused order → completed" in said
    assert "fused order → partial" in said
    for counted in ("Policies", "Claims", "households found by rule", "policies due", "both operator and insurer"):
        line = next(line for line in demo.lines if counted in line)
        assert re.search(r"[1-9]", line), line


@pytest.fixture
def page(demo: Demo) -> Iterator[Any]:
    """A browser's page, in English."""
    if not CHROMIUM.exists() or not (LIBRARIES / "htmx.org").exists():
        pytest.skip("no Chromium (/usr/bin/chromium), or no page libraries (node_modules)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        made = browser.new_page(locale="en-GB", viewport={"width": 1440, "height": 900}, base_url=demo.address)
        made.set_default_timeout(PATIENCE_MS)
        yield made
        browser.close()


def sign_in(page: Any, demo: Demo, login: str) -> None:
    page.goto("/language/en?to=/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", demo.password(login))
    page.click("button")
    page.wait_for_selector("nav.side")
    page.wait_for_load_state()


def menu(page: Any, name: str) -> None:
    """Go to a place in the menu; returns when its page is there."""
    with page.expect_navigation():
        page.locator("nav.side").get_by_role("link", name=name, exact=True).click()


@pytest.mark.browser
def test_from_an_order_to_its_customer_and_a_bill_line(demo: Demo, page: Any) -> None:
    """OC-13, EC-12, XP-02: the failed fused order is found and its cause read; from its customer on to why they are
    one, what they hold, and why a bill's line costs what it costs."""
    sign_in(page, demo, "clerk")
    menu(page, "Orders")
    with page.expect_navigation():
        page.locator("select[name=state]").select_option("partial")
    page.locator(".grid a").first.click()
    page.wait_for_url("**/orders/*")
    assert page.locator(".lane").count() == 4
    assert page.locator(".step.bad").count() >= 1
    page.locator(".step.bad").first.click()
    page.wait_for_selector("#drawer[open]")
    press(page, "Escape")
    page.wait_for_selector("#drawer[open]", state="detached")
    page.locator("a[href^='/customers/']").first.click()
    page.get_by_role("link", name="Source records").click()
    page.wait_for_selector("#tab table")
    page.get_by_role("link", name="Held over time").click()
    page.wait_for_selector("#tab table, #tab .chart")
    menu(page, "Bills")
    page.locator(".grid a").first.click()
    page.wait_for_selector("table.bill")
    page.locator("table.bill button").first.click()
    page.wait_for_selector("#drawer[open] p, #drawer p")
    assert page.locator("#drawer").inner_text().strip()


@pytest.mark.browser
def test_a_steward_decides_a_suspect(demo: Demo, page: Any) -> None:
    """EC-06: the queue, both sides compared, and a decision."""
    sign_in(page, demo, "steward")
    menu(page, "Suspects")
    first = page.locator("table a[href^='/suspects/']").first
    group = first.get_attribute("href")
    first.click()
    page.wait_for_url(f"**{group}")
    page.get_by_role("button", name="Claim").click()
    page.wait_for_selector("button[data-hx-post$='/release']")
    page.locator("input[name=reason]").fill("asked both of them")
    with page.expect_navigation():
        page.locator("button[name=verdict][value=not_same]").click()
    menu(page, "Suspects")
    assert page.locator(f"table a[href='{group}']").count() == 0


@pytest.mark.browser
def test_the_one_search_box_finds_by_pinyin_and_number(demo: Demo, page: Any) -> None:
    """One search box: a customer by pinyin."""
    sign_in(page, demo, "service")
    find(page, "wang")
    press(page, "ArrowDown")
    press(page, "Enter")
    page.wait_for_url(re.compile(r"/customers/\d+"))
    assert page.locator("h1").inner_text()
