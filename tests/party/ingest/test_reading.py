"""EC-03: files are read in parts, which go on before the last of them is there."""

from datetime import date, datetime, time
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


def test_cells_become_text(billing: Mapping, tmp_path: Path) -> None:
    """EC-04: numbers in full, days and instants in ISO form, formulas by their values, errors as nothing."""
    wanted = {
        "007": "007", 7: "7", 1.5: "1.5", 13912340001: "13912340001", 1e17: "100000000000000000",
        1.25e-7: "0.000000125", date(2020, 1, 2): "2020-01-02", time(3, 4): "03:04:00",
        datetime(2020, 1, 2, 3, 4, 5): "2020-01-02 03:04:05",  # noqa: DTZ001  (cells have no zone)
        "=1+1": "2", "=1/0": None, True: "true", " x ": " x ", "_x0000_": "_x0000_", "": None,
    }  # fmt: skip
    first, second = billing.needed()[:2]
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        forms = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss", time: "hh:mm:ss"}
        page.write_row(0, 0, billing.needed())
        for row, cell in enumerate(wanted, start=1):
            page.write_string(row, 1, "filled")
            if isinstance(cell, date | time):
                page.write_datetime(row, 0, cell, book.add_format({"num_format": forms[type(cell)]}))
            elif str(cell).startswith("="):
                page.write_formula(row, 0, str(cell), None, 2 if cell == "=1+1" else "#DIV/0!")
            elif isinstance(cell, str):
                page.write_string(row, 0, cell)
            else:
                page.write(row, 0, cell)
    with duckdb.connect() as duck:
        read(duck, path, billing)
        found = duck.execute(f'SELECT "{first}", "{second}" FROM raw ORDER BY row_number').fetchall()
    assert found == [(text, "filled") for text in wanted.values()]


@pytest.mark.parametrize(("name", "code"), [("CUST_INFO", None), ("OTHER", "party-file-sheet")])
def test_a_sheet_by_its_name(billing: Mapping, tmp_path: Path, name: str, code: str | None) -> None:
    """The one that the mapping names is read, wherever it is; without it nothing is."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("about").write(0, 0, "made today")
        page = book.add_worksheet("CUST_INFO")
        page.write_row(0, 0, billing.needed())
        page.write(1, 0, "A1")
    form = billing.model_copy(update={"file": FileForm(format="xlsx", sheet=name)})
    with duckdb.connect() as duck:
        if code is None:
            read(duck, path, form)
            assert duck.execute("SELECT count(*) FROM raw").fetchall() == [(1,)]
            return
        with pytest.raises(Invalid) as problem:
            read(duck, path, form)
    assert (problem.value.code, "about, CUST_INFO" in problem.value.message("en")) == (code, True)
