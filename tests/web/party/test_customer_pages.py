"""EC-12: the 360° page: information, relations, policies, timeline; what people state there, in both languages."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from tests.web.browsing import DESKTOP, PHONE, open_as
from tests.web.markup import in_one_line
from tests.web.sample_site import PACKS, Site
from tests.web.visiting import visit

from hutong import masterdata
from hutong.identity import SYSTEM
from hutong.party.areas import people, values
from hutong.party.information import AREAS
from hutong.party.ingest.areas.write import merge
from hutong.party.relations import relate
from hutong.party.relations.find_households import find_households
from hutong.platform import clock, database

SignIn = Callable[[str], TestClient]
TABS = ("information", "relations", "policies", "timeline")
PAGES_AT_MOST = 70


@pytest.fixture(scope="module")
def full(site: Site) -> Site:
    """The site's customer with something in every area."""
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACKS / "insurance" / "codes")
    with database.read("party") as conn:
        others = list(
            conn.execute(
                text(
                    "SELECT id FROM party.party WHERE state = 'active' AND kind = 'person' "
                    "AND id <> :id ORDER BY id LIMIT 2"
                ),
                {"id": site.customer},
            ).scalars()
        )
        key = conn.execute(text("SELECT source, key FROM party.xref WHERE party_id = :id ORDER BY record_id LIMIT 1"),
                           {"id": site.customer}).one()  # fmt: skip
    relate.relate(SYSTEM, site.customer, others[0], "spouse")
    relate.relate(SYSTEM, others[1], site.customer, "referrer", note="met at a course")
    stated: dict[str, dict[str, Any]] = {
        "preference": {"kind": "channel", "value": "wechat"},
        "consent": {"purpose": "marketing", "given": True, "channel": "app", "proof": "click 42"},
        "classification": {"scheme": "value", "class": "vip"},
        "evaluation": {"kind": "risk", "score": 12, "grade": "low"},
        "points_entry": {"scheme": "club", "points": 1200, "reason": "renewal"},
        "expense": {"kind": "commission", "amount_micros": 36_000_000, "provider": "A0001"},
        "credit_limit": {"kind": "credit", "amount_micros": 5_000_000_000},
        "activity": {"kind": "course", "subject": "财富讲座"},
    }
    for area, given in stated.items():
        people.state(SYSTEM, site.customer, area, given)
    base = {"of_source": key.source, "of_key": key.key, "source": "life"}
    begin = datetime(2025, 3, 1, tzinfo=UTC)
    with database.begin("party") as conn:
        merge(conn, AREAS["policy_summary"], [{**base, "key": "P1", "number": "P1", "state": "in_force",
              "product": "康宁终身寿险", "premium_micros": 4_800_000_000, "insured_micros": 200_000_000_000,
              "valid_from": begin}], "test")  # fmt: skip
        merge(conn, AREAS["claim_summary"], [{**base, "key": "C1", "number": "C1", "state": "paid", "at": begin,
              "paid_micros": 900_000_000}], "test")  # fmt: skip
        merge(conn, AREAS["customer_event"], [{**base, "key": "E1", "kind": "complaint", "state": "open",
              "subject": "服务态度", "at": begin}], "test")  # fmt: skip
        merge(conn, AREAS["touch"], [{**base, "key": str(n), "channel": "phone", "purpose": "service", "at": begin}
                                     for n in range(60)], "test")  # fmt: skip
    find_households("test")
    return site


def part(client: TestClient, customer: int, tab: str, **query: str) -> str:
    """A part of the page."""
    answer = client.get(f"/customers/{customer}/part/{tab}", params=query)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def test_each_part_tells(full: Site, sign_in: SignIn) -> None:
    """EC-12: what is known is on its tab, in words."""
    client = sign_in("administrator")
    information = part(client, full.customer, "information")
    for words in ("客户俱乐部 1,200", "click 42", "贵宾", "A0001", "5,000"):
        assert words in information, words
    policies = part(client, full.customer, "policies")
    for words in ("康宁终身寿险", "已赔付", "投诉", "4,800.00"):
        assert words in policies, words
    relations = part(client, full.customer, "relations")
    graph = json.loads(unescape(re.findall(r'data-chart="([^"]+)"', relations)[0]))
    [series] = graph["series"]
    assert {link["value"] for link in series["links"]} >= {"配偶"} and len(series["data"]) >= 3
    assert all(node["href"].startswith("/customers/") for node in series["data"] if node["id"] != "home")
    overview = part(client, full.customer, "overview")
    assert "康宁终身寿险" in overview and "配偶" in overview


def test_the_timeline_goes_on_to_the_first_day(full: Site, sign_in: SignIn) -> None:
    """EC-12: everything once, page by page; a group of kinds alone."""
    client = sign_in("administrator")
    told, address = [], f"/customers/{full.customer}/timeline?group="
    for _ in range(PAGES_AT_MOST):
        page = client.get(address)
        assert page.status_code == 200
        told += re.findall(r"<time>", page.text)
        found = re.search(r'class="more" data-hx-get="([^"]+)"', in_one_line(page.text))
        if not found:
            break
        address = unescape(found.group(1))
    whole = part(client, full.customer, "timeline")
    assert len(told) > 75 and whole.count("<time>") == 40
    claims = client.get(f"/customers/{full.customer}/timeline?group=claims").text
    assert claims.count("<time>") == 1 and "理赔" in claims
    assert client.get(f"/customers/{full.customer}/timeline?after=rubbish").status_code == 422


def test_people_state_on_the_page(full: Site, sign_in: SignIn) -> None:
    """EC-01, EC-02: add, confirm, end; a form that cannot be read is refused and changes nothing."""
    client = sign_in("steward")
    here = f"/customers/{full.merged_from}"
    done = client.post(f"{here}/values", data={"kind": "phone", "value": "13912349999", "use": "work"})
    assert done.status_code == 204 and done.headers["hx-redirect"].startswith(f"{here}?tab=information")
    phone = {"kind": "phone", "value": "+8613912349999"}
    assert client.post(f"{here}/values/confirm", data=phone).status_code == 204
    found = {row["value"]: row for row in values.values(SYSTEM, full.merged_from)}
    assert found[phone["value"]]["confirmed_at"] and found[phone["value"]]["use"] == "work"
    assert client.post(f"{here}/values/end", data=phone).status_code == 204
    assert {row["value"]: row for row in values.values(SYSTEM, full.merged_from)}[phone["value"]]["valid_to"]
    limit = {"kind": "credit", "amount_micros": "1234.56", "valid_from": "2026-01-01"}
    assert client.post(f"{here}/areas/credit_limit", data=limit).status_code == 204
    shown = part(client, full.merged_from, "information")
    assert "1,234.56" in shown and "2026-01-01" in shown
    for wrong in ({"kind": "credit", "amount_micros": "much"}, {"kind": "nothing", "amount_micros": "1"}):
        assert client.post(f"{here}/areas/credit_limit", data=wrong).status_code == 422
    grade = {"grade": "gold", "reason": "asked for"}
    assert client.post(f"{here}/basic", data=grade).status_code == 204
    file = {"file": ("front.png", b"\x89PNG\r\n\x1a\n" + bytes(50), "image/png")}
    assert client.post(f"{here}/images", data={"kind": "id_card"}, files=file).status_code == 204
    link = re.search(rf'href="({here}/images/\d+)"', part(client, full.merged_from, "information"))
    assert link
    image = client.get(link.group(1))
    assert image.headers["content-type"] == "image/png" and image.headers["content-security-policy"].startswith(
        "sandbox"
    )


def test_the_model_is_extended_on_the_page(full: Site, sign_in: SignIn) -> None:
    """EC-10: previewed, published, shown and edited on the customer's page, without code; others may only read."""
    client = sign_in("steward")
    assert "policy_summary" in client.get("/model").text and client.get("/model/edit").status_code == 200
    source = (PACKS / "insurance" / "party" / "model.yaml").read_text(encoding="utf-8")
    preview = client.post("/model/preview", data={"source": source})
    assert preview.status_code == 200 and "occupation" in preview.text
    assert client.post("/model/publish", data={"source": source}).headers["hx-redirect"] == "/model"
    here = f"/customers/{full.customer}"
    given = {
        "occupation": "教师",
        "height_cm": "165",
        "smoker": "false",
        "social_security_number": "330106199001010011",
    }
    assert client.post(f"{here}/attributes", data=given).status_code == 204
    shown = part(client, full.customer, "information")
    assert "教师" in shown and "165" in shown and "330106199001010011" in shown
    assert client.post(f"{here}/attributes", data={"height_cm": "3"}).status_code == 422
    service = sign_in("service")
    assert "330106199001010011" not in part(service, full.customer, "information")
    assert service.post("/model/publish", data={"source": source}).status_code == 403
    assert service.get("/model/edit").status_code == 403


def test_as_it_was_on_a_day(full: Site, sign_in: SignIn) -> None:
    """EC-01: before the customer was known there was nobody; today is as now."""
    client = sign_in("administrator")
    today = clock.today().isoformat()
    assert today in part(client, full.customer, "information", on=today)
    assert client.get(f"/customers/{full.customer}/part/information?on=2001-01-01").status_code == 404
    assert client.get(f"/customers/{full.customer}/part/information?on=soon").status_code == 422


def test_rights_and_masks_hold(full: Site, sign_in: SignIn) -> None:
    """EC-17: who may not change is offered and allowed nothing; who sees names only sees names only."""
    client = sign_in("service")
    here = f"/customers/{full.customer}"
    information = part(client, full.customer, "information")
    assert "data-open" not in information
    assert set(re.findall(r'data-hx-post="([^"]*)"', information)) <= {f"{here}/reveal"}
    for path, data in (
        ("values", {"kind": "phone", "value": "13912340000"}),
        ("basic", {"grade": "gold"}),
        ("areas/preference", {"kind": "channel", "value": "x"}),
        ("relations", {"other": str(full.merged_from), "kind": "friend"}),
        ("household", {"member": str(full.merged_from), "reason": "x"}),
    ):
        assert client.post(f"{here}/{path}", data=data).status_code == 403, path
    phones = [row["value"] for row in values.values(SYSTEM, full.customer) if row["kind"] == "phone"]
    assert phones and not any(phone.removeprefix("+86") in information.replace(" ", "") for phone in phones)


def test_a_part_costs_few_statements(full: Site, sign_in: SignIn) -> None:
    """EC-12: each area in one statement; nothing grows with the rows."""
    client = sign_in("administrator")
    asked: list[object] = []
    event.listen(database.engine(), "before_cursor_execute", note := lambda *given: asked.append(given[2]))
    try:
        for tab, most in (("information", 65), ("relations", 65), ("policies", 65), ("timeline", 65), ("overview", 65)):
            asked.clear()
            part(client, full.customer, tab)
            assert len(asked) <= most, (tab, len(asked))
    finally:
        event.remove(database.engine(), "before_cursor_execute", note)


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_parts_in_chromium(  # noqa: PLR0917  (fixtures)
    browser: Any, served: str, full: Site, locale: str, viewport: dict[str, int], tmp_path: Path
) -> None:
    """XP-07: no complaint, no page wider than the screen; the graph is drawn; more of the timeline comes."""
    page, complaints = open_as(browser, served, "administrator", locale, viewport)
    for tab in TABS:
        assert visit(page, f"{served}/customers/{full.customer}?tab={tab}").status == 200
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1, tab
        page.screenshot(path=str(tmp_path / f"{tab}-{locale}-{viewport['width']}.png"), full_page=True)
        if tab == "relations":
            page.wait_for_selector(".relation-graph canvas")
            assert page.locator(".relation-graph canvas").count() == 1
    page.locator("li.more").scroll_into_view_if_needed()
    page.locator("#happened time").nth(45).wait_for()
    assert complaints == []
    page.context.close()
