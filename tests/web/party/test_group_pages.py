"""EC-11: customer groups in the console: a list that people keep, a rule whose members are whoever meets it now."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.web.browsing import open_as
from tests.web.markup import in_one_line
from tests.web.sample_site import Site

from hutong.identity import SYSTEM
from hutong.party.relations import groups

SignIn = Callable[[str], TestClient]


def made(client: TestClient, **given: str) -> str:
    """Where a group that was made is shown."""
    answer = client.post("/groups", data={"name_zh": "组", "name_en": "Group", **given})
    assert answer.status_code == 204, answer.text
    return str(answer.headers["HX-Redirect"])


def test_a_list_is_kept_by_people(site: Site, sign_in: SignIn) -> None:
    """Put on by number, shown on the customer's page, taken off; by those who may."""
    steward, clerk = sign_in("steward"), sign_in("clerk")
    here = made(steward, code="board", name_zh="董事会联系人", name_en="Board")
    assert "还没有成员" in clerk.get(here).text
    assert clerk.post(f"{here}/members", data={"numbers": f"#{site.customer}，"}).status_code == 204
    page = clerk.get(here).text
    assert f'href="/customers/{site.customer}"' in page and "董事会联系人" in page
    assert clerk.get(f"{here}/size").text.strip() == "1"
    assert f'href="{here}"' in clerk.get(f"/customers/{site.customer}/part/relations").text
    assert clerk.post(f"{here}/members", data={"numbers": "12, x"}).status_code == 422
    assert clerk.post("/groups", data={"code": "no", "name_zh": "x", "name_en": "x"}).status_code == 403
    assert clerk.post(f"{here}/members/{site.customer}/end").status_code == 204
    assert "还没有成员" in clerk.get(here).text
    assert steward.post(f"{here}/retire").status_code == 204
    assert clerk.get(here).status_code == 404 and "董事会联系人" not in clerk.get("/groups").text


def test_a_rule_says_in_words_whom_it_holds(site: Site, sign_in: SignIn) -> None:
    """Members by number, page by page; a rule that cannot be is refused with its place; nobody is put on by hand."""
    client = sign_in("steward")
    here = made(client, code="people", name_zh="个人", condition='row.kind == "person" && row.records > 0')
    page = in_one_line(client.get(here).text)
    numbers = [int(number) for number in re.findall(r'<td><a href="/customers/(\d+)"', page)]
    assert len(numbers) == 50 and numbers == sorted(numbers)
    following = re.search(rf'href="{here}\?after=(\d+)"', page)
    assert following and int(following[1]) == numbers[-1]
    assert re.search(r"/customers/(\d+)", client.get(f"{here}?after={numbers[-1]}").text.split("<tbody>")[1])
    assert "客户类型" in page and "row.kind" in page
    assert groups.size(SYSTEM, int(here.rsplit("/", 1)[1]), 60) == 60
    refused = client.post("/groups", data={"code": "bad", "name_zh": "x", "name_en": "x", "condition": "row.dog"})
    assert refused.status_code == 422
    assert client.post(f"{here}/members", data={"numbers": str(site.customer)}).status_code == 422


@pytest.mark.browser
def test_in_the_browser(site: Site, sign_in: SignIn, served: str, browser: Any) -> None:
    """A steward makes a list and puts a customer on it, in Chromium; both languages without a complaint."""
    page, complaints = open_as(browser, served, "steward", "en")
    page.goto(f"{served}/groups")
    page.click("[data-open=define]")
    page.fill("#define [name=code]", "guests")
    page.fill("#define [name=name_zh]", "贵宾")
    page.fill("#define [name=name_en]", "Guests")
    page.click("#define .primary")
    page.wait_for_selector("h1:has-text('Guests')")
    page.click("[data-open=put-in]")
    page.fill("#put-in [name=numbers]", str(site.customer))
    page.click("#put-in .primary")
    page.wait_for_selector(f"main a[href='/customers/{site.customer}']")
    page.wait_for_selector("p span:has-text('1')")
    page.goto(f"{served}/customers/{site.customer}?tab=relations")
    page.click("main a:has-text('Guests')")
    page.wait_for_url(re.compile(r"/groups/\d+$"))
    assert not complaints, complaints
    page.context.close()
