"""Code sets and mapping (EC-09, SC-03)."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.engine import URL

from hutong import masterdata
from hutong.masterdata.mapping import set_mapping, unmapped
from hutong.platform import database as live
from hutong.platform.errors import Unprocessable

BASE = Path(__file__).parents[2] / "packs" / "base" / "codes"

COLOUR = """
code_set: colour
zh: 颜色
en: Colour
codes:
  - {code: r, zh: 红, en: Red}
  - {code: g, zh: 绿, en: Green, valid_to: 2026-01-01}
"""


def publish(folder: Path, document: str) -> list[str]:
    (folder / "colour.yaml").write_text(document, encoding="utf-8")
    with live.begin("masterdata") as conn:
        return masterdata.load_documents(conn, folder)


def test_the_base_pack_loads_once(database: URL) -> None:
    with live.begin("masterdata") as conn:
        assert "gender" in masterdata.load_documents(conn, BASE)
        assert masterdata.load_documents(conn, BASE) == []


def test_a_changed_set_becomes_a_new_version_with_validity(database: URL, tmp_path: Path) -> None:
    assert publish(tmp_path, COLOUR) == ["colour"]
    assert publish(tmp_path, COLOUR.replace("Red", "Crimson")) == ["colour"]
    with live.read("masterdata") as conn:
        assert masterdata.labels(conn, "colour", "en") == {"r": "Crimson", "g": "Green"}
        assert masterdata.labels(conn, "colour", "zh-CN") == {"r": "红", "g": "绿"}
        assert masterdata.standard_codes(conn, "colour", date(2025, 12, 31)) == ["r", "g"]
        assert masterdata.standard_codes(conn, "colour", date(2026, 1, 1)) == ["r"]


def test_a_code_given_twice_is_refused(database: URL, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="codes given twice: r"):
        publish(tmp_path, COLOUR.replace("code: g", "code: r"))


def test_mapping_and_what_is_not_mapped(database: URL, tmp_path: Path) -> None:
    publish(tmp_path, COLOUR.replace(", valid_to: 2026-01-01", ""))
    with live.begin("masterdata") as conn:
        masterdata.report_unmapped(conn, [masterdata.Unmapped("crm", "colour", "ROT", 2)])
        masterdata.report_unmapped(conn, [masterdata.Unmapped("crm", "colour", "ROT", 3)])
        assert unmapped(conn) == [("crm", "colour", "ROT", 5)]
        set_mapping(conn, "crm", "colour", {"ROT": "r"}, by="user:1")
        assert masterdata.mapping_of(conn, "crm") == {"colour": {"ROT": "r"}}
        assert unmapped(conn) == []


def test_mapping_to_an_unknown_code_is_refused(database: URL, tmp_path: Path) -> None:
    publish(tmp_path, COLOUR)
    with pytest.raises(Unprocessable) as refused, live.begin("masterdata") as conn:
        set_mapping(conn, "crm", "colour", {"X": "violet"}, by="user:1")
    assert "violet" in refused.value.message("zh-CN")
