"""EC-13, the ten one by one: each report's figures against a count in plain Python over the rows, its trend, its way
down to as many records, its file."""

import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.sample_site import Site

from hutong.identity import Principal
from hutong.insight import queries
from hutong.insight.snapshots import take_all
from hutong.party.quality.measure import measure
from hutong.platform import clock, database

SignIn = Callable[[str], TestClient]
Row = Mapping[str, Any]
Figures = dict[tuple[str, ...], tuple[int, ...]]
STEWARD = Principal(7, "user", "steward", frozenset({"party.*", "insight.*"}))


def rows(query: str) -> list[Row]:
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(text(query)).mappings()]


def records() -> list[Row]:
    return rows("SELECT * FROM party.source_record WHERE withdrawn_at IS NULL")


def parties() -> list[Row]:
    return rows("SELECT * FROM party.party WHERE state <> 'merged'")


def active() -> list[Row]:
    return [row for row in parties() if row["state"] == "active"]


def broken(rule: str, applies: Callable[[Row], bool], holds: Callable[[Row], bool]) -> Figures:
    """Records checked and broken by source, for one rule."""
    checked, failed = Counter[str](), Counter[str]()
    for row in records():
        if applies(row):
            checked[row["source"]] += 1
            failed[row["source"]] += not holds(row)
    return {(rule, source): (count, failed[source]) for source, count in checked.items()}


def completeness() -> Figures:
    return broken("reachable_by_phone", bool, lambda row: bool(row["mobile"] or row["phone"]))


def validity() -> Figures:
    postcode = lambda row: len(row["postcode"]) == 6 and row["postcode"].isdigit()  # noqa: E731
    return broken("postcode_valid", lambda row: row["postcode"] is not None, postcode)


def uniqueness() -> Figures:
    many = Counter((row["source"], row["bank_card"]) for row in records() if row["bank_card"])
    return broken(
        "bank_card_of_one_name", lambda row: bool(row["bank_card"]),
        lambda row: many[row["source"], row["bank_card"]] == 1,
    )  # fmt: skip


def consistency() -> Figures:
    return broken("address_located", lambda row: row["address"] is not None, lambda row: row["city"] is not None)


def timeliness() -> Figures:
    now = clock.now()
    return broken(
        "not_from_the_future", lambda row: row["source_changed_at"] is not None,
        lambda row: row["source_changed_at"] <= now,
    )  # fmt: skip


def source_ranking() -> Figures:
    """From the day's results row by row."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    day = clock.today()
    for row in rows("SELECT * FROM party.v1_quality_result"):
        if row["day"] == day and row["source"]:
            weighed = (row["failed"] * row["severity"], row["checked"] * row["severity"], row["checked"], row["failed"])
            sums[row["source"]] = [a + b for a, b in zip(sums[row["source"]], weighed, strict=True)]
    return {(source,): tuple(figures) for source, figures in sums.items()}


def merges() -> Figures:
    """Merges, splits and resolutions of the day, by who did them, with the records that moved."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    moved = Counter(row["operation_id"] for row in rows("SELECT operation_id FROM party.operation_record"))
    for row in rows("SELECT id, kind, done_by, done_at FROM party.operation"):
        if _local_day(row["done_at"]) == clock.today():
            by = row["done_by"].split(":")[0]
            into = counts[row["kind"], by if by in ("user", "client") else "system"]
            into[0], into[1] = into[0] + 1, into[1] + moved[row["id"]]
    return {names: tuple(figures) for names, figures in counts.items()}


def _local_day(at: datetime) -> Any:
    with clock.fixed(at):
        return clock.today()


def customers() -> Figures:
    found = Counter((row["kind"], row["state"]) for row in parties())
    summed = Counter[tuple[str, str]]()
    for row in parties():
        summed[row["kind"], row["state"]] += row["record_count"]
    return {names: (count, summed[names]) for names, count in found.items()}


def classes() -> Figures:
    return {names: (count,) for names, count in Counter((row["kind"], row["grade"] or "") for row in active()).items()}


def contactability() -> Figures:
    made: Figures = {}
    channels = ("mobile", "phone", "email", "address")
    for kind in {row["kind"] for row in active()}:
        own = [row for row in active() if row["kind"] == kind]
        for channel in (*channels, "any"):
            asked: Iterable[str] = channels if channel == "any" else (channel,)
            made[kind, channel] = (sum(any(row[name] for name in asked) for row in own), len(own))
    return made


TEN = (
    completeness, validity, uniqueness, consistency, timeliness, source_ranking, merges, customers, classes,
    contactability,
)  # fmt: skip
GROWTH = {"customers", "classes"}


@pytest.fixture(scope="module")
def measured(site: Site) -> Iterator[Site]:
    """Measured and counted on the day its customers were merged, which stays today."""
    [made] = rows("SELECT max(done_at) AS at FROM party.operation")
    with clock.fixed(made["at"]):
        measure()
        take_all()
        yield site


@pytest.mark.parametrize("count", TEN, ids=lambda count: count.__name__)
def test_a_report_agrees_with_a_plain_count(sign_in: SignIn, measured: Site, count: Callable[[], Figures]) -> None:
    id = count.__name__.replace("_", "-")
    taken = queries.figures(STEWARD, id)
    names = [dimension.name for dimension in taken.report.dimensions]
    shown = {
        tuple(row[name] for name in names): tuple(row[name] for name in taken.report.measures) for row in taken.rows
    }
    expected = count()
    assert expected and taken.day == clock.today()
    assert {key: shown.get(key) for key in expected} == expected
    if "rule" not in names:
        assert set(shown) == set(expected), "nothing else is counted"
    _trend(id, shown, taken.report.measures)
    client = sign_in("steward")
    assert client.get(f"/reports/{id}").status_code == 200
    _file(client, id, shown, len(names))
    _way_down(client, taken.report, names, taken.rows[0])


def _trend(id: str, shown: Figures, measures: tuple[str, ...]) -> None:
    """Today stands in the trend; of a count, with all that was counted."""
    span, series = queries.trend(STEWARD, id, back=30)
    assert span[-1] == clock.today() and series
    assert any(line[-1] is not None for line in series.values())
    if id in GROWTH:
        assert sum(line[-1] for line in series.values()) == sum(figures[0] for figures in shown.values())


def _file(client: TestClient, id: str, shown: Figures, dimensions: int) -> None:
    """The spreadsheet has the same rows and figures."""
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"/reports/{id}/export.xlsx").content)).active
    assert sheet is not None
    lines = list(sheet.iter_rows(min_row=2, values_only=True))
    width = len(next(iter(shown.values())))
    assert sorted(tuple(int(str(cell)) for cell in line[dimensions : dimensions + width]) for line in lines) == sorted(
        shown.values()
    )
    assert client.get(f"/reports/{id}/export.xlsx", params={"what": "trend"}).status_code == 200


def _way_down(client: TestClient, report: Any, names: list[str], row: Row) -> None:
    """A row leads to the records it counts, or to the page that lists them."""
    if report.drill is None:
        assert report.link and client.get(report.link.format(**row)).status_code == 200
        return
    asked = {name: row[name] for name in names}
    assert client.get(f"/reports/{report.id}/records", params=asked).status_code == 200
    found, after = 0, 0
    while after is not None:
        page = client.get(f"/reports/{report.id}/records/rows", params={**asked, "after": after, "limit": 500}).json()
        found, after = found + len(page["rows"]), page["next"]
    figure = {"contactability": lambda: row["parties"] - row["reached"], "merges": lambda: found,
              "customers": lambda: row["parties"], "classes": lambda: row["parties"]}  # fmt: skip
    assert found == figure.get(report.id, lambda: row["failed"])()
    if report.id == "merges":
        assert found >= row["operations"]


def test_the_page_of_wrong_data_asks_whose(sign_in: SignIn, measured: Site) -> None:
    """EC-18: without a customer it asks for one; it does not fail."""
    steward = sign_in("steward")
    page = steward.get("/quality/report")
    assert page.status_code == 200 and 'name="party"' in page.text and 'name="wrong"' not in page.text
    assert 'name="wrong"' in steward.get(f"/quality/report?party={measured.customer}").text
    assert sign_in("service").get("/quality/report").status_code == 403
