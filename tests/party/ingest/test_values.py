"""EC-04: a set standardised gives what each value alone gives; many processes give what one gives."""

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.party.conftest import CRM_COLUMNS
from tests.party.ingest.nasty import EVERY

from hutong.party.ingest import parts
from hutong.party.ingest.mapping import TEXTS, Mapping
from hutong.party.ingest.values import Standardiser
from hutong.party.standardise import addresses, identifiers, names, organisations, phones
from hutong.party.standardise.text import clean, simplified
from hutong.platform.processes import Processes

VALUES = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True),
    st.from_regex(r"(浙江省?)?杭州市?西湖区?文[一二三]路[0-9]{1,3}号[0-9]幢[0-9]单元[0-9]{3}室", fullmatch=True),
    st.sampled_from(
        ["王小明先生", "歐陽　娜娜", "0571-88012345", "13800138000", "浙江明达科技有限公司宁波分公司", "a@b.cn"]
    ),
)
KINDS = st.sampled_from([None, "person", "organisation", "resident_id", "uscc", "passport"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.fixed_dictionaries({**dict.fromkeys(TEXTS, VALUES), "kind": KINDS, "id_type": KINDS}), max_size=8))
def test_a_set_gives_what_single_values_give(rows: list[dict[str, Any]]) -> None:
    """EC-04: the loader's way and the interface's way are one."""
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in (*TEXTS, "kind")})
    made = Standardiser("CN")(table).to_pylist()
    for row, found in zip(rows, made, strict=True):
        got = lambda prefix: tuple(value for key, value in found.items() if key.startswith(prefix + "_"))  # noqa: B023, E731
        for prefix, column in (("m", "mobile"), ("p", "phone")):
            expected = phones.phone(row[column]) if row[column] is not None else phones.NOTHING
            assert got(prefix) == tuple(expected)
        assert got("a") == tuple(addresses.address(row["address"]))
        assert got("e") == (identifiers.email(row["email"]),)
        assert got("b") == (identifiers.bank_card(row["bank_card"]),)
        assert got("c") == (names.person_name(row["contact_name"]).name,)
        if row["id_number"] is not None:
            assert got("i")[:5] == tuple(identifiers.identifier(row["id_type"], row["id_number"]))
        if row["name"] is not None:
            single = (organisations.organisation_name if row["kind"] == "organisation" else names.person_name)(
                row["name"]
            )
            assert (found["n_name"], found["n_key"], found["n_issue"]) == (single.name, single.key, single.issue)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x9FFF), max_size=12))
def test_the_short_way_is_the_long_way(raw: str) -> None:
    """EC-04: values that skip steps come out as if they had taken them."""
    import unicodedata

    text = " ".join(unicodedata.normalize("NFKC", raw).split())
    assert (
        clean(raw) == " ".join("".join(c for c in text if c.isprintable()).split(" ")).strip() or not text.isprintable()
    )
    digits = "1" + "".join(c for c in raw if c.isascii() and c.isdigit())[:10].ljust(10, "5")
    assert phones.phone(digits) == phones.phone("+86" + digits) == phones.phone(f" {digits} ")
    assert simplified(raw) == simplified(simplified(raw)) or len(raw) > 1


def test_processes_give_what_one_gives(crm: Mapping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-04: the parts put together are the whole, to the byte."""
    rows = [
        dict.fromkeys(CRM_COLUMNS, "")
        | {"客户编号": f"C{n}", "客户类型": "12"[n % 2], "客户名称": f"王{chr(0x4E00 + n)}公司", "性别": str(n % 4),
           "通信地址": f"杭州市西湖区文三路{n}号", "联系电话": f"1391234{n:04}", "更新时间": "2026/01/02 10:00:00"}
        for n in range(EVERY)
    ]  # fmt: skip
    path = tmp_path / "crm.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, list(CRM_COLUMNS))
        writer.writeheader()
        writer.writerows(rows)
    made = []
    for processes, size in ((0, EVERY), (2, 300)):
        monkeypatch.setattr(parts, "ROWS", size)
        with Processes(processes) as standardising:
            made.append(parts.admitted(path, crm, standardising))
    assert made[0].equals(made[1])
    assert made[0].num_rows == EVERY and made[0]["name"][1].as_py() == "王丁公司"
