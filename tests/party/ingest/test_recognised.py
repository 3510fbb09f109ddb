"""EC-03: how a sample is written is told by the file, not asked of its owner."""

from pathlib import Path

import pytest

from hutong.party.ingest import preview
from hutong.party.ingest.mapping import FileForm
from hutong.party.ingest.recognised import LOOKED_AT, form_of

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
