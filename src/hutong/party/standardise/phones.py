"""Phones to E.164, and those that nobody owns (EC-03, EC-04)."""

import re
from functools import lru_cache
from typing import NamedTuple

from hutong.party.standardise.text import clean, not_given

_PLAIN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
"""How most sources write a mobile number."""
_MOBILE_CN = re.compile(r"^(?:\+?86|0086|0)?(1[3-9]\d{9})$")
_FIXED_CN = re.compile(r"^(?:\+?86|0086)?0?(10|2\d|[3-9]\d{2})([2-8]\d{6,7})$")
_EXTENSION = re.compile(r"(?:[-转*#]|ext\.?|x)\s*(\d{1,6})$", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"[^\d+]")
_SEQUENCES = ("0123456789012345", "9876543210987654")
_KNOWN_FALSE = frozenset(("13800138000", "13888888888", "13333333333", "13912345678", "13812345678", "13000000000"))


class Phone(NamedTuple):
    """`value` in E.164, `kind` mobile | fixed | other; `issue` says why there is no value."""

    value: str | None
    kind: str | None = None
    issue: str | None = None


NOTHING = Phone(None)


def placeholder(digits: str) -> bool:
    """Whether a national number was typed only to fill the field: one digit repeated, a counting run, a known one."""
    tail = digits[-8:]
    rising, falling = _SEQUENCES
    return digits in _KNOWN_FALSE or tail in rising or tail in falling or len(set(tail)) <= 1


def phone(raw: str | None, region: str = "CN") -> Phone:
    """A phone in E.164; extensions are dropped. `region` (ISO 3166) is where numbers without country code belong."""
    if raw and region == "CN" and _PLAIN_MOBILE.fullmatch(raw):
        return Phone(None, None, "phone_placeholder") if placeholder(raw) else Phone("+86" + raw, "mobile")
    text = clean(raw)
    if not_given(text):
        return NOTHING
    if text.endswith(".0"):
        text = text[:-2]
    if region == "CN":
        found = _chinese(text)
        if found:
            return found
    return _other(text, region)


def _chinese(text: str) -> Phone | None:
    digits = _NOT_DIGITS.sub("", text)
    found = _MOBILE_CN.match(digits)
    if found:
        if placeholder(found.group(1)):
            return Phone(None, issue="phone_placeholder")
        return Phone("+86" + found.group(1), "mobile")
    bare = _NOT_DIGITS.sub("", _EXTENSION.sub("", text)) if len(digits) > 12 else digits
    found = _FIXED_CN.match(bare)
    if found and bare.startswith(("0", "+86", "86")):
        area, number = found.groups()
        if placeholder(number):
            return Phone(None, issue="phone_placeholder")
        return Phone(f"+86{area}{number}", "fixed")
    return None


@lru_cache(maxsize=65536)
def _other(text: str, region: str) -> Phone:
    import phonenumbers

    digits = re.sub(r"\D", "", text)
    if len(digits) >= 7 and placeholder(digits):
        return Phone(None, issue="phone_placeholder")
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Phone(None, issue="phone_invalid")
    if phonenumbers.is_valid_number(parsed):
        kind = phonenumbers.number_type(parsed)
        mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
        value = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return Phone(value, "mobile" if mobile and region == "CN" else "fixed")
    if region != "CN" and len(digits) == 7:
        return Phone(digits, "other")
    return Phone(None, issue="phone_invalid")
