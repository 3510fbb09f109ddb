"""Usage files: audits a collector would make, against the manifest."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.cli.sample.conftest import LINES, write
from tests.cli.sample.reading import truth_rows, usage_file

FIELDS = 15
BEIJING = timezone(timedelta(hours=8))


def _files(sample: Path) -> list[Path]:
    return sorted((sample / "usage").glob("*.csv"))


def _moment(text: str, zone: str) -> datetime | None:
    """A start time by its file's declared zone; None if broken."""
    try:
        if zone == "explicit":
            return datetime.fromisoformat(text)
        parsed = datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 the zone is the header's
        return parsed.replace(tzinfo=UTC if zone == "UTC" else BEIJING)
    except ValueError:
        return None


def test_trailers_agree_with_the_lines_but_for_the_declared_file(sample: Path, manifest: dict[str, Any]) -> None:
    """BL-05: count, duration and bytes of each file; exactly one trailer is wrong, by its count."""
    told = {entry["file"]: entry for entry in manifest["usage"]["files"]}
    assert sorted(told) == [path.name for path in _files(sample)]
    wrong = []
    for path in _files(sample):
        header, records, trailer = usage_file(path)
        assert header[:3] == ["H", "1", path.stem] and trailer[0] == "T" and len(trailer) == 5
        whole = [record for record in records if len(record) == FIELDS]
        sums = [sum(int(record[place]) for record in whole) for place in (7, 8, 9)]
        assert [int(value) for value in trailer[2:]] == sums
        assert told[path.name]["lines"] == len(records)
        if int(trailer[1]) != len(records):
            wrong.append(path.name)
    assert wrong == [name for name, entry in told.items() if entry["trailer_wrong"]] == ["202610_sms_11.csv"]
    assert manifest["usage"]["totals"]["lines"] == LINES


def test_what_a_collector_finds_is_what_the_manifest_says(sample: Path, manifest: dict[str, Any]) -> None:
    """BL-05: in = valid + duplicate + broken, each kind counted from the lines alone."""
    pools = manifest["subscriptions"]["pools"]
    seen: set[str] = set()
    found: Counter[str] = Counter()
    valid: Counter[tuple[str, str, str]] = Counter()
    for path in _files(sample):
        header, records, _ = usage_file(path)
        here: set[str] = set()
        for record in records:
            if len(record) != FIELDS:
                found["broken_column_count"] += 1
                continue
            number, start, duration = record[3], _moment(record[6], header[5]), int(record[7])
            if start is None:
                found["broken_bad_time"] += 1
            elif duration < 0:
                found["broken_negative_duration"] += 1
            elif not number:
                found["broken_missing_number"] += 1
            elif not any(pool["first"] <= number <= pool["last"] for pool in pools.values()):
                found["broken_unknown_number"] += 1
            elif record[1] in seen:
                found["duplicate_within" if record[1] in here else "duplicate_across"] += 1
            else:
                found["valid"] += 1
                cycle = start.astimezone(BEIJING).strftime("%Y%m")
                found["late_cycle"] += path.name[:6] > cycle
                for what, amount in (("events", 1), ("seconds", duration), ("bytes", int(record[8]) + int(record[9]))):
                    valid[cycle, record[2], what] += amount
            here.add(record[1])
            seen.add(record[1])
    totals = manifest["usage"]["totals"]
    assert {kind: totals[kind] for kind in found} == dict(found)
    broken = [kind for kind in totals if kind.startswith("broken_")]
    assert len(broken) == 5 and all(totals[kind] > 0 for kind in broken)
    assert (
        totals["valid"] + totals["duplicate_within"] + totals["duplicate_across"] + sum(totals[kind] for kind in broken)
        == LINES
    )
    for entry in manifest["usage"]["valid"]:
        for what in ("events", "seconds", "bytes"):
            assert valid[entry["cycle"], entry["type"], what] == entry[what]


def test_late_records_come_in_later_files(sample: Path, manifest: dict[str, Any]) -> None:
    """BL-13: a record's start lies before the three days of its file; as many as the manifest says."""
    late = 0
    for path in _files(sample):
        header, records, _ = usage_file(path)
        first = _first_day(path.stem)
        seen: Counter[str] = Counter(record[1] for record in records)
        for record in records:
            start = _moment(record[6], header[5]) if len(record) == FIELDS else None
            late += start is not None and start < first and seen[record[1]] == 1
    totals = manifest["usage"]["totals"]
    assert late == totals["late"] + totals["duplicate_across"]
    assert totals["late"] > totals["late_cycle"] > 0


def _first_day(stem: str) -> datetime:
    number = min(int(stem[-2:]), 10)
    return datetime(int(stem[:4]), int(stem[4:6]), 1 + 3 * (number - 1), tzinfo=BEIJING)


def test_numbers_are_held_once_and_used_only_from_their_start(sample: Path, manifest: dict[str, Any]) -> None:
    """Issue A 4.1: subscriptions name admitted records; numbers to be ordered are not used."""
    lines = [line.split(",") for line in (sample / "subscriptions.csv").read_text(encoding="utf-8").splitlines()]
    held = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    numbers = {row["access_number"]: row for row in held}
    assert len(numbers) == len(held) == manifest["subscriptions"]["rows"]
    admitted = {(row["source"], row["source_key"]) for row in truth_rows(sample) if row["expect"] == "admit"}
    assert {(row["source"], row["source_key"]) for row in held} <= admitted
    groups = Counter((row["group"], row["component"]) for row in held if row["offer_code"] == "FUSION-199")
    assert {component: count for (_, component), count in groups.items()} == {
        "MOBILE-5G": 2,
        "BROADBAND-500M": 1,
        "IP-PHONE": 1,
    }
    for path in _files(sample):
        header, records, _ = usage_file(path)
        for record in records:
            start = _moment(record[6], header[5]) if len(record) == FIELDS else None
            holder = numbers.get(record[3]) if start else None
            if start and holder:
                assert holder["via"] == "load"
                assert start.astimezone(BEIJING).date().isoformat() >= holder["start_date"]


def test_usage_of_ordered_numbers_on_request(tmp_path: Path) -> None:
    """`--order-usage`: the numbers to be ordered are used from the requested day."""
    sample = write(tmp_path, "--order-usage", "--active", "100", "--orders", "40")
    text = (sample / "subscriptions.csv").read_text(encoding="utf-8").splitlines()
    ordered = {line.split(",")[6] for line in text if line.endswith(",order")}
    used = {record[3] for path in _files(sample) for record in usage_file(path)[1] if len(record) == FIELDS}
    assert len(ordered & used) > 20
