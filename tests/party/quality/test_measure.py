"""EC-13, EC-18: quality rules as documents, measured set-wise, closed by tasks that verify themselves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.identity import SYSTEM, Principal
from hutong.party import visibility
from hutong.party.defaults import FOLDER
from hutong.party.ingest.load import LoadReport
from hutong.party.quality import desk, failures, scores, tasks
from hutong.party.quality.measure import measure
from hutong.party.quality.rules import ENVIRONMENTS, FIELDS, QUALITY_RULES
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import enhancement
from hutong.platform import cel, clock, documents
from hutong.platform import database as live
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

Importer = Callable[..., LoadReport]
STEWARD = Principal(7, "user", "steward", frozenset({"party.*"}), clear=frozenset({"name"}))
GOOD = {"客户编号": "A1", "客户名称": "王小明", "证件类型": "01", "证件号码": "11010519491231002X",
        "联系电话": "13912340001", "通信地址": "北京市朝阳区建国路1号", "建档网点": "east-01", "性别": "1"}  # fmt: skip
NO_PHONE = {"客户编号": "A2", "客户名称": "李丽华", "证件类型": "01", "证件号码": "440106199003078521",
            "通信地址": "广州市天河区体育西路2号", "建档网点": "west-01", "性别": "2"}  # fmt: skip
TWICE = [
    {**GOOD, "客户编号": f"B{n}", "客户名称": "张三丰", "证件号码": "", "证件类型": "", "联系电话": "13912340009"}
    for n in (1, 2)
]


def counted() -> dict[str, tuple[int, int]]:
    with live.read("party") as conn:
        rows = conn.execute(
            text("SELECT rule, sum(checked), sum(failed) FROM party.quality_result WHERE source <> '' GROUP BY rule")
        )
        return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def test_measured_in_one_pass_by_source_branch_and_day(database: URL, take_in: Importer) -> None:
    take_in(GOOD, NO_PHONE, *TWICE)
    resolve()
    now = clock.now()
    with clock.fixed(now):
        done = measure()
    assert (done.records, done.version) == (4, 0)
    found = counted()
    assert found["reachable_by_phone"] == (4, 1)
    assert found["id_number_known"] == (4, 2)
    assert found["id_number_valid"] == (2, 0)
    assert found["person_once_per_source"] == (3, 2)
    with live.read("party") as conn:
        rows = conn.execute(
            text(
                """SELECT source, branch, failed FROM party.quality_result
                   WHERE rule = 'reachable_by_phone' AND failed > 0"""
            )
        ).all()
    assert [tuple(row) for row in rows] == [("crm", "west-01", 1)]
    with clock.fixed(now):
        again = measure()
    assert (again.checked, again.failed) == (done.checked, done.failed)
    assert counted() == found


def test_set_and_object_agree_on_every_rule(database: URL, take_in: Importer) -> None:
    """The compiled scan counts exactly the records that each rule's condition refuses, taken one by one."""
    take_in(
        GOOD, NO_PHONE, *TWICE, {"客户编号": "C1", "客户类型": "2", "客户名称": "云山茶叶有限公司", "邮政编码": "12"}
    )
    now = clock.now()
    with clock.fixed(now):
        measure()
        today = clock.today()
    with live.read("party") as conn:
        rules = documents.in_force(conn, QUALITY_RULES).of("source_record")
        records = [dict(row) for row in conn.execute(text("SELECT * FROM party.source_record")).mappings()]
    for rule in rules:
        if rule.test is None:
            continue
        checked = failed = 0
        for record in records:
            given = {"record": record, "today": today, "now": now}
            if rule.condition.holds(given):
                checked += 1
                failed += not rule.test.holds(given)
        assert counted().get(rule.rule, (0, 0)) == (checked, failed), rule.rule


def test_drill_down_is_masked_scoped_and_by_key(database: URL, take_in: Importer) -> None:
    take_in(GOOD, NO_PHONE, *TWICE)
    resolve()
    rows = failures.failing(SYSTEM, "person_once_per_source", {})
    assert [row["name"] for row in rows] == ["张三丰", "张三丰"]
    first = failures.failing(SYSTEM, "person_once_per_source", {}, limit=1)
    rest = failures.failing(SYSTEM, "person_once_per_source", {}, after=first[0]["record_id"])
    assert [*first, *rest] == rows
    blind = replace(STEWARD, clear=frozenset())
    shown = failures.failing(blind, "person_once_per_source", {})
    assert {(row["name"], row["mobile"]) for row in shown} == {("张**", "+86139****0009")}
    only_west = replace(STEWARD, scopes={"party": 'row.branch == "west-01"'})
    assert failures.failing(only_west, "person_once_per_source", {}) == []
    assert [row["name"] for row in failures.failing(only_west, "reachable_by_phone", {})] == ["李丽华"]
    assert failures.failing(STEWARD, "reachable_by_phone", {"branch": "east-01"}) == []
    with pytest.raises(Forbidden):
        failures.failing(replace(STEWARD, rights=frozenset({"party.read"})), "reachable_by_phone", {})
    with pytest.raises(NotFound):
        failures.failing(STEWARD, "no_such_rule", {})


def test_task_closes_itself_when_the_record_passes(database: URL, take_in: Importer) -> None:
    """EC-18: issue → task → sent → mended at the source → verified by the measurement; broken again → reopened."""
    take_in(GOOD, NO_PHONE)
    assert measure().tasks == tasks.Settled(1, 0, 0, 0)
    [task] = desk.tasks(STEWARD, {"rule": "reachable_by_phone"})
    assert (task["state"], task["source"], task["branch"], task["owner"], task["severity"]) == (
        "open", "crm", "west-01", "branch", 4)  # fmt: skip
    assert measure().tasks == tasks.Settled(0, 0, 0, 0)
    assert desk.move(STEWARD, [task["id"]], "sent") == 1
    assert desk.move(STEWARD, [task["id"]], "fixed", "called the branch") == 1
    assert measure().tasks == tasks.Settled(0, 1, 0, 0), "said to be fixed, but still failing"
    take_in({**NO_PHONE, "联系电话": "13912340002", "更新时间": "2026/02/02 10:00:00"})
    assert measure().tasks == tasks.Settled(0, 0, 1, 0)
    assert desk.task(STEWARD, task["id"])["state"] == "verified"
    take_in({**NO_PHONE, "更新时间": "2026/03/02 10:00:00"})
    assert measure().tasks == tasks.Settled(0, 1, 0, 0)
    seen = desk.task(STEWARD, task["id"])
    assert [step["state"] for step in seen["steps"]] == ["open", "sent", "fixed", "reopened", "verified", "reopened"]
    assert seen["reopened"] == 2


def test_what_a_call_back_brought_is_not_a_record_that_lacks_the_rest(database: URL, take_in: Importer) -> None:
    """EC-08, EC-18: an e-mail address collected for a customer opens no task about a missing name and phone."""
    take_in(GOOD)
    resolve()
    before = measure()
    with live.read("party") as conn:
        customer = conn.execute(text("SELECT id FROM party.party WHERE state = 'active'")).scalar_one()
    row = {"party_id": str(customer), "email": "kh1@post.example", "confirmed": "yes"}
    enhancement.apply(STEWARD, enhancement.draft(STEWARD, "called back", "callback", [row]))
    after = measure()
    assert (after.records, after.tasks) == (before.records, tasks.Settled(0, 0, 0, 0))
    with live.read("party") as conn:
        sources = text("SELECT DISTINCT source FROM party.quality_result ORDER BY source")
        assert list(conn.execute(sources).scalars()) == ["", "crm"]
        assert conn.execute(text("SELECT email FROM party.party WHERE id = :id"), {"id": customer}).scalar_one()


def test_waiving_needs_a_lead_and_a_reason_and_lasts(database: URL, take_in: Importer) -> None:
    take_in(NO_PHONE)
    measure()
    [task] = desk.tasks(STEWARD, {})
    with pytest.raises(Forbidden):
        desk.move(replace(STEWARD, rights=frozenset({"party.quality"})), [task["id"]], "waived", "because")
    with pytest.raises(Unprocessable):
        desk.move(STEWARD, [task["id"]], "waived", " ")
    assert desk.move(STEWARD, [task["id"]], "waived", "the customer has no phone") == 1
    assert measure().tasks == tasks.Settled(0, 0, 0, 0)
    assert desk.move(STEWARD, [task["id"]], "sent") == 0, "a waived task is not sent"
    assert desk.move(STEWARD, [task["id"]], "reopened", "it has one now") == 1


def test_tasks_end_with_their_rule(database: URL, take_in: Importer) -> None:
    take_in(NO_PHONE)
    measure()
    body = yaml.safe_load((FOLDER / "quality.yaml").read_text(encoding="utf-8"))
    rules = [rule for rule in body["rules"] if rule["rule"] != "reachable_by_phone"]
    with live.begin("party") as conn:
        assert documents.publish(conn, QUALITY_RULES, {**body, "rules": rules}, "user:7").version == 1
    assert measure().tasks.obsolete == 1
    assert desk.tasks(STEWARD, {"state": "waiting"}) == []


@pytest.mark.parametrize("few", [2000, 0])
def test_tasks_only_of_rows_in_scope(
    database: URL, take_in: Importer, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Found by the viewer's parties where they are few, else seen among all."""
    monkeypatch.setattr(visibility, "FEW", few)
    take_in(NO_PHONE, {**NO_PHONE, "客户编号": "A3", "证件号码": "", "客户名称": "赵大宝", "建档网点": "east-01"})
    resolve()
    measure()
    east = replace(STEWARD, scopes={"party": 'row.branch == "east-01"'})
    seen = desk.tasks(east, {})
    assert {task["branch"] for task in seen} == {"east-01"}
    hidden = next(task for task in desk.tasks(STEWARD, {}) if task["branch"] == "west-01")
    with pytest.raises(NotFound):
        desk.task(east, hidden["id"])
    assert desk.move(east, [hidden["id"]], "sent") == 0
    assert desk.send_all(east, {}) == len(seen)
    assert desk.task(STEWARD, hidden["id"])["state"] == "open"
    assert desk.counts(east)["sent"] == (len(seen), False)
    assert desk.choices(east)["branch"] == ["east-01"]


def test_score_by_severity_and_volume(database: URL, take_in: Importer) -> None:
    """EC-18: the formula as documented, from the stored sums; the better branch leads."""
    take_in(GOOD, NO_PHONE, *TWICE)
    month = measure().day.replace(day=1)
    ranked = scores.ranking(STEWARD, "branch", month)
    assert [row["contributor"] for row in ranked] == sorted(
        (row["contributor"] for row in ranked),
        key=lambda name: -next(r["score"] for r in ranked if r["contributor"] == name),
    )
    share = sum(row["weighted_failed"] for row in ranked) / sum(row["weighted_checked"] for row in ranked)
    for row in ranked:
        expected = 100 * (1 - (row["weighted_failed"] + 200 * float(share)) / (row["weighted_checked"] + 200))
        assert abs(row["score"] - expected) < 0.001
    assert scores.months(STEWARD) == [month]
    assert (
        scores.ranking(STEWARD, "branch", month, (ranked[0]["score_thousandths"], ranked[0]["contributor"]))
        == ranked[1:]
    )


def test_equal_scores_are_ranked_over_pages(database: URL, take_in: Importer) -> None:
    """EC-18: contributors that are as good as each other stand at one place, by name, and none is lost or told twice
    where a page ends between them."""
    known = {"明": "east-03", "丽": "east-01", "华": "east-04", "强": "east-02"}
    plain = {**GOOD, "证件类型": "", "证件号码": ""}
    take_in(*({**plain, "客户编号": name, "客户名称": f"王小{name}", "联系电话": f"139123400{branch[-2:]}",
               "建档网点": branch} for name, branch in known.items()))  # fmt: skip
    month = measure().day.replace(day=1)
    whole = scores.ranking(STEWARD, "branch", month)
    assert len({row["score_thousandths"] for row in whole}) == 1, "a page ends among equals only if there are some"
    found: list[dict[str, Any]] = []
    while page := scores.ranking(STEWARD, "branch", month, _last(found), limit=1):
        found += page
        assert len(found) <= len(whole)
    assert found == whole
    assert [(row["contributor"], row["place"]) for row in found] == [(name, 1) for name in sorted(known.values())]


def _last(rows: list[dict[str, Any]]) -> tuple[int, str] | None:
    return (rows[-1]["score_thousandths"], rows[-1]["contributor"]) if rows else None


def test_scores_over_the_months(database: URL, take_in: Importer) -> None:
    """EC-18: a contributor's score with its trend; a month without one is a gap."""
    take_in(GOOD, NO_PHONE)
    measure()
    [now] = scores.months(STEWARD)
    before = (now - timedelta(days=40)).replace(day=1)
    with live.begin("party") as conn:
        conn.execute(
            text(
                """INSERT INTO party.quality_score
                   SELECT CAST(:before AS date), kind, contributor, day, checked, failed,
                       weighted_checked, weighted_failed, tasks_open, tasks_verified, 77000
                   FROM party.quality_score WHERE kind = 'branch' AND contributor = 'east-01'"""
            ),
            {"before": before},
        )
    span, series = scores.trend(STEWARD, "branch", ["east-01", "west-01"])
    assert span == [before, now]
    assert series["east-01"][0] == 77.0 and series["west-01"][0] is None
    assert series["east-01"][1] == scores.ranking(STEWARD, "branch", now)[0]["score"]
    with pytest.raises(Forbidden):
        scores.trend(replace(STEWARD, rights=frozenset()), "branch", ["east-01"])


def test_trend_keeps_the_days_measured(database: URL, take_in: Importer) -> None:
    take_in(NO_PHONE)
    day = datetime(2026, 3, 1, 4, tzinfo=UTC)
    for offset in (0, 1, 3):
        with clock.fixed(day + timedelta(days=offset)):
            measure()
    with live.read("party") as conn:
        days = conn.execute(text("SELECT day FROM party.quality_run ORDER BY day")).scalars().all()
    assert [found.day for found in days] == [1, 2, 4]


def test_first_provider_keeps_the_claim(database: URL, take_in: Importer) -> None:
    """EC-18: who provided a customer's information is recorded, the first of them holds the claim; merging keeps it."""
    take_in(
        {**GOOD, "建档时间": "2024/01/01 08:00:00"},
        {**GOOD, "客户编号": "A9", "建档网点": "west-01", "建档时间": "2020/01/01 08:00:00"},
    )
    resolve()
    with live.read("party") as conn:
        [party] = conn.execute(text("SELECT DISTINCT party_id FROM party.xref")).scalars()
    found = scores.contributions(STEWARD, party)
    assert [(row["branch"], row["first"]) for row in found] == [("west-01", True), ("east-01", False)]
    assert any("name" in row["supplies"] for row in found)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"holds": None}, "either"),
        ({"holds": "record.nonsense == 1"}, "nonsense"),
        ({"holds": None, "unique": ["nonsense"]}, "unknown fields"),
        ({"holds": "record.name"}, "bool"),
        ({"severity": 9}, "5"),
        ({"rule": "Bad'; DROP"}, "pattern"),
    ],
)
def test_documents_refuse_what_cannot_be(change: dict[str, Any], why: str) -> None:
    rule = {"rule": "one", "dimension": "validity", "holds": "record.name != null", "zh": "一", "en": "one", **change}
    with pytest.raises(Unprocessable) as refused:
        documents.checked(QUALITY_RULES, {"quality": "x", "rules": [rule]})
    assert why in str(refused.value)


def test_delivered_rules_cover_every_dimension() -> None:
    document = QUALITY_RULES.shipped_document("quality")
    assert {rule.dimension for rule in document.rules} == {
        "completeness", "validity", "uniqueness", "consistency", "timeliness"}  # fmt: skip
    assert set(FIELDS["party"]) - {"record_count", "changed_at"} <= set(FIELDS["source_record"])


def test_percent_signs_and_colons_in_rules_reach_the_database(database: URL, take_in: Importer) -> None:
    rule = {
        "rule": "odd",
        "dimension": "validity",
        "holds": '!record.name.contains("%(x)s :day %%")',
        "zh": "一",
        "en": "o",
    }
    with live.begin("party") as conn:
        documents.publish(conn, QUALITY_RULES, {"quality": "x", "tasks_from": 1, "rules": [rule]}, "user:7")
    take_in(GOOD)
    assert measure().failed == 0
    assert failures.failing(SYSTEM, "odd", {}) == []
    assert cel.parse_condition(str(rule["holds"]), ENVIRONMENTS["source_record"])
