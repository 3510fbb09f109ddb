"""EC-02: changes are done at once or wait for a second person, as the policy says; pending ones show nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties, partition, state

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create, get
from hutong.party.lifecycle import changes, states
from hutong.party.lifecycle.changes import apply_change, approve, refuse, withdraw
from hutong.party.policies import POLICY
from hutong.party.reading import requests
from hutong.party.resolution.resolve import resolve
from hutong.platform import clock, database, documents
from hutong.platform.errors import Conflict, Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
CLERK = Principal(1, "user", "clerk", frozenset({"party.change", "party.create", "party.read"}), roles=("clerk",))
LEAD, OTHER = (Principal(n, "user", f"lead{n}", frozenset({"party.*"}), clear=frozenset({"*"})) for n in (2, 3))


@pytest.fixture
def wang(take_in: Importer) -> int:
    """A customer."""
    take_in(person("A", "王小明", 联系电话="13912340001", **ids(1)))
    resolve()
    return parties()["A"]


def test_what_no_rule_names_is_done_at_once(wang: int) -> None:
    """EC-02: a new phone number is stated and shown; the request is kept as done."""
    done = apply_change(CLERK, "modify", [wang], body={"attributes": {"mobile": "13912340009"}})
    assert (done.state, done.rule) == ("done", None)
    assert get(SYSTEM, wang)["mobile"] == "+8613912340009"
    [row] = requests.of_party(LEAD, wang)
    assert (row["state"], row["before"], row["requested_by"]) == ("done", {"mobile": "+8613912340001"}, CLERK.actor)


def test_a_change_of_identity_waits_for_another(wang: int) -> None:
    """EC-02: nothing changes before approval; nobody approves their own; it is then done in the asker's name."""
    before = state()
    asked = {"attributes": {"name": "王晓明", "id_type": "resident_id", "id_number": resident(2)}}
    pending = apply_change(LEAD, "modify", [wang], body=asked, reason="new card shown")
    assert (pending.state, pending.rule) == ("pending", "identity") and state() == before
    with pytest.raises(Forbidden):
        approve(LEAD, pending.request_id)
    with pytest.raises(Forbidden):
        approve(CLERK, pending.request_id)
    with pytest.raises(Conflict):
        apply_change(CLERK, "modify", [wang], body={"attributes": {"email": "w@163.com"}})
    [row] = requests.pending(OTHER)
    assert (
        row["before"] == {"name": "王小明", "id_number": resident(1)}
        and row["change"]["attributes"]["name"] == "王晓明"
    )
    approve(OTHER, pending.request_id, "seen")
    with database.read("party") as conn:
        stated = conn.execute(text("SELECT name, key FROM party.source_record WHERE source = 'api'")).one()
    assert stated == ("王晓明", f"lead2/{wang}") and requests.pending(OTHER) == []
    with pytest.raises(Conflict):
        approve(OTHER, pending.request_id)


def test_saying_again_what_is_known_asks_for_nothing(wang: int) -> None:
    """EC-02: the rule looks at what would change, in standard form."""
    asked = {"attributes": {"name": " 王小明 ", "id_number": resident(1), "mobile": "139 1234 0002"}}
    assert apply_change(CLERK, "modify", [wang], body=asked).state == "done"


def test_refused_withdrawn_expired(wang: int) -> None:
    """EC-02: each ends the request and changes nothing; only the asker withdraws."""
    before = state()
    asked = {"attributes": {"name": "王晓明"}}
    first = apply_change(CLERK, "modify", [wang], body=asked).request_id
    refuse(LEAD, first, "no proof")
    second = apply_change(CLERK, "modify", [wang], body=asked).request_id
    with pytest.raises(Forbidden):
        withdraw(LEAD, second)
    withdraw(CLERK, second)
    third = apply_change(CLERK, "modify", [wang], body=asked).request_id
    assert changes.expire_due() == 0
    with clock.fixed(clock.now() + timedelta(days=31)):
        assert changes.expire_due() == 1
    found = {row["id"]: row["state"] for row in requests.of_party(LEAD, wang)}
    assert found == {first: "refused", second: "withdrawn", third: "expired"} and state() == before


def test_deactivated_and_taken_up_again(wang: int) -> None:
    """EC-02: logical deletion; a valued customer's waits; then the party takes part in nothing but can come back."""
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.party SET grade = 'gold' WHERE id = :id"), {"id": wang})
    pending = apply_change(CLERK, "deactivate", [wang], reason="died")
    assert pending.rule == "valued_deactivation" and get(SYSTEM, wang)["state"] == "active"
    approve(LEAD, pending.request_id)
    assert get(SYSTEM, wang)["state"] == "inactive"
    with pytest.raises(Conflict, match="no longer in use"):
        apply_change(CLERK, "modify", [wang], body={"attributes": {"email": "w@163.com"}})
    assert apply_change(CLERK, "reactivate", [wang]).state == "done"
    assert get(SYSTEM, wang)["state"] == "active"
    with pytest.raises(Conflict, match="in use already"):
        apply_change(CLERK, "reactivate", [wang])


def test_who_no_source_states_is_not_taken_up_by_hand(wang: int) -> None:
    """EC-02: it says why and what to do, at once, and leaves no request behind; the source's next record does it."""
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.source_record SET withdrawn_at = now()"))
        conn.execute(text("UPDATE party.party SET state = 'inactive', inactive_because = 'withdrawn'"))
    for kind, body in (("reactivate", None), ("modify", {"attributes": {"email": "w@163.com"}})):
        with pytest.raises(Conflict, match="No source states"):
            apply_change(CLERK, kind, [wang], body=body)
    assert requests.of_party(LEAD, wang) == [] and get(SYSTEM, wang)["state"] == "inactive"


def test_creation_and_merge_by_request(wang: int, take_in: Importer) -> None:
    """EC-02, EC-07: who is to be created is found or made at approval, once; merges against documents wait."""
    with database.begin("party") as conn:
        rule = {"rule": "creation", "when": 'change.kind == "create"', "zh": "新建", "en": "creation"}
        documents.publish(conn, POLICY, {"policy": "lifecycle", "rules": [rule]}, "test")
    asked = {"attributes": {"kind": "person", "name": "李丽", "id_type": "resident_id", "id_number": resident(7)}}
    with pytest.raises(Unprocessable):
        apply_change(CLERK, "create", body={"attributes": {"kind": "person", "name": ""}})
    pending = apply_change(CLERK, "create", body=asked)
    assert len(partition()) == 1
    made = approve(LEAD, pending.request_id).result
    assert made["created"] and get(SYSTEM, made["party_id"])["name"] == "李丽"
    assert changes.finish(pending.request_id)["party_id"] == made["party_id"], "repeatable"
    merged = apply_change(LEAD, "merge", [wang, made["party_id"]], body={"force": True}, reason="one")
    assert merged.state == "done" and merged.result["operation_id"]


def test_what_was_cut_off_is_finished(wang: int) -> None:
    """EC-02: a process killed between approval and effect; the job finishes it."""
    asked = {"attributes": {"kind": "person", "name": "李丽"}}
    done = apply_change(CLERK, "create", body=asked)
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.change_request SET state = 'approved', result = NULL"))
    assert changes.resume_approved() == [done.request_id]
    [row] = requests.of_party(LEAD, done.result["party_id"])
    assert row["state"] == "done" and changes.resume_approved() == []


def test_out_of_scope_is_unknown(wang: int) -> None:
    """EC-17: neither asked for nor decided by who does not see the party; lists leave it out."""
    limited = Principal(9, "user", "far", frozenset({"party.*"}), scopes={"party": 'row.branch == "west-01"'})
    with pytest.raises(NotFound):
        apply_change(limited, "modify", [wang], body={"attributes": {"email": "w@163.com"}})
    pending = apply_change(CLERK, "modify", [wang], body={"attributes": {"name": "王晓明"}})
    with pytest.raises(NotFound):
        approve(limited, pending.request_id)
    assert requests.pending(limited) == []
    masked = Principal(8, "user", "lead8", frozenset({"party.*"}))
    [row] = requests.pending(masked)
    assert row["before"]["name"] == "王**" and row["change"]["attributes"]["name"] == "王**"


def test_transitions_are_one_table() -> None:
    """EC-02: only a pending request is decided; ended ones allow nothing."""
    for action in ("approve", "refuse", "withdraw", "expire"):
        for other in ("approved", "done", "refused", "withdrawn", "expired"):
            with pytest.raises(Conflict):
                states.after(action, other, 1)


def told() -> list[str]:
    """The events about requests, in their order."""
    with database.read("party") as conn:
        query = text("SELECT type FROM party.outbox WHERE type LIKE 'party.change\\_%' ORDER BY id")
        return list(conn.execute(query).scalars())


def test_what_became_of_a_request_is_told(wang: int) -> None:
    """EC-14: asked, refused, approved: each once, in its transaction."""
    asked = {"attributes": {"name": "王晓明"}}
    refuse(LEAD, apply_change(CLERK, "modify", [wang], body=asked).request_id, "no proof")
    approve(LEAD, apply_change(CLERK, "modify", [wang], body=asked).request_id)
    assert told() == [
        "party.change_requested", "party.change_refused", "party.change_requested", "party.change_approved",
    ]  # fmt: skip


def test_names_of_requests_are_masked(wang: int) -> None:
    """EC-17: who decides without seeing names sees none, neither the customer's nor those that are asked for."""
    apply_change(CLERK, "modify", [wang], body={"attributes": {"name": "王晓明"}})
    masked = Principal(8, "user", "lead8", frozenset({"party.*"}))
    for [row] in (requests.pending(masked), requests.of_party(masked, wang)):
        assert row["party_names"] == ["王**"] and "小明" not in str(row) and "晓明" not in str(row)


def test_nothing_is_asked_beside_an_erasure(wang: int) -> None:
    """EC-02: who is to be erased is not changed meanwhile, by whatever kind of change."""
    apply_change(LEAD, "erase", [wang], reason="asked for")
    for kind, body in (("modify", {"attributes": {"email": "w@163.com"}}), ("deactivate", None), ("erase", None)):
        with pytest.raises(Conflict):
            apply_change(LEAD, kind, [wang], body=body)


def test_a_request_whose_time_is_over_is_not_approved(wang: int) -> None:
    """EC-02: neither before nor after the job has ended it."""
    pending = apply_change(CLERK, "modify", [wang], body={"attributes": {"name": "王晓明"}})
    with clock.fixed(clock.now() + timedelta(days=31)), pytest.raises(Conflict):
        approve(LEAD, pending.request_id)
    assert get(SYSTEM, wang)["name"] == "王小明"


def test_new_records_take_no_one_up_again(wang: int, take_in: Importer) -> None:
    """EC-02: a deactivated customer stays so, whether a run or a caller brings another record of it."""
    apply_change(CLERK, "deactivate", [wang], reason="died")
    take_in(person("B", "王小明", **ids(1)))
    resolve()
    data = PartyData("person", "王小明", id_type="resident_id", id_number=resident(1))
    assert find_or_create(SYSTEM, data, "again").party_id == wang
    golden = get(SYSTEM, wang)
    assert (golden["state"], golden["record_count"]) == ("inactive", 3)


def test_an_approved_erasure_not_yet_carried_out_lets_nothing_beside_it(wang: int) -> None:
    """EC-02: cut off after its approval it is finished later: nobody changes the customer till then."""
    asked = apply_change(LEAD, "erase", [wang], reason="asked for").request_id
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.change_request SET state = 'approved' WHERE id = :id"), {"id": asked})
    with pytest.raises(Conflict):
        apply_change(LEAD, "modify", [wang], body={"attributes": {"email": "w@163.com"}})


def test_a_merge_is_of_two_and_asks_for_every_grade(wang: int, take_in: Importer) -> None:
    """EC-02, EC-07: a retired id beside its survivor is one party; the second's grade counts as the first's."""
    take_in(person("B", "李丽", **ids(2)), person("C", "赵云", **ids(3)))
    resolve()
    rule = {"rule": "valued", "when": '"gold" in party.grades', "zh": "贵宾", "en": "valued"}
    with database.begin("party") as conn:
        documents.publish(conn, POLICY, {"policy": "lifecycle", "rules": [rule]}, "test")
    both = [parties()["B"], parties()["C"]]
    apply_change(LEAD, "merge", both, body={"force": True})
    survivor = parties()["B"]
    [retired] = set(both) - {survivor}
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.party SET grade = 'gold' WHERE id = :id"), {"id": survivor})
    with pytest.raises(Unprocessable) as refused:
        apply_change(LEAD, "merge", [survivor, retired])
    assert refused.value.code == "party-merge-one"
    assert apply_change(LEAD, "merge", [wang, survivor], body={"force": True}).rule == "valued"
