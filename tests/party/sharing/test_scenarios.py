"""EC-15: issue, glance, pop, claims, ask only once: what the counter and the seat get, and why."""

from dataclasses import replace
from typing import Any

import pytest
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create
from hutong.party.areas import people
from hutong.party.documents import desk
from hutong.party.sharing import claims, glance, issue, on_file, pop
from hutong.party.sharing.document_kinds import SCRIPTS
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
SEAT = Principal(7, "user", "seat", frozenset({"party.read"}), clear=frozenset({"name"}))
CLAIM = {"amount_micros": 900_000_000, "documents_complete": True, "injured": False}


def wang(number: int = 1, name: str = "王小明", **more: Any) -> PartyData:
    return PartyData("person", name, id_type="resident_id", id_number=resident(number), **more)


def made(number: int, name: str, **more: Any) -> int:
    return find_or_create(SYSTEM, wang(number, name, **more), f"k{number}").party_id


def test_issue_finds_or_creates_and_says_what_need_not_be_asked() -> None:
    """EC-15: policy issue: find, else create; document reuse."""
    first = issue.issue(SYSTEM, wang(mobile="13912340001"), "P-1")
    assert (first["created"], first["customer"]["name"]) == (True, "王小明")
    states = [paper["state"] for paper in first["papers"]]
    assert states == ["valid", "missing", "valid", "missing", "missing"]
    people.state(SYSTEM, first["party_id"], "consent", {"purpose": "data", "given": True})
    again = issue.issue(SYSTEM, wang(), "P-2")
    assert (again["created"], again["party_id"]) == (False, first["party_id"])
    assert [paper["state"] for paper in again["papers"]] == ["valid", "missing", "valid", "missing", "valid"]
    assert issue.issue(SYSTEM, wang(), "P-2")["party_id"] == first["party_id"]
    with pytest.raises(Forbidden):
        issue.issue(SEAT, wang(), "P-3")


def test_a_consent_taken_back_and_an_old_paper_are_asked_again() -> None:
    """EC-15: only what is still valid is reused."""
    party_id = made(1, "王小明")
    people.state(SYSTEM, party_id, "consent", {"purpose": "data", "given": True, "valid_from": "2025-01-01T00:00:00Z"})
    people.state(SYSTEM, party_id, "consent", {"purpose": "data", "given": False})
    image = {"kind": "identity", "file_name": "a.jpg", "media_type": "image/jpeg", "bytes": 1, "content_hash": "0"}
    people.state(SYSTEM, party_id, "document_image", {**image, "at": "2010-01-01T00:00:00Z"}, key="old")
    papers = {paper["any_of"][0]: paper for paper in on_file.reusable(SEAT, party_id, "policy-issue")}
    assert (papers["consent:data"]["state"], papers["image:identity"]["state"]) == ("missing", "expired")
    people.state(SYSTEM, party_id, "document_image", {**image, "at": "2026-01-01T00:00:00Z"}, key="new")
    papers = {paper["any_of"][0]: paper for paper in on_file.reusable(SEAT, party_id, "policy-issue")}
    assert papers["image:identity"]["state"] == "valid"
    assert papers["image:identity"]["since"].year == 2026


def test_a_glance_gives_class_value_history_and_warnings() -> None:
    """EC-15: underwriting check, masked by role."""
    party_id = made(1, "王小明", mobile="13912340001")
    people.state(SYSTEM, party_id, "policy_summary", {"number": "P1", "state": "in_force", "premium_micros": 8})
    people.state(SYSTEM, party_id, "claim_summary", {"number": "C1", "state": "reported"})
    people.state(SYSTEM, party_id, "classification", {"scheme": "watch_list", "class": "black"})
    seen = glance.glance(SEAT, party_id)
    assert seen["warnings"] == ["blacklisted", "claims_open"]
    assert (seen["facts"]["policies"], seen["facts"]["premium_micros"]) == (1, 8)
    assert {row["area"] for row in seen["history"]} == {"policy_summary", "claim_summary", "classification"}
    assert (seen["customer"]["mobile"], seen["customer"]["name"]) == ("+86139****0001", "王小明")
    blind = Principal(8, "user", "x", frozenset({"party.read"}), scopes={"party": 'row.branch == "none"'})
    for ask in (glance.glance, lambda viewer, id: on_file.reusable(viewer, id, "policy-issue")):
        with pytest.raises(NotFound):
            ask(blind, party_id)
    assert pop.pop(blind, "13912340001")["candidates"] == []


def test_the_callers_own_number_comes_first_and_shared_ones_say_so() -> None:
    """EC-15: caller-id pop."""
    owner = made(1, "王小明", mobile="13912340001")
    other = made(2, "李丽", mobile="13812340002", phone="139 1234 0001")
    people.state(SYSTEM, owner, "customer_event", {"kind": "complaint", "state": "open", "subject": "late"})
    found = pop.pop(SEAT, "0139-1234-0001")
    assert [one["customer"]["id"] for one in found["candidates"]] == [owner, other]
    assert (found["number"], found["holders"], found["shared"]) == ("+8613912340001", 2, "many")
    first = found["candidates"][0]
    assert [matter["kind"] for matter in first["matters"]] == ["complaint"]
    assert first["scripts"][0]["title"] == "有未结投诉"
    assert first["scripts"][0]["why"]
    assert pop.pop(SEAT, "13812340002")["shared"] == "own"
    find_or_create(SYSTEM, PartyData("organisation", "福州户通科技有限公司", phone="13812340002"), "org")
    assert pop.pop(SEAT, "13812340002")["shared"] == "company"
    for wrong in ("", "hello", "12"):
        assert pop.pop(SEAT, wrong)["candidates"] == []


def test_what_is_said_depends_on_the_class_of_who_calls() -> None:
    """EC-15: 差异化话术: two calls alike but for the customers' class; each script says why, in the seat's language."""
    gold, plain = made(1, "王小明", mobile="13912340001"), made(2, "李丽", mobile="13912340002")
    people.state(SYSTEM, gold, "classification", {"scheme": "value", "class": "high"})
    people.state(SYSTEM, plain, "classification", {"scheme": "value", "class": "low"})
    scripts = [
        {"when": 'customer.value_class == "high"', **said("贵宾问候", "VIP greeting")},
        {"when": 'customer.value_class != "high"', **said("一般问候", "Plain greeting")},
        {"when": "true", **said("核对身份", "Who is it")},
    ]
    desk.publish(SYSTEM, SCRIPTS, {"code": "general", "title": {"zh": "按类", "en": "By class"}, "scripts": scripts})
    heard = {
        number: [(script["title"], bool(script["why"])) for script in pop.pop(SEAT, number)["candidates"][0]["scripts"]]
        for number in ("13912340001", "13912340002")
    }
    assert heard == {
        "13912340001": [("贵宾问候", True), ("核对身份", False)],
        "13912340002": [("一般问候", True), ("核对身份", False)],
    }
    abroad = pop.pop(replace(SEAT, locale="en"), "13912340001")["candidates"][0]["scripts"][0]
    assert (abroad["title"], abroad["text"]) == ("VIP greeting", "VIP greeting")
    people.state(SYSTEM, plain, "classification", {"scheme": "value", "class": "high"})
    assert pop.pop(SEAT, "13912340002")["candidates"][0]["scripts"][0]["title"] == "贵宾问候", "and changes with it"


def said(zh: str, en: str) -> dict[str, dict[str, str]]:
    return {"title": {"zh": zh, "en": en}, "text": {"zh": zh, "en": en}}


def test_claims_go_their_way_by_class_and_risk_and_say_why() -> None:
    """EC-15: simplified or standard; the decision keeps rule, version and inputs."""
    gold, plain, black = made(1, "王小明", grade="gold"), made(2, "李丽"), made(3, "张三")
    people.state(SYSTEM, black, "classification", {"scheme": "watch_list", "class": "black"})
    cases = (
        (gold, {**CLAIM, "amount_micros": 2_500_000_000}, "small-and-trusted", "simplified"),
        (plain, {**CLAIM, "amount_micros": 2_500_000_000}, "otherwise", "standard"),
        (plain, CLAIM, "small", "simplified"),
        (plain, {**CLAIM, "documents_complete": False}, "otherwise", "standard"),
        (gold, {**CLAIM, "injured": True}, "injured", "standard"),
        (black, CLAIM, "blacklisted", "investigation"),
        (plain, {}, "otherwise", "standard"),
    )
    for party_id, claim, rule, route in cases:
        decided = claims.decide(SYSTEM, party_id, "C-1", claim)
        assert (decided["rule"], decided["route"]) == (rule, route), claim
    kept = claims.decisions(SYSTEM, gold)
    assert [row["rule"] for row in kept] == ["injured", "small-and-trusted"]
    why = claims.explained(SYSTEM, kept[1]["id"])
    assert [(step["rule"], step["held"]) for step in why["asked"]][-2:] == [
        ("injured", False),
        ("small-and-trusted", True),
    ]
    assert kept[1]["inputs"]["customer"]["grade"] == "gold"
    with pytest.raises(Unprocessable):
        claims.decide(SYSTEM, gold, "C-2", {"colour": "red"})
    with pytest.raises(Forbidden):
        claims.decide(SEAT, gold, "C-2", {})
