"""EC-13, EC-18 in the console: the quality dashboard, rules, tasks, ranking, reports with the way down and export."""

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.browsing import DESKTOP, PHONE, open_as
from tests.web.sample_site import Site
from tests.web.visiting import visit

from hutong.insight.reports import REPORTS
from hutong.insight.snapshots import take_all
from hutong.party.quality.measure import measure
from hutong.party.quality.rules import QUALITY_RULES
from hutong.platform import clock, database, documents
from hutong.web.insight.downloads import csv_lines, xlsx_pieces

SignIn = Callable[[str], TestClient]
PAGES = ("/quality",
         "/quality/rules", "/quality/rules?dimension=validity&source=crm", "/quality/rules/reachable_by_phone",
         "/quality/rules/golden_id_once", "/quality/tasks", "/quality/tasks?state=verified",
         "/quality/ranking", "/quality/ranking?kind=branch", "/reports",
         *(f"/reports/{id}" for id in REPORTS), "/reports/customers/records?kind=person&state=active")  # fmt: skip


@pytest.fixture(scope="module")
def measured(site: Site) -> Site:
    """Measured, with figures of all reports."""
    measure()
    take_all()
    return site


def a_task() -> int:
    with database.read("party") as conn:
        return int(conn.execute(text("SELECT min(id) FROM party.quality_task WHERE state = 'open'")).scalar_one())


def test_pages_answer_those_who_may(sign_in: SignIn, measured: Site) -> None:
    steward, service = sign_in("steward"), sign_in("service")
    for page in (*PAGES, f"/quality/tasks/{a_task()}"):
        assert steward.get(page).status_code == 200, page
        assert service.get(page).status_code == 403, page
    assert steward.get("/reports/nonsense").status_code == 404
    assert steward.get("/quality/rules/nonsense").status_code == 404


def test_failing_records_are_those_of_the_rule(sign_in: SignIn, measured: Site) -> None:
    client = sign_in("steward")
    with database.read("party") as conn:
        rules = [rule.rule for rule in documents.in_force(conn, QUALITY_RULES).rules]
        query = "SELECT rule, sum(failed) FROM party.quality_result GROUP BY rule"
        failed = {row[0]: int(row[1]) for row in conn.execute(text(query))}
    for rule in rules:
        rows, after = 0, 0
        while after is not None:
            block = client.get(f"/quality/rules/{rule}/rows", params={"after": after, "limit": 50}).json()
            rows, after = rows + len(block["rows"]), block["next"]
        assert rows == failed.get(rule, 0), rule
        lines = list(csv.reader(io.StringIO(client.get(f"/quality/rules/{rule}/export.csv").text)))
        assert len(lines) == 1 + failed.get(rule, 0), rule


def test_tasks_are_sent_taken_waived_in_bulk(sign_in: SignIn, measured: Site) -> None:
    client = sign_in("steward")
    with database.read("party") as conn:
        query = "SELECT id FROM party.quality_task WHERE state = 'open' ORDER BY id LIMIT 3"
        ids = list(conn.execute(text(query)).scalars())
    assert client.post("/quality/tasks", data={"action": "sent"}).status_code == 422
    for action, more in (("take", {}), ("sent", {}), ("fixed", {"note": "=cmd()"})):
        assert client.post("/quality/tasks", data={"action": action, "chosen": ids, **more}).status_code == 204
    assert client.post("/quality/tasks", data={"action": "waived", "chosen": ids[:1]}).status_code == 422
    waived = {"action": "waived", "chosen": ids[:1], "note": "so it is"}
    assert client.post("/quality/tasks", data=waived).status_code == 204
    with database.read("party") as conn:
        rows = conn.execute(text("SELECT state FROM party.quality_task WHERE id = ANY(:ids) ORDER BY id"), {"ids": ids})
        assert list(rows.scalars()) == ["waived", "fixed", "fixed"]
    page = client.get(f"/quality/tasks/{ids[0]}").text
    assert "so it is" in page
    exported = client.get("/quality/tasks/export.xlsx?state=fixed")
    sheet = openpyxl.load_workbook(io.BytesIO(exported.content)).active
    assert sheet is not None and sheet.max_row == 3


def test_a_task_shows_what_is_wrong_and_what_the_record_states(sign_in: SignIn, measured: Site) -> None:
    """EC-18, EC-17: whoever is to mend a record sees its values, the fields the rule is about marked, masked as
    elsewhere; a missing one is said to be missing."""
    with database.read("party") as conn:
        asked = """SELECT t.id, r.mobile FROM party.quality_task t JOIN party.source_record r ON r.id = t.record_id
                   JOIN party.xref x ON x.record_id = r.id
                   WHERE t.rule = 'id_number_known' AND t.entity = 'source_record' AND r.mobile IS NOT NULL
                   ORDER BY t.id LIMIT 1"""
        task, mobile = conn.execute(text(asked)).one()
    shown = sign_in("steward").get(f"/quality/tasks/{task}").text
    record = shown.split("该记录的内容")[1].split("</dl>")[0]
    assert "没有填写" in record and mobile[-4:] in record
    assert "id_number" not in record, "in words"


def test_wrong_data_is_sent_back_from_the_page(sign_in: SignIn, measured: Site) -> None:
    """EC-18: from the customer's records to a task for the branch; a clerk of another branch does not see it."""
    client = sign_in("steward")
    place = f"/quality/report?party={measured.customer}"
    assert place in client.get(f"/customers/{measured.customer}?tab=records").text
    page = client.get(place).text
    record = page.split('name="record" value="')[1].split('"')[0]
    given = {"record": record, "party": measured.customer, "wrong": ["mobile", "address"], "note": "moved to Xi'an"}
    made = client.post("/quality/report", data=given)
    assert made.status_code == 204, made.text
    task = client.get(made.headers["HX-Redirect"])
    assert all(word in task.text for word in ("人工上报", "moved to Xi&#39;an", "手机", "地址"))
    assert client.post("/quality/report", data={**given, "wrong": []}).status_code == 422
    with database.begin("identity") as conn:
        unit = "(SELECT id FROM identity.unit WHERE code = 'east-01')"
        conn.execute(text(f"UPDATE identity.user_account SET unit_id = {unit} WHERE login = 'clerk'"))
    clerk = sign_in("clerk")
    assert clerk.get("/quality/tasks").status_code == 200
    for branch, status in (("east-01", 200), ("west-01", 404)):
        with database.begin("party") as conn:
            moved = "UPDATE party.quality_task SET branch = :branch WHERE rule = 'reported'"
            conn.execute(text(moved), {"branch": branch})
        assert clerk.get(made.headers["HX-Redirect"]).status_code == status, branch


def test_report_exports(sign_in: SignIn, measured: Site) -> None:
    client = sign_in("steward")
    for id in REPORTS:
        lines = list(csv.reader(io.StringIO(client.get(f"/reports/{id}/export.csv").text)))
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"/reports/{id}/export.xlsx").content))
        assert book.active is not None and book.active.max_row == len(lines), id
        with clock.fixed(clock.now()):
            trend = list(csv.reader(io.StringIO(client.get(f"/reports/{id}/export.csv?what=trend&back=7").text)))
            assert len(trend) == 8 and trend[-1][0] == str(clock.today()), id


def test_nothing_in_a_file_is_a_formula() -> None:
    """What a record says never runs in a spreadsheet; numbers stay numbers."""
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "'ok", "plain", 5, -5, None, 1.5]
    [line] = list(csv.reader(io.StringIO("".join(csv_lines([], [evil])).removeprefix("\ufeff\r\n"), newline="")))
    assert [cell[:1] for cell in line[:7]] == ["'"] * 7
    assert line[7:] == ["'ok", "plain", "5", "-5", "", "1.5"]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_pieces("a/b[c]", ["x"] * len(evil), [evil]))))
    assert book.active is not None
    cells = next(iter(book.active.iter_rows(min_row=2)))
    assert all(cell.data_type != "f" for cell in cells)
    assert [cell.value for cell in cells][7:] == ["'ok", "plain", 5, -5, None, 1.5]


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_no_page_complains(browser: Any, served: str, measured: Site, locale: str, viewport: dict[str, int]) -> None:
    """XP-07: in its language, within the screen, silent in the console."""
    page, complaints = open_as(browser, served, "steward", locale, viewport)
    for path in (*PAGES, f"/quality/tasks/{a_task()}"):
        answer = visit(page, served + path)
        assert answer.status == 200, path
        assert page.locator("html").get_attribute("lang") == locale
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1, path
        assert complaints == [], path
    page.context.close()


@pytest.mark.browser
def test_from_the_heat_map_to_the_records(browser: Any, served: str, measured: Site) -> None:
    """A steward goes from the dashboard to the worst rule, to its records, and to a customer."""
    page, complaints = open_as(browser, served, "steward", "en")
    page.goto(f"{served}/quality")
    page.locator(".chart canvas").nth(6).wait_for()
    page.locator("a[href^='/quality/rules/']").first.click()
    page.wait_for_selector(".grid .ag-row a")
    page.locator(".grid .ag-row a").first.click()
    page.wait_for_url("**/customers/*")
    assert complaints == []
    page.context.close()
