"""EC-05, XP-02: how a customer came to be, why two are not one, and the versions of the model, in both languages."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.sample_site import Site

from hutong.party.models.sampling import train_new
from hutong.platform import database

SignIn = Callable[[str], TestClient]


WORDS = {
    "zh-CN": ("逐步合并", "强规则", "各项比较的权重"),
    "en": ("Joined step by step", "strong", "What each comparison weighs"),
}


@pytest.mark.parametrize("locale", WORDS)
def test_pages(site: Site, sign_in: SignIn, locale: str) -> None:
    """Each page shows what it is for; no message is missing."""
    client = sign_in("steward")
    client.cookies.set("locale", locale)
    with database.read("party") as conn:
        other = conn.execute(
            text("SELECT id FROM party.party WHERE id <> :id AND state = 'active' AND kind = 'person' LIMIT 1"),
            {"id": site.customer},
        ).scalar_one()
    model = train_new("person", "user:1")
    paths = (f"/customers/{site.customer}/how", f"/customers/{site.customer}/why-not?with={other}", f"/models/{model}")
    for path, word in zip(paths, WORDS[locale], strict=True):
        answer = client.get(path)
        assert answer.status_code == 200, answer.text[:500]
        assert word in answer.text and ">web-" not in answer.text
        assert not re.search(r"\b(same|differ|near|similar)\.[a-z_]+|\b[ab]\.name", answer.text), "in words"
        assert locale == "zh-CN" or "为真" not in answer.text, "in the page's language"
    assert client.get("/models").status_code == 200
