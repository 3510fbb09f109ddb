"""EC-03: why a value could not be taken is told in words, wherever standardising finds a reason."""

import re
from pathlib import Path

import pytest

from hutong import party
from hutong.platform.i18n import LOCALES, has_message
from hutong.web.words_of_codes import issue

ROOM = Path(party.__file__).parent
FOUND = re.compile(r'issue="(\w+)"|else "(id_\w+)"|issue="\w+" if \w+ else "(\w+)"')
STAGED = re.compile(r"'(?:\w+|\{\w+\}):(\w+)'")


def reasons() -> set[str]:
    """Every reason in the text of what standardises values."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOM / "standardise").glob("*.py")]
    named = {name for text in texts for groups in FOUND.findall(text) for name in groups if name}
    return named | set(STAGED.findall((ROOM / "ingest" / "staging.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_has_words(locale: str) -> None:
    found = reasons()
    assert {"phone_placeholder", "id_checksum", "not_a_name", "form", "differs_from_id", "too_long"} <= found
    assert [name for name in sorted(found) if not has_message(f"web-issue-{name}", locale)] == []


def test_it_names_the_field() -> None:
    assert issue("birth_date:form", "en") == "Birth date: not written in a form that is read"
    assert issue("mobile:phone_placeholder", "zh-CN") == "手机: 是占位号"
