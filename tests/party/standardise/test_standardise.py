"""EC-03, EC-04: values standardised and checked; cases as sources really write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hutong.party.standardise import addresses, identifiers, names, organisations, phones


@pytest.mark.parametrize(
    ("raw", "name", "key", "partial"),
    [
        ("王小明先生", "王小明", "wangxiaoming", False),
        ("歐陽　娜娜", "欧阳娜娜", "ouyangnana", False),
        ("王小明（转网）", "王小明", "wangxiaoming", False),
        ("WANG XIAOMING", "wang xiaoming", "wangxiaoming", False),
        ("ＷＡＮＧ　ＸＩＡＯＭＩＮＧ", "wang xiaoming", "wangxiaoming", False),
        ("单雄信", "单雄信", "shanxiongxin", False),
        ("吕布", "吕布", "lvbu", False),
        ("李女士", "李", "li", True),
        ("Smith, John", "john smith", "johnsmith", False),
        ("Dr. Jane O'Neil", "jane o'neil", "janeoneil", False),
    ],
)
def test_names_of_persons(raw: str, name: str, key: str, partial: bool) -> None:
    """EC-04: titles and remarks off, one script, one key for those that sound alike."""
    assert names.person_name(raw) == names.PersonName(name, key, partial)


@pytest.mark.parametrize("raw", ["测试用户", "####", "12345", "无", "不详"])
def test_what_is_not_a_name(raw: str) -> None:
    """EC-03: rubbish is recognised and named."""
    assert names.person_name(raw) == names.PersonName(None, None, False, "not_a_name")


@pytest.mark.parametrize(
    ("raw", "core", "branch"),
    [
        ("浙江省杭州市明达科技有限公司", "明达科技", None),
        ("明达科技有限责任公司", "明达科技", None),
        ("浙江明达科技有限公司宁波分公司", "明达科技", "宁波分公司"),
        ("上海明达（集团）有限公司", "明达", None),
        ("Acme Widgets, Inc.", "acme widgets", None),
        ("YMCA of Chicago - Rauner", "ymca chicago", "rauner"),
    ],
)
def test_names_of_organisations(raw: str, core: str, branch: str | None) -> None:
    """EC-04: legal form and region off, branch apart."""
    made = organisations.organisation_name(raw)
    assert (made.core, made.branch) == (core, branch)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("138-1234-5679", phones.Phone("+8613812345679", "mobile")),
        ("＋８６１３８１２３４５６７９", phones.Phone("+8613812345679", "mobile")),
        ("13812345679.0", phones.Phone("+8613812345679", "mobile")),
        ("(0571)88012345", phones.Phone("+8657188012345", "fixed")),
        ("0571-88012345-801", phones.Phone("+8657188012345", "fixed")),
        ("13800138000", phones.Phone(None, issue="phone_placeholder")),
        ("11111111111", phones.Phone(None, issue="phone_placeholder")),
        ("1234", phones.Phone(None, issue="phone_invalid")),
        ("不详", phones.Phone(None)),
    ],
)
def test_phones(raw: str, expected: phones.Phone) -> None:
    """EC-04: E.164; numbers that nobody owns are told from wrong ones."""
    assert phones.phone(raw) == expected


def test_resident_id() -> None:
    """EC-03: GB 11643: checksum, birth date, gender; fifteen digits become eighteen."""
    full = identifiers.identifier("resident_id", " 11010519491231002x ")
    assert full.valid and full.value == "11010519491231002X"
    assert str(full.birth_date) == "1949-12-31" and full.gender == "2"
    assert identifiers.identifier("resident_id", "110105491231002").value == "11010519491231002X"
    assert identifiers.identifier("resident_id", "110105194912310021").issue == "id_checksum"
    assert identifiers.identifier("resident_id", "111111111111111111").issue == "id_placeholder"
    assert identifiers.identifier("resident_id", "11010519491331002X").valid is False


@given(st.integers(0, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_seen(number: int, place: int, shift: int) -> None:
    """EC-03: ISO 7064 MOD 11-2 sees every single wrong digit."""
    digits = f"{number:017d}"
    other = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    assert identifiers.check_digit(digits) != identifiers.check_digit(other)


def test_credit_code() -> None:
    """EC-03: GB 32100; the organisation code is part of it."""
    made = identifiers.identifier("uscc", "91110000600037341L")
    wrong = identifiers.identifier("uscc", "91110000600037341A")
    assert (made.valid, wrong.valid, wrong.issue) == (True, False, "id_checksum")
    assert identifiers.organisation_part("uscc", made.value) == "600037341"
    assert identifiers.identifier("organisation_code", "60003734-1").valid


@pytest.mark.parametrize(
    "raw",
    [
        "浙江省杭州市西湖区文三路90号3幢2单元501室",
        "杭州西湖区文三路90号3-2-501",
        "杭州市西湖區文三路９０號3幢2單元501室",
        "浙江杭州西湖文三路九十号3栋2单元501",
    ],
)
def test_one_chinese_address(raw: str) -> None:
    """EC-04: spellings of one address meet under one key."""
    made = addresses.address(raw)
    assert (made.city, made.district, made.key) == ("杭州市", "西湖区", "文三路|90|3-2-501")


def test_a_road_named_like_a_district() -> None:
    """EC-04: 朝阳路 is a road, not the district 朝阳."""
    made = addresses.address("朝阳路12号")
    assert (made.district, made.house) == (None, "朝阳路|12")


@pytest.mark.parametrize("raw", ["1312 S. Racine Ave, Suite 2", "1312-14 South Racine Avenue", "1312 s racine"])
def test_one_western_address(raw: str) -> None:
    """EC-04: house number, direction, street."""
    assert addresses.address(raw).house == "1312|s|racine"


@given(st.text(max_size=40))
def test_standardisation_never_fails_and_is_stable(raw: str) -> None:
    """EC-04: any text gives an answer, and a standardised name stays as it is."""
    name = names.person_name(raw).name
    assert name is None or names.person_name(name).name in (name, None)
    addresses.address(raw)
    organisations.organisation_name(raw)
    phones.phone(raw)
    identifiers.identifier("resident_id", raw)
    identifiers.bank_card(raw)
    identifiers.email(raw)
