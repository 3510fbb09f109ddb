"""A CRM export with everything that is wrong with exports, and what must become of each row."""

from collections import Counter
from pathlib import Path

from tests.party.conftest import CRM_COLUMNS

EVERY = 1000
"""Rows of which a dozen are wrong, each in its own way."""


def write_nasty(path: Path, rows: int) -> Counter[str]:
    """Write `rows` data rows in GB18030; returns reason → rows, with '' for those to be admitted."""
    expected: Counter[str] = Counter()
    with path.open("wb") as file:
        file.write((",".join(CRM_COLUMNS) + "\n").encode("gb18030"))
        for number in range(rows):
            line, reason = nasty_row(number)
            file.write(line)
            expected[reason] += 1
    return expected


def nasty_row(number: int) -> tuple[bytes, str]:  # noqa: PLR0912  (one branch for each way)
    """One row: its bytes and the reason it is rejected for, '' if it is not."""
    key = f"C{number:09}"
    cells = {
        "客户编号": key,
        "客户类型": "1",
        "客户名称": f"王{chr(0x4E00 + number % 5000)}",
        "联系电话": f"139{number:08}",
    }
    cells["通信地址"] = f"杭州市西湖区文三路{number % 900}号{number % 40}幢2单元501室"
    end, reason = ("\r\n", "\n", "\r")[number % 3], ""
    match number % EVERY:
        case 1:
            return f"{key},1,too,few\n".encode("gb18030"), "columns"
        case 2:
            cells["客户名称"] = '"王""小""\n明"'  # quotes and a line end within the cell
        case 3:
            cells["客户名称"] = "=cmd|' /C calc'!A0"
        case 4:
            cells["客户编号"], reason = "", "no_key"
        case 5:
            cells["客户类型"], reason = "7", "kind_unmapped"
        case 6:
            cells["客户名称"], reason = "测试", "not_a_name"
        case 7:
            cells["客户名称"], reason = "王\0明", "encoding"
        case 8:
            cells["通信地址"] = "路" * 20_000  # a huge cell is no value, and no reason to refuse the row
        case 9:
            cells["客户编号"] = "C000000000"  # the key of the first row, again and again
        case 10:
            cells["证件类型"], cells["证件号码"], reason = "01", "110105194912310021", "bad_id"
        case 11:
            cells["客户名称"], reason = "名" * 5000, "no_name"
        case 12:
            cells["客户编号"], reason = "K" * 900, "key_too_long"
    encoded = (",".join(cells.get(column, "") for column in CRM_COLUMNS) + end).encode("gb18030")
    if number % EVERY == 13:
        return encoded.replace("西湖".encode("gb18030"), b"\xff\xff"), "encoding"
    return encoded, reason
