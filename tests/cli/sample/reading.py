"""Readers of the sample's files, independent of what wrote them."""

import csv
import json
from pathlib import Path

from python_calamine import CalamineWorkbook

HEADERS = {"crm": "客户编号", "billing": "CUST_ID", "callcentre": "contactId"}
NAMES = {"crm": "客户名称", "billing": "CUST_NAME", "callcentre": "callerName"}


def source_rows(sample: Path, source: str) -> list[dict[str, str]]:
    """Rows by column; a line that cannot be read is an empty row."""
    folder = sample / "sources"
    if source == "crm":
        with (folder / "crm.csv").open(encoding="gb18030", newline="") as file:
            lines = list(csv.reader(file))
        return [dict(zip(lines[0], line, strict=True)) if len(line) == len(lines[0]) else {} for line in lines[1:]]
    if source == "billing":
        lines = CalamineWorkbook.from_path(folder / "billing.xlsx").get_sheet_by_name("CUST_INFO").to_python()
        return [dict(zip(map(str, lines[0]), map(_text, line), strict=True)) for line in lines[1:]]
    rows = []
    for line in (folder / "callcentre.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            rows.append({})
    return rows


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) else str(value)


def truth_rows(sample: Path) -> list[dict[str, str]]:
    """The truth, a dictionary a line."""
    with (sample / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def usage_file(path: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """Header, records and trailer, each as fields."""
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    return lines[0], lines[1:-1], lines[-1]
