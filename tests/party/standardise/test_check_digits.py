"""EC-09: check digits, against ways of computing them that share nothing with ours; and what no digit catches."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hutong.party.standardise.identifiers import bank_card, check_digit, identifier, organisation_code, uscc
from hutong.platform import clock

USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def luhn(digits: str) -> bool:
    """By the table of doubled digits."""
    return sum(int("0246813579"[int(d)]) if n % 2 else int(d) for n, d in enumerate(reversed(digits))) % 10 == 0


def uscc_check(body: str) -> str:
    """GB 32100: the weights are powers of 3 modulo 31; the sum with the check character is a multiple of 31."""
    total = sum(USCC.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    return next(letter for value, letter in enumerate(USCC) if (total + value) % 31 == 0)


@given(st.text("0123456789", min_size=15, max_size=18), st.integers(0, 9))
def test_bank_cards(body: str, last: int) -> None:
    """GB/T 17710, Luhn: exactly one last digit in ten is right."""
    number = f"{body}{last}"
    right = luhn(number) and len(set(number)) > 1
    assert bank_card(number) == (number if right else None)


@pytest.mark.parametrize("number", ["6222021234567890128", "4111111111111111", "4539 1488 0343 6467"])
def test_known_cards(number: str) -> None:
    """Numbers with doubled digits above nine."""
    digits = number.replace(" ", "")
    assert (bank_card(number) == digits) == luhn(digits)


@given(st.text(USCC, min_size=17, max_size=17))
def test_credit_codes(body: str) -> None:
    """Of the 31 last characters only one is right."""
    assert [last for last in USCC if uscc(body + last).valid] == [uscc_check(body)]


@pytest.mark.parametrize("check", USCC)
def test_every_check_character_occurs(check: str) -> None:
    """Each remainder, the highest too."""
    body = next(
        body for number in range(10_000) if uscc_check(body := f"91310115MA1K{number:05}".translate({73: "J"})) == check
    )
    assert uscc(body + check).valid


@given(st.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=8, max_size=8))
def test_organisation_codes(body: str) -> None:
    """GB 11714: the weighted sum with the check digit, X for ten, is a multiple of 11."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(letter, 36) * weight for letter, weight in zip(body, weights, strict=True))
    right = next(digit for value, digit in enumerate("0123456789X") if (total + value) % 11 == 0)
    assert [last for last in "0123456789X" if organisation_code(body + last).valid] == [right]


@pytest.mark.parametrize(("days", "valid"), [(0, True), (1, False), (400, False)])
def test_nobody_is_born_tomorrow(days: int, valid: bool) -> None:
    """A right check digit on a day that has not come."""
    with clock.fixed(clock.now()):
        body = f"330106{clock.today() + timedelta(days=days):%Y%m%d}001"
        found = identifier("resident_id", body + check_digit(body))
    assert found.valid == valid
    assert found.issue == (None if valid else "id_date")
