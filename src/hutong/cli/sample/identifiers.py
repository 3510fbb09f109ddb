"""Identifiers with right check digits: resident ID, organisation code, USCC, bank card; and telephone numbers."""

import numpy as np

from hutong.cli.sample.text import Mask, Points, Text, Whole, digits, from_points, join, points

_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_ID_CHECKS = points(np.array(["10X98765432"]))[0]
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = 3 ** np.arange(17) % 31
_MOBILE_PREFIXES = np.array(
    [130, 131, 132, 133, 135, 136, 137, 138, 139, 147, 150, 151, 152, 153, 155, 156, 157, 158, 159, 166, 173, 175, 176]
)
_BANK_PREFIXES = np.array(["622202", "621700", "622848", "621661", "621799", "622262"])


def resident_ids(area: Whole, birth_day: Whole, sequence: Whole) -> Text:
    """GB 11643 numbers. `area`: six digits; `birth_day`: yyyymmdd; `sequence`: three digits, odd for men."""
    body = join(digits(area, 6), digits(birth_day, 8), digits(sequence, 3))
    remainder = ((points(body).astype(np.int64) - ord("0")) @ _ID_WEIGHTS) % 11
    return from_points(np.column_stack([points(body), _ID_CHECKS[remainder]]))


def old_resident_ids(ids: Text) -> Text:
    """The 15-digit numbers of before 1999-10: no century, no check digit. Only right for births in 19yy."""
    matrix = points(ids)
    return from_points(np.column_stack([matrix[:, :6], matrix[:, 8:17]]))


def resident_ids_valid(ids: Text) -> Mask:
    """Which values, as written (upper case, half width), are right GB 11643 numbers of 18 or 15 digits."""
    length = np.strings.str_len(ids)
    valid = np.zeros(len(ids), dtype=bool)
    for size in (18, 15):
        rows = np.flatnonzero(length == size)
        if len(rows):
            valid[rows] = _of_length(points(ids[rows])[:, :size], size)
    return valid


def _of_length(matrix: Points, size: int) -> Mask:
    value = matrix.astype(np.int64) - ord("0")
    body = value[:, :17] if size == 18 else value
    good: Mask = np.all((body >= 0) & (body <= 9), axis=1)
    if size == 18:
        remainder = (np.where(good[:, None], body, 0) @ _ID_WEIGHTS) % 11
        good &= np.equal(matrix[:, 17], _ID_CHECKS[remainder])
    at = 6 if size == 15 else 8
    year = body[:, at] * 10 + body[:, at + 1] + (1900 if size == 15 else 100 * (body[:, 6] * 10 + body[:, 7]))
    month = body[:, at + 2] * 10 + body[:, at + 3]
    day = body[:, at + 4] * 10 + body[:, at + 5]
    good &= (year >= 1900) & (year <= 2026) & (month >= 1) & (month <= 12) & (day >= 1) & (body[:, 0] >= 1)
    safe = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = (safe + 1).astype("datetime64[D]") - safe.astype("datetime64[D]")
    valid: Mask = good & (day <= days.astype(np.int64))
    return valid


def organisation_codes(rng: np.random.Generator, count: int) -> Text:
    """GB 11714 codes of nine characters: eight digits (older) or `MA` and six (since 2015), and a check character."""
    alphabet = points(np.array([_USCC_ALPHABET]))[0]
    body = alphabet[rng.integers(0, 10, (count, 8))]
    recent = rng.random(count) < 0.45
    body[recent, 0], body[recent, 1] = ord("M"), ord("A")
    body[recent, 6:] = alphabet[rng.integers(0, len(alphabet), (int(recent.sum()), 2))]
    value = np.where(body >= ord("A"), body.astype(np.int64) - ord("A") + 10, body.astype(np.int64) - ord("0"))
    check = (11 - (value @ _ORGANISATION_WEIGHTS) % 11) % 11
    last = points(np.array(["0123456789X"]))[0][check]
    return from_points(np.column_stack([body, last]))


def usccs(register: Text, area: Whole, organisation_code: Text) -> Text:
    """GB 32100 codes. `register`: two characters (`91` firm, `92` self-employed, `12` institution)."""
    body = points(join(register, digits(area, 6), organisation_code))
    alphabet = points(np.array([_USCC_ALPHABET]))[0]
    value = np.zeros(128, dtype=np.int64)
    value[alphabet] = np.arange(31)
    check = (31 - (value[body] @ _USCC_WEIGHTS) % 31) % 31
    return from_points(np.column_stack([body, alphabet[check]]))


def mobiles(rng: np.random.Generator, count: int) -> Text:
    """Mobile numbers of mainland operators, eleven digits."""
    return join(digits(rng.choice(_MOBILE_PREFIXES, count), 3), digits(rng.integers(10_000_000, 99_999_999, count), 8))


def bank_cards(rng: np.random.Generator, count: int) -> Text:
    """UnionPay card numbers of 19 digits that satisfy Luhn."""
    body = join(rng.choice(_BANK_PREFIXES, count), digits(rng.integers(0, 10**12, count), 12))
    value = points(body).astype(np.int64) - ord("0")
    doubled = value[:, ::-1].copy()
    doubled[:, ::2] *= 2
    check = (10 - np.where(doubled > 9, doubled - 9, doubled).sum(axis=1) % 10) % 10
    return join(body, digits(check, 1))
