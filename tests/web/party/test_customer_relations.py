"""EC-02: a customer's roles, one line for each, whatever number of policies it is played in."""

from datetime import date
from typing import Any

from hutong.web.party.customer_relations import roles_played


def held(role: str, context: str | None, since: date | None, until: date | None = None) -> dict[str, Any]:
    return {"role": role, "context": context, "valid_from": since, "valid_to": until}


def test_a_role_is_told_once() -> None:
    rows = [
        held("holder", None, date(2020, 1, 1)),
        held("holder", "policy:P1", date(2021, 1, 1), date(2022, 1, 1)),
        held("holder", "policy:P1", date(2021, 1, 1), date(2022, 1, 1)),
        held("holder", "policy:P2", date(2023, 1, 1)),
        held("insured", "P1", None, date(2022, 1, 1)),
    ]
    holder, insured = roles_played(rows)
    assert (holder["role"], holder["since"], holder["ended"]) == ("holder", date(2020, 1, 1), False)
    assert [number for number, _ in holder["policies"]] == ["P2", "P1"]
    assert (insured["since"], insured["ended"]) == (None, True)
    assert roles_played([]) == []
