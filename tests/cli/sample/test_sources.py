"""The three exports and the truth about them."""

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from stdnum import luhn
from stdnum.cn import ric, uscc
from tests.cli.sample.conftest import CUSTOMERS, write
from tests.cli.sample.reading import HEADERS, NAMES, source_rows, truth_rows
from typer.testing import CliRunner

from hutong.cli.sample import app

SOURCES = tuple(HEADERS)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_equal_seeds_give_equal_bytes_and_others_do_not(sample: Path, tmp_path: Path) -> None:
    """Issue A 4.1: every file, workbook included, depends on nothing but the arguments."""
    first = _digests(sample)
    assert len(first) > 60
    assert _digests(write(tmp_path / "again", "--seed", "7")) == first
    other = _digests(write(tmp_path / "other", "--seed", "8"))
    empty = "usage/202610_voice_11.csv"  # header and trailer only
    assert [name for name in first if first[name] == other.get(name)] == [empty]


def test_the_smallest_sample_is_whole(tmp_path: Path) -> None:
    """Few customers leave some kinds of damage without a victim."""
    arguments = ["telecom", "--out", str(tmp_path), "--customers", "200", "--events", "2000"]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert {row["customer_id"] for row in truth_rows(tmp_path)} >= {str(number) for number in range(1, 201)}


@pytest.mark.parametrize("wrong", [["--first-cycle", "2026-13"], ["--active", "20", "--orders", "20"]])
def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path: Path, wrong: list[str]) -> None:
    """A refused call says which option, and leaves no files."""
    result = CliRunner().invoke(app, ["telecom", "--out", str(tmp_path / "none"), *wrong])
    assert result.exit_code == 2 and wrong[-2] in re.sub(r"\x1b\[[0-9;]*m", "", result.output)
    assert not (tmp_path / "none").exists()


def test_truth_covers_each_row_once(sample: Path, manifest: dict[str, Any]) -> None:
    """Issue A 4.1: row numbers run without gap, keys agree with the files, rejections with the manifest."""
    truth = truth_rows(sample)
    for source in SOURCES:
        rows = source_rows(sample, source)
        told = [row for row in truth if row["source"] == source]
        assert [int(row["row"]) for row in told] == list(range(1, len(rows) + 1))
        assert manifest["sources"][source]["rows"] == len(rows)
        for row, true in zip(rows, told, strict=True):
            if true["reason"] != "not_a_record":
                assert row.get(HEADERS[source], "") == true["source_key"]
            else:
                assert row == {}
        rejected = Counter(row["reason"] for row in told if row["expect"] == "reject")
        assert rejected == manifest["sources"][source]["rejected"]
        assert all((row["reason"] == "") == (row["expect"] == "admit") for row in told)


def test_every_customer_is_known_somewhere_and_some_everywhere(sample: Path, manifest: dict[str, Any]) -> None:
    """Issue A 4.1: customers live in one, two or three sources, some twice in one."""
    keys = {(row["source"], row["source_key"], row["customer_id"]) for row in truth_rows(sample) if row["customer_id"]}
    assert {customer for _, _, customer in keys} == {str(number) for number in range(1, CUSTOMERS + 1)}
    places = Counter(len({source for source, _, other in keys if other == customer}) for customer in _some(keys))
    assert set(places) == {1, 2, 3}
    for source in SOURCES:
        counts = Counter(customer for place, key, customer in keys if place == source and key)
        twice = sum(number - 1 for number in counts.values())
        assert twice >= manifest["sources"][source]["duplicates"] > 0
    owners = Counter((source, key) for source, key, _ in keys if key)
    assert set(owners.values()) == {1}, "a key belongs to one customer"


def _some(keys: set[tuple[str, str, str]]) -> list[str]:
    return sorted({customer for _, _, customer in keys})[:300]


def test_admitted_crm_ids_are_right_and_refused_ones_are_not(sample: Path) -> None:
    """EC-03: check digits after GB 11643 by an implementation that is not ours."""
    truth = [row for row in truth_rows(sample) if row["source"] == "crm"]
    right = wrong = old = 0
    for row, true in zip(source_rows(sample, "crm"), truth, strict=True):
        if row.get("证件类型") != "01" or row["客户类型"] != "1":
            continue
        number = row["证件号码"].strip().translate({0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF38: "X"})
        if true["reason"] == "bad_id":
            wrong += 1
            assert len(number) != 18 or ric.calc_check_digit(number) != number[-1].upper() or not _date(number)
        elif true["expect"] == "admit" and len(number) == 18 and number[6:8] in {"19", "20"}:
            right += 1
            assert ric.calc_check_digit(number) == number[-1].upper() and _date(number)
        old += len(number) == 15
    assert right > 2_000 and wrong > 5 and old > 50


def _date(number: str) -> bool:
    try:
        ric.get_birth_date(number)
    except Exception:
        return False
    return True


def test_codes_of_organisations_and_cards_are_right_but_for_declared_errors(
    sample: Path, manifest: dict[str, Any]
) -> None:
    """EC-03: GB 32100 and Luhn by implementations that are not ours."""
    rows = [row for row in source_rows(sample, "crm") if row and row["证件类型"] == "11"]
    codes = [row["证件号码"] for row in rows if len(row["证件号码"]) == 18 and row["证件号码"].isascii()]
    valid = sum(uscc.is_valid(code) for code in codes)
    assert len(codes) > 200 and 0.95 < valid / len(codes) <= 1
    cards = [row["BANK_ACCT"] for row in source_rows(sample, "billing") if row["BANK_ACCT"]]
    assert len(cards) > 500 and all(luhn.is_valid(card) for card in cards)


@pytest.mark.parametrize(
    ("source", "defect", "rate", "share"),
    [
        ("crm", "stale", 0.06, 1.0),
        ("crm", "id_missing", 0.02, 1.0),
        ("crm", "phone_placeholder", 0.012, 1.0),
        ("billing", "birth_missing", 0.25, 0.92),
        ("billing", "organisation_abbreviated", 0.35, 0.08),
        ("callcentre", "name_surname_only", 0.06, 0.92),
        ("callcentre", "id_missing", 0.6, 1.0),
        ("callcentre", "name_title", 0.05, 0.92),
    ],
)
def test_defects_are_about_as_frequent_as_declared(
    manifest: dict[str, Any], source: str, defect: str, rate: float, share: float
) -> None:
    """Issue A 4.1: within five standard deviations of the declared rate."""
    counts = manifest["sources"][source]
    expected = counts["rows"] * rate * share
    assert abs(counts["defects"][defect] - expected) < 5 * (expected + 1) ** 0.5


def test_defects_are_in_the_files_not_only_in_the_manifest(sample: Path) -> None:
    """XP-07: placeholders, titles, full width, traditional characters, shared phones, unmapped codes."""
    crm, billing, calls = (source_rows(sample, source) for source in SOURCES)
    names = [row.get(NAMES["callcentre"], "") for row in calls]
    assert sum(name.endswith(("先生", "女士")) for name in names) > 50
    assert sum(name.isascii() and name.isupper() for name in names) > 2
    phones = Counter(row["联系电话"] for row in crm if row)
    assert phones["13800138000"] > 10
    assert max(count for phone, count in phones.items() if phone.isdigit() and phone != "13800138000") > 5
    assert any("０" <= character <= "９" for row in crm if row for character in row["联系电话"])
    assert any(character in "張陳劉黃趙" for row in crm if row for character in row["客户名称"])
    assert {row["客户等级"] for row in crm if row} >= {"1", "2", "3", "4", "5"}
    assert {row["CUST_LEVEL"] for row in billing} >= {"D", "G", "S", "N", "P"}
    assert {row.get("level", "") for row in calls} >= {"五星", "四星", "三星", "普通", "体验"}
    assert sum(count > 1 for count in Counter(row["客户名称"] for row in crm if row).values()) > 100
