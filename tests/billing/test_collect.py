"""BL-05: usage files to accepted events, duplicates and quarantine; in = out + rejected + duplicate, always."""

from pathlib import Path

import pytest
from tests.billing.telecom import account, create, day, mobile, rows, usage_file, voice

from hutong.billing import audit, quarantine, queries
from hutong.billing.collect import collect
from hutong.identity import SYSTEM, Principal
from hutong.platform.errors import Forbidden, NotFound

pytestmark = pytest.mark.usefixtures("telecom")
NOON = day(2026, 9, 15, 12)


@pytest.fixture
def held() -> int:
    """One mobile at place 0, since August."""
    account_id = account()
    create(mobile("m", 0, account_id=account_id, effective=day(2026, 8, 1)))
    return account_id


def adds_up() -> bool:
    return all(row.holds for row in audit.audit(SYSTEM) if row.unit in ("records", "files") and not row.cycle)


BROKEN = [
    "D,V000000000009,voice,13900000000,MO,138,20261399250000,60,0,0,0,0571,0571,1,local",
    "D,V000000000010,voice,13900000000,MO,138,20260915040000,-5,0,0,0,0571,0571,1,local",
    "D,V000000000011,voice,,MO,138,20260915040000,5,0,0,0,0571,0571,1,local",
    "D,V000000000012,voice,13900000000,MO,138,20260915040000,5,0,0",
    "D,V000000000013,voice,13900000000,MO,138,20260915040000,5,0,0,0,0571,0571,1,local,,,,,,,,,,,,,,,,,,,,,,,,more",
    "D,V000000000014,fax,13900000000,MO,138,20260915040000,5,0,0,0,0571,0571,1,local",
    "D,V000000000015,voice,13900000000,MO,138,20260915040000,many,0,0,0,0571,0571,1,local",
    "D,,voice,13900000000,MO,138,20260915040000,5,0,0,0,0571,0571,1,local",
    "D,V000000000016,voice,17000000001,MO,138,20260915040000,5,0,0,0,0571,0571,1,local",
]
REASONS = {
    "bad_time": 1, "bad_quantity": 1, "column_count": 2, "event_type": 1, "missing_number": 1, "missing_record_id": 1,
    "negative_duration": 1, "unknown_number": 1,
}  # fmt: skip


def test_every_line_is_in_one_place(held: int, tmp_path: Path) -> None:
    """Broken lines are quarantined as they came, with their line and reason; the rest is accepted once."""
    lines = [voice(1, 0, NOON, 60), *BROKEN[:4], "", voice(1, 0, NOON, 60), *BROKEN[4:], voice(2, 0, NOON, 30)]
    report = collect([usage_file(tmp_path, "f1", lines)], "test")
    assert (report.records, report.accepted, report.duplicates, report.quarantined) == (12, 2, 1, 9)
    assert report.reasons == REASONS
    whole = (tmp_path / "f1.csv").read_text(encoding="utf-8").splitlines()
    found = rows("SELECT line, content FROM billing.quarantine ORDER BY line")
    assert len(found) == 9
    assert all(whole[line - 1] == content for line, content in found)
    assert adds_up()


def test_text_that_is_none(held: int, tmp_path: Path) -> None:
    """Bytes that are not UTF-8 and NULs neither stop the other lines nor get lost."""
    path = usage_file(tmp_path, "f1", [voice(1, 0, NOON, 60)])
    path.write_bytes(path.read_bytes().replace(b"T,1", b"D,V\xff\x00,voice\nT,2"))
    report = collect([path], "test")
    assert (report.records, report.accepted, report.quarantined) == (2, 1, 1)
    assert rows("SELECT reason, content FROM billing.quarantine") == [("column_count", "D,V\\xff\\0,voice")]


def test_file_audit(held: int, tmp_path: Path) -> None:
    """A trailer that disagrees is flagged, its records are used; a file without header has all its records refused."""
    good = usage_file(tmp_path, "good", [voice(1, 0, NOON, 60)])
    seven = usage_file(tmp_path, "seven", [voice(2, 0, NOON, 60)], trailer=7)
    empty = usage_file(tmp_path, "zempty", [])
    headless = tmp_path / "headless.csv"
    headless.write_text(voice(3, 0, NOON, 60) + "\n", encoding="utf-8")
    report = collect([good, seven, empty, headless], "test")
    assert (report.files, report.accepted, report.disagreeing_trailers) == (4, 2, 2)
    columns = "name, records, accepted, trailer_records, trailer_agrees"
    assert rows(f"SELECT {columns} FROM billing.usage_file ORDER BY name") == [
        ("good.csv", 1, 1, 1, True), ("headless.csv", 1, 0, None, False), ("seven.csv", 1, 1, 8, False),
        ("zempty.csv", 0, 0, 0, True),
    ]  # fmt: skip
    assert adds_up()


def test_each_file_once_each_record_once(held: int, tmp_path: Path) -> None:
    """A file given again is known; a record again is a duplicate, within a batch and against earlier ones; the
    same id from another exporting system is another record."""
    first = usage_file(tmp_path, "a", [voice(1, 0, NOON, 60), voice(2, 0, NOON, 60)])
    assert collect([first, first], "test").accepted == 2
    again = collect([first], "test")
    assert (again.files, again.repeated_files, again.records) == (0, 1, 0)
    second = usage_file(tmp_path, "b", [voice(2, 0, NOON, 60), voice(3, 0, NOON, 60)])
    third = usage_file(tmp_path, "c", [voice(3, 0, NOON, 60), voice(1, 0, NOON, 60)])
    other = usage_file(tmp_path, "d", [voice(1, 0, NOON, 60)], system="MSC02")
    report = collect([tmp_path], "test")
    assert (report.files, report.accepted, report.duplicates) == (3, 2, 3)
    assert [second.name, third.name, other.name] == ["b.csv", "c.csv", "d.csv"]
    assert adds_up()


def test_a_number_reaches_who_had_it_then(tmp_path: Path) -> None:
    """The product instance is that of the event's time; before it had the number nobody has it."""
    create(mobile("m", 0, account_id=account(), effective=day(2026, 9, 10)))
    report = collect(
        [usage_file(tmp_path, "a", [voice(1, 0, day(2026, 9, 9, 23), 60), voice(2, 0, day(2026, 9, 10), 60)])], "test"
    )
    assert (report.accepted, report.reasons) == (1, {"unknown_number": 1})


def test_release(tmp_path: Path) -> None:
    """A quarantined record whose number is known now is released and collected again; twice the same is a duplicate;
    what is still broken is held anew. Who decided stays, and the audits hold."""
    account_id = account()
    create(mobile("m", 1, account_id=account_id, effective=day(2026, 8, 1)))
    lines = [voice(1, 0, NOON, 60), voice(1, 0, NOON, 60), BROKEN[0]]
    assert collect([usage_file(tmp_path, "a", lines)], "test").quarantined == 3
    create(mobile("late", 0, account_id=account_id, effective=day(2026, 9, 1)))
    page = queries.quarantine_page(SYSTEM)
    assert [row["reason"] for row in page] == ["unknown_number", "unknown_number", "bad_time"]
    assert quarantine.release(SYSTEM, [row["id"] for row in page]) == 3
    done = quarantine.collect_released("test")
    assert (done.accepted, done.duplicates, done.held) == (1, 1, 1)
    assert rows("SELECT state, decided_by FROM billing.quarantine ORDER BY id") == [
        ("accepted", "system:0"), ("duplicate", "system:0"), ("held", "system:0"),
    ]  # fmt: skip
    assert rows("SELECT records, accepted, duplicates, quarantined FROM billing.usage_file") == [(3, 1, 1, 1)]
    assert quarantine.discard(SYSTEM, [page[0]["id"]]) == 0, "an accepted record is beyond decision"
    assert quarantine.discard(SYSTEM, [page[2]["id"]]) == 1
    assert adds_up()


def test_quarantine_is_for_those_who_may(held: int, tmp_path: Path) -> None:
    """Rights first; numbers masked for who may not see phones."""
    collect([usage_file(tmp_path, "a", [BROKEN[-1]])], "test")
    with pytest.raises(Forbidden):
        queries.quarantine_page(Principal(1, "user", "clerk", frozenset({"billing.read"})))
    officer = Principal(2, "user", "officer", frozenset({"billing.*"}))
    assert "17000000001" not in queries.quarantine_page(officer)[0]["content"]
    with pytest.raises(NotFound):
        collect([tmp_path / "no.csv"], "test")
