"""The menu and the help: icons tell entries apart, a page lights one entry, guides are pages in both languages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.web.markup import in_one_line

from hutong.web import help as helping
from hutong.web.help import GUIDES, PURPOSES, here_of
from hutong.web.navigation import ENTRIES, here

SignIn = Callable[[str], TestClient]
ICONS = Path(helping.__file__).parent / "static" / "img" / "icons.svg"


def test_every_entry_has_an_icon_of_its_own() -> None:
    drawn = set(re.findall(r'id="([a-z]+)"', ICONS.read_text()))
    used = [entry.icon for entry in ENTRIES]
    assert len(set(used)) == len(used) and set(used) <= drawn


@pytest.mark.parametrize(
    ("path", "entry"),
    [("/models/3", "/models"), ("/model/edit", "/model"), ("/quality/tasks/5", "/quality/tasks"),
     ("/quality/rules", "/quality"), ("/customers", "/customers"), ("/call-lists/1", "/call-lists"), ("/help", ""),
     ("/", "")],
)  # fmt: skip
def test_a_page_lights_the_entry_it_lies_below(path: str, entry: str) -> None:
    assert here(path) == entry


def test_purposes_are_of_entries_there_are() -> None:
    assert set(PURPOSES) <= {entry.path for entry in ENTRIES}


def test_help_shows_the_rooms_one_may_enter(sign_in: SignIn) -> None:
    steward, clerk = (in_one_line(sign_in(role).get("/help").text) for role in ("steward", "clerk"))
    assert "来源记录" in steward and 'href="/help/guides/stewardship"' in steward
    assert '<dt><a href="/suspects">' in steward and '<dt><a href="/suspects">' not in clerk
    assert '<dt><a href="/customers">' in clerk


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("guide", GUIDES)
def test_guides_are_pages_whose_links_lead_somewhere(sign_in: SignIn, guide: str, locale: str) -> None:
    client = sign_in("clerk")
    client.cookies.set("locale", locale)
    page = client.get(f"/help/guides/{guide}")
    client.cookies.delete("locale")
    assert page.status_code == 200 and ("中文" in page.text) == (locale == "en") and " style=" not in page.text
    body = page.text.split("<article")[1].split("</article>")[0]
    links = set(re.findall(r'(?:href|src)="(/help/[^"]+)"', body))
    assert links and {client.get(link).status_code for link in links} == {200}


def test_what_is_no_guide_and_what_lies_elsewhere_is_not_shown(sign_in: SignIn) -> None:
    client = sign_in("clerk")
    for path in (
        "/help/guides/readme",
        "/help/files/take.py",
        "/help/files/..%2fREADME.md",
        "/help/files/pyproject.toml",
    ):
        assert client.get(path).status_code in {400, 404, 422}, path
    assert here_of("https://example.com/x.md") == "https://example.com/x.md"
    assert here_of("../pictures/quality.png") == "/help/files/quality.png"
    assert client.get("/help/files/take.py").status_code == 404
    assert here_of("sharing.zh-CN.md") == "/help/guides/sharing"
