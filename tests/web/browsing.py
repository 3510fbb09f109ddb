"""A signed-in page in Chromium, and the screens pages are looked at on."""

from typing import Any

from tests.web.sample_site import PASSWORD

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def open_as(
    browser: Any, served: str, role: str, locale: str = "zh-CN", viewport: dict[str, int] = DESKTOP
) -> tuple[Any, list[str]]:
    """A signed-in page, and the list its complaints go to: console errors, CSP violations, exceptions."""
    context = browser.new_context(viewport=viewport, locale=locale)
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
    return page, complaints
