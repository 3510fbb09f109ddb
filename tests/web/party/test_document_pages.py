"""EC-05, EC-15, EC-18 in the console: every kind of document is edited, previewed on data, put in force, by two people
where the kind wants it."""

import os
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.web.browsing import open_as
from tests.web.markup import in_one_line
from tests.web.sample_site import Site

from hutong.identity import users
from hutong.insight.snapshots import take_all
from hutong.party.documents.kinds import KINDS
from hutong.party.policies import POLICY
from hutong.party.quality.measure import measure
from hutong.party.sharing.document_kinds import CLAIM_ROUTE, EXPORT
from hutong.platform import database, documents
from hutong.web.party.documents import ELSEWHERE

SignIn = Callable[[str], TestClient]


def body_of(client: TestClient, place: str) -> dict[str, object]:
    """The text in the editor, as data."""
    page = client.get(place)
    assert page.status_code == 200, place
    made: dict[str, object] = yaml.safe_load(
        unescape(page.text.split("<textarea")[1].split(">", 1)[1].split("</text")[0])
    )
    return made


def as_text(body: object) -> str:
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False)


def all_places() -> list[str]:
    with database.read("party") as conn:
        kinds = [kind for kind in KINDS.values() if kind.code not in ELSEWHERE]
        return [f"/documents/{kind.code}/{name}" for kind in kinds for name in documents.sources(conn, kind)]


def test_every_document_can_be_opened_and_checked_as_it_is(sign_in: SignIn, site: Site) -> None:
    admin, clerk = sign_in("administrator"), sign_in("clerk")
    listed = admin.get("/documents").text
    places = all_places()
    assert len(places) >= 11
    for place in places:
        assert f'href="{place}"' in listed
        checked = admin.post(f"{place}/preview", data={"body": as_text(body_of(admin, place))})
        assert checked.status_code == 200 and "banner bad" not in checked.text, place
        assert clerk.post(f"{place}/preview", data={"body": "x: 1"}).status_code == 403, place
        assert clerk.post(f"{place}/write", data={"action": "publish", "body": "x: 1"}).status_code == 403, place
    assert admin.get("/documents/no-kind/x").status_code == 404
    assert admin.get("/documents/export/no-such").status_code == 404


def test_an_export_is_made_changed_retired(sign_in: SignIn, site: Site) -> None:
    """EC-14: a definition of a consumer's file, without code; the rows it would have are told before."""
    admin = sign_in("administrator")
    made = admin.post("/documents/export", data={"name": "gold-customers"})
    place = made.headers["HX-Redirect"]
    assert place == "/documents/export/gold-customers"
    body = body_of(admin, place) | {"where": 'customer.grade == "gold"', "format": "csv"}
    shown = admin.post(f"{place}/preview", data={"body": as_text(body)}).text
    with database.read("party") as conn:
        query = "SELECT count(*) FILTER (WHERE grade = 'gold'), count(*) FROM party.party WHERE state = 'active'"
        gold, every = conn.execute(text(query)).one()
    assert f">{gold:,}</b>" in shown and f">{every:,}</td>" in shown
    wrong = admin.post(f"{place}/preview", data={"body": as_text(body | {"where": "customer.no_such == 1"})}).text
    assert "banner bad" in wrong and "no_such" in wrong
    assert admin.post(f"{place}/write", data={"action": "publish", "body": as_text(body)}).status_code == 204
    with database.read("party") as conn:
        assert documents.in_force(conn, EXPORT, "gold-customers").where == body["where"]
    assert admin.get("/exports/gold-customers").status_code == 200
    late = admin.post(
        f"{place}/write", data={"action": "publish", "body": as_text(body | {"format": "xlsx"}), "based_on": 0}
    )
    assert late.status_code == 409, "another version came in between"
    assert admin.post(f"{place}/write", data={"action": "retire", "reason": "no longer"}).status_code == 204
    assert admin.get("/exports/gold-customers").status_code == 404


def test_claims_of_last_month_are_routed_anew(sign_in: SignIn, site: Site) -> None:
    """EC-15: what a changed rule would have done to real claims is seen before it is published."""
    admin = sign_in("administrator")
    with database.begin("party") as conn:
        conn.execute(
            text(
                """INSERT INTO party.claim_decision
                       (claim, party_id, version, rule, route, priority, inputs, decided_by)
                   SELECT 'C' || n, :party, 0, 'otherwise', 'standard', 3,
                          jsonb_build_object('customer', '{}'::jsonb, 'claim', jsonb_build_object(
                              'amount_micros', n * 1000000000::bigint, 'documents_complete', true, 'injured', false)),
                          'user:1' FROM generate_series(1, 5) AS n"""
            ),
            {"party": site.customer},
        )
    place = "/documents/claim-route/claim-route"
    body = body_of(admin, place)
    rules = body["rules"]
    assert isinstance(rules, list)
    for rule in rules:
        if rule["code"] == "small":
            rule["when"] = "claim.amount_micros <= 4000000000 && claim.documents_complete == true"
    shown = in_one_line(admin.post(f"{place}/preview", data={"body": as_text(body)}).text)
    assert (
        '<td class="right">1</td><td class="right"><b class="changed">4</b></td><td class="right quiet">5</td>' in shown
    )
    assert admin.post(f"{place}/write", data={"action": "publish", "body": as_text(body)}).status_code == 204
    with database.read("party") as conn:
        assert documents.in_force(conn, CLAIM_ROUTE, "claim-route").version >= 1
    back = admin.post(f"{place}/versions/0")
    assert back.status_code in (204, 404)


def test_a_policy_is_previewed_on_last_months_changes_and_needs_two(sign_in: SignIn, site: Site) -> None:
    """EC-02: how many of last month's changes would have needed approval; in force only by a second person."""
    steward = sign_in("steward")
    with database.begin("identity") as conn:
        users.save(conn, login="second", name="Second", password="Correct-horse-9", unit_code="hq", roles=["steward"])
        conn.execute(text("UPDATE identity.user_account SET password_hash = (SELECT password_hash FROM "
                          "identity.user_account WHERE login = 'steward') WHERE login = 'second'"))  # fmt: skip
    with database.begin("party") as conn:
        conn.execute(text("""INSERT INTO party.change_request (kind, state, party_ids, change, before, reason,
            policy_version, requested_by) SELECT 'modify', 'done', ARRAY[CAST(:party AS bigint)], '{}',
            '{"email": null}', 'x', 0, 'user:1' FROM generate_series(1, 7)"""), {"party": site.customer})  # fmt: skip
    place = "/documents/policy/lifecycle"
    body = body_of(steward, place)
    rules = body["rules"]
    assert isinstance(rules, list)
    rule = {"rule": "mail", "when": '"email" in change.attributes', "zh": "改邮箱", "en": "E-mail"}
    body["rules"] = [rule, *rules]
    shown = in_one_line(steward.post(f"{place}/preview", data={"body": as_text(body)}).text)
    assert '<td>改邮箱</td><td class="right">–</td><td class="right"><b class="changed">7</b>' in shown
    given = {"action": "publish", "body": as_text(body), "reason": "mail is for signing in"}
    assert steward.post(f"{place}/write", data=given).status_code == 204
    with database.read("party") as conn:
        assert documents.in_force(conn, POLICY, "lifecycle").rules[0].rule != "mail"
    assert "mail is for signing in" in steward.get("/documents").text
    assert steward.post(f"{place}/review", data={"action": "approve"}).status_code == 403, "not by its author"
    second = sign_in("second")
    refused = second.post(f"{place}/review", data={"action": "send_back"})
    assert (refused.status_code, "platform-document-reason-missing" in refused.text) == (422, True), "say why"
    assert second.post(f"{place}/review", data={"action": "approve"}).status_code == 204
    with database.read("party") as conn:
        assert documents.in_force(conn, POLICY, "lifecycle").rules[0].rule == "mail"


def test_quality_rules_tell_how_many_records_would_fail(sign_in: SignIn, site: Site) -> None:
    """EC-18: only rules that ask something else are counted."""
    steward = sign_in("steward")
    place = "/documents/quality/quality"
    body = body_of(steward, place)
    rules = body["rules"]
    assert isinstance(rules, list)
    rules.append({"rule": "never", "dimension": "validity", "holds": "false", "zh": "必败", "en": "Never"})
    shown = in_one_line(steward.post(f"{place}/preview", data={"body": as_text(body)}).text)
    with database.read("party") as conn:
        every = conn.execute(text("SELECT count(*) FROM party.source_record")).scalar_one()
    assert f'<td>必败</td><td class="right">–</td><td class="right"><b class="changed">{every:,}</b>' in shown
    assert shown.count("<b class") == 1
    for text_of in ("rules: [", "quality: x\nrules: []"):
        assert "banner bad" in steward.post(f"{place}/preview", data={"body": text_of}).text
    assert steward.post(f"{place}/write", data={"action": "save", "body": as_text(body)}).status_code == 204
    assert "必败" in steward.get(place).text, "the draft is kept"
    assert steward.post(f"{place}/write", data={"action": "discard"}).status_code == 204
    assert "必败" not in steward.get(place).text


SHOTS = os.environ.get("HUTONG_SHOTS")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_editor_shows_what_a_change_would_do(browser: Any, served: str, site: Site, locale: str) -> None:
    """XP-07: in Chromium, in both languages, by keyboard and without a complaint."""
    page, complaints = open_as(browser, served, "administrator", locale)
    for name, path in (
        ("list", "/documents"),
        ("editor", "/documents/call-list/birthday"),
        ("rules", "/documents/rules/rules"),
    ):
        assert page.goto(served + path).status == 200
        if name == "editor":
            written = page.input_value("textarea[name=body]").replace('"gold"]', '"gold", "silver"]')
            page.fill("textarea[name=body]", written)
            page.click("[data-key=p]")
            page.wait_for_selector("#effects pre")
            assert page.locator("#effects tbody tr").count() >= 1
        if name == "rules":
            body = yaml.safe_load(page.input_value("textarea[name=body]"))
            body["person"]["strong"] = body["person"]["strong"][:2]
            page.fill("textarea[name=body]", as_text(body))
            page.click("[data-key=p]")
            page.wait_for_selector("#effects td a[href^='/customers/']")
            assert page.locator("#effects b.changed").count() >= 3
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/document-{name}-{locale}.png", full_page=name != "rules")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1, path
    if SHOTS:
        measure()
        take_all()
        for name, path in (("quality", "/quality"), ("ranking", "/quality/ranking?kind=branch"),
                           ("reports", "/reports"),
                           ("value", "/reports/contribution"), ("report", f"/quality/report?party={site.customer}"),
                           ("suspects", "/suspects"), ("merges", "/merges")):  # fmt: skip
            page.goto(served + path)
            page.wait_for_timeout(900)
            page.screenshot(path=f"{SHOTS}/{name}-{locale}.png", full_page=True)
    assert complaints == []
    page.context.close()


pytestmark = pytest.mark.usefixtures("site")
