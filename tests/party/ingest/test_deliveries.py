"""EC-03, EC-14: full files, change files, and what arrives out of order."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.party.conftest import CRM_COLUMNS, CrmRow, write_crm

from hutong.party.ingest import parts
from hutong.party.ingest.load import LoadReport, load_file
from hutong.party.ingest.mapping import Delivery, Mapping, Operation
from hutong.platform import database

pytestmark = pytest.mark.usefixtures("database")


def live() -> dict[str, str]:
    """Key → name of the records that their source has not ended."""
    with database.read("party") as conn:
        rows = conn.execute(text("SELECT key, name FROM party.source_record WHERE withdrawn_at IS NULL ORDER BY key"))
        return {row.key: row.name for row in rows}


def row(key: str, name: str = "王小明", day: int = 1, **more: str) -> CrmRow:
    """A row of a CRM export, changed on a day of January."""
    return {"客户编号": key, "客户名称": name, "更新时间": f"2026/01/{day:02} 10:00:00" if day else "", **more}


def taken(tmp_path: Path, mapping: Mapping, *rows: CrmRow) -> LoadReport:
    """Take rows in."""
    path = write_crm(tmp_path / f"{len(list(tmp_path.iterdir()))}.csv", rows)
    return load_file(path, mapping, "user:1")


@pytest.mark.parametrize(("missing", "left"), [("keep", ["C0", "C1", "C2"]), ("end", ["C0", "C1"])])
def test_a_full_file_tells_what_is_missing(tmp_path: Path, crm: Mapping, missing: str, left: list[str]) -> None:
    """EC-03: records that a full file no longer states are counted, and ended where the mapping says so."""
    delivery = Delivery.model_validate({"form": "full", "missing": missing, "missing_most": 40})
    full = crm.model_copy(update={"delivery": delivery})
    taken(tmp_path, full, *(row(f"C{n}") for n in range(3)))
    report = taken(tmp_path, full, row("C0"), row("C1", name="测试", 联系电话="1"))  # rejected, but still stated
    assert (report.missing, report.withdrawn, report.rejected) == (1, int(missing == "end"), 1)
    assert list(live()) == left


def test_a_file_cut_short_ends_nothing(tmp_path: Path, crm: Mapping) -> None:
    """More records missing than the mapping expects: told, not ended; and what is stated again is there again."""
    full = crm.model_copy(update={"delivery": Delivery(form="full", missing="end", missing_most=50)})
    taken(tmp_path, full, *(row(f"C{n}") for n in range(4)))
    report = taken(tmp_path, full, row("C0"))
    assert (report.missing, report.withdrawn, len(live())) == (3, 0, 4)
    taken(tmp_path, full, row("C0"), row("C1"))
    assert list(live()) == ["C0", "C1"]
    taken(tmp_path, full, row("C0"), row("C1"), row("C2"))
    assert list(live()) == ["C0", "C1", "C2"]


def changes(crm: Mapping) -> Mapping:
    """The CRM's change file: its state column says what happened."""
    operation = Operation(column="客户状态", codes={"I": "insert", "U": "update", "D": "delete"})
    return crm.model_copy(update={"delivery": Delivery(form="changes"), "operation": operation})


def test_a_change_file(tmp_path: Path, crm: Mapping) -> None:
    """EC-03: insert, update, delete; a delete of what was never stated, and an unknown operation, are rejected."""
    mapping = changes(crm)
    taken(tmp_path, mapping, row("C1", 客户状态="I"), row("C2", 客户状态="I"), row("C3", 客户状态="I"))
    report = taken(
        tmp_path, mapping, row("C1", "王晓明", 2, 客户状态="U"), {"客户编号": "C2", "客户状态": "D", "更新时间": ""},
        row("C9", day=2, 客户状态="D"), row("C8", day=2, 客户状态="?"), row("C7", day=2, 客户状态="I"),
        row("C7", day=3, 客户状态="D"),
    )  # fmt: skip
    assert report.reasons == {"not_known": 1, "operation_unmapped": 1}
    assert live() == {"C1": "王晓明", "C3": "王小明"}
    assert (report.rows, report.admitted, report.rejected) == (6, 4, 2)


def test_deletes_out_of_order(tmp_path: Path, crm: Mapping) -> None:
    """A delete that the source made before its last change ends nothing; a change made before the delete revives
    nothing; both are kept as versions where they say something."""
    mapping = changes(crm)
    taken(tmp_path, mapping, row("C1", day=5, 客户状态="I"))
    taken(tmp_path, mapping, row("C1", day=4, 客户状态="D"))
    assert list(live()) == ["C1"]
    taken(tmp_path, mapping, row("C1", day=8, 客户状态="D"))
    taken(tmp_path, mapping, row("C1", "王晓明", 7, 客户状态="U"))
    assert list(live()) == []
    taken(tmp_path, mapping, row("C1", "王晓明", 9, 客户状态="U"))
    assert live() == {"C1": "王晓明"}
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.source_version")).scalar_one() == 5


@pytest.mark.parametrize("size", [1, 2, 100])
def test_parts_do_not_matter(tmp_path: Path, crm: Mapping, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the rows of a file fall into parts, the record is the same: the source's latest, a row without a time
    replacing and being replaced."""
    monkeypatch.setattr(parts, "ROWS", size)
    rows = [row("A", "王一", 3), row("A", "王二", 2), row("B", "王一", 9), row("B", "王二", 0), row("B", "王三", 2),
            row("C", "王一", 1), row("C", "王二", 0), row("D", "王一", 4), row("D", "王二", 4)]  # fmt: skip
    taken(tmp_path, crm, *rows)
    assert live() == {"A": "王一", "B": "王三", "C": "王二", "D": "王二"}
    assert set(CRM_COLUMNS) >= set(rows[0])
