"""EC-15: call lists: filtered, held back, frozen, shared out; a seat works its own; results are written back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create, get
from hutong.party.areas import people, read
from hutong.party.documents import desk
from hutong.party.sharing import call_lists, calls, pop, some
from hutong.party.sharing.document_kinds import CALL_LIST, CallList
from hutong.platform import clock
from hutong.platform.errors import Conflict, Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
SCOPE = {"party": "row.assigned"}
ONE = Principal(11, "user", "one", frozenset({"party.read", "party.calls"}), clear=frozenset({"name"}), scopes=SCOPE)
TWO = replace(ONE, id=12, name="two")
GOLD = {"code": "gold", "title": {"zh": "金", "en": "Gold"}, "where": 'customer.grade == "gold"', "order_by": "age"}


def made(number: int, **more: Any) -> int:
    data = {"mobile": f"139123400{number:02}", "grade": "gold", **more}
    person = PartyData("person", f"王{chr(0x4E00 + number)}", id_type="resident_id", id_number=resident(number), **data)
    return find_or_create(SYSTEM, person, f"k{number}").party_id


def frozen(seats: list[int], **more: Any) -> int:
    desk.publish(SYSTEM, CALL_LIST, {**GOLD, **more})
    return call_lists.freeze(SYSTEM, "gold", seats)


def test_who_may_not_be_called_is_held_back_and_counted() -> None:
    """EC-15, EC-17: refusals, blacklist, no number, and who is on a list already."""
    fine, refused, black, silent, plain = made(1), made(2), made(3), made(4, mobile=None), made(5, grade="silver")
    people.state(SYSTEM, refused, "consent", {"purpose": "marketing", "given": False})
    people.state(SYSTEM, black, "classification", {"scheme": "watch_list", "class": "black"})
    campaign = desk.publish(SYSTEM, CALL_LIST, GOLD)
    lead = Principal(1, "user", "lead", frozenset({"party.*"}))
    seen = call_lists.preview(lead, campaign)
    assert (seen["size"], seen["held_back"]) == (1, {"blacklisted": 1, "refused": 1, "no_number": 1})
    assert [(row["id"], row["name"]) for row in seen["sample"]] == [(fine, "王*")]
    call_lists.freeze(SYSTEM, "gold", [11])
    assert call_lists.preview(lead, campaign)["held_back"]["on_a_list"] == 1
    with pytest.raises(Unprocessable, match="Nobody"):
        call_lists.freeze(SYSTEM, "gold", [11])
    assert len(call_lists.lists(SYSTEM)) == 1, "a list of nobody is not kept"
    assert {silent, plain}


def test_the_list_is_a_snapshot_shared_out_in_turn_up_to_the_quota() -> None:
    """EC-15: frozen; round robin with quota; the rest waits for the lead."""
    for number in range(1, 8):
        made(number)
    list_id = frozen([11, 12], quota=3)
    made(20)
    by_seat = {row["seat_id"]: row["assigned"] for row in call_lists.progress(SYSTEM, list_id)}
    assert by_seat == {11: 3, 12: 3, None: 1}
    assert call_lists.reassign(SYSTEM, list_id, [12]) == 1
    assert call_lists.reassign(SYSTEM, list_id, [11], from_seat=12) == 4
    assert [(row["seat_id"], row["assigned"]) for row in call_lists.progress(SYSTEM, list_id)] == [(11, 7)]


def test_a_seat_sees_only_its_customers_and_only_while_the_list_is_open() -> None:
    """EC-17: row scope of a telesales seat."""
    ids = [made(number) for number in range(1, 5)]
    list_id = frozen([11, 12])
    mine = [one for one in ids if visible(ONE, one)]
    theirs = [one for one in ids if visible(TWO, one)]
    assert sorted(mine + theirs) == ids
    assert len(mine) == len(theirs) == 2
    with pytest.raises(NotFound):
        calls.target(ONE, list_id, theirs[0])
    with pytest.raises(NotFound):
        calls.dispose(ONE, list_id, theirs[0], "sold")
    assert len(pop.pop(ONE, "13912340001")["candidates"]) + len(pop.pop(TWO, "13912340001")["candidates"]) == 1
    call_lists.close(SYSTEM, list_id)
    assert not any(visible(ONE, one) for one in ids)
    with pytest.raises((NotFound, Conflict)):
        calls.dispose(ONE, list_id, mine[0], "sold")
    for forbidden in (call_lists.campaigns, call_lists.lists):
        with pytest.raises(Forbidden):
            forbidden(ONE)


def visible(viewer: Principal, party_id: int) -> bool:
    try:
        return bool(get(viewer, party_id))
    except NotFound:
        return False


def test_results_are_written_back() -> None:
    """EC-15: 回写: on the list, in the contact history; a refusal for ever holds for every list."""
    first, second, third = (made(number) for number in (1, 2, 3))
    script = {
        "when": "customer.claims == 0",
        "title": {"zh": "金牌", "en": "Gold"},
        "text": {"zh": "你好", "en": "Hello"},
    }
    list_id = frozen([11], scripts=[script], order_by=None)
    assert calls.following(ONE, list_id) == first
    shown = calls.target(ONE, list_id, first)
    assert (shown["customer"]["name"], shown["scripts"][0]["title"]) == ("王" + chr(0x4E01), "金牌")
    calls.dispose(ONE, list_id, first, "refused", note="no time", never_again=True)
    later = clock.now() + timedelta(hours=2)
    calls.dispose(ONE, list_id, second, "callback", callback_at=later)
    calls.dispose(ONE, list_id, third, "unreachable")
    assert calls.following(ONE, list_id) == third, "who did not answer is tried again"
    with clock.fixed(later + timedelta(minutes=1)):
        assert calls.following(ONE, list_id) == second, "a call-back that is due comes first"
    calls.dispose(ONE, list_id, second, "sold")
    (mine,) = calls.mine(ONE)
    assert (mine["waiting"], mine["worked"], mine["sold"]) == (1, 2, 1)
    (touch,) = read.of_party(SYSTEM, first, "touch")
    assert (touch["outcome"], touch["note"], touch["campaign"], touch["direction"]) == (
        "refused",
        "no time",
        "gold",
        "out",
    )
    (consent,) = read.of_party(SYSTEM, first, "consent")
    assert consent["given"] is False
    assert call_lists.preview(SYSTEM, CallList(**{**GOLD, "rest_days": 0}))["held_back"] == {
        "refused": 1,
        "on_a_list": 1,
    }
    for wrong in ({"disposition": "callback"}, {"disposition": "sold", "callback_at": later}):
        with pytest.raises(Unprocessable):
            calls.dispose(ONE, list_id, third, **wrong)  # type: ignore[arg-type]


def test_a_lead_calls_only_customers_they_see() -> None:
    """EC-17: preview, sample and list are within the lead's rows."""
    east, west = made(1, branch="east"), made(2, branch="west")
    scope = {"party": 'row.branch == "east"'}
    lead = Principal(1, "user", "lead", frozenset({"party.*"}), scopes=scope)
    campaign = desk.publish(SYSTEM, CALL_LIST, GOLD)
    seen = call_lists.preview(lead, campaign)
    assert (seen["size"], [row["id"] for row in seen["sample"]]) == (1, [east])
    call_lists.freeze(lead, "gold", [11])
    assert visible(ONE, east) and not visible(ONE, west)


def test_who_waits_for_a_call_back_is_on_no_other_list() -> None:
    """EC-15: promised a call, the customer is not called by another campaign; and not shared out anew once worked."""
    first, second = made(1), made(2)
    list_id = frozen([11], rest_days=0)
    calls.dispose(ONE, list_id, first, "callback", callback_at=clock.now() + timedelta(days=1))
    calls.dispose(ONE, list_id, second, "refused")
    held = call_lists.preview(SYSTEM, CallList(**{**GOLD, "rest_days": 0}))
    assert (held["size"], held["held_back"]) == (1, {"on_a_list": 1})
    assert call_lists.preview(SYSTEM, CallList(**{**GOLD, "rest_days": 7}))["held_back"] == {
        "on_a_list": 1, "called_lately": 1,
    }  # fmt: skip
    assert call_lists.reassign(SYSTEM, list_id, [12], from_seat=11) == 1
    assert visible(TWO, first) and visible(ONE, second) and not visible(TWO, second)


def test_of_many_customers_some_are_looked_at_and_the_counts_are_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-15: looking at a campaign waits for no pass over everybody and says so; freezing counts everybody."""
    ids = [made(number) for number in range(1, 13)]
    for party_id in ids[::2]:
        people.state(SYSTEM, party_id, "consent", {"purpose": "marketing", "given": False})
    monkeypatch.setattr(some, "MOST", 4)
    seen = call_lists.preview(SYSTEM, desk.publish(SYSTEM, CALL_LIST, GOLD))
    looked_at = {party_id for party_id in ids if party_id % 3 == 0}
    refused = looked_at & set(ids[::2])
    assert (seen["looked_at"], seen["there"]) == (len(looked_at), 12)
    assert {row["id"] for row in seen["sample"]} == looked_at - refused
    assert (seen["size"], seen["held_back"]) == (
        round(len(looked_at - refused) * 12 / len(looked_at)), {"refused": round(len(refused) * 12 / len(looked_at))},
    )  # fmt: skip
    listed = call_lists.freeze(SYSTEM, "gold", [11])
    assert next(row for row in call_lists.lists(SYSTEM) if row["id"] == listed)["size"] == 6
