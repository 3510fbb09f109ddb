"""EC-03: files are read in parts, which go on before the last of them is there."""

from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from sqlalchemy import URL, text
from tests.party.conftest import MAPPINGS

from hutong.party.ingest import load, parts, reading
from hutong.party.ingest.files import read
from hutong.party.ingest.mapping import FileForm, Mapping, read_mapping
from hutong.platform import database as stored
from hutong.platform.errors import Invalid

ROWS = 7


@pytest.fixture
def billing() -> Mapping:
    """A mapping of a sheet, whatever it is called."""
    known = read_mapping(MAPPINGS / "billing.yaml")
    return known.model_copy(update={"file": FileForm(format="xlsx")})


def sheet(path: Path, mapping: Mapping, name: str, blank: int = 3) -> Path:
    """A sheet of some rows, one of them empty, whose names are given."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, mapping.needed())
        for row in range(ROWS):
            values = [f"{name}{row}" for _ in mapping.needed()] if row != blank else []
            page.write_row(row + 1, 0, values)
    return path


def test_a_sheet_in_parts_is_the_sheet(billing: Mapping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows keep their numbers, empty ones are none, and each part is there before the next is read."""
    monkeypatch.setattr(parts, "ROWS", 4)
    path = sheet(tmp_path / "a.xlsx", billing, "x")
    with duckdb.connect() as whole, duckdb.connect() as pieces:
        read(whole, path, billing)
        expected = whole.execute("FROM raw ORDER BY row_number").fetchall()
        seen = []
        for part in parts.divide(pieces, tmp_path, path, billing):
            seen.append(len(list(tmp_path.glob("raw-*"))))
            assert part.is_file()
        assert seen == [1, 2, 3, 4, 5]
        assert pieces.execute("FROM raw ORDER BY row_number").fetchall() == expected
    assert [row[0] for row in expected] == [1, 2, 3, 5, 6, 7]


def test_what_was_read_is_not_read_again(billing: Mapping, tmp_path: Path) -> None:
    """A load that was killed finds the parts and what the file holds, even where the file is gone."""
    path = sheet(tmp_path / "a.xlsx", billing, "x")
    first = reading.Reading(tmp_path, path, billing)
    with pytest.raises(RuntimeError):
        _ = first.found
    given = list(first.parts())
    path.unlink()
    again = reading.Reading(tmp_path, path, billing)
    assert list(again.parts()) == given
    assert again.found == first.found
    assert (again.found.rows, again.known) == (ROWS - 1, len(given))


def test_a_sheet_found_wrong_at_its_end_leaves_nothing(
    billing: Mapping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: URL
) -> None:
    """EC-03: its first parts were stored by then."""
    monkeypatch.setattr(parts, "ROWS", 2)
    path = sheet(tmp_path / "a.xlsx", billing, "\ufffd", blank=0)
    told: list[int] = []
    with pytest.raises(Invalid) as problem:
        load.load_file(path, billing, "user:1", tell=lambda done, _total: told.append(done))
    assert problem.value.code == "party-file-encoding"
    assert told, "parts came before"
    with stored.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.load WHERE file_name = 'a.xlsx'")).scalar_one() == 0
        assert conn.execute(text("SELECT count(*) FROM party.rejected_record")).scalar_one() == 0


def test_a_sheet_of_headers_is_empty(billing: Mapping, tmp_path: Path) -> None:
    """Nothing is read of it, and that is said."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, billing.needed())
    with pytest.raises(Invalid) as problem:
        list(reading.Reading(tmp_path, path, billing).parts())
    assert problem.value.code == "party-file-empty"
