"""The first page: figures of the whole are for who sees the whole; what waits is the viewer's own."""

from collections.abc import Callable

from fastapi.testclient import TestClient
from tests.web.sample_site import PACKS, PASSWORD, Site

from hutong.identity import roles, users
from hutong.platform import database

SignIn = Callable[[str], TestClient]


def test_who_sees_a_part_is_not_told_of_the_whole(site: Site, sign_in: SignIn) -> None:
    """EC-17: a seat sees the customers assigned to it; how many there are in all is not among that."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        users.save(conn, login="telesales", name="Seat", password=PASSWORD, unit_code="hq", roles=["telesales"])
    whole, part = sign_in("steward").get("/").text, sign_in("telesales").get("/").text
    assert "来源记录" in whole and "客户来自哪些系统" in whole
    assert "来源记录" not in part and "客户来自哪些系统" not in part
