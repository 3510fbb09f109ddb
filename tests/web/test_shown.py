"""XP-07: how values are written on pages: phones, and a customer's timeline."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hutong.party.areas.timeline import Happening
from hutong.web.party.customer_timeline import tell, with_roles
from hutong.web.shell import show_phone

AT = datetime(2026, 7, 15, 16, tzinfo=UTC)
"""Midnight in Shanghai."""


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613812345678", "138 1234 5678"),
        ("+86138****5678", "138 **** 5678"),
        ("+861088881234", "010 8888 1234"),
        ("+862988881234", "029 8888 1234"),
        ("+8657188881234", "0571 8888 1234"),
        ("+865718888123", "0571 888 8123"),
        ("+8695588", "095588"),
        ("+14155550100", "+14155550100"),
        (None, ""),
    ],
)
def test_phones_are_written_as_people_do(number: str | None, shown: str) -> None:
    """Mobiles in three groups; landlines with their area's code; other countries' as they are."""
    assert show_phone(number) == shown


def happened(kind: str, id: int, **row: Any) -> Happening:
    """Something of that day."""
    return Happening(AT, kind, id, row)


def test_roles_that_began_with_a_policy_are_told_with_it() -> None:
    """One line for a policy and the customer's roles in it; a role of another's policy is a line of its own."""
    policy, later = (happened("policy_summary", number, number=f"P-{number}") for number in (1, 2))
    holder, insured = (
        happened("party_role", 3 + n, context="P-1", role=r) for n, r in enumerate(("holder", "insured"))
    )
    elsewhere = happened("party_role", 9, context="P-9", role="beneficiary")
    told = with_roles([policy, later, holder, insured, elsewhere])
    assert told == [(policy, ["holder", "insured"]), (later, []), (elsewhere, [])]


def test_what_is_dated_by_the_day_has_no_time_and_nobody_is_not_named() -> None:
    """A merge at midnight would be told by the day too: nothing is lost that anybody asks for."""
    row = {"kind": "merge", "reason": "the same", "done_by": "user:7"}
    told = tell(Happening(AT, "operation", 1, row), "en")
    assert (told.day, told.by) == (True, "user:7")
    told = tell(Happening(AT.replace(minute=1), "operation", 1, {**row, "done_by": "system"}), "en")
    assert (told.day, told.by) == (False, None)
