"""Selection (BL-01, BL-07): which leaf of which plan prices an event. One rule, on one event online and on sets in SQL.

Rating is exclusive: of the plans in force for an event the one of the highest level that has a way to a tariff prices
it, agreement before package before product. Inside a plan the first way whose conditions all hold is taken; a condition
that is unknown (a missing attribute) does not hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hutong.billing.pricing.compiled import Choice, CompiledTariffs, PlanKey
from hutong.billing.pricing.kernel import NONE
from hutong.catalog.conditions import pricing_environment
from hutong.platform.cel import Expression, parse_condition

PRECEDENCE = {"agreement": 0, "package": 1, "product": 2}


@dataclass(frozen=True, slots=True)
class Situation:
    """What selection depends on besides attributes: plans in force, event type, phase of the instance's life."""

    plans: tuple[PlanKey, ...]
    event: str
    phase: str = "regular"


def condition(source: str) -> Expression:
    """A section's condition; parsed once."""
    return parse_condition(source, pricing_environment())


def ways(tariffs: CompiledTariffs, situation: Situation) -> Iterator[Choice]:
    """Every way to a tariff, in order of precedence. In the transition period (BL-10) a plan without a strategy for it
    does not apply, but the product's own plan does with its regular one."""
    for plan in sorted(situation.plans, key=lambda plan: PRECEDENCE[tariffs.levels[plan]]):
        found = tariffs.choices.get((plan, situation.event, situation.phase))
        if found is None and tariffs.levels[plan] == "product":
            found = tariffs.choices.get((plan, situation.event, "regular"))
        yield from found or ()


def choose(tariffs: CompiledTariffs, situation: Situation, variables: Mapping[str, Any]) -> int:
    """The leaf that prices an event with these pricing reference objects, or NONE."""
    for choice in ways(tariffs, situation):
        if all(condition(source).holds(variables) for source in choice.conditions):
            return choice.leaf
    return NONE


def leaf_sql(tariffs: CompiledTariffs, situations: Sequence[Situation], number: str, columns: Mapping[str, str]) -> str:
    """DuckDB SQL of the leaf of each row, or NONE: the set form of `choose`.

    `number` is the SQL of a row's index in `situations`; `columns` gives the SQL of each variable ("event.call_type").
    """
    cases = [f"WHEN {index} THEN {ways_sql(tariffs, situation, columns)}" for index, situation in enumerate(situations)]
    return f"CASE {number} {' '.join(cases)} ELSE {NONE} END" if cases else str(NONE)


def ways_sql(tariffs: CompiledTariffs, situation: Situation, columns: Mapping[str, str]) -> str:
    """The ways of one situation as one CASE. A way without conditions ends it."""
    cases: list[str] = []
    for choice in ways(tariffs, situation):
        if not choice.conditions:
            return f"CASE {' '.join(cases)} ELSE {choice.leaf} END" if cases else str(choice.leaf)
        tests = (condition(source).to_sql("duckdb", columns, condition=True) for source in choice.conditions)
        cases.append(f"WHEN {' AND '.join(f'({test})' for test in tests)} THEN {choice.leaf}")
    return f"CASE {' '.join(cases)} ELSE {NONE} END" if cases else str(NONE)
