"""EC-10: the documented model speaks the viewer's language: every entity and every attribute has its meaning."""

import re
from pathlib import Path

import pytest

from hutong import web
from hutong.party.model.documentation import entities
from hutong.platform.i18n import LOCALES, has_message
from hutong.web.party.model import meaning

WORDS = Path(web.__file__).parent / "locale" / "attributes.en.ftl"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_attribute_says_what_it_means(locale: str) -> None:
    for entity in entities():
        assert has_message(f"web-table-{entity.name}", locale), entity.name
        for attribute in entity.attributes:
            words = meaning(entity.name, attribute, locale)
            assert words and "web-attribute" not in words, (entity.name, attribute.name)
            assert locale == "en" or any("一" <= letter <= "鿿" for letter in words), words


def test_an_entitys_own_words_come_first() -> None:
    of = {entity.name: {each.name: each for each in entity.attributes} for entity in entities()}
    assert meaning("household", of["household"]["name"], "zh-CN") != meaning("party", of["party"]["name"], "zh-CN")


def test_every_meaning_is_of_an_attribute() -> None:
    """A column that is gone takes its words with it."""
    known = {each.name for entity in entities() for each in entity.attributes}
    known |= {f"{entity.name}-{each.name}" for entity in entities() for each in entity.attributes}
    said = re.findall(r"^web-attribute-(\S+) =", WORDS.read_text(encoding="utf-8"), re.MULTILINE)
    assert said and set(said) <= known
