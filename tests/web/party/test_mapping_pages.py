"""EC-03: mapping documents edited with a sample, and rejected rows worked off, in the console."""

import html
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.browsing import open_as
from tests.web.sample_site import Site

from hutong.party.ingest import mappings
from hutong.platform import database, jobs

SignIn = Callable[[str], TestClient]
SAMPLE = "客户号,姓名,手机,证件\nN1,王小明先生,13912340001,11010519491231002X\nN2,测试,13912340002,\n"


def one(query: str) -> Any:
    """A single value."""
    with database.read("party") as conn:
        return conn.execute(text(query)).scalar_one()


def test_a_file_tells_how_it_is_written(sign_in: SignIn) -> None:
    """EC-03: a newcomer's file, in GB 18030 and with semicolons, is read as it is, and the document says so."""
    steward, place = sign_in("steward"), "/mappings/ours/shop"
    page = steward.get(f"{place}?format=csv").text
    body = html.unescape(page.split('<textarea class="code"')[1].split(">", 1)[1].split("</textarea>")[0])
    content = "客户号;姓名;生日\nN1;王小明;1949/12/31\nN2;李丽华;1950/1/2\n".encode("gb18030")
    read = steward.post(f"{place}/sample", data={"body": body}, files={"file": ("shop.csv", content)}).text
    assert "编码 GB18030，列以分号分隔" in read and 'name="column:姓名"' in read
    fields = dict(re.findall(r'<input type="hidden" name="(form:\w+)" value="([^"]*)"', read))
    assert fields == {"form:encoding": "gb18030", "form:delimiter": ";"}
    assert '<input type="hidden" name="date:生日" value="%Y/%m/%d">' in read
    chosen = {"column:客户号": "key", "column:姓名": "name", "column:生日": "birth_date", "date:生日": "%Y/%m/%d"}
    written = html.unescape(steward.post(f"{place}/columns", data={"body": body, **fields, **chosen}).text)
    assert "encoding: gb18030" in written and "delimiter: ;" in written and "key: 客户号" in written
    assert "column: 生日" in written and "date: ['%Y/%m/%d']" in written


@pytest.mark.browser
def test_a_mapping_is_made_from_a_sample(browser: Any, served: str, site: Site, tmp_path: Path) -> None:
    """EC-03: begin, upload a sample, take the guessed columns, preview, see the difference, publish, put back."""
    file = tmp_path / "newsletter.csv"
    file.write_text(SAMPLE, encoding="utf-8")
    page, complaints = open_as(browser, served, "steward")
    page.goto(f"{served}/mappings")
    page.click("[data-open=begin]")
    page.fill("#begin input[name=name]", "ours/newsletter")
    page.click("#begin .primary")
    page.wait_for_url("**/mappings/ours/newsletter*")
    page.set_input_files("#sample input[type=file]", str(file))
    page.click("#sample button")
    page.wait_for_selector("#columns select")
    assert page.input_value('select[name="column:姓名"]') == "name"
    assert page.input_value('select[name="column:手机"]') == "mobile"
    assert page.input_value('select[name="column:证件"]') == ""
    page.select_option('select[name="column:客户号"]', "key")
    page.click("#columns .primary")
    page.locator("textarea.code", has_text="mobile: 手机").wait_for()
    page.click("#editor button[type=submit]")
    page.wait_for_selector("#outcome table")
    outcome = page.inner_text("#outcome")
    assert "王小明" in outcome and "+8613912340001" in outcome.replace(" ", "") and "缺少名称" in outcome
    if folder := os.environ.get("HUTONG_SHOTS"):
        page.screenshot(path=f"{folder}/mapping.png", full_page=True)
    page.fill("#rules tbody tr:nth-child(2) input[name=code]", "no_mobile")
    page.fill("#rules tbody tr:nth-child(2) input[name=rule]", "row.mobile != null && row.id_valid")
    page.click("#rules .primary")
    page.locator("textarea.code", has_text="no_mobile").wait_for()
    page.click("#editor button[type=submit]")
    page.locator("#rules td.right", has_text="2").wait_for()
    assert page.locator("#rules td.right").all_inner_texts() == ["1", "2"]
    if folder := os.environ.get("HUTONG_SHOTS"):
        page.screenshot(path=f"{folder}/mapping-rules.png", full_page=True)
    page.click("[data-open=publish]")
    page.fill("input[name=note]", "first")
    page.click("#publish .primary")
    page.wait_for_selector("text=first")
    assert mappings.named("ours/newsletter").columns["mobile"].columns == ["手机"]
    broken = page.input_value("textarea.code").replace("trust: 50", "trust: 500")
    page.fill("textarea.code", broken)
    page.click("#editor button[type=submit]")
    page.wait_for_selector("[role=alert]")
    assert "source.trust" in page.inner_text("[role=alert]")
    assert not complaints
    page.context.close()


POLICIES = "保单,客户号,state,开始,终止\nP1,C1,in_force,2026-01-01,\nP2,C2,,2026-02-01,2025-01-01\n"


def test_a_mapping_of_an_area_is_edited_too(sign_in: SignIn, site: Site) -> None:
    """EC-03, EC-16: begun for an area, columns guessed by the names of its fields, keys and references chosen, rules
    with what they reject; published, a file is taken in by it, and its rejected row worked off."""
    steward, here = sign_in("steward"), "/mappings/ours/policies"
    assert "policy_summary" in steward.get("/mappings").text
    page = steward.get(f"{here}?format=csv&area=policy_summary").text
    body = page.split('aria-label="YAML">')[1].split("</textarea>")[0]
    sample = {"file": ("p.csv", POLICIES.encode())}
    shown = steward.post(f"{here}/sample", data={"body": body}, files=sample).text
    assert '<option value="state" selected>' in shown and '<option value="valid_from" selected>' in shown
    token = shown.split('name="token" value="')[1].split('"')[0]
    chosen = {"column:保单": "key", "column:客户号": "of", "column:state": "state", "column:开始": "valid_from",
              "column:终止": "valid_to"}  # fmt: skip
    text = unescaped(steward.post(f"{here}/columns", data={"body": body, **chosen}).text)
    assert "of: 客户号" in text and "keys: [保单]" in text
    text = text.replace("columns:", "columns:\n  number: 保单", 1) if "columns: {" not in text else text.replace(
        "columns: {", "columns: {number: 保单, ", 1)  # fmt: skip
    wrong = steward.post(f"{here}/admission", data={"body": text, "code": "x", "rule": "row.nothing == 1"})
    assert wrong.status_code == 422 and "nothing" in wrong.text
    rules = {"code": ["late", ""], "rule": ["row.valid_from.getFullYear() < 2026", ""]}
    ruled = unescaped(steward.post(f"{here}/admission", data={"body": text, **rules}).text)
    made = steward.post(f"{here}/preview", data={"body": ruled, "token": token, "file": "p.csv"}).text
    assert "结束早于开始" in made and "缺少状态" in made and '<span class="tag bad">2</span>' in made
    bare = unescaped(steward.post(f"{here}/admission", data={"body": ruled, "code": "", "rule": ""}).text)
    assert "late" not in bare, "an emptied line takes the rule out"
    steward.post(f"{here}/publish", data={"body": bare, "note": "first", "based_on": "0"})
    assert mappings.named("ours/policies").version == 1
    steward.post("/loads", files=sample, data={"mapping": "ours/policies"})
    jobs.run_queued()
    assert one("SELECT string_agg(key, ' ') FROM party.policy_summary WHERE source = 'policies'") == "P1"
    row = one("SELECT id FROM party.rejected_record WHERE source = 'policies'")
    assert "P2" in steward.get(f"/rejects/{row}").text
    steward.post(f"/rejects/{row}", data={"column:state": "lapsed", "column:终止": "2027-01-01"})
    assert one("SELECT state FROM party.policy_summary WHERE key = 'P2'") == "lapsed"


def unescaped(answer: str) -> str:
    """The text of the editor in an answer."""
    return html.unescape(answer.partition('aria-label="YAML">')[2].partition("</textarea>")[0])


@pytest.mark.browser
def test_a_rejected_row_is_mended(browser: Any, served: str, site: Site, sign_in: SignIn, tmp_path: Path) -> None:
    """EC-03: a row that was rejected is corrected in place, tried, and taken in; another is dismissed."""
    rows = [{"contactId": f"CC-mend-{n}", "kind": "个人", "callerPhone": f"1397604235{n}"} for n in (1, 2)]
    body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    sign_in("steward").post("/loads", files={"file": ("m.jsonl", body)}, data={"mapping": "telecom/callcentre"})
    jobs.run_queued()
    load = one("SELECT max(id) FROM party.load")
    page, complaints = open_as(browser, served, "steward")
    page.goto(f"{served}/rejects?load={load}")
    assert page.locator("tr[data-row]").count() == 2
    if folder := os.environ.get("HUTONG_SHOTS"):
        page.screenshot(path=f"{folder}/rejects.png", full_page=True)
    page.click("tr[data-row] a >> nth=0")
    page.wait_for_selector("#made .tag.bad")  # the page asks by itself what the row would become
    page.fill('input[name="column:callerName"]', "欧阳若兰")
    page.click("[data-key=p]")
    page.wait_for_selector("#made .tag.good")
    if folder:
        page.screenshot(path=f"{folder}/reject.png", full_page=True)
    page.click("#row .primary")
    page.wait_for_url("**/rejects")
    assert one("SELECT name FROM party.source_record WHERE key = 'CC-mend-1'") == "欧阳若兰"
    assert one("SELECT count(*) FROM party.source_version WHERE corrected_by IS NOT NULL") == 1
    page.goto(f"{served}/rejects?load={load}")
    page.check("tr[data-row] input")
    page.fill("#rows input[name=reason]", "nobody")
    page.click("#rows button")
    page.wait_for_url("**/rejects")
    assert one(f"SELECT string_agg(state, ' ' ORDER BY id) FROM party.rejected_record WHERE load_id = {load}") == (
        "corrected dismissed"
    )
    assert not complaints
    page.context.close()


def test_only_stewards_see_them(sign_in: SignIn, site: Site) -> None:
    """EC-17: mapping documents and rejected rows are the stewards'."""
    for path in ("/mappings", "/mappings/telecom/crm", "/rejects"):
        assert sign_in("clerk").get(path).status_code == 403
        assert sign_in("steward").get(path).status_code == 200


def test_all_waiting_rows_are_submitted_again(sign_in: SignIn, site: Site) -> None:
    """EC-03: after a change of the mapping one click submits all of a filter."""
    steward = sign_in("steward")
    waiting = one("SELECT count(*) FROM party.rejected_record WHERE state = 'open' AND raw ->> 'line' IS NULL")
    answer = steward.post("/rejects/again", data={})
    assert answer.status_code == 200
    assert waiting >= one("SELECT count(*) FROM party.rejected_record WHERE state = 'open' AND raw ->> 'line' IS NULL")
