"""EC-03: files with everything wrong end in a clear report, nothing half done."""

import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import text
from tests.party.conftest import CRM_COLUMNS, MAPPINGS
from tests.party.ingest.nasty import write_nasty

from hutong.party.ingest import load as loading
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import FileForm, Mapping, read_mapping
from hutong.party.ingest.spreadsheets import export_rejects
from hutong.platform import database, processes
from hutong.platform.errors import Invalid

pytestmark = pytest.mark.usefixtures("database")


def one(sql: str) -> object:
    """A single value."""
    with database.read("party") as conn:
        return conn.execute(text(sql)).scalar_one()


def test_a_hundred_thousand_nasty_rows(tmp_path: Path, crm: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-03: every row is admitted or rejected for its own reason, at its own place, by several processes."""
    monkeypatch.setattr(loading, "SHARED_BYTES", 1)
    expected = write_nasty(tmp_path / "nasty.csv", 100_000)
    report = load_file(tmp_path / "nasty.csv", crm, "user:1")
    admitted = expected.pop("")
    assert (report.rows, report.admitted, report.reasons) == (100_000, admitted, dict(expected.most_common()))
    assert report.repeated == 100 + 99  # the first row's key, a hundred times again; one key that is too long
    assert one("SELECT count(*) FROM party.source_record") == admitted - 100
    assert one("SELECT count(*) FROM party.source_version") == admitted
    assert one("SELECT count(*) FROM party.source_record WHERE 'address:too_long' = ANY(issues)") == 100
    assert one("SELECT raw ->> '客户名称' FROM party.source_version WHERE row_number = 3") == '王"小"\n明'
    assert one("SELECT raw ->> '客户名称' FROM party.source_version WHERE row_number = 4") == "=cmd|' /C calc'!A0"
    places = "SELECT string_agg(row_number || reasons[1], ' ' ORDER BY row_number) FROM party.rejected_record"
    assert one(f"{places} WHERE row_number <= 14") == (
        "2columns 5no_key 6kind_unmapped 7not_a_name 8encoding 11bad_id 12no_name 13key_too_long 14encoding"
    )


def test_exports_run_nothing(tmp_path: Path, crm: Mapping) -> None:
    """EC-03: what a spreadsheet would take for a formula goes out as text; signs of numbers stay."""
    path = tmp_path / "a.csv"
    rows = ['"=1+1"', "@SUM(A1)", "+86 139 1234 0001", "-2+3+cmd|' /C calc'!A0"]
    body = "\n".join(f"{value},9" + "," * (len(CRM_COLUMNS) - 2) for value in rows)
    path.write_bytes((",".join(CRM_COLUMNS) + "\n" + body + "\n").encode("gb18030"))
    report = load_file(path, crm, "user:1")
    with database.read("party") as conn:
        cells = [line.split(",")[2] for line in export_rejects(conn, report.load_id)][1:]
    assert cells == ["'=1+1", "'@SUM(A1)", "+86 139 1234 0001", "'-2+3+cmd|' /C calc'!A0"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_a_byte_order_mark_decides(tmp_path: Path, crm: Mapping, encoding: str) -> None:
    """A file that says how it is written is read so, whatever its mapping expects."""
    path = tmp_path / "a.csv"
    row = ",".join({"客户编号": "C1", "客户类型": "1", "客户名称": "王小明"}.get(name, "") for name in CRM_COLUMNS)
    mark = "\ufeff" if encoding == "gb18030" else ""
    path.write_bytes((mark + ",".join(CRM_COLUMNS) + "\r\n" + row + "\r\n").encode(encoding))
    assert load_file(path, crm, "user:1").admitted == 1
    assert one("SELECT name FROM party.source_record") == "王小明"


def test_a_swelling_archive_is_not_unpacked(tmp_path: Path) -> None:
    """EC-03: a zip bomb named xlsx is refused by what it says it holds, and a liar by its checksum."""
    billing = read_mapping(MAPPINGS / "billing.yaml")
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/sheet.xml", "w") as sheet:
        for _ in range(100):
            sheet.write(b"0" * (1 << 20))
    with pytest.raises(Invalid) as caught:
        load_file(bomb, billing, "user:1")
    assert caught.value.code == "party-file-too-large"
    honest, lie = (100 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    liar = tmp_path / "liar.xlsx"
    liar.write_bytes(bomb.read_bytes().replace(honest, lie))
    with pytest.raises(Invalid) as caught:
        load_file(liar, billing, "user:1")
    assert caught.value.code == "party-file-form"


@pytest.mark.parametrize(
    ("line", "reason"),
    [('{"contactId": "A", "callerName": "\\u0000"}', "encoding"), ('{"contactId": "\\ud800"}', "not_a_record"),
     ("[" * 100_000, "not_a_record"), ('{"contactId": "' + "x" * (5 << 20) + '"}', "too_long")],
)  # fmt: skip
def test_lines_that_are_no_records(tmp_path: Path, line: str, reason: str) -> None:
    """EC-03: escapes no database stores, halves of pairs, deep nesting and endless lines are rejected alone."""
    path = tmp_path / "c.jsonl"
    fine = '{"contactId": "CC-%d", "kind": "个人", "callerName": "王小明", "callerPhone": "13912340001"}\n'
    path.write_text("".join([fine % 1, line + "\r\n", "\n", fine % 2]), encoding="utf-8")
    report = load_file(path, read_mapping(MAPPINGS / "callcentre.yaml"), "user:1")
    assert (report.rows, report.admitted, report.reasons) == (3, 2, {reason: 1})


@pytest.mark.parametrize("name", ["nothing.csv", "zip.csv", "one-line.csv", "wide.csv"])
def test_what_is_no_table_is_refused_whole(tmp_path: Path, crm: Mapping, name: str) -> None:
    """EC-03: nothing half done."""
    path = tmp_path / name
    content = {"nothing.csv": b"\n\n\n", "one-line.csv": b"x" * (9 << 20), "wide.csv": b"," * 5000 + b"\n1\n"}
    if name == "zip.csv":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", "a,b\n" * 1000)
    else:
        path.write_bytes(content[name])
    with pytest.raises(Invalid):
        load_file(path, crm, "user:1")
    assert one("SELECT (SELECT count(*) FROM party.load) + (SELECT count(*) FROM party.source)") == 0


def test_an_xlsx_with_too_much(tmp_path: Path) -> None:
    """Rows without any cell are none; formulas give their value; cells beyond the header are not taken."""
    import openpyxl

    billing = read_mapping(MAPPINGS / "billing.yaml")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "CUST_INFO"
    sheet.append(billing.needed())
    sheet.append({1: "A1"} | {billing.needed().index(name) + 1: value for name, value in
                              (("CUST_TYPE", "P"), ("CUST_NAME", "王小明"), ("MOBILE", 13912340001))})  # fmt: skip
    sheet["XX2"] = "far away"
    sheet["A9"] = "=1+1"
    book.save(tmp_path / "a.xlsx")
    report = load_file(tmp_path / "a.xlsx", billing, "user:1")
    assert (report.rows, report.admitted) == (1, 1)
    assert one("SELECT mobile FROM party.source_record WHERE key = 'A1'") == "+8613912340001"


def test_a_sheet_that_reaches_too_far(tmp_path: Path) -> None:
    """EC-03: a small file with one cell in the last row and column ends neither this process nor its memory."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("CUST_INFO")
        page.write(0, 0, "CUST_ID")
        page.write(1_048_575, 16_383, "far away")
    with pytest.raises(Invalid) as caught:
        load_file(path, read_mapping(MAPPINGS / "billing.yaml"), "user:1")
    assert caught.value.code == "party-file-spread"


def test_forms_of_files_are_only_forms(tmp_path: Path, crm: Mapping) -> None:
    """The same rows as CSV and as JSON lines give the same records (EC-04)."""
    csv_path, json_path = tmp_path / "a.csv", tmp_path / "a.jsonl"
    row = {"客户编号": "C1", "客户类型": "1", "客户名称": "王小明", "联系电话": "13912340001"}
    csv_path.write_bytes(
        (",".join(CRM_COLUMNS) + "\n" + ",".join(row.get(c, "") for c in CRM_COLUMNS) + "\n").encode("gb18030")
    )
    json_path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    load_file(csv_path, crm, "user:1")
    first = one("SELECT name || mobile || name_key FROM party.source_record")
    as_json = crm.model_copy(update={"file": FileForm(format="jsonl"), "version": 2})
    assert load_file(json_path, as_json, "user:1").admitted == 1
    assert one("SELECT name || mobile || name_key FROM party.source_record") == first


def test_processes_that_die_are_told(tmp_path: Path, crm: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    """A standardising process that ends takes the load with it, and nothing is stored."""
    monkeypatch.setattr(loading, "SHARED_BYTES", 1)
    monkeypatch.setattr(processes, "COMMAND", ["/bin/false"])
    write_nasty(tmp_path / "a.csv", 500)
    with pytest.raises((RuntimeError, BrokenPipeError)):
        load_file(tmp_path / "a.csv", crm, "user:1")
    assert one("SELECT count(*) FROM party.load") == 0
