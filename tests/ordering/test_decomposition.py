"""Decomposition and undo plans, without a database (OC-05, OC-09)."""

from hypothesis import given
from hypothesis import strategies as st

from hutong.catalog.order_template import CompensationKind, OrderTemplate
from hutong.catalog.product import Action
from hutong.ordering import decomposition, undo_plan
from hutong.ordering.orders import ProductLine, SettledItem
from hutong.ordering.states import StepState
from hutong.ordering.undo_plan import Doing

REQUIRES = {"VOIP": ("BROADBAND",)}
ATTACHES = {"CALLER": ("VOIP",)}


def line(item_no: str, product: str, role: str = "main") -> ProductLine:
    return ProductLine(item_no, product, product, 1, role, Action.ADD, "t", 1, {}, None, None, None)


def item(item_no: str, *products: str, relies_on: tuple[str, ...] = ()) -> SettledItem:
    lines = tuple(line(item_no, product, "attached" if product in ATTACHES else "main") for product in products)
    return SettledItem(item_no, Action.ADD, "o", 1, {}, lines, (), 0, 1, None, relies_on)


def template(policy: str = "cancel_dependents", when: str | None = None) -> OrderTemplate:
    name = {"zh": "名", "en": "name"}
    remote = {"mode": "remote", "port": "network"}
    steps = [
        {"code": "reserve", "name": name, "kind": "reserve_number"},
        {"code": "provision", "name": name, "kind": "provision", "when": when, **remote},
        {"code": "complete", "name": name, "kind": "complete"},
    ]
    stages = [{"code": "all", "name": name, "steps": steps}]
    return OrderTemplate.model_validate(
        {
            "kind": "order_template",
            "code": "t",
            "name": name,
            "stages": stages,
            "exception_policy": policy,
        }
    )


def test_parts_and_needs() -> None:
    """The phone needs the broadband of its own item before another's; attached products come with their main one."""
    made = decomposition.parts([item("1", "BROADBAND"), item("2", "BROADBAND", "VOIP", "CALLER")], REQUIRES, ATTACHES)
    assert [(part.number, [one.product for one in part.lines], part.needs) for part in made] == [
        (1, ["BROADBAND"], []),
        (2, ["BROADBAND"], []),
        (3, ["VOIP", "CALLER"], [2]),
    ]
    across = decomposition.parts([item("1", "BROADBAND"), item("2", "VOIP", relies_on=("1",))], REQUIRES, ATTACHES)
    assert across[1].needs == [1]


def test_dependent_is_delivered_after() -> None:
    made = decomposition.parts([item("1", "BROADBAND"), item("2", "VOIP")], REQUIRES, ATTACHES)
    steps = {s.node: s.after for s in decomposition.steps(made, {1: template(), 2: template()}, lambda *_: True)}
    assert steps[2, "provision"] == {(2, "reserve"), (1, "provision")}
    assert steps[2, "complete"] == {(2, "provision"), (1, "complete")}


def test_skipped_steps_are_looked_through() -> None:
    made = decomposition.parts([item("1", "BROADBAND"), item("2", "VOIP")], REQUIRES, ATTACHES)
    found = decomposition.steps(made, {1: template(when="false"), 2: template()}, lambda *_: False)
    steps = {s.node: s for s in found}
    assert steps[1, "provision"].skipped
    assert steps[1, "complete"].after == {(1, "reserve")}
    assert steps[2, "provision"].after == {(2, "reserve"), (1, "reserve")}


def test_all_or_nothing() -> None:
    """A template that cancels the whole order: nothing completes before everything may."""
    made = decomposition.parts([item("1", "MOBILE"), item("2", "MOBILE")], REQUIRES, ATTACHES)
    found = decomposition.steps(made, {1: template("cancel_order"), 2: template()}, lambda *_: True)
    ends = {s.node: s.after for s in found if s.node[1] == "complete"}
    assert set(ends.values()) == {frozenset({(1, "provision"), (2, "provision")})}


@given(st.data())
def test_undo_in_reverse(data: st.DataObject) -> None:
    """What followed is undone before what it followed; only what may have happened is undone, each once."""
    size = data.draw(st.integers(1, 8))
    doings = []
    for number in range(size):
        later = tuple(other for other in range(number + 1, size) if data.draw(st.booleans()))
        compensation = data.draw(st.none() | st.just(CompensationKind.REFUND))
        state = data.draw(st.sampled_from(list(StepState)))
        lane = data.draw(st.sampled_from(["local", "payment"]))
        sent = data.draw(st.booleans())
        doings.append(Doing(number, 1, f"s{number}", lane, state, sent, later, compensation))
    plan = undo_plan.plan(doings)
    undone = [undoing.undoes.id for undoing in plan.undoings]
    assert len(undone) == len(set(undone))
    assert all(doing.id in undone for doing in doings if doing.state is StepState.DONE and doing.compensation)
    assert not set(plan.cancelled) & (set(plan.abandoned) | set(undone))
    before = {undoing.undoes.id: set(undoing.after) for undoing in plan.undoings}
    reached = closure({doing.id: set(doing.unblocks) for doing in doings})
    waits = closure(before)
    for first in undone:
        assert waits[first] == reached[first] & set(undone)


def closure(edges: dict[int, set[int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for node in sorted(edges, reverse=True):
        found[node] = set(edges[node]).union(*(found.get(other, set()) for other in edges[node]))
    return found
