"""Input that does not fit is told in the page's language, with the fields that do not."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

SignIn = Callable[[str], TestClient]


@pytest.mark.parametrize(
    ("locale", "words"), [("zh-CN", "填写的内容不符合要求：after"), ("en", "Invalid input: after")]
)
def test_wrong_input_is_told_in_the_pages_language(sign_in: SignIn, locale: str, words: str) -> None:
    """CR-08."""
    client = sign_in("steward")
    client.cookies.set("locale", locale)
    answer = client.get("/customers/rows?after=x", headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["title"] == words
