"""EC-15, EC-17: who gets an account of the portal, for how long, and what clerks see of it; pages are tests/web's."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create, get
from hutong.party.lifecycle.changes import apply_change
from hutong.party.sharing import messages, portal, portal_codes
from hutong.party.stewardship.merge import merge
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, NotFound, TooMany, Unauthenticated, Unprocessable

pytestmark = pytest.mark.usefixtures("database", "sms")
PHONE, OTHER = "13912340001", "13812340002"
CLERK = Principal(5, "user", "clerk", frozenset({"party.read", "party.change"}))
EAST = Principal(6, "user", "east", CLERK.rights, scopes={"party": 'row.branch == "east"'})


@pytest.fixture
def sms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that pretends to send."""
    monkeypatch.setattr(messages, "send", lambda _number, _words: messages.Sent(simulated=True))


def customer(number: int, name: str, mobile: str | None = None, branch: str | None = None) -> int:
    data = PartyData("person", name, id_type="resident_id", id_number=resident(number), mobile=mobile, branch=branch)
    return find_or_create(SYSTEM, data, f"k{number}").party_id


def code_of(phone: str, address: str = "192.0.2.1") -> str:
    """A code sent just now; those of before count no longer for the limits."""
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.portal_code SET sent_at = sent_at - interval '2 days'"))
    return portal_codes.send_code(phone, address, "en") or ""


def register(phone: str, name: str, number: int) -> str:
    return portal.register(phone, code_of(phone), name, resident(number))


def records() -> int:
    with database.read("party") as conn:
        return int(conn.execute(text("SELECT count(*) FROM party.source_record")).scalar_one())


@pytest.mark.parametrize(
    ("name", "mobile", "in_use", "state"),
    [
        ("王小明", PHONE, True, "active"), ("王小明", PHONE, False, "active"),
        ("王小明", OTHER, True, "waiting"), ("王小明", OTHER, False, "waiting"),
        ("李丽", PHONE, True, "waiting"), ("李丽", OTHER, True, "waiting"),
    ],
)  # fmt: skip
def test_a_known_document_opens_an_account_by_phone_and_name_together(
    name: str, mobile: str, in_use: bool, state: str
) -> None:
    """EC-17: who knows another's number, or its name too, or has a relative's phone, waits for a clerk; so for a
    customer that is not in use any more; nothing is stated about it."""
    known = customer(1, "王小明", PHONE)
    if not in_use:
        apply_change(SYSTEM, "deactivate", [known])
    before = records()
    assert register(mobile, name, 1) == state
    assert state == "active" or records() == before
    with database.read("party") as conn:
        assert conn.execute(text("SELECT party_id FROM party.portal_account")).scalars().all() == [known]


def test_of_two_with_one_document_the_one_with_phone_and_name_registers() -> None:
    """EC-17: a suspect pair: whose account it is does not depend on which was first."""
    for number, name, mobile in ((1, "欧阳娜", OTHER), (2, "王小明", PHONE)):
        data = PartyData("person", name, id_type="resident_id", id_number=resident(1), mobile=mobile)
        find_or_create(SYSTEM, data, f"k{number}")
    assert register(PHONE, "王小明", 1) == "active"
    token, _ = portal.sign_in(PHONE, code_of(PHONE))
    assert get(SYSTEM, portal.session_of(token).party_id)["name"] == "王小明"


def test_a_session_ends_with_its_time_its_account_and_follows_its_customer() -> None:
    """EC-15, EC-17: an hour; not after the account was closed; after a merge it is the survivor's, before and after."""
    mine = customer(1, "王小明", PHONE)
    survivor = customer(2, "王小明")
    find_or_create(SYSTEM, PartyData("person", "王小明", id_type="resident_id", id_number=resident(2)), "again")
    register(PHONE, "王小明", 1)
    token, _ = portal.sign_in(PHONE, code_of(PHONE))
    assert portal.session_of(token).party_id == mine
    merge(SYSTEM, [mine, survivor], "one", force=True)
    session = portal.session_of(token)
    assert session.party_id == survivor and portal.overview(session)["customer"]["id"] == survivor
    with clock.fixed(clock.now() + portal.LIFE), pytest.raises(Unauthenticated):
        portal.session_of(token)
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.portal_account SET state = 'closed'"))
    for refused in (lambda: portal.session_of(token), lambda: portal.sign_in(PHONE, code_of(PHONE))):
        with pytest.raises(Unauthenticated):
            refused()


def test_codes_run_out_and_are_few_for_a_phone_and_for_an_address() -> None:
    """EC-17: ten minutes; five an hour for a phone; thirty an hour from an address, whoever's the phones."""
    code = code_of(PHONE)
    with clock.fixed(clock.now() + portal_codes.LIFE), pytest.raises(Unauthenticated):
        portal_codes.prove(PHONE, code)
    begin = clock.now() + timedelta(days=2)
    for minute in range(5):
        with clock.fixed(begin + timedelta(minutes=minute)):
            portal_codes.send_code(PHONE, "192.0.2.9", "en")
    with clock.fixed(begin + timedelta(minutes=6)), pytest.raises(TooMany):
        portal_codes.send_code(PHONE, "192.0.2.9", "en")
    with clock.fixed(begin + timedelta(minutes=7)):
        for number in range(25):
            portal_codes.send_code(f"138000010{number:02}", "192.0.2.9", "en")
        with pytest.raises(TooMany):
            portal_codes.send_code("13800001099", "192.0.2.9", "en")
        portal_codes.send_code("13800001099", "192.0.2.10", "en")


def test_clerks_confirm_accounts_of_customers_they_see() -> None:
    """EC-17: neither listed nor decided by others; a refused one stays out; what was decided is not decided again."""
    for number, branch in ((1, "west"), (2, "east")):
        customer(number, "王小明", None, branch=branch)
    assert register(PHONE, "王小明", 1) == register(OTHER, "王小明", 2) == "waiting"
    west, east = portal.waiting(CLERK)
    assert [row["account_id"] for row in portal.waiting(EAST)] == [east["account_id"]]
    with pytest.raises(NotFound):
        portal.decide(EAST, west["account_id"], confirm=True)
    portal.decide(EAST, east["account_id"], confirm=False)
    with pytest.raises(NotFound):
        portal.decide(CLERK, east["account_id"], confirm=True)
    with pytest.raises(Unauthenticated):
        portal.sign_in(OTHER, code_of(OTHER))
    with pytest.raises(Conflict):
        portal.sign_in(PHONE, code_of(PHONE))


def test_customers_maintain_their_contacts_and_nothing_else() -> None:
    """EC-15: neither name nor document nor grade, whatever a form sends."""
    mine = customer(1, "王小明", PHONE)
    register(PHONE, "王小明", 1)
    session = portal.session_of(portal.sign_in(PHONE, code_of(PHONE))[0])
    before = records()
    for field in ("grade", "branch", "name", "id_number"):
        with pytest.raises(Unprocessable):
            portal.maintain(session, {"email": "w@163.com", field: "gold"})
    assert records() == before and get(SYSTEM, mine)["email"] is None
    assert portal.maintain(session, {}) == "done"
