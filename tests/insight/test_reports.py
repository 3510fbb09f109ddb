"""EC-13: the reports: figures of a day over published views only, trends with gaps, the way down to the records."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong import masterdata
from hutong.cli.sample.generate import generate
from hutong.identity import Principal
from hutong.insight import queries
from hutong.insight.jobs import snapshot  # noqa: F401  (declares the job)
from hutong.insight.reports import REPORTS
from hutong.insight.snapshots import take, take_all
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.quality.measure import measure
from hutong.party.resolution.resolve import resolve
from hutong.platform import clock, i18n, jobs
from hutong.platform import database as live
from hutong.platform.errors import Forbidden, NotFound

PACKS = Path(__file__).parents[2] / "packs"
COUNTED = {
    "contribution": "parties",
    "customers": "parties",
    "classes": "parties",
    "places": "parties",
    "quality-tasks": "tasks",
}
STEWARD = Principal(7, "user", "steward", frozenset({"party.*", "insight.*"}))


@pytest.fixture(scope="module")
def measured(module_database: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """Three sources taken in, resolved, measured; figures of all reports taken, all of one day, whenever it ends."""
    folder = tmp_path_factory.mktemp("sample")
    with live.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACKS / "base" / "codes")
    sizes = {"customers": 200, "lines": 200, "active": 50, "orders": 1, "months": 1}
    generate(folder, seed=7, first_cycle="2026-09", order_usage=False, **sizes)
    for source, name in (("crm", "crm.csv"), ("billing", "billing.xlsx"), ("callcentre", "callcentre.jsonl")):
        load_file(folder / "sources" / name, read_mapping(PACKS / "telecom" / "mappings" / f"{source}.yaml"), "user:1")
    resolve("user:1")
    with clock.fixed(clock.now()):
        measure()
        take_all()
        yield module_database


def test_reports_read_published_views_only() -> None:
    """A report reaches no center's tables: only what is published for others."""
    for report in REPORTS.values():
        assert report.reads, report.id
        assert all(name.split(".")[1].startswith("v1_") for name in report.reads), report.id


def test_ten_reports_and_more_have_words() -> None:
    assert len(REPORTS) >= 12
    for report in REPORTS.values():
        for locale in i18n.LOCALES:
            for id in (f"insight-name-{report.id}", f"insight-hint-{report.id}", f"insight-group-{report.group}"):
                assert i18n.has_message(id, locale), id
            for dimension in report.dimensions:
                assert i18n.has_message(f"insight-dimension-{dimension.name}", locale), dimension.name
            for measure_name in report.measures:
                assert i18n.has_message(f"insight-measure-{measure_name}", locale), measure_name


def test_figures_agree_with_the_records(measured: URL) -> None:
    with live.read("party") as conn:
        count = conn.execute(text("SELECT count(*) FROM party.party WHERE state = 'active'")).scalar_one()
        loaded = conn.execute(text("SELECT sum(rows) FROM party.load")).scalar_one()
    for id in ("classes", "places", "sources-known"):
        assert sum(row["parties"] for row in queries.figures(STEWARD, id).rows) == count, id
    assert sum(row["rows"] for row in queries.figures(STEWARD, "admission").rows) == loaded
    waiting = sum(row["groups"] for row in queries.figures(STEWARD, "suspects").rows)
    with live.read("party") as conn:
        states = "SELECT count(*) FROM party.suspect_group WHERE state IN ('open', 'claimed', 'proposed')"
        assert waiting == conn.execute(text(states)).scalar_one()


@pytest.mark.parametrize("id", [id for id, report in REPORTS.items() if report.drill and report.id != "merges"])
def test_way_down_leads_to_as_many_records(measured: URL, id: str) -> None:
    """The records behind a row are as many as its figure says, page by page."""
    taken = queries.figures(STEWARD, id)
    assert taken.rows, id
    names = [dimension.name for dimension in taken.report.dimensions]
    for row in taken.rows[:12]:
        wanted = {name: row[name] for name in names}
        found: list[int] = []
        while page := queries.records(STEWARD, id, wanted, after=found[-1] if found else 0, limit=37):
            found += [record["key"] for record in page]
        figure = row["parties"] - row["reached"] if id == "contactability" else row[COUNTED.get(id, "failed")]
        assert len(set(found)) == len(found) == figure, (id, wanted)


def test_taking_again_changes_nothing(measured: URL) -> None:
    query = text("SELECT report, day, dimensions, measures FROM insight.figure ORDER BY 1, 2, 3")
    with live.read("insight") as conn:
        before = conn.execute(query).all()
    take_all()
    with live.read("insight") as conn:
        assert conn.execute(query).all() == before


def test_a_day_without_figures_is_a_gap(measured: URL) -> None:
    today = clock.today()
    report = REPORTS["customers"]
    take(report, today - timedelta(days=3))
    span, series = queries.trend(STEWARD, "customers", back=5)
    assert span[-1] == today and len(span) == 5
    for values in series.values():
        assert [value is None for value in values] == [True, False, True, True, False]
    with live.begin("insight") as conn:
        conn.execute(
            text("DELETE FROM insight.snapshot WHERE report = 'customers' AND day = :day"),
            {"day": today - timedelta(days=3)},
        )


def test_rights_and_scope(measured: URL) -> None:
    """EC-17: without the right no figures; the way down shows only rows in scope, masked."""
    with pytest.raises(Forbidden):
        queries.reports(replace(STEWARD, rights=frozenset({"party.read"})))
    plain = replace(STEWARD, rights=frozenset({"insight.read", "party.read"}))
    assert "suspects" not in {report.id for report in queries.reports(plain)}
    with pytest.raises(Forbidden):
        queries.figures(plain, "completeness")
    with pytest.raises(NotFound):
        queries.figures(STEWARD, "nonsense")
    row = queries.figures(STEWARD, "customers").rows[0]
    wanted = {"kind": row["kind"], "state": row["state"]}
    everything = queries.records(STEWARD, "customers", wanted, limit=1000)
    assert all("*" in record["name"] for record in everything if record["name"])
    branch = next(record["branch"] for record in everything if record["branch"])
    scoped = replace(STEWARD, scopes={"party": f'row.branch == "{branch}"'})
    seen = queries.records(scoped, "customers", wanted, limit=1000)
    assert 0 < len(seen) < len(everything)
    assert {record["branch"] for record in seen} == {branch}
    with pytest.raises(NotFound):
        queries.records(STEWARD, "customers", {**wanted, "city": "x"})


def test_job_takes_the_figures(measured: URL) -> None:
    job_id = jobs.start("insight.snapshot")
    assert jobs.run(job_id) == "done"
    found = jobs.get(job_id).checkpoint
    assert found is not None and set(found["rows"]) == set(REPORTS)
