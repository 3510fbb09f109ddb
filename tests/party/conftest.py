"""Source files for the customer master's tests, small and telling."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from hutong.party.ingest.load import LoadReport, load_file
from hutong.party.ingest.mapping import Mapping as MappingDocument
from hutong.party.ingest.mapping import read_mapping

MAPPINGS = Path(__file__).parents[2] / "packs/telecom/mappings"
CRM_COLUMNS = [
    "客户编号", "客户类型", "客户名称", "证件类型", "证件号码", "性别", "出生日期", "联系电话", "固定电话", "电子邮箱",
    "通信地址", "邮政编码", "联系人", "归属地市", "客户等级", "客户状态", "建档网点", "建档时间", "更新时间",
]  # fmt: skip
CrmRow = Mapping[str, str]
Importer = Callable[..., LoadReport]


@pytest.fixture
def crm() -> MappingDocument:
    """The CRM's mapping document."""
    return read_mapping(MAPPINGS / "crm.yaml")


def write_crm(path: Path, rows: Sequence[CrmRow]) -> Path:
    """A CRM export: GB18030, as the system writes it."""
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, CRM_COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({"客户类型": "1", "更新时间": "2026/01/02 10:00:00", **row} for row in rows)
    return path


@pytest.fixture
def take_in(tmp_path: Path, crm: MappingDocument) -> Importer:
    """Import rows as a CRM export."""
    files = iter(range(1000))

    def run(*rows: CrmRow) -> LoadReport:
        return load_file(write_crm(tmp_path / f"crm-{next(files)}.csv", rows), crm, "user:1")

    return run
