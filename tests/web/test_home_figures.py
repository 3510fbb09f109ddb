"""The first page: figures of the whole are for who sees the whole; what waits is the viewer's own."""

from collections.abc import Callable

from fastapi.testclient import TestClient
from tests.web.sample_site import PACKS, PASSWORD, Site

from hutong.identity import roles, users
from hutong.platform import database
from hutong.platform.i18n import LOCALES, has_message
from hutong.web import navigation

SignIn = Callable[[str], TestClient]


def test_who_sees_a_part_is_not_told_of_the_whole(site: Site, sign_in: SignIn) -> None:
    """EC-17: a seat sees the customers assigned to it; how many there are in all is not among that."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        users.save(conn, login="telesales", name="Seat", password=PASSWORD, unit_code="hq", roles=["telesales"])
    whole, part = sign_in("steward").get("/").text, sign_in("telesales").get("/").text
    assert "来源记录" in whole and "客户来自哪些系统" in whole
    assert "来源记录" not in part and "客户来自哪些系统" not in part


def test_the_first_page_says_what_to_do(site: Site, sign_in: SignIn) -> None:
    """XP-07: whoever signs in is led to where their work is, with a sentence about it; to nothing they may not do."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        users.save(conn, login="seat", name="Seat", password=PASSWORD, unit_code="hq", roles=["telesales"])
    seat, steward = sign_in("seat").get("/").text, sign_in("steward").get("/").text
    assert "按名单呼叫客户，记录结果" in seat and "挑选客户做成名单" not in seat
    assert "判断两位客户是不是同一人" in steward
    assert 'href="/rejects"><b>' in steward and "条拒收记录待更正" in steward


def test_every_place_to_begin_is_in_the_menu_and_has_its_sentence() -> None:
    paths = {entry.path for entry in navigation.ENTRIES}
    for path in (*navigation.STEWARDS_BEGIN, *navigation.OTHERS_BEGIN):
        assert path in paths
        assert all(has_message(f"web-begin-{path[1:].replace('/', '-')}", locale) for locale in LOCALES), path
