"""The comparable forms of a value: whole, sound, core, parts, words. Pure functions of one distinct value."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from hutong.party.match.trades import TRADES
from hutong.party.standardise import addresses, organisations, pinyin, text

Forms = tuple[str, ...]
_WORD = re.compile(r"[^\W_]+")
_WORD_OR_HAN = re.compile(r"[㐀-鿿]|[^\W_㐀-鿿]+")
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0640]")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d",
                          "ى": "ي", "ة": "ه"})  # fmt: skip
_HANGUL = re.compile("[가-힣]{2,4}")


def words(value: str) -> list[str]:
    """The words of a text, Chinese ones character by character."""
    return (_WORD if value.isascii() else _WORD_OR_HAN).findall(value.casefold())


def plain(value: str) -> Forms:
    """The value alone."""
    return (value,)


def word(value: str) -> Forms:
    """A single name: itself, its sound."""
    return (value, _vowels(value))


@lru_cache(maxsize=1 << 16)
def _vowels(value: str) -> str:
    """Spellings of one sound joined, vowels kept: 'meyer' and 'maier' meet, 'mayor' and 'mary' do not."""
    if text.is_han(value):
        return pinyin.sound_key(pinyin.syllables(value))
    bare = re.sub(r"[^\w]", "", unaccented(value))
    for spelt, sounds in (("ph", "f"), ("ck", "k"), ("sch", "sh"), ("tz", "z"), ("dt", "t"), ("th", "t"), ("ey", "ei"),
                          ("ay", "ei"), ("ai", "ei"), ("ie", "i"), ("y", "i"), ("ue", "u"), ("oe", "o"),
                          ("ae", "e")):  # fmt: skip
        bare = bare.replace(spelt, sounds)
    return re.sub(r"(.)\1+", r"\1", bare)


def unaccented(value: str) -> str:
    """Letters without the marks above and below them: who types a name elsewhere often has none of them."""
    if value.isascii():
        return value
    bare = _MARKS.sub("", unicodedata.normalize("NFD", value)).translate(_LETTERS)
    return unicodedata.normalize("NFC", bare)


def person(value: str) -> Forms:
    """A whole name: itself with its words in order, its sound, family name, given name (empty if only one is known)."""
    if text.is_han(value):
        size = 2 if value[:2] in pinyin.COMPOUND_SURNAMES and len(value) > 2 else 1
        family = value if value in pinyin.COMPOUND_SURNAMES else value[:size]
        given = value[len(family) :]
        key = pinyin.sound_key(pinyin.syllables(value))
        sounds = pinyin.sound_key(pinyin.syllables(family))
        return (value, key, sounds, key[len(sounds) :] if given else "")
    written = value.casefold().replace("-", " ").replace(".", " ")
    parts = unaccented(written).split()
    joined = pinyin.sound_key(parts)
    if _HANGUL.fullmatch(joined):
        return (value, joined, joined[0], joined[1:])
    if len(parts) < 2:
        return (value, joined, joined, "")
    order = _family_first(parts)
    return (" ".join(sorted(written.split())), pinyin.sound_key(order), order[0], "".join(order[1:]))


def _family_first(parts: list[str]) -> list[str]:
    """Words of a name in Latin letters, the family name first; Chinese names in pinyin mostly begin with it already."""
    if parts[0] in _surname_sounds() and parts[-1] not in _surname_sounds():
        return parts
    if parts[0] in _surname_sounds() and all(_is_pinyin(part) for part in parts):
        return parts
    return [parts[-1], *parts[:-1]]


@lru_cache(maxsize=1)
def _surname_sounds() -> frozenset[str]:
    common = ("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
              "阎余潘杜戴夏钟汪田"
              "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文")  # fmt: skip
    return frozenset(pinyin.SURNAMES.get(name) or pinyin.syllable(name) for name in common)


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    return frozenset(pinyin.syllable(chr(code)) for code in range(0x4E00, 0x9FA6))


@lru_cache(maxsize=1 << 14)
def _is_pinyin(word: str) -> bool:
    known = _syllables()
    if word in known:
        return True
    return any(word[:cut] in known and _is_pinyin(word[cut:]) for cut in range(1, min(7, len(word))))


def phone(value: str) -> Forms:
    """A number, and its last seven digits."""
    digits = re.sub(r"\D", "", value)
    return (value, digits[-7:] if len(digits) >= 7 else "")


def email(value: str) -> Forms:
    """An address, and its user."""
    return (value, value.partition("@")[0])


def url(value: str) -> Forms:
    """An address without protocol, and its host."""
    bare = re.sub(r"^[a-z]+://", "", value.casefold()).removeprefix("www.").rstrip("/")
    return (bare, bare.partition("/")[0].partition("?")[0])


def organisation(value: str) -> Forms:
    """A name, and the sound of its core without legal form; a Chinese firm's branch is another than its head."""
    made = organisations.organisation_name(value)
    branch = pinyin.sound_key(pinyin.reading(made.branch)) if made.branch and text.is_han(made.branch) else ""
    return (made.name or value, f"{made.key} {branch}" if made.key and branch else made.key or "")


def free_text(value: str) -> Forms:
    """A text, and its words without order."""
    return (value, " ".join(sorted(set(words(value)))))


def address(value: str) -> Forms:
    """An address: itself, down to the room, house, road."""
    made = addresses.address(value)
    return (made.text or value, made.key or "", made.house or "", made.road or "")


FORMS: dict[str, Callable[[str], Forms]] = {
    "exact": plain, "code": plain, "word": word, "person": person, "date": plain, "phone": phone, "email": email,
    "url": url, "number": plain, "text": free_text, "words": free_text, "address": address,
}  # fmt: skip


def organisation_words(value: str) -> list[str]:
    """The words of an organisation's name, spellings joined, small words and legal forms off. Of a Chinese firm what it
    trades in is a word, its own name single characters."""
    made = organisations.organisation_name(value)
    branch = f" {made.branch}" if made.branch else ""
    whole = f"{made.core or value}{branch}"
    if not text.is_han(whole):
        return words(whole)
    return [piece for part in TRADES.split(whole) for piece in ([part] if TRADES.fullmatch(part) else words(part))]
