"""Decomposition (OC-05): a customer order becomes business orders with dependencies, and their steps. Pure.

One business order per main product, with the attached products that come with it. A product that requires another
one of the same order depends on it: it is delivered after it and completed after it (IP phone after broadband).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import chain

from hutong.catalog.order_template import ExceptionPolicy, OrderTemplate, PlannedStep, StepKind
from hutong.ordering.orders import ProductLine, SettledItem

Holds = Callable[[PlannedStep, "Part"], bool]
"""Whether a step's condition holds for a business order."""
Node = tuple[int, str]
"""A step of the plan: number of the business order, code of the step."""


@dataclass
class Part:
    """A business order to be: its item, its products (the main one first), its template, the parts it needs."""

    number: int
    item: SettledItem
    lines: list[ProductLine]
    one_off_micros: int
    requires: frozenset[str] = frozenset()
    needs: list[int] = field(default_factory=list)

    @property
    def main(self) -> ProductLine:
        """The product that gives the business order its template."""
        return self.lines[0]


@dataclass(frozen=True)
class PlanStep:
    """A step to be inserted. `after` are the steps it waits for, over all business orders of the order."""

    part: int
    planned: PlannedStep
    skipped: bool
    after: frozenset[Node]

    @property
    def node(self) -> Node:
        """Its place in the plan."""
        return self.part, self.planned.step.code


def parts(
    items: Sequence[SettledItem], requires: Mapping[str, Sequence[str]], attaches_to: Mapping[str, Sequence[str]]
) -> list[Part]:
    """The business orders of an order. `requires` and `attaches_to`: product code → product codes."""
    made: list[Part] = []
    for item in items:
        first = len(made)
        mains = [line for line in item.lines if line.role == "main"]
        attached = [line for line in item.lines if line.role != "main"]
        own = [Part(first + n + 1, item, [line], 0) for n, line in enumerate(mains)]
        for line in attached:
            host = next((part for part in own if part.main.product in attaches_to.get(line.product, ())), None)
            if host:
                host.lines.append(line)
            else:
                own.append(Part(first + len(own) + 1, item, [line], 0))
        if own:
            own[0].one_off_micros = item.one_off_micros
        made += own
    for part in made:
        part.requires = frozenset(chain.from_iterable(requires.get(line.product, ()) for line in part.lines))
        part.needs = sorted(set(_needs(part, made)))
    return made


def _needs(part: Part, all_parts: Sequence[Part]) -> Iterator[int]:
    for product in part.requires:
        holders = [other for other in all_parts if other is not part and other.main.product == product]
        same_item = [other for other in holders if other.item is part.item]
        yield from (other.number for other in (same_item or holders)[:1])
    for other in all_parts:
        if other.item is not part.item and other.item.item_no in part.item.relies_on:
            yield other.number


def steps(made: Sequence[Part], templates: Mapping[int, OrderTemplate], holds: Holds) -> list[PlanStep]:
    """All steps of an order in an order in which each comes after those it waits for.

    `templates`: number of the business order → its template.
    """
    after: dict[Node, set[Node]] = {}
    planned: dict[Node, PlannedStep] = {}
    skipped: set[Node] = set()
    for part in made:
        for item in templates[part.number].plan():
            node = (part.number, item.step.code)
            planned[node] = item
            after[node] = {(part.number, code) for code in item.after}
            if item.step.when is not None and not holds(item, part):
                skipped.add(node)
    _join(made, templates, planned, after)
    waits = {node: frozenset(_unskipped(node, after, skipped)) for node in after}
    return [PlanStep(node[0], planned[node], node in skipped, waits[node]) for node in _sorted(after)]


def _join(
    made: Sequence[Part],
    templates: Mapping[int, OrderTemplate],
    planned: Mapping[Node, PlannedStep],
    after: dict[Node, set[Node]],
) -> None:
    """Add the waits between business orders."""
    of_kind: dict[tuple[int, StepKind], list[Node]] = {}
    for node, item in planned.items():
        of_kind.setdefault((node[0], item.step.kind), []).append(node)
    first = {part.number: [n for n in planned if n[0] == part.number and not after[n]] for part in made}
    for part in made:
        ends = of_kind.get((part.number, StepKind.COMPLETE), [])
        for needed in part.needs:
            needed_end = of_kind.get((needed, StepKind.COMPLETE), [])
            delivered = of_kind.get((needed, StepKind.PROVISION)) or [
                before for node in needed_end for before in after[node] if before[0] == needed
            ]
            for node in of_kind.get((part.number, StepKind.PROVISION)) or first[part.number]:
                after[node].update(delivered)
            for node in ends:
                after[node].update(needed_end)
    if any(t.exception_policy is ExceptionPolicy.CANCEL_ORDER for t in templates.values()):
        _all_or_nothing(made, of_kind, after)


def _all_or_nothing(
    made: Sequence[Part], of_kind: Mapping[tuple[int, StepKind], list[Node]], after: dict[Node, set[Node]]
) -> None:
    """Nothing completes before everything may: so a failure can still cancel the whole order."""
    ends = [node for part in made for node in of_kind.get((part.number, StepKind.COMPLETE), [])]
    gate = {before for node in ends for before in after[node]} - set(ends)
    for node in ends:
        after[node] |= gate


def _unskipped(node: Node, after: Mapping[Node, set[Node]], skipped: set[Node]) -> Iterator[Node]:
    """What a step waits for, looking through skipped steps."""
    for before in after[node]:
        if before in skipped:
            yield from _unskipped(before, after, skipped)
        else:
            yield before


def _sorted(after: Mapping[Node, set[Node]]) -> list[Node]:
    return list(TopologicalSorter(after).static_order())
