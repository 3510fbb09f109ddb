"""The transition tables: one each, reachable, with ends (TMF622 v4)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hutong.ordering.states import BUSINESS_ORDER, CUSTOMER_ORDER, ORDER_ITEM, STEP, Machine, OrderState
from hutong.platform import i18n
from hutong.platform.errors import Conflict

MACHINES = [CUSTOMER_ORDER, ORDER_ITEM, BUSINESS_ORDER, STEP]
SWAGGER = Path(__file__).parents[3] / "shared/reference/tmf/TMF622-ProductOrder-v4.0.0.swagger.json"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_is_reached_and_leads_to_an_end(machine: Machine[Any]) -> None:
    reached, new = set(), {machine.initial}
    while new:
        reached |= new
        new = {target for state in new for target in machine.table[state].values()} - reached
    # steps are born skipped, too, when their condition does not hold
    assert reached == set(machine.table)
    for state in machine.table:
        ends, new = set(), {state}
        while new:
            ends |= new
            new = {target for one in new for target in machine.table[one].values()} - ends
        assert any(machine.final(end) for end in ends)


@given(st.data())
def test_a_walk_never_leaves_the_table(data: st.DataObject) -> None:
    """Any sequence of events: allowed ones lead where the table says, others are refused and change nothing."""
    machine: Machine[Any] = data.draw(st.sampled_from(MACHINES))
    events = sorted({event for moves in machine.table.values() for event in moves})
    state = machine.initial
    for event in data.draw(st.lists(st.sampled_from(events), max_size=30)):
        if machine.allows(state, event):
            state = machine.after(state, event)
            assert state in machine.table
        else:
            with pytest.raises(Conflict):
                machine.after(state, event)
        if machine.final(state):
            assert machine.events(state) == ()


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_an_event_leads_to_one_state(machine: Machine[Any]) -> None:
    """Sets move in one statement: so an event means one target, whatever the source."""
    for moves in machine.table.values():
        for event, target in moves.items():
            assert machine.target(event) is target


def test_states_are_those_of_tmf622() -> None:
    if not SWAGGER.exists():
        pytest.skip("the TMF622 specification is not here")
    definitions = json.loads(SWAGGER.read_text())["definitions"]
    assert {state.value for state in CUSTOMER_ORDER.table} == set(definitions["ProductOrderStateType"]["enum"])
    assert {s.value for s in ORDER_ITEM.table} <= set(definitions["ProductOrderItemStateType"]["enum"])


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_every_state_has_a_word(locale: str) -> None:
    for state in OrderState:
        assert i18n.has_message(f"ordering-state-{state.value}", locale)
    for step in STEP.table:
        assert i18n.has_message(f"ordering-step-{step.value}", locale)


FACTS = [
    (CUSTOMER_ORDER, "acknowledged", {"reject", "start", "hold", "request_cancel"}),
    (CUSTOMER_ORDER, "inProgress",
     {"complete", "fail", "end_cancelled", "end_partial", "hold", "wait", "request_cancel"}),
    (CUSTOMER_ORDER, "pending", {"continue", "hold", "request_cancel"}),
    (CUSTOMER_ORDER, "held", {"start", "continue", "request_cancel"}),
    (CUSTOMER_ORDER, "assessingCancellation", {"agree_cancel", "refuse_cancel"}),
    (CUSTOMER_ORDER, "pendingCancellation", {"end_cancelled", "end_partial", "fail"}),
    (ORDER_ITEM, "pendingCancellation", {"end_cancelled", "fail"}),
    (BUSINESS_ORDER, "inProgress", {"complete", "hold", "undo"}),
    (BUSINESS_ORDER, "held", {"continue", "undo"}),
    (BUSINESS_ORDER, "pendingCancellation", {"end_cancelled", "fail"}),
    (STEP, "blocked", {"unblock", "cancel", "skip"}),
    (STEP, "ready", {"claim", "await", "back_off", "cancel", "skip", "succeed", "give_up"}),
    (STEP, "running", {"await", "back_off", "expire", "succeed", "give_up"}),
    (STEP, "awaiting", {"retry", "succeed", "give_up"}),
    (STEP, "backoff", {"retry", "cancel", "succeed", "give_up"}),
    (STEP, "failed", {"human_retry", "skip", "undo"}),
    (STEP, "done", {"undo"}),
]  # fmt: skip


@pytest.mark.parametrize(("machine", "state", "events"), FACTS, ids=[f"{m.name}-{state}" for m, state, _ in FACTS])
def test_what_each_state_allows(machine: Machine[Any], state: str, events: set[str]) -> None:
    """OC-10: a running step cannot be cancelled, since the peer may have done it; a done one can be undone; an order
    can be cancelled as long as it is not being ended. Whoever changes a table changes what this says."""
    assert set(machine.events(next(one for one in machine.table if one.value == state))) == events


def test_ends() -> None:
    """What is over stays over."""
    assert set(CUSTOMER_ORDER.finals()) == {"rejected", "cancelled", "completed", "failed", "partial"}
    assert set(ORDER_ITEM.finals()) == {"rejected", "cancelled", "completed", "failed"}
    assert set(BUSINESS_ORDER.finals()) == {"cancelled", "completed", "failed"}
    assert set(STEP.finals()) == {"skipped", "cancelled", "undone"}
