"""Names of persons: titles and remarks off, one script, a homophone key (EC-04)."""

import re
from typing import NamedTuple

from hutong.party.standardise.pinyin import COMPOUND_SURNAMES, sound_key, syllables
from hutong.party.standardise.text import clean, is_han, join_han, not_given, simplified

_REMARK = re.compile(r"[(\[【{<][^)\]】}>]*[)\]】}>]?\s*$|^[(\[【][^)\]】]*[)\]】]\s*")
_TITLE_HAN = re.compile(r"(先生|女士|小姐|太太|夫人|同志|老师|师傅|经理|总经理|老板|大夫|医生|阿姨|本人)+$")
_TITLE_LATIN = re.compile(
    r"^((mr|mrs|ms|miss|dr|prof|sir|madam)\b\.?\s*)+|\s*\b(jr|sr|ii|iii|phd|md)\b\.?$", re.IGNORECASE
)
_NOISE = re.compile(r"[^\w\s'’·.-]")
_RUBBISH = re.compile(r"^(测试|test|客户|用户|临时|散户|匿名|#)", re.IGNORECASE)


class PersonName(NamedTuple):
    """A standardised name. `partial`: only a surname was given, so it identifies little."""

    name: str | None
    key: str | None
    partial: bool
    issue: str | None = None


NOTHING = PersonName(None, None, False)


def person_name(raw: str | None) -> PersonName:
    """The name a person would write: simplified Chinese without title, or lower-case Latin words in order."""
    text = clean(raw)
    if not_given(text):
        return NOTHING._replace(issue="not_a_name" if text else None)
    if _RUBBISH.match(text) or not any(character.isalpha() for character in text):
        return NOTHING._replace(issue="not_a_name")
    return _han(text) if is_han(text) else _latin(text)


def _han(text: str) -> PersonName:
    text = join_han(simplified(text))
    text = _REMARK.sub("", text) or text
    bare = _TITLE_HAN.sub("", text).replace(" ", "")
    name = bare or text
    if not name.isalnum():  # as nearly every one is
        name = "".join(character for character in name if character.isalnum() or character == "·")
    name = name.casefold()
    if not name:
        return NOTHING._replace(issue="not_a_name")
    partial = len(name) == 1 or name in COMPOUND_SURNAMES
    return PersonName(name, sound_key(syllables(name)), partial)


def _latin(text: str) -> PersonName:
    text = _TITLE_LATIN.sub("", _REMARK.sub("", text) or text)
    if "," in text:
        family, _, given = text.partition(",")
        text = f"{given} {family}"
    words = [word.strip(".-'’") for word in _NOISE.sub(" ", text).casefold().split()]
    words = [word for word in words if word]
    if not words:
        return NOTHING._replace(issue="not_a_name")
    return PersonName(" ".join(words), sound_key(words), len(words) == 1)
