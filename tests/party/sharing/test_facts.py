"""EC-15: every fact can be read of one customer and compiled over a set, and both agree."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM
from hutong.party import PartyData, find_or_create
from hutong.party.areas import people
from hutong.party.sharing import facts
from hutong.platform import clock, database

pytestmark = pytest.mark.usefixtures("database")


def somebody() -> int:
    """A customer with something in every area."""
    data = PartyData(
        "person", "王小明", id_type="resident_id", id_number=resident(1), mobile="13912340001", grade="gold"
    )
    party_id = find_or_create(SYSTEM, data, "k").party_id
    due = clock.now().date() + timedelta(days=20)
    for area, values in (
        (
            "policy_summary",
            {"number": "P1", "state": "in_force", "line": "life", "premium_micros": 5_000_000, "due_on": due},
        ),
        ("policy_summary", {"number": "P2", "state": "lapsed", "line": "motor", "premium_micros": 7_000_000}),
        ("claim_summary", {"number": "C1", "state": "reported", "paid_micros": 3}),
        ("customer_event", {"kind": "complaint", "state": "open"}),
        ("touch", {"channel": "phone"}),
        ("classification", {"scheme": "value", "class": "high"}),
        ("evaluation", {"kind": "risk", "score": 40, "grade": "low"}),
        ("consent", {"purpose": "marketing", "given": False}),
        ("preference", {"kind": "channel", "value": "sms"}),
        ("points_entry", {"scheme": "club", "points": 70}),
    ):
        people.state(SYSTEM, party_id, area, values)
    return party_id


def test_facts_of_one_are_those_of_the_set() -> None:
    party_id = somebody()
    with database.read("party") as conn:
        found = facts.of_party(conn, party_id, facts.catalogue())
        assert (found["policies"], found["policies_ever"], found["premium_micros"], found["lines"]) == (
            1,
            2,
            5_000_000,
            ["life"],
        )
        assert (found["claims"], found["claims_open"], found["complaints_open"], found["points"]) == (1, 1, 1, 70)
        assert (found["value_class"], found["risk_grade"], found["marketing_refused"]) == ("high", "low", True)
        assert (found["blacklisted"], found["preferred_channel"], found["age"] > 0) == (False, "sms", True)
        assert 19 <= found["days_to_due"] <= 20
        for source, holds in (
            ('customer.policies == 1 && "life" in customer.lines', True),
            ("customer.days_to_due < 30 && customer.premium_micros > 1000000", True),
            ("customer.blacklisted || customer.household_size > 1", False),
            ('customer.classes.exists(c, c == "value:high") && "api" in customer.sources', True),
            ("customer.birthday_in >= 0 && customer.birthday_in <= 366", True),
            ('customer.grade == "gold" && customer.marketing_refused == false', False),
        ):
            condition = facts.condition(source)
            assert condition.holds({"customer": found}) is holds, source
            where = f"FROM {facts.source_of(facts.names_of(condition))} WHERE {facts.where(condition)}"
            rows = conn.execute(text(f"SELECT party.party.id {where}".replace(":", "\\:"))).scalars().all()
            assert (rows == [party_id]) is holds, source


def test_who_has_nothing_has_zeros() -> None:
    party_id = find_or_create(SYSTEM, PartyData("person", "李丽", mobile="13912340002"), "k").party_id
    with database.read("party") as conn:
        found = facts.of_party(conn, party_id, facts.catalogue())
    assert (found["policies"], found["lines"], found["blacklisted"], found["points"], found["age"]) == (
        0,
        [],
        False,
        0,
        None,
    )


def test_facts_of_some_are_those_of_the_set() -> None:
    """Asked of few parties, one after the other, every fact is what a pass over all finds; also of who has nothing."""
    full = somebody()
    data = PartyData("person", "李小红", id_type="resident_id", id_number=resident(2))
    bare = find_or_create(SYSTEM, data, "l").party_id
    names = sorted(facts.catalogue())
    columns = ", ".join(f"{facts.fact(name).sql} AS {name}" for name in names)

    def read(some: list[int] | None) -> dict[int, dict[str, object]]:
        asked = text(f"SELECT {columns} FROM {facts.source_of(names, some)}".replace(":", "\\:"))
        with database.read("party") as conn:
            return {row["id"]: dict(row) for row in conn.execute(asked).mappings()}

    every = read(None)
    assert set(every) == {full, bare} and read([full, bare]) == every
    assert read([bare]) == {bare: every[bare]} and read([]) == {}
