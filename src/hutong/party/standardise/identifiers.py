"""Identity documents: resident ID (GB 11643), unified social credit code (GB 32100), organisation code (GB 11714),
passports, bank cards; each either valid, or not, with the reason (EC-03)."""

import re
from datetime import date
from operator import mul
from typing import NamedTuple

from hutong.party.standardise.text import clean, not_given
from hutong.platform import clock

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)
_NEW_FORM = re.compile(r"[0-9]{17}[0-9X]")
_OLD_FORM = re.compile(r"[0-9]{15}")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(3**position % 31 for position in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SEPARATORS = re.compile(r"[\s\-./·]+")
_OTHER = {"passport": re.compile(r"^[A-Z0-9]{5,12}$"), "officer": re.compile(r"^[\w字第号]{5,20}$")}


class Identifier(NamedTuple):
    """A document's number. Only a valid one identifies; birth date and gender (GB/T 2261.1) come with a resident ID."""

    value: str | None
    valid: bool = False
    birth_date: date | None = None
    gender: str | None = None
    issue: str | None = None


NOTHING = Identifier(None)


def identifier(kind: str | None, raw: str | None) -> Identifier:
    """Standardise and check a number of a kind of the code set `identity-document`; unknown kinds are never valid."""
    text = _SEPARATORS.sub("", clean(raw)).upper()
    if not_given(text):
        return NOTHING
    if len(text) >= 6 and text[0] == text[1] and len(set(text[:-1])) == 1:
        return NOTHING._replace(issue="id_placeholder")
    if kind in _CHECKED:
        return _CHECKED[kind](text)
    if kind is None:
        return Identifier(text, issue="id_kind_missing")
    valid = bool(_OTHER.get(kind, re.compile(r"^\w{5,30}$")).match(text)) and kind != "other"
    return Identifier(text, valid, issue=None if valid else "id_form")


def check_digit(first_seventeen: str) -> str:
    """The eighteenth character of a resident ID (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _CHECKS[(sum(map(mul, first_seventeen.encode("ascii"), _WEIGHTS)) - _ZEROS) % 11]


def resident_id(text: str) -> Identifier:
    """A resident ID of 18 characters, or of the old 15 digits brought to 18."""
    if text in ("123456789012345678", "12345678901234567X", "123456789012345"):
        return NOTHING._replace(issue="id_placeholder")
    if _OLD_FORM.fullmatch(text):
        seventeen = text[:6] + "19" + text[6:]
        text = seventeen + check_digit(seventeen)
    elif not _NEW_FORM.fullmatch(text):
        return Identifier(text, issue="id_form")
    elif check_digit(text[:17]) != text[17]:
        return Identifier(text, issue="id_checksum")
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return Identifier(text, issue="id_date")
    if born.year < 1850 or born > clock.today():
        return Identifier(text, issue="id_date")
    return Identifier(text, True, born, "1" if int(text[16]) % 2 else "2")


def uscc(text: str) -> Identifier:
    """A unified social credit code of 18 characters (GB 32100-2015, MOD 31)."""
    if len(text) != 18 or any(character not in _USCC_ALPHABET for character in text):
        return Identifier(text, issue="id_form")
    total = sum(_USCC_ALPHABET.index(char) * weight for char, weight in zip(text[:17], _USCC_WEIGHTS, strict=True))
    valid = _USCC_ALPHABET[(31 - total % 31) % 31] == text[17]
    return Identifier(text, valid, issue=None if valid else "id_checksum")


def organisation_code(text: str) -> Identifier:
    """An organisation code of 9 characters (GB 11714-1997, MOD 11)."""
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", text):
        return Identifier(text, issue="id_form")
    total = sum(int(char, 36) * weight for char, weight in zip(text[:8], _ORG_WEIGHTS, strict=True))
    check = 11 - total % 11
    valid = {10: "X", 11: "0"}.get(check, str(check)) == text[8]
    return Identifier(text, valid, issue=None if valid else "id_checksum")


def organisation_part(kind: str | None, value: str | None) -> str | None:
    """The organisation code within a credit code, so that both kinds of document meet."""
    if not value:
        return None
    return value[8:17] if kind == "uscc" and len(value) == 18 else value if kind == "organisation_code" else None


_CHECKED = {"resident_id": resident_id, "uscc": uscc, "organisation_code": organisation_code}


def bank_card(raw: str | None) -> str | None:
    """A bank card number of 16 to 19 digits with a right Luhn digit; nothing otherwise."""
    digits = re.sub(r"\D", "", clean(raw))
    if not 16 <= len(digits) <= 19 or len(set(digits)) == 1:
        return None
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return digits if total % 10 == 0 else None


_EMAIL = re.compile(r"^[a-z0-9._%+'-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}$")
_FALSE_EMAIL = re.compile(r"^(no|none|test|unknown|na|noemail|123|abc)@|@(test|example|none|no)\.", re.IGNORECASE)


def email(raw: str | None) -> str | None:
    """An e-mail address in lower case; nothing for a malformed or invented one."""
    text = clean(raw).casefold().replace(" ", "")
    return text if _EMAIL.match(text) and not _FALSE_EMAIL.search(text) else None
