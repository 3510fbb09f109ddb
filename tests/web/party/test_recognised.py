"""EC-03: how a sample is written is told by the file, not asked of its owner."""

from pathlib import Path

import pytest

from hutong.party.ingest import preview
from hutong.party.ingest.mapping import FileForm
from hutong.web.party.recognised import LOOKED_AT, form_of

TEXT = "编码;姓名;地址\r\nA1;王小明;杭州市,西湖区\r\nA2;李丽华;\r\n"
CSV = FileForm(format="csv")


def found(folder: Path, content: bytes, stated: FileForm = CSV) -> tuple[str, str, str]:
    """Format, encoding, delimiter of a file."""
    path = folder / "sample"
    path.write_bytes(content)
    form = form_of(path, stated)
    return form.format, form.encoding, form.delimiter


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (TEXT.encode(), ("csv", "utf-8", ";")),
        (TEXT.encode("utf-8-sig"), ("csv", "utf-8", ";")),
        (TEXT.encode("gb18030"), ("csv", "gb18030", ";")),
        (TEXT.encode("utf-16"), ("csv", "utf-16", ";")),
        (TEXT.replace(";", "\t").encode("gb18030"), ("csv", "gb18030", "\t")),
        ("Name,Born\nBéranger,1980\n".encode("cp1252"), ("csv", "cp1252", ",")),
        (b'id|name\n1|"Smith; John|Jr"\n', ("csv", "utf-8", "|")),
        ("编码;姓名\n1;王\n2;李丽".encode(), ("csv", "utf-8", ";")),
        (b"id\n1\n2\n", ("csv", "utf-8", ",")),
        (b"", ("csv", "utf-8", ",")),
        (b'{"id": 1, "name": "A;B"}\n', ("jsonl", "utf-8", ",")),
        (b"PK\x03\x04rest", ("xlsx", "utf-8", ",")),
    ],
)
def test_a_file_tells_how_it_is_written(tmp_path: Path, content: bytes, form: tuple[str, str, str]) -> None:
    assert found(tmp_path, content) == form


def test_what_is_stated_holds_where_the_file_reads_so(tmp_path: Path) -> None:
    stated = FileForm(format="csv", encoding="big5", delimiter=";")
    assert found(tmp_path, "編號;姓名\n1;王,小明\n".encode("big5"), stated) == ("csv", "big5", ";")


@pytest.mark.parametrize("cut", range(3))
def test_a_character_cut_in_two_is_no_other_encoding(tmp_path: Path, cut: int) -> None:
    content = b"x" * cut + b",\n" + "王,小\n".encode() * (LOOKED_AT // 8)
    assert len(content) > LOOKED_AT and found(tmp_path, content)[1] == "utf-8"


def test_a_key_is_guessed_by_its_name_alone() -> None:
    taken = {"姓名": "name"}
    assert preview.guessed_key({"姓名": ["王"], "顾客编码": ["1"]}, taken) == "顾客编码"
    assert preview.guessed_key({"member no": ["1"], "name": []}, taken) == "member no"
    assert preview.guessed_key({"CallerId": ["1"]}, taken) == "CallerId"
    assert preview.guessed_key({"姓名": ["王"], "renown": ["1"], "paid": []}, taken) is None


def test_a_newcomers_columns_are_guessed() -> None:
    """By name whatever divides its words, by values where names say nothing; when members joined is no birth date."""
    mobiles, days = ["138 1234 5601", "+86 139-1234-5602"], ["2024-01-05", "2022-07-01"]
    found = {"full name": ["刘德明"], "tel": mobiles, "id card": [], "e-mail": [], "since": days}
    assert preview.guessed(found) == {"name": "full name", "mobile": "tel", "id_number": "id card", "email": "e-mail"}
    found = {"全名": [], "联系手机": [], "座机": mobiles, "生于": ["1980-03-04", "2001-03-04"]}
    wanted = {"name": "全名", "mobile": "联系手机", "phone": "座机", "birth_date": "生于"}
    assert preview.guessed(found) == wanted


def test_forms_of_dates_are_those_of_the_sample() -> None:
    assert preview.date_forms(["1980-03-04", "1975/11/2", "1990.5.6"]) == ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"]
    assert preview.date_forms(["19800304"]) == ["%Y%m%d"]
    assert preview.date_forms(["1980-03-04"]) == [], "read without being told"
    assert preview.date_forms(["1980/03/04", "unknown"]) == [] == preview.date_forms([])
    assert preview.date_forms(["03/04/1980"]) == [], "March or April"
