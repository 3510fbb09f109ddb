"""Take the README's pictures from a running demo, as admin: `docs/pictures/take.py ADDRESS PASSWORD CUSTOMER`."""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """The failed fused order, a customer, data quality, a suspected group."""
    address, password, number = sys.argv[1:4]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 860}, base_url=address, locale="zh-CN")
        page.goto("/sign-in?to=/")
        page.fill("[name=login]", "admin")
        page.fill("[name=password]", password)
        page.click("button")
        page.goto("/orders?state=partial")
        page.locator(".grid a").first.click()
        page.wait_for_selector(".lane")
        shot(page, page.url, "order-trace")
        shot(page, f"/customers/{number}", "customer-360")
        shot(page, "/quality", "quality")
        page.goto("/suspects?view=all")
        page.locator("tr[data-row] a").first.click()
        page.wait_for_selector(".compare")
        shot(page, page.url, "suspect")
        browser.close()


def shot(page: Page, path: str, name: str) -> None:
    """One picture."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
