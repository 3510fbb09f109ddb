"""Readers of the sample's files, independent of what wrote them."""

import csv
import json
from pathlib import Path

import fastexcel
import pyarrow as pa

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
        cells = fastexcel.read_excel(folder / "billing.xlsx").load_sheet("CUST_INFO", dtypes="string")
        return [{name: value or "" for name, value in row.items()} for row in pa.record_batch(cells).to_pylist()]
    rows = []
    for line in (folder / "callcentre.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            rows.append({})
    return rows


def truth_rows(sample: Path) -> list[dict[str, str]]:
    """The truth, a dictionary a line."""
    with (sample / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def usage_file(path: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """Header, records and trailer, each as fields."""
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    return lines[0], lines[1:-1], lines[-1]
