"""Rules as SQL: for each rule the condition under which a record is checked, and under which it fails.

All rules of an entity become expressions over one scan; a uniqueness rule joins the values that occur twice, found by
one grouping.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hutong.party.quality.rules import FIELDS, Entity, QualityRule
from hutong.party.stewardship.enhancement import SOURCES
from hutong.party.tables.quality import CONTRIBUTOR
from hutong.platform import clock

FROM: dict[Entity, str] = {
    "source_record": "party.source_record r",
    "party": "party.party r",
}
WHERE: dict[Entity, str] = {
    "source_record": f"NOT starts_with(r.source, '{SOURCES}')",
    "party": "r.state = 'active'",
}
"""Which rows are measured. Not what enhancement batches collected (EC-08): a call-back brings an e-mail address of a
customer, not a record that could be complete; its values were checked when it was taken in."""
SOURCE: dict[Entity, str] = {"source_record": "r.source", "party": "''"}
BRANCH: dict[Entity, str] = {
    "source_record": "coalesce(r.branch, r.owner_unit, '')",
    "party": "coalesce(r.branch, '')",
}
ENTERED: dict[Entity, str] = {"source_record": CONTRIBUTOR, "party": "coalesce('user:' || r.owner_id, '')"}


@dataclass(frozen=True)
class Compiled:
    """A rule in SQL over the alias `r`: `checked` and `failed` are conditions that are never NULL."""

    rule: QualityRule
    checked: str
    failed: str
    join: str


def compiled(
    rules: Sequence[QualityRule], today: date | None = None, now: datetime | None = None, *, some: str = ""
) -> list[Compiled]:
    """Rules in SQL, as on a business day (today). `some`: a query of the ids that alone are scanned; values that only
    one may have are still looked for among all."""
    constants = {"today": today or clock.today(), "now": now or clock.now()}
    return [_rule(number, rule, constants, some) for number, rule in enumerate(rules)]


def _rule(number: int, rule: QualityRule, constants: dict[str, Any], some: str) -> Compiled:
    columns = {f"record.{name}": f"r.{name}" for name in FIELDS[rule.entity]}

    def condition(expression: Any) -> str:
        used = {name: value for name, value in constants.items() if name in expression.names}
        return f"(({expression.to_sql('postgres', columns, used, condition=True)}) IS TRUE)"

    applies = condition(rule.condition)
    if rule.test is not None:
        return Compiled(rule, applies, f"({applies} AND NOT {condition(rule.test)})", "")
    alias, keys = f"twice{number}", rule.unique or []
    there = " AND ".join([applies, *(f"r.{key} IS NOT NULL" for key in keys)])
    named = ", ".join(f"r.{key}" for key in keys)
    theirs = f" AND ({named}) IN (SELECT {named} FROM {FROM[rule.entity]} WHERE r.id IN ({some}))" if some else ""  # noqa: S608
    join = (
        f" LEFT JOIN (SELECT {named} FROM {FROM[rule.entity]} WHERE {WHERE[rule.entity]} AND {there}{theirs}"  # noqa: S608
        f" GROUP BY {named} HAVING count(*) > 1) {alias}"
        f" ON {' AND '.join(f'{alias}.{key} = r.{key}' for key in keys)}"
    )
    return Compiled(rule, f"({there})", f"({there} AND {alias}.{keys[0]} IS NOT NULL)", join)


def scan(entity: Entity, rules: Sequence[Compiled], *, some: str = "") -> str:
    """FROM and WHERE of one pass over an entity for these rules; over `some` as they were compiled."""
    chosen = f" AND r.id IN ({some})" if some else ""
    return f"FROM {FROM[entity]}{''.join(rule.join for rule in rules)} WHERE {WHERE[entity]}{chosen}"
