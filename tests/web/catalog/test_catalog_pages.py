"""The catalog's releases: what each changed, beside what was before."""

from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient
from tests.web.sample_site import Site

from hutong import catalog
from hutong.catalog.document import Kind
from hutong.catalog.documents import drafts, read_pack
from hutong.web.catalog.releases import said

SignIn = Callable[[str], TestClient]
TELECOM = Path(__file__).parents[3] / "packs" / "telecom"


def test_a_release_shows_what_it_changed(sign_in: SignIn, site: Site) -> None:
    """BL-03: a changed price and a changed name are shown with before and after; what is new and gone is listed."""
    bodies = [draft.body for draft in read_pack(TELECOM)]
    plan = next(body for body in bodies if body["code"] == "ip-phone")
    fee = {**plan, "name": {"zh": "固话新月租", "en": "New rental"}}
    fee["tariffs"] = [{**plan["tariffs"][0], "amount": "18.50"}]
    copy = {**plan, "code": "ip-phone-2"}
    first = catalog.publish(drafts([fee, copy]), by="user:1", note="dearer").number
    second = catalog.publish(by="user:1", withdraw=[(Kind.PRICE_PLAN, "ip-phone-2")]).number
    clerk = sign_in("clerk")
    page = clerk.get(f"/catalog/releases/{first}").text
    assert "dearer" in page and "tariffs/fee.amount" in page
    assert '<span class="gone">15.00</span>' in page and '<span class="come">18.50</span>' in page
    assert '<span class="gone">固话月租</span>' in page and '<span class="come">固话新月租</span>' in page
    assert "ip-phone-2" in page
    assert "ip-phone-2" in clerk.get(f"/catalog/releases/{second}").text
    assert f'href="/catalog/releases/{second}"' in clerk.get("/catalog").text
    assert "New rental" in clerk.get(f"/catalog/releases/{first}", headers={"accept-language": "en"}).text


def test_releases_need_the_right_and_exist(sign_in: SignIn, site: Site) -> None:
    """CR-10: whoever may not read the catalog is told so; unknown releases are 404."""
    assert sign_in("steward").get("/catalog/releases/1").status_code == 403
    assert sign_in("clerk").get("/catalog/releases/999").status_code == 404
    assert sign_in("clerk").get("/catalog/releases/1").status_code == 200


def test_values_as_people_read_them() -> None:
    """XP-07: names in the reader's language, texts as they are, nothing as a dash."""
    assert said({"zh": "甲", "en": "A"}, "zh-CN") == "甲" and said({"zh": "甲", "en": "A"}, "en") == "A"
    assert said(None, "en") == "–" and said("0.15", "en") == "0.15" and said(["甲"], "en") == '["甲"]'
