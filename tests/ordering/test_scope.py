"""EC-17: who does not see an order does not act on it either."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from tests.ordering.shop import accept, count, mobile, order, settle

from hutong.identity.principal import Principal
from hutong.ordering import amend, change, queries
from hutong.ordering.dispatch import Dispatcher
from hutong.platform import database
from hutong.platform.errors import NotFound
from hutong.simulators.behaviour import How, Rule
from hutong.simulators.server import Simulators

Customers = list[tuple[int, int]]
TRACES = "SELECT count(*) FROM ordering.trace"
RIGHTS = frozenset({"ordering.*"})


def seeing(channel: str) -> Principal:
    """Somebody who may do everything with the orders of a channel."""
    return Principal(7, "user", channel, RIGHTS, scopes={"order": "row.channel == viewer.name"})


def test_actions_need_that_the_order_is_seen(customers: Customers, peers: Simulators, used: Dispatcher) -> None:
    """Every action on a failed order is refused as unknown to who does not see it, with no trace; who sees it may."""
    peers.behaviour.add(Rule(How.REFUSE, "network", "provision", {}))
    order_id = accept(order(customers[0], mobile(), channel="web"))
    settle(used)
    step = count("SELECT min(id) FROM ordering.step WHERE order_id = :id", id=order_id)
    part = count("SELECT min(id) FROM ordering.business_order WHERE order_id = :id", id=order_id)
    acts: list[Callable[[Principal], Any]] = [
        lambda viewer: change.retry_step(viewer, step),
        lambda viewer: change.skip_step(viewer, step, "x"),
        lambda viewer: change.retry_planning(viewer, order_id),
        lambda viewer: change.compensate(viewer, part, "x"),
        lambda viewer: change.cancel_order(viewer, order_id, "x"),
        lambda viewer: change.expedite(viewer, order_id),
        lambda viewer: amend.amend(viewer, order_id, {"priority": 1}),
    ]
    with database.begin("ordering") as conn:
        raised = conn.execute(
            text("""INSERT INTO ordering.exception_entry (order_id, reason, detail, raised_at)
                    VALUES (:id, 'test', '{}', now()) RETURNING id"""),
            {"id": order_id},
        ).scalar_one()
    acts.append(lambda viewer: change.assign(viewer, raised, viewer.actor))
    before = count(TRACES)
    for act in acts:
        with pytest.raises(NotFound):
            act(seeing("counter"))
    assert count(TRACES) == before
    with database.read("ordering") as conn:
        held = text("SELECT assigned_to FROM ordering.exception_entry WHERE id = :id")
        assert conn.execute(held, {"id": raised}).scalar_one() is None
    assert queries.exceptions(seeing("counter")) == [] != queries.exceptions(seeing("web"))
    change.assign(seeing("web"), raised, "user:7")
    assert count(TRACES) == before + 1
