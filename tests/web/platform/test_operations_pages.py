"""Operations pages: jobs, dead letters, imports with rejected rows and code mapping, access log, users and clients."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, text
from tests.web.browsing import PHONE, open_as
from tests.web.sample_site import PASSWORD, Site
from tests.web.visiting import visit

from hutong.billing.collect import collect
from hutong.identity import clients
from hutong.identity.principal import Principal
from hutong.masterdata import Unmapped, report_unmapped
from hutong.party.ingest import mappings
from hutong.platform import clock, database, jobs, webhooks, worker
from hutong.platform.outbox import Delivered, Event, publish
from hutong.platform.settings import settings
from hutong.platform.subscriptions import subscriber, unsubscribe
from hutong.web.billing.quarantine import fields_of
from hutong.web.identity.people import right_in_words
from hutong.web.platform.dead_letters import shown

SignIn = Callable[[str], TestClient]
PROBE = "party.probe_of_pages"


def one(query: str, **values: Any) -> Any:
    with database.read("party") as conn:
        return conn.execute(text(query), values).scalar_one()


def callcentre_file() -> bytes:
    """Three contacts: one good, one without name, one that is no record."""
    good = {"contactId": "CC-new-1", "kind": "个人", "callerName": "欧阳若兰", "callerPhone": "13976042358"}
    nameless = {"contactId": "CC-new-2", "kind": "个人", "callerPhone": "13976042359"}
    return "\n".join(
        [json.dumps(good, ensure_ascii=False), json.dumps(nameless, ensure_ascii=False), "broken"]
    ).encode()


# Imports


def test_a_file_is_taken_in_by_a_job(sign_in: SignIn, site: Site) -> None:
    """EC-03: a steward gives a file, a job takes it in, the load's page tells what became of every row."""
    steward = sign_in("steward")
    files = {"file": ("../../new calls.jsonl", callcentre_file())}
    answer = steward.post("/loads", files=files, data={"mapping": "telecom/callcentre", "then_resolve": "true"})
    assert answer.status_code == 204
    page = answer.headers["hx-redirect"]
    assert "导入文件" in steward.get(page).text
    assert jobs.run_queued() == 2
    job = jobs.get(int(page.split("/")[-1]))
    assert (job.state, job.args["file"]) == ("done", "new_calls.jsonl")
    assert job.checkpoint is not None
    assert (job.checkpoint["rows"], job.checkpoint["admitted"], job.checkpoint["rejected"]) == (3, 1, 2)
    assert one("SELECT count(*) FROM party.xref WHERE key = 'CC-new-1'") == 1, "the second job resolved it"
    assert not list((settings.data_dir / "uploads").iterdir()), "the file is not kept"
    shown_load = steward.get(f"/loads/{job.checkpoint['load']}").text
    assert "new_calls.jsonl" in shown_load and "缺少名称" in shown_load and "不是一条记录" in shown_load


def test_a_refused_file_changes_nothing_and_says_why(sign_in: SignIn, site: Site) -> None:
    """EC-03: a file that is not what the mapping says fails its job with a reason; empty files are refused at once."""
    steward = sign_in("steward")
    before = one("SELECT count(*) FROM party.load")
    answer = steward.post("/loads", files={"file": ("crm.csv", b"a,b\n1,2\n")}, data={"mapping": "telecom/crm"})
    jobs.run_queued()
    page = steward.get(answer.headers["hx-redirect"], headers={"accept-language": "en"}).text
    assert "lacks the columns" in page and "Go on from checkpoint" in page
    assert one("SELECT count(*) FROM party.load") == before
    empty = {"file": ("x.csv", b"")}
    assert steward.post("/loads", files=empty, data={"mapping": "telecom/crm"}).status_code == 422
    unknown = {"file": ("x.csv", b"1")}
    assert steward.post("/loads", files=unknown, data={"mapping": "../../etc/passwd"}).status_code == 404


def test_rejected_rows_are_masked_for_their_reader(sign_in: SignIn, site: Site) -> None:
    """EC-17: a steward may not see bank cards: neither on the page nor in the export; an administrator may, and it is
    logged."""
    load = one("SELECT max(id) FROM party.load WHERE source = 'billing'")
    sheet = "SELECT id, raw FROM party.rejected_record WHERE load_id = :load ORDER BY id"
    with database.read("party") as conn:
        raw = [row.raw for row in conn.execute(text(sheet), {"load": load})]
    column = mappings.named("telecom/billing").columns["bank_card"].columns[0]
    cards = [row[column] for row in raw if row.get(column)]
    assert cards, "the sample has rejected rows with bank cards"
    steward, admin = sign_in("steward"), sign_in("administrator")
    for path in (f"/loads/{load}", f"/loads/{load}/rejected.csv"):
        assert not any(card in steward.get(path).text for card in cards)
        assert cards[0][-4:] in steward.get(path).text
        assert cards[0] in admin.get(path).text
    rows = list(csv.DictReader(io.StringIO(steward.get(f"/loads/{load}/rejected.csv").text.removeprefix("\ufeff"))))
    assert len(rows) == len(raw) and all(row["reasons"] for row in rows)
    log = admin.get("/access-log/rows?entity=rejected_record").json()["rows"]
    assert {row["who"] for row in log} == {"Test steward", "Test administrator"}


def test_codes_are_mapped_from_the_page(sign_in: SignIn, site: Site) -> None:
    """EC-09: an unmapped code is listed, mapped, and gone; a standard code that does not exist is refused."""
    steward = sign_in("steward")
    with database.begin("masterdata") as conn:
        report_unmapped(conn, [Unmapped("crm", "gender", "保密", 3)])
    source, theirs = "crm", "保密"
    row = {"source": source, "code_set": "gender", "source_code": theirs}
    assert f'name="source_code" value="{theirs}"' in steward.get("/loads/codes").text
    assert steward.post("/loads/codes", data={**row, "standard_code": "no-such"}).status_code == 422
    assert steward.post("/loads/codes", data={**row, "standard_code": "0"}).status_code == 204
    with database.read("masterdata") as conn:
        mapped = (
            "SELECT standard_code, mapped_by FROM masterdata.code_mapping WHERE source_code = :theirs AND source = :s"
        )
        code, by = conn.execute(text(mapped), {"theirs": theirs, "s": source}).one()
        left = "SELECT count(*) FROM masterdata.unmapped_code WHERE source = :s AND source_code = :theirs"
        assert conn.execute(text(left), {"theirs": theirs, "s": source}).scalar_one() == 0
    assert code == "0" and by.startswith("user:")


# Jobs


def test_jobs_are_started_cancelled_and_resumed(sign_in: SignIn, site: Site) -> None:
    """EC-19: a known job is started from the page, cancelled while it waits, resumed, and done."""
    steward = sign_in("steward")
    page = steward.post("/jobs", data={"kind": "party.resolve"}).headers["hx-redirect"]
    waiting = steward.get(page).text
    assert 'data-hx-trigger="every 1s"' in waiting and "排队" in waiting
    assert steward.post(f"{page}/cancel").status_code == 204
    assert "已取消" in steward.get(page).text
    assert steward.post(f"{page}/cancel").status_code == 409
    assert steward.post(f"{page}/resume").status_code == 204
    jobs.run_queued()
    done = steward.get(page).text
    assert "every 1s" not in done and "疑似组" in done
    assert steward.get("/jobs?view=done").text.count("客户归并") >= 1


def test_jobs_need_the_right_of_their_center(sign_in: SignIn, site: Site) -> None:
    """CR-10: a billing officer sees jobs, but does not touch those of the customer center; a clerk sees none."""
    billing, clerk, steward = sign_in("billing"), sign_in("clerk"), sign_in("steward")
    page = steward.post("/jobs", data={"kind": "party.resolve"}).headers["hx-redirect"]
    assert billing.get(page).status_code == 200 and "取消作业" not in billing.get(page).text
    assert billing.post(f"{page}/cancel").status_code == 403
    assert billing.post("/jobs", data={"kind": "party.resolve"}).status_code == 403
    assert clerk.get(page).status_code == 403
    assert clerk.get("/jobs/rows", headers={"hx-request": "true"}).status_code == 403
    assert steward.post("/jobs", data={"kind": "party.load"}).status_code == 404, "it needs a file"
    assert jobs.get(int(page.split("/")[-1])).state == "queued"
    del steward.headers["x-csrf-token"]
    assert steward.post(f"{page}/cancel").status_code == 403
    assert steward.post("/loads", files={"file": ("a.csv", b"1")}, data={"mapping": "telecom/crm"}).status_code == 403
    jobs.run_queued()


# Dead letters


@pytest.fixture
def broken(site: Site) -> Iterator[set[str]]:
    """Two dead letters, of objects a and b, with one event waiting behind each; what is taken out of the set works."""
    failing = {"a", "b"}

    @subscriber(name=PROBE, events=["party.probed"], max_attempts=1)
    def probe(_conn: Connection, events: Sequence[Delivered]) -> None:
        if any(event.aggregate in failing for event in events):
            raise RuntimeError("the peer said <no>")

    told = [Event("party.probed", aggregate, {"party_id": 7, "name": "司马相如", "state": "new", "n": n})
            for aggregate in ("a", "b") for n in (1, 2)]  # fmt: skip
    with database.begin("party") as conn:
        publish(conn, "party", told)
    start = clock.now()
    for minute in range(3):
        with clock.fixed(start + timedelta(minutes=minute)):
            worker.drain(["party"])
    yield failing
    unsubscribe(PROBE)


def test_dead_letters_are_shown_replayed_and_discarded(sign_in: SignIn, broken: set[str]) -> None:
    """EC-19: a dead letter shows what it says and why it failed; discarded it is gone, replayed it is handled, and
    what waited behind it follows."""
    admin = sign_in("administrator")
    listed = admin.get("/dead-letters?center=party").text
    pages = sorted(set(re.findall(rf'href="(/dead-letters/{PROBE}/party/\d+)"', listed)))
    assert len(pages) == 2
    shown_event = admin.get(pages[0]).text
    assert "司马相如" in shown_event and "the peer said &lt;no&gt;" in shown_event
    assert admin.get("/dead-letters?center=nowhere").status_code == 404
    assert admin.get(f"/dead-letters/{PROBE}/party/999999999").status_code == 404
    assert admin.post(f"{pages[0]}/discard").headers["hx-redirect"] == "/dead-letters?center=party"
    assert admin.get(pages[0]).status_code == 404
    broken.clear()
    assert admin.post(f"{pages[1]}/replay").status_code == 204
    worker.drain(["party"])
    assert one("SELECT count(*) FROM party.parked_event WHERE subscription = :name", name=PROBE) == 0
    assert PROBE in admin.get("/dead-letters?view=subscriptions").text


def test_dead_letters_hide_texts_and_keep_their_center(sign_in: SignIn, broken: set[str]) -> None:
    """EC-17: who does not see everything sees no names in events; who has no right in the center settles nothing."""
    steward, billing = sign_in("steward"), sign_in("billing")
    listed = steward.get("/dead-letters").text
    page = re.findall(rf'href="(/dead-letters/{PROBE}/party/\d+)"', listed)[0]
    assert "司马相如" not in steward.get(page).text and "&#34;new&#34;" in steward.get(page).text
    assert billing.post(f"{page}/replay").status_code == 403
    assert billing.post("/dead-letters/replay-all", data={"center": "party"}).status_code == 403
    assert one("SELECT count(*) FROM party.parked_event WHERE state = 'dead' AND subscription = :name", name=PROBE) == 2
    broken.clear()
    assert steward.post("/dead-letters/replay-all", data={"center": "party"}).status_code == 204
    worker.drain(["party"])
    assert one("SELECT count(*) FROM party.parked_event WHERE subscription = :name", name=PROBE) == 0


def test_hiding_goes_through_the_whole_payload() -> None:
    """EC-17: texts are hidden at any depth; numbers, truth values and codes stay."""
    viewer = Principal(1, "user", "x", frozenset(), clear=frozenset({"name"}))
    given = {"party_id": 3, "names": ["张三"], "offer_code": "X", "more": {"phone": "139", "ok": True, "none": None}}
    hidden = {"party_id": 3, "names": ["***"], "offer_code": "X", "more": {"phone": "***", "ok": True, "none": None}}
    assert shown(viewer, given) == hidden


def test_webhooks_with_their_state(sign_in: SignIn, site: Site) -> None:
    """OC-18: registered callbacks are listed with owner and events; secrets are not."""
    settings.webhook_allow_private = True
    try:
        _, secret = webhooks.register("http://127.0.0.1:9/hook", ["ordering.*"], "client:1")
    finally:
        settings.webhook_allow_private = False
    page = sign_in("administrator").get("/dead-letters/webhooks").text
    assert "http://127.0.0.1:9/hook" in page and secret not in page


# Access log, people


def test_access_log_by_person_and_customer(sign_in: SignIn, site: Site) -> None:
    """EC-17: who saw a customer's data in clear; pages by key; only for those who audit."""
    admin, clerk = sign_in("administrator"), sign_in("clerk")
    for _ in range(3):
        clerk.get(f"/customers/{site.customer}")
    found = admin.get(f"/access-log/rows?entity=party&number={site.customer}&limit=2").json()
    assert len(found["rows"]) == 2 and found["next"]
    further = admin.get(f"/access-log/rows?entity=party&number={site.customer}&limit=2&after={found['next']}").json()
    assert further["rows"] and all(f"#{site.customer}" in row["ids"] for row in further["rows"] if row["count"] == 1)
    actor = re.search(r'value="(user:\d+)"[^>]*>Test clerk', admin.get("/access-log").text)
    assert actor
    assert {row["who"] for row in admin.get(f"/access-log/rows?actor={actor[1]}").json()["rows"]} == {"Test clerk"}
    assert clerk.get("/access-log/rows").status_code == 403
    assert admin.get("/access-log/rows?number=abc").status_code == 400


def test_people_roles_and_clients(sign_in: SignIn, site: Site) -> None:
    """CR-10, EC-14: accounts and roles with rights as words in both languages, calling systems with quotas, no keys."""
    with database.begin("identity") as conn:
        key = clients.register(conn, code="web-test", name="Test shop", rights=["ordering.write"], per_second=17)
    admin = sign_in("administrator")
    page = admin.get("/people").text
    assert "Test clerk" in page and "受理订单" in page and PASSWORD not in page
    listed = admin.get("/people/clients", headers={"accept-language": "en"}).text
    assert "Test shop" in listed and "17 per second" in listed and "take orders" in listed and key not in listed
    assert sign_in("steward").get("/people").status_code == 403
    assert sign_in("steward").get("/people/clients").status_code == 403


def test_every_right_of_the_delivered_roles_has_words() -> None:
    """XP-07: no role shows the bare name of a right."""
    document = Path(__file__).parents[3] / "packs" / "base" / "identity" / "organisation.yaml"
    rights = set(re.findall(r"[a-z]+\.[a-z_.*]+", ", ".join(re.findall(r"rights: \[(.*)\]", document.read_text()))))
    assert len(rights) > 10
    for right in rights:
        for locale in ("zh-CN", "en"):
            assert right_in_words(right, locale).words != right, right


# Quarantine


@pytest.fixture
def held(site: Site, tmp_path: Path) -> list[str]:
    """Three records that cannot be used: two of an unknown number, one without a time. Gives the unknown number."""
    number = "13712340987"
    rest = "MO,13800138000,{},60,0,0,0,0571,0571,c1,local"
    lines = ["H,1,pages-1,switch-9,20260903000000,explicit"]
    lines += [f"D,pages-{n},voice,{number}," + rest.format("2026-09-02T10:00:00+08:00") for n in (1, 2)]
    lines += [f"D,pages-3,voice,{number}," + rest.format("yesterday"), "T,3,180,0,0"]
    path = tmp_path / f"pages-{tmp_path.name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    collect([path], "test")
    return [number]


def states_of_quarantine() -> list[tuple[str, str]]:
    with database.read("billing") as conn:
        rows = conn.execute(text("SELECT reason, state FROM billing.quarantine ORDER BY id"))
        return [(row.reason, row.state) for row in rows]


def test_quarantine_is_settled_from_the_page(sign_in: SignIn, held: list[str]) -> None:
    """BL-05: held records are shown with reasons, numbers masked; released ones are collected again by a job and, still
    unknown, held anew; discarded ones stay with who decided."""
    billing, clerk, admin = sign_in("billing"), sign_in("clerk"), sign_in("administrator")
    page = billing.get("/quarantine").text
    assert "号码未建档" in page and "时间无效" in page and "switch-9" in page and held[0] not in page
    assert held[0] in admin.get("/quarantine").text
    log = admin.get("/access-log/rows?entity=quarantine").json()["rows"]
    assert [row["who"] for row in log] == ["Test administrator"]

    release = {"action": "release", "every_of": "unknown_number"}
    assert clerk.post("/quarantine/decide", data=release).status_code == 403
    assert billing.post("/quarantine/decide", data={"action": "release"}).status_code == 400
    job = billing.post("/quarantine/decide", data=release).headers["hx-redirect"]
    assert states_of_quarantine().count(("unknown_number", "released")) == 2
    jobs.run_queued()
    assert "完成" in billing.get(job).text
    assert states_of_quarantine().count(("unknown_number", "held")) == 2

    chosen = re.findall(r'name="chosen" value="(\d+)"', billing.get("/quarantine?reason=bad_time").text)
    assert len(chosen) == 1
    assert billing.post("/quarantine/decide", data={"action": "discard", "chosen": chosen}).status_code == 204
    assert ("bad_time", "discarded") in states_of_quarantine()
    assert "Test billing" in billing.get("/quarantine?state=discarded").text


def test_usage_lines_by_field() -> None:
    """BL-05: a line is shown by its fields; one with too many or too few loses nothing."""
    assert fields_of("D,r1,voice")[:2] == [("record_id", "r1"), ("event_type", "voice")]
    assert fields_of("D," + ",".join("abcdefghijklmnopq"))[-1] == ("", "q")
    assert fields_of("nonsense") == [("record_id", "nonsense")]


# In the browser


@pytest.mark.browser
def test_pages_in_the_browser(browser: Any, served: str, site: Site) -> None:
    """XP-07, EC-19: on a phone, pages use its width and say nothing to the console; a steward starts a job by hand and
    sees it wait; every record of a list is ticked at once."""
    page, complaints = open_as(browser, served, "administrator", "en", PHONE)
    load = one("SELECT max(id) FROM party.load WHERE rejected > 0")
    for path in ("/loads", f"/loads/{load}", "/loads/codes", "/jobs", "/dead-letters", "/dead-letters/webhooks",
                 "/dead-letters?view=subscriptions", "/access-log", "/people", "/people/clients", "/quarantine",
                 "/catalog/releases/1"):  # fmt: skip
        assert visit(page, served + path).status == 200, path
        assert page.evaluate("document.querySelector('main').clientWidth") > 350, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 391, path
    page.goto(f"{served}/quarantine")
    if boxes := page.locator("[name=chosen]").count():
        page.check("[data-check-all]")
        assert page.locator("[name=chosen]:checked").count() == boxes
    page.goto(f"{served}/jobs")
    page.click("[data-open=start]")
    page.click("form:has([value='party.resolve']) button")
    page.wait_for_url("**/jobs/*")
    assert "queued" in page.inner_text("main")
    page.click("text=Cancel job")
    page.wait_for_selector("text=cancelled")
    assert complaints == []
    page.context.close()
