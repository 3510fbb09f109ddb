"""EC-05: files as analysts have them: any usual encoding, separator, type of number, with or without a header."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from hutong.party.offline.files import read_columns
from hutong.party.offline.mapping import FileMapping
from hutong.party.offline.resolve import resolve_files

MAPPING = {"key": "编号", "columns": {"name": "姓名", "phone": "手机"}}
TEXT = "编号,姓名,手机\r\n0001,张三,13800000001\r\n0002,李四,13800000002\r\n"
GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "customer-master"
AS_TEXT = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(("姓名", "手机", "身份证"), pa.string()))
FRENCH = "id;name\n1;Éric Béranger\n2;Zoé Müller\n3;Anaïs Lefèvre\n"


def read(path: Path, **mapping: object) -> list[dict[str, str]]:
    """What is read."""
    rows: list[dict[str, str]] = read_columns(path, FileMapping.model_validate({**MAPPING, **mapping})).to_pylist()
    return rows


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_encodings_and_separators_are_found(tmp_path: Path, encoding: str, separator: str) -> None:
    """Nothing said in the mapping; keys keep their zeros."""
    path = tmp_path / "people.csv"
    path.write_bytes(TEXT.replace(",", separator).encode(encoding))
    assert read(path) == [
        {"编号": "0001", "姓名": "张三", "手机": "13800000001"},
        {"编号": "0002", "姓名": "李四", "手机": "13800000002"},
    ]


def test_accented_latin_is_not_read_as_chinese(tmp_path: Path) -> None:
    """An accented letter and the next are one Chinese character in GB 18030."""
    path = tmp_path / "people.csv"
    body = FRENCH.replace("Zoé Müller", "Müller")
    path.write_bytes(body.encode("latin-1"))
    assert "閞" in path.read_bytes().decode("gb18030", "replace")
    rows = read_columns(path, FileMapping.model_validate({"key": "id", "columns": {"name": "name"}})).to_pylist()
    assert [row["name"] for row in rows] == ["Éric Béranger", "Müller", "Anaïs Lefèvre"]


def test_columns_of_a_file_without_header_are_numbers(tmp_path: Path) -> None:
    """`header: false`."""
    path = tmp_path / "people.csv"
    path.write_text(TEXT.split("\r\n", 1)[1], encoding="utf-8")
    rows = read(path, header=False, key=1, columns={"name": 2, "phone": 3})
    assert rows[0] == {"1": "0001", "2": "张三", "3": "13800000001"}


def test_capitals_of_columns_do_not_matter(tmp_path: Path) -> None:
    """ID is Id."""
    path = tmp_path / "people.csv"
    path.write_text("Id,Name\n2,a\n", encoding="utf-8")
    assert read(path, key="ID", columns={"name": "NAME"}) == [{"ID": "2", "NAME": "a"}]


def test_whole_numbers_that_became_floats_are_whole(tmp_path: Path) -> None:
    """A column with gaps is a float for many a program: 13800000001.0 is a phone, 7.0 the key 7, 1.5 stays."""
    path = tmp_path / "people.parquet"
    pa.parquet.write_table(
        pa.table({"编号": [7.0, 8.0], "姓名": ["张三", "1.5"], "手机": [1.3800000001e10, None]}), path
    )
    assert read(path) == [
        {"编号": "7", "姓名": "张三", "手机": "13800000001"},
        {"编号": "8", "姓名": "1.5", "手机": None},
    ]
    pa.parquet.write_table(pa.table({"编号": [1.5], "姓名": ["a"], "手机": ["b"]}), path)
    assert read(path)[0]["编号"] == "1.5"


def test_a_single_record_is_a_party(tmp_path: Path) -> None:
    """Also the only organisation among persons: it does not keep them from being resolved."""
    people = pyarrow.csv.read_csv(GUIDE / "shop.csv", convert_options=AS_TEXT).to_pylist()[:60]
    lines = [f"{number}-{copy},P,{row['姓名']},{row['手机']},{row['身份证']}"
             for copy in "ab" for number, row in enumerate(people)]  # fmt: skip
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["id,type,name,phone,document", *lines, "900,O,杭州某某有限公司,,"]), encoding="utf-8")
    kinds = {"column": "type", "codes": {"P": "person", "O": "organisation"}}
    columns = {"name": "name", "phone": "phone", "id_number": "document"}
    mapping = FileMapping.model_validate({"key": "id", "kind": kinds, "columns": columns})
    party = {row["key"]: row["party"] for row in resolve_files([(path, mapping)]).clusters.to_pylist()}
    assert len(party) == 121
    assert list(party.values()).count(party["900"]) == 1
    assert sum(party[f"{number}-a"] == party[f"{number}-b"] for number in range(60)) >= 58


def test_several_phones_of_a_record_in_one_cell(tmp_path: Path) -> None:
    """Semicolons between, or a list of Parquet; the first of every column comes before further ones."""
    mapping = {"key": "id", "region": "US", "columns": {"name": "name", "phone": ["tel", "work"], "email": "mail"}}
    (tmp_path / "cells.csv").write_text(
        "id,name,tel,work,mail\n1,Ann Lee,2025551234; 2025559876,2025550101,a@x.com;b@x.com\n2,Bo Ray,,n/a,\n",
        encoding="utf-8",
    )
    lists = {"id": [1], "name": ["Ann Lee"], "tel": [["2025551234", "2025559876"]], "work": ["2025550101"]}
    pyarrow.parquet.write_table(pa.table(lists | {"mail": [["a@x.com", "b@x.com"]]}), tmp_path / "lists.parquet")
    files = [tmp_path / "cells.csv", tmp_path / "lists.parquet"]
    made = resolve_files([(path, FileMapping.model_validate(mapping)) for path in files]).kinds[0].records
    phones = [("+12025551234", "+12025550101", "+12025559876"), (None, None, None)]
    columns = ("mobile", "phone", "other_phone", "email", "other_email")
    found = [tuple(row[name] for name in columns) for row in made.to_pylist()]
    assert found == [(*phones[0], "a@x.com", "b@x.com"), (*phones[1], None, None), (*phones[0], "a@x.com", "b@x.com")]


@pytest.mark.parametrize("kind", ["organisation", "organization", "Company"])
def test_kinds_as_they_are_called_elsewhere(kind: str) -> None:
    """American spelling."""
    assert FileMapping.model_validate({"kind": kind, "columns": {"name": "name"}}).kind == "organisation"
