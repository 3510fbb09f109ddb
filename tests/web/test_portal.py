"""EC-15, EC-17: the portal: who registers proves the phone, sees what is theirs, states contacts; nothing of others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.engine import URL
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create, get
from hutong.party.areas import people
from hutong.party.sharing import portal, portal_codes
from hutong.party.tables import portal_code
from hutong.platform import database as live
from hutong.platform.errors import NotFound
from hutong.platform.settings import settings
from hutong.server import create_app
from hutong.simulators.server import Simulators

PHONE, OTHER = "13912340001", "13812340002"


@pytest.fixture
def peers(database: URL, tmp_path: Path) -> Iterator[Simulators]:
    """The simulated SMS peer."""
    made = Simulators("127.0.0.1", 0, tmp_path / "book.sqlite")
    made.start()
    before, settings.sms_url = settings.sms_url, f"{made.url}/sms"
    yield made
    settings.sms_url = before
    made.stop()


@pytest.fixture
def browser(peers: Simulators) -> Iterator[TestClient]:
    with TestClient(
        create_app(), follow_redirects=False, headers={"Accept-Language": "en", "accept": "text/html"}
    ) as made:
        yield made


def customer(number: int, name: str, mobile: str, **more: str) -> int:
    data = PartyData("person", name, id_type="resident_id", id_number=resident(number), mobile=mobile, **more)
    party_id = find_or_create(SYSTEM, data, f"k{number}").party_id
    policy = {"number": f"POLICY-{number}", "state": "in_force", "premium_micros": 5_000_000}
    people.state(SYSTEM, party_id, "policy_summary", policy)
    people.state(SYSTEM, party_id, "claim_summary", {"number": f"CLAIM-{number}", "state": "reported"})
    people.state(SYSTEM, party_id, "points_entry", {"scheme": "club", "points": 100 * number})
    return party_id


def code_for(browser: TestClient, phone: str, purpose: str = "sign-in") -> str:
    """Ask for a code; the simulated peer lets the page show it."""
    forget()
    answer = browser.post("/portal/code", data={"phone": phone, "purpose": purpose})
    assert answer.status_code == 200, answer.text
    return answer.text.split("The code is ")[1][:6]


def forget() -> None:
    """Codes of before count no longer for the limits."""
    with live.begin("party") as conn:
        conn.execute(text("UPDATE party.portal_code SET sent_at = sent_at - interval '2 days'"))


def register(browser: TestClient, phone: str, name: str, number: int) -> str:
    given = {"phone": phone, "code": code_for(browser, phone, "register"), "name": name, "id_number": resident(number)}
    return browser.post("/portal/register", data=given).text


def sign_in(browser: TestClient, phone: str) -> str:
    """Sign in; returns the CSRF token of the forms."""
    answer = browser.post("/portal/sign-in", data={"phone": phone, "code": code_for(browser, phone)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "Path=/portal" in cookie and "SameSite=strict" in cookie
    return browser.get("/portal").text.split('name="csrf" value="')[1].split('"')[0]


def test_a_known_customer_with_the_phone_on_file_sees_what_is_its_own(browser: TestClient) -> None:
    """EC-15: policies, claims, points, grade."""
    mine = customer(1, "王小明", PHONE, grade="gold")
    theirs = customer(2, "李丽", OTHER)
    assert "You are registered" in register(browser, PHONE, "王小明", 1)
    sign_in(browser, PHONE)
    page = browser.get("/portal").text
    for word in ("王小明", "POLICY-1", "CLAIM-1", f"Customer {mine}"):
        assert word in page, word
    for word in ("李丽", "POLICY-2", "CLAIM-2", OTHER):
        assert word not in page, word
    session = portal.session_of(browser.cookies["hutong_portal"])
    assert get(session.viewer, mine)["name"] == "王小明"
    with pytest.raises(NotFound):
        get(session.viewer, theirs)
    for path in ("/", "/customers", f"/customers/{theirs}", "/portal-accounts", f"/party/v1/parties/{theirs}/glance"):
        assert browser.get(path).status_code in (303, 401), path


def test_somebody_new_becomes_a_customer(browser: TestClient) -> None:
    assert "You are registered" in register(browser, PHONE, "张三", 3)
    sign_in(browser, PHONE)
    assert "张三" in browser.get("/portal").text
    with live.read("party") as conn:
        assert conn.execute(text("SELECT source FROM party.source_record")).scalars().all() == ["portal"]


def test_who_knows_anothers_id_number_gets_nothing_until_a_clerk_has_seen_them(browser: TestClient) -> None:
    """EC-17: a phone that is not on file does not open a known customer's data, nor changes it."""
    victim = customer(1, "王小明", PHONE)
    told = register(browser, OTHER, "王小明", 1)
    assert "received" in told
    assert "POLICY-1" not in told
    answer = browser.post("/portal/sign-in", data={"phone": OTHER, "code": code_for(browser, OTHER)})
    assert answer.status_code == 409
    assert OTHER not in str(get(SYSTEM, victim)["values"])
    clerk = Principal(5, "user", "clerk", frozenset({"party.read", "party.change"}))
    (waits,) = portal.waiting(clerk)
    assert (waits["id"], waits["mobile"]) == (victim, "+86138****0002")
    portal.decide(clerk, waits["account_id"], confirm=True)
    sign_in(browser, OTHER)
    assert "POLICY-1" in browser.get("/portal").text


def test_contacts_are_stated_and_what_needs_approval_waits(browser: TestClient) -> None:
    """EC-15: self-maintenance; EC-02: by policy."""
    mine = customer(1, "王小明", PHONE)
    register(browser, PHONE, "王小明", 1)
    csrf = sign_in(browser, PHONE)
    assert browser.post("/portal/contact", data={"email": "evil@a.cn", "csrf": "x"}).status_code == 403
    from_elsewhere = {"origin": "https://evil.example"}
    assert (
        browser.post("/portal/contact", data={"email": "a@a.cn", "csrf": csrf}, headers=from_elsewhere).status_code
        == 403
    )
    answer = browser.post("/portal/contact", data={"email": "ming@hutong.cn", "csrf": csrf})
    assert answer.headers["location"] in ("/portal?told=done", "/portal?told=pending")
    if answer.headers["location"].endswith("done"):
        assert get(SYSTEM, mine)["email"] == "ming@hutong.cn"
        with live.read("party") as conn:
            stated = "SELECT source FROM party.source_record WHERE email = 'ming@hutong.cn'"
            assert conn.execute(text(stated)).scalars().all() == ["portal"], "EC-05: trusted as what it is"
    wrong = browser.post("/portal/contact", data={"email": "not an address", "csrf": csrf})
    assert wrong.status_code == 422 and "This is not a valid e-mail address" in wrong.text
    assert browser.post("/portal/sign-out", data={"csrf": csrf}).status_code == 303
    assert browser.get("/portal").headers["location"] == "/portal/sign-in"
    assert (
        browser.post("/portal/contact", data={"email": "a@a.cn", "csrf": csrf}).headers["location"] == "/portal/sign-in"
    )


def test_codes_are_few_short_lived_and_used_once(browser: TestClient) -> None:
    """EC-17: guessing and flooding are limited; the code is not kept in clear."""
    customer(1, "王小明", PHONE)
    register(browser, PHONE, "王小明", 1)
    code = code_for(browser, PHONE)
    assert browser.post("/portal/code", data={"phone": PHONE}).status_code == 429
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(portal_codes.TRIES):
        assert browser.post("/portal/sign-in", data={"phone": PHONE, "code": wrong}).status_code == 401
    assert browser.post("/portal/sign-in", data={"phone": PHONE, "code": code}).status_code == 401, "tried too often"
    code = code_for(browser, PHONE)
    assert browser.post("/portal/sign-in", data={"phone": PHONE, "code": code}).status_code == 303
    assert browser.post("/portal/sign-in", data={"phone": PHONE, "code": code}).status_code == 401, "used once"
    with live.read("party") as conn:
        assert code not in str(conn.execute(select(portal_code)).all())
    assert browser.post("/portal/code", data={"phone": "12"}).status_code == 422


def test_a_peer_that_is_down_is_said_so(browser: TestClient, peers: Simulators) -> None:
    peers.stop()
    answer = browser.post("/portal/code", data={"phone": PHONE})
    assert answer.status_code == 503
    assert "could not be sent" in answer.text
