"""Text as people meant it: width, script, spaces and placeholders."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

HAN = re.compile(r"[㐀-鿿\U00020000-\U0003134f]")
_SPACES = re.compile(r"\s+")
_PLAIN = re.compile("[!-~㐀-鿿]+")
"""Texts that `clean` leaves as they are."""
_BETWEEN_HAN = re.compile(r"(?<=[㐀-鿿])\s+(?=[㐀-鿿])")
_NOT_GIVEN = frozenset(
    ("无", "没有", "不详", "未知", "未提供", "暂无", "空", "测试", "null", "none", "nil", "n/a", "na", "unknown",
     "test", "-", "--", "---", ".", "..", "/", "x", "xx", "xxx", "?", "??", "n.a.", "#n/a", "<na>", "\\n",
     "not available", "not provided", "not known", "tbd", "tbc")
)  # fmt: skip


@lru_cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def clean(raw: str | None) -> str:
    """Unicode NFKC (full width to half), control characters off, spaces single; empty text for nothing."""
    if not raw:
        return ""
    if _PLAIN.fullmatch(raw):
        return raw
    text = raw if raw.isascii() else unicodedata.normalize("NFKC", raw)
    text = _SPACES.sub(" ", text).strip()
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text


def simplified(text: str) -> str:
    """Traditional characters to simplified ones."""
    if text.isascii():
        return text
    return str(_converter().convert(text))


def is_han(text: str) -> bool:
    """Whether the text holds at least one Chinese character."""
    return HAN.search(text) is not None


def join_han(text: str) -> str:
    """Spaces between Chinese characters off: they carry nothing."""
    return _BETWEEN_HAN.sub("", text) if " " in text else text


def not_given(text: str) -> bool:
    """Whether a cleaned value only says that nobody knew it."""
    return not text or text.casefold() in _NOT_GIVEN
