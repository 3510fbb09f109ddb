"""A signed-in page in Chromium, the screens pages are looked at on, and keys that arrive."""

from typing import Any

from tests.web.sample_site import PASSWORD

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 120_000
"""For every wait: a machine that others keep busy has shown single pages that take ten seconds."""


def open_as(
    browser: Any, served: str, role: str, locale: str = "zh-CN", viewport: dict[str, int] = DESKTOP
) -> tuple[Any, list[str]]:
    """A signed-in page, loaded, and the list its complaints go to: console errors, CSP violations, exceptions."""
    context = browser.new_context(viewport=viewport, locale=locale)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "locale", "value": locale, "url": served}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served}/sign-in?to=/")
    page.fill("[name=login]", role)
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    page.wait_for_selector("main")
    page.wait_for_load_state()
    return page, complaints


def press(page: Any, key: str) -> None:
    """Press a key once the page takes keys.

    A click waits by itself until a page is painted, which ours are when their scripts have run; a key goes wherever it
    goes, be the scripts there or not. They are when the page is loaded.
    """
    page.wait_for_load_state()
    page.keyboard.press(key)


def find(page: Any, words: str) -> None:
    """Write into the search box, come to by its key, as one input: with a key after another, what was found for half
    of the words may be on the screen when the first of the next keys arrives, and be replaced before the second."""
    press(page, "/")
    page.keyboard.insert_text(words)
    page.wait_for_selector("#quick a")
