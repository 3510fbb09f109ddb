"""Random flows, dependencies and failures: every order ends or waits for a person, and nothing done is left undone.

The centers and peers here are models in memory that fail at random, some after having had their effect.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from tests.ordering.shop import count, hurry, open_shop, order, states
from tests.thorough import examples

from hutong import catalog
from hutong.catalog.documents import drafts
from hutong.identity.principal import SYSTEM
from hutong.ordering import change, intake, monitoring, worker
from hutong.ordering.dispatch import Dispatcher
from hutong.ordering.local_steps import LOCAL
from hutong.ordering.orders import ItemRequest
from hutong.ordering.ports.peer import Answer, AnswerState, PeerFailure
from hutong.ordering.steps import ClaimedStep, Outcome, done, failed, refused
from hutong.platform import database
from hutong.platform.errors import Conflict

UNDOES = {
    "reserve_number": "release_number",
    "create_instances": "remove_instances",
    "activate_billing": "deactivate_billing",
    "take_payment": "refund",
    "provision": "deprovision",
}
PORTS = {"take_payment": "payment", "provision": "network"}
RETRY = {"attempts": 3, "first_wait_seconds": 0}

EXAMPLES = examples(40)


class Deeds:
    """What was done and undone, by key of the deed; with a random will to fail."""

    def __init__(self, seed: int, trouble: float) -> None:
        self.random = random.Random(seed)
        self.trouble = trouble
        self.done: set[str] = set()
        self.undone: Counter[str] = Counter()
        self.undoers: dict[str, set[str]] = {}
        self.tombs: set[str] = set()
        self.answers: dict[str, AnswerState] = {}

    def act(self, key: str, undoes: str | None) -> str:
        """Do or undo; says `done`, `refused`, `lost` (effect, no answer) or `broken` (no effect)."""
        if key in self.answers:
            return self.answers[key].value
        mood = self.random.random()
        if mood < self.trouble * 0.3:
            return "broken"
        if undoes is None and mood < self.trouble * 0.7:
            self.answers[key] = AnswerState.REFUSED
            return "refused"
        if undoes is None and key in self.tombs:
            return "refused"
        self._effect(key, undoes)
        return "lost" if mood < self.trouble else "done"

    def _effect(self, key: str, undoes: str | None) -> None:
        self.answers[key] = AnswerState.DONE
        if undoes is None:
            self.done.add(key)
            return
        self.tombs.add(undoes)
        self.undoers.setdefault(undoes, set()).add(key)
        if undoes in self.done:
            self.undone[undoes] += 1

    def handle(self, _conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
        """A local handler; an exception spoils the set, some of whose members had their effect."""
        found: dict[int, Outcome] = {}
        for step in steps:
            word = self.act(step.key, step.undone_key if step.undoes else None)
            if word == "lost" and self.random.random() < 0.5:
                raise RuntimeError("the set breaks")
            found[step.id] = {"done": done(), "refused": refused("no")}.get(word) or failed(word)
        return found


class ModelPeer:
    """A peer on the same deeds."""

    available = True

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds

    def request(self, _operation: str, key: str, payload: Mapping[str, Any], _timeout: float) -> Answer:
        word = self.deeds.act(key, payload.get("undoes"))
        if word in ("lost", "broken"):
            raise PeerFailure(word)
        return Answer(AnswerState(word))

    def find(self, key: str, _timeout: float) -> Answer | None:
        if self.deeds.random.random() < self.deeds.trouble * 0.3:
            raise PeerFailure("broken")
        state = self.deeds.answers.get(key)
        return Answer(state) if state else None


@st.composite
def templates(draw: st.DrawFn, code: str) -> dict[str, Any]:
    """A template of random stages; its last stage completes."""
    kinds = draw(st.permutations(sorted(UNDOES)).map(lambda found: found[: len(found)]))
    wanted = kinds[: draw(st.integers(1, 5))]
    stages: list[dict[str, Any]] = []
    for number, kind in enumerate(wanted):
        step = {
            "code": f"s{number}",
            "kind": kind,
            "name": {"zh": kind, "en": kind},
            "compensation": UNDOES[kind],
            "retry": RETRY,
            "on_failure": draw(st.sampled_from(["compensate", "compensate", "compensate", "hold", "skip"])),
            **({"mode": "remote", "port": PORTS[kind]} if kind in PORTS else {}),
        }
        if stages and draw(st.booleans()):
            step["after"] = draw(st.sampled_from([[], [stages[-1]["steps"][0]["code"]]]))
            stages[-1]["steps"].append(step)
        else:
            stages.append({"code": f"g{number}", "name": {"zh": "段", "en": "stage"}, "steps": [step]})
    end = {"code": "end", "kind": "complete", "name": {"zh": "竣工", "en": "Complete"}, "retry": RETRY}
    stages.append({"code": "closing", "name": {"zh": "收尾", "en": "Closing"}, "steps": [end]})
    policy = draw(st.sampled_from(["cancel_dependents", "cancel_dependents", "cancel_order"]))
    name = {"zh": code, "en": code}
    return {"kind": "order_template", "code": code, "name": name, "exception_policy": policy, "stages": stages}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[dict[str, Any]], int]:
    """Products that require earlier ones, an offer for each."""
    size = draw(st.integers(1, 4))
    made: list[dict[str, Any]] = []
    for number in range(size):
        name = {"zh": f"品{number}", "en": f"Product {number}"}
        needs = [f"RP{other}" for other in range(number) if draw(st.booleans())]
        made.append(draw(templates(f"rt{number}")))
        made.append(
            {
                "kind": "product",
                "code": f"RP{number}",
                "name": name,
                "role": "main",
                "requires": needs,
                "fulfilment": {"add": f"rt{number}"},
            }
        )
        component = {"code": f"RC{number}", "product": f"RP{number}"}
        offer = {"kind": "offer", "code": f"RO{number}", "name": name, "lifecycle": "launched"}
        made.append({**offer, "components": [component]})
    return made, size


_shops: dict[str, list[tuple[int, int]]] = {}


def shop(url: URL) -> list[tuple[int, int]]:
    if str(url) not in _shops:
        _shops[str(url)] = open_shop(1)
    return _shops[str(url)]


@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    print_blob=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    world=worlds(),
    seed=st.integers(0, 2**32),
    trouble=st.sampled_from([0.0, 0.2, 0.5, 0.8]),
    cancel_after=st.none() | st.integers(0, 12),
)
def test_every_order_comes_to_an_end(
    module_database: URL,
    world: tuple[list[dict[str, Any]], int],
    seed: int,
    trouble: float,
    cancel_after: int | None,
) -> None:
    """OC-09, XP-06: a final state or an open exception; what a fallen business order did is undone exactly once."""
    documents, size = world
    [who] = shop(module_database)
    catalog.publish(drafts(documents), by="test")
    deeds = Deeds(seed, trouble)
    items = tuple(ItemRequest(str(number), f"RO{number}") for number in range(size))
    [answer] = intake.accept([order(who, *items)])
    assert isinstance(answer, intake.Accepted), answer
    kinds = [kind for pair in UNDOES.items() for kind in pair if kind not in (*PORTS, "refund", "deprovision")]
    peers = {name: partial(ModelPeer, deeds) for name in ("payment", "network")}
    used = Dispatcher({**LOCAL, **dict.fromkeys(kinds, deeds.handle)}, peers)
    for turn, one in enumerate(rounds(used)):
        if turn == cancel_after:
            try_to_cancel(answer.order_id)
        one()
    used.close()
    check(answer.order_id, deeds)


def rounds(used: Dispatcher) -> Iterator[Any]:
    """Rounds until everything rests, timers cut short."""
    quiet = 0
    while quiet < 3:
        before = activity()
        hurry()
        yield from used.rounds()
        quiet = quiet + 1 if activity() == before else 0


def activity() -> tuple[int, int]:
    return (
        count("SELECT coalesce(sum(fence + attempts) + count(finished_at) + count(*), 0) FROM ordering.step"),
        count("SELECT (SELECT count(*) FROM ordering.ready) + (SELECT count(*) FROM ordering.timer)"),
    )


def try_to_cancel(order_id: int) -> None:
    with suppress(Conflict):  # it had ended already
        change.cancel_order(SYSTEM, order_id, "changed my mind")


def check(order_id: int, deeds: Deeds) -> None:
    state, _, _ = states(order_id)
    finals = {"completed", "partial", "failed", "cancelled"}
    raised = "SELECT count(*) FROM ordering.exception_entry WHERE resolved_at IS NULL AND order_id = :id"
    assert state in finals or count(raised, id=order_id) > 0
    assert order_id not in {row["order_id"] for row in monitoring.stuck(SYSTEM, minutes=0)}
    with database.read("ordering") as conn:
        rows = conn.execute(
            text("""
                SELECT o.uid || '.' || s.id AS key, b.state FROM ordering.step s
                JOIN ordering.business_order b ON b.id = s.business_order_id
                JOIN ordering.customer_order o ON o.id = s.order_id
                WHERE s.order_id = :id AND s.undoes IS NULL"""),
            {"id": order_id},
        ).all()
    for row in rows:
        if row.state in ("failed", "cancelled"):
            assert deeds.undone[row.key] == (1 if row.key in deeds.done else 0), row.key
        elif row.state == "completed":
            assert deeds.undone[row.key] == 0
        assert len(deeds.undoers.get(row.key, ())) <= 1


def flow(code: str, kinds: Sequence[str], policy: str) -> dict[str, Any]:
    """A template of steps in a row."""
    steps = [
        {
            "code": f"s{number}",
            "kind": kind,
            "name": {"zh": kind, "en": kind},
            "retry": RETRY,
            **({"compensation": UNDOES[kind]} if kind in UNDOES else {}),
        }
        for number, kind in enumerate([*kinds, "complete"])
    ]
    stages = [{"code": "all", "name": {"zh": "段", "en": "stage"}, "steps": steps}]
    name = {"zh": code, "en": code}
    return {"kind": "order_template", "code": code, "name": name, "exception_policy": policy, "stages": stages}


def sold(number: int) -> list[dict[str, Any]]:
    """A product with template `rt<number>`, and its offer."""
    name = {"zh": f"品{number}", "en": f"Product {number}"}
    product = {"kind": "product", "code": f"RP{number}", "name": name, "role": "main"}
    offer = {"kind": "offer", "code": f"RO{number}", "name": name, "lifecycle": "launched"}
    component = {"code": f"RC{number}", "product": f"RP{number}"}
    return [{**product, "fulfilment": {"add": f"rt{number}"}}, {**offer, "components": [component]}]


def test_those_that_go_on_do_not_wait_for_what_fell(module_database: URL) -> None:
    """OC-09: a template that cancels the whole order makes all wait for all; one that falls alone holds up nobody."""
    [who] = shop(module_database)
    strict, lenient = (
        flow("rt0", ["reserve_number"], "cancel_order"),
        flow("rt1", ["create_instances"], "cancel_dependents"),
    )
    catalog.publish(drafts([strict, lenient, *sold(0), *sold(1)]), by="test")
    deeds = Deeds(0, 0.0)

    def refusing(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
        return {step.id: refused("no") for step in steps}

    [answer] = intake.accept([order(who, ItemRequest("1", "RO0"), ItemRequest("2", "RO1"))])
    assert isinstance(answer, intake.Accepted), answer
    used = Dispatcher({**LOCAL, "reserve_number": deeds.handle, "create_instances": refusing}, {})
    worker.drain(used)
    state, items, _ = states(answer.order_id)
    assert (state, items) == ("partial", {"1": "completed", "2": "failed"})


def test_cancel_order_policy(module_database: URL) -> None:
    """OC-09: by policy the whole customer order falls; what its other business orders did is undone."""
    [who] = shop(module_database)
    calm, strict = (
        flow("rt0", ["reserve_number"], "cancel_dependents"),
        flow("rt1", ["create_instances"], "cancel_order"),
    )
    catalog.publish(drafts([calm, strict, *sold(0), *sold(1)]), by="test")
    deeds = Deeds(0, 0.0)

    def refusing(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
        return {step.id: refused("no") for step in steps}

    [answer] = intake.accept([order(who, ItemRequest("1", "RO0"), ItemRequest("2", "RO1"))])
    assert isinstance(answer, intake.Accepted), answer
    local = {"reserve_number": deeds.handle, "release_number": deeds.handle, "create_instances": refusing}
    worker.drain(Dispatcher({**LOCAL, **local}, {}))
    state, items, _ = states(answer.order_id)
    assert (state, items) == ("failed", {"1": "cancelled", "2": "failed"})
    assert sum(deeds.undone.values()) == len(deeds.done) == 1
