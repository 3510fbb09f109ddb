"""EC-03, EC-09, EC-14: files taken in whole or not at all, once, rejected rows kept with their reasons."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.party.conftest import CRM_COLUMNS, MAPPINGS, Importer, write_crm

from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import Mapping, read_mapping
from hutong.party.ingest.spreadsheets import export_rejects
from hutong.platform import database
from hutong.platform.errors import Invalid, Unprocessable

pytestmark = pytest.mark.usefixtures("database")


def one(sql: str) -> object:
    """A single value."""
    with database.read("party") as conn:
        return conn.execute(text(sql)).scalar_one()


def test_rows_admitted_and_rejected(take_in: Importer) -> None:
    """EC-03: a rejected record is kept with its reason and fed back, never dropped; EC-09: unmapped codes reported."""
    report = take_in(
        {"客户编号": "C1", "客户名称": "王小明", "性别": "9", "联系电话": "13912340001"},
        {"客户编号": "C2", "客户名称": "测试", "联系电话": "13912340002"},
        {"客户编号": "C3", "客户名称": "李丽", "证件类型": "01", "证件号码": "110105194912310021"},
        {"客户编号": "", "客户名称": "赵云"},
        {"客户编号": "C5", "客户名称": "孙权", "证件类型": "01", "证件号码": "111111111111111111"},
    )
    assert (report.rows, report.admitted, report.rejected) == (5, 2, 3)
    assert report.reasons == {"bad_id": 1, "no_key": 1, "not_a_name": 1}
    assert report.unmapped == {"gender": {"9": 1}}
    with database.read("party") as conn:
        lines = list(export_rejects(conn, report.load_id))
    assert lines[0].startswith("row,reasons,客户编号")
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["2", "not_a_name", "C2"],
        ["3", "bad_id", "C3"],
        ["4", "no_key", ""],
    ]
    assert one("SELECT count(*) FROM party.source_version") == 2


def test_the_same_file_again_changes_nothing(tmp_path: Path, crm: Mapping) -> None:
    """EC-14: taking a file in is idempotent by its content."""
    path = write_crm(tmp_path / "a.csv", [{"客户编号": "C1", "客户名称": "王小明"}])
    first = load_file(path, crm, "user:1")
    again = load_file(path.rename(tmp_path / "b.csv"), crm, "user:1")
    assert (first.again, again.again, again.load_id) == (False, True, first.load_id)
    assert one("SELECT count(*) FROM party.load") == 1


def test_a_record_changes_and_keeps_its_versions(take_in: Importer) -> None:
    """EC-05: every version of a source record is kept as it came; an older one does not overwrite a newer."""
    take_in({"客户编号": "C1", "客户名称": "王小明", "更新时间": "2026/01/02 10:00:00"})
    report = take_in(
        {"客户编号": "C1", "客户名称": "王晓明", "更新时间": "2026/02/02 10:00:00"},
    )
    take_in({"客户编号": "C1", "客户名称": "王老", "更新时间": "2025/01/01 10:00:00"})
    assert report.unchanged == 0
    assert one("SELECT name FROM party.source_record") == "王晓明"
    assert (
        one("SELECT string_agg(raw ->> '客户名称', ',' ORDER BY id) FROM party.source_version") == "王小明,王晓明,王老"
    )


def test_the_last_of_two_rows_with_one_key_wins(take_in: Importer) -> None:
    """A file may hold a key twice: the later row is the record, both are kept."""
    take_in({"客户编号": "C1", "客户名称": "王小明"}, {"客户编号": "C1", "客户名称": "王晓明"})
    assert one("SELECT name FROM party.source_record") == "王晓明"
    assert one("SELECT count(*) FROM party.source_version") == 2


def test_broken_rows_are_told_from_their_neighbours(tmp_path: Path, crm: Mapping) -> None:
    """EC-03: a row with missing columns or broken characters is rejected alone, at its own number."""
    path = write_crm(tmp_path / "a.csv", [{"客户编号": f"C{n}", "客户名称": "王小明"} for n in range(8)])
    lines = path.read_bytes().split(b"\r\n")
    lines.insert(3, b"only,three,columns")
    lines[6] = lines[6].replace("王小明".encode("gb18030"), b"\xff\xff")
    path.write_bytes(b"\r\n".join(lines))
    report = load_file(path, crm, "user:1")
    assert (report.rows, report.admitted) == (9, 7)
    with database.read("party") as conn:
        found = conn.execute(text("SELECT row_number, reasons FROM party.rejected_record ORDER BY row_number")).all()
    assert [(row[0], row[1][0]) for row in found] == [(3, "columns"), (6, "encoding")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "party-file-columns"),
        ("客户编号,客户名称\r\n1,王\r\n".encode("gb18030"), "party-file-columns"),
        ((",".join(CRM_COLUMNS) + "\r\n").encode("gb18030"), "party-file-empty"),
    ],
)
def test_a_wrong_file_is_refused_whole(tmp_path: Path, crm: Mapping, content: bytes, message: str) -> None:
    """EC-03: what, where and how to mend it; nothing half done."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        load_file(path, crm, "user:1")
    assert caught.value.code == message and "a.csv" in caught.value.message("en")
    assert one("SELECT (SELECT count(*) FROM party.load) + (SELECT count(*) FROM party.source)") == 0


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """A UTF-16 file under a UTF-8 mapping is not half read."""
    path = tmp_path / "c.jsonl"
    path.write_bytes(b'{"contactId": "\xff\xfe"}\n' * 20)
    with pytest.raises(Invalid) as caught:
        load_file(path, read_mapping(MAPPINGS / "callcentre.yaml"), "user:1")
    assert caught.value.code in ("party-file-encoding", "party-file-columns")


def test_json_lines(tmp_path: Path) -> None:
    """JSON lines: absent fields are not given, a line that is not an object is rejected."""
    path = tmp_path / "c.jsonl"
    path.write_text(
        '{"contactId": "CC-1", "kind": "个人", "callerName": "王先生", "callerPhone": "13912340001"}\n'
        "not json\n"
        '{"contactId": "CC-2", "kind": "个人", "callerName": "李丽"}\n',
        encoding="utf-8",
    )
    report = load_file(path, read_mapping(MAPPINGS / "callcentre.yaml"), "user:1")
    assert report.reasons == {"no_contact": 1, "not_a_record": 1}
    assert one("SELECT name_partial FROM party.source_record") is True


def test_a_mapping_names_its_mistake(tmp_path: Path) -> None:
    """EC-03: a rule the language does not accept is refused when read, with its place."""
    path = tmp_path / "m.yaml"
    body = (MAPPINGS / "crm.yaml").read_text(encoding="utf-8").replace("row.id_valid", "row.no_such_field")
    path.write_text(body, encoding="utf-8")
    with pytest.raises(Unprocessable) as caught:
        read_mapping(path)
    assert "admission" in caught.value.message("en") and "no_such_field" in caught.value.message("en")
