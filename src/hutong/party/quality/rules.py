"""Quality rules as documents (EC-13, EC-18): each names its dimension, the records it applies to, and what must hold.

A record breaks a rule when `applies` is true of it and `holds` is not (unknown does not hold); a `unique` rule is
broken by every record that shares all the named values with another one to which the rule applies.
"""

from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hutong.party.columns import ATTRIBUTES
from hutong.party.defaults import shipped
from hutong.party.quality.task_states import REPORTED
from hutong.platform import cel, documents

READ = "party.quality"
LEAD = "party.quality.lead"
Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "timeliness"]
DIMENSIONS: tuple[Dimension, ...] = ("completeness", "validity", "uniqueness", "consistency", "timeliness")
Entity = Literal["source_record", "party"]
ENTITIES: tuple[Entity, ...] = ("source_record", "party")
Owner = Literal["source", "branch", "clerk", "steward"]

_TYPES = {"text": "string", "date": "date", "boolean": "bool"}
FIELDS: dict[Entity, dict[str, str]] = {
    "source_record": {
        "kind": "string", "source": "string", "key": "string", "issues": "list<string>", "attributes": "map<string>",
        "source_created_at": "timestamp", "source_changed_at": "timestamp",
        **{attribute.name: _TYPES[attribute.type] for attribute in ATTRIBUTES},
    },
    "party": {
        "kind": "string", "record_count": "int", "changed_at": "timestamp", "attributes": "map<string>",
        **{attribute.name: _TYPES[attribute.type] for attribute in ATTRIBUTES if attribute.golden},
    },
}  # fmt: skip
"""What a condition may ask of `record`, by entity; besides, `today` (the business day of the measurement)."""
ENVIRONMENTS = {
    entity: cel.Environment({"record": fields, "today": "date", "now": "timestamp"})
    for entity, fields in FIELDS.items()
}


class Strict(BaseModel):
    """Documents refuse what they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QualityRule(Strict):
    """One rule. `severity` 1 (cosmetic) to 5 (the record cannot be used); `owner`: who can mend it."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    dimension: Dimension
    entity: Entity = "source_record"
    applies: str = "true"
    holds: str | None = None
    unique: list[str] | None = Field(None, min_length=1)
    severity: int = Field(2, ge=1, le=5)
    owner: Owner = "source"
    tasks: bool = True
    zh: str
    en: str

    @model_validator(mode="after")
    def readable(self) -> Self:
        """Refuse what the expression language does not accept, columns that are not there, and both or neither test."""
        if (self.holds is None) == (self.unique is None):
            raise ValueError(f"{self.rule}: give either `holds` or `unique`")
        if unknown := sorted(set(self.unique or ()) - FIELDS[self.entity].keys()):
            raise ValueError(f"{self.rule}: unknown fields {unknown}")
        for source in (self.applies, self.holds):
            cel.parse_condition(source or "true", ENVIRONMENTS[self.entity])
        return self

    @cached_property
    def condition(self) -> cel.Expression:
        """Which records it is about."""
        return cel.parse_condition(self.applies, ENVIRONMENTS[self.entity])

    @cached_property
    def test(self) -> cel.Expression | None:
        """What must hold of them; None for uniqueness."""
        return cel.parse_condition(self.holds, ENVIRONMENTS[self.entity]) if self.holds is not None else None

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The record's fields it looks at, in the order of declaration."""
        named = {name.partition(".")[2] for name in self.condition.names}
        named |= {name.partition(".")[2] for name in self.test.names} if self.test else set(self.unique or ())
        return tuple(name for name in FIELDS[self.entity] if name in named)

    def name(self, locale: str) -> str:
        """The rule in words."""
        return self.zh if locale == "zh-CN" else self.en


class QualityDocument(Strict):
    """A version of the quality rules. `tasks_from`: least severity that makes tasks."""

    quality: str
    version: int = Field(0, ge=0, description="given when published")
    tasks_from: int = Field(3, ge=1, le=5)
    rules: list[QualityRule] = Field(min_length=1)

    @field_validator("rules")
    @classmethod
    def names_differ(cls, rules: list[QualityRule]) -> list[QualityRule]:
        """A rule's name stands once: results and tasks cite it."""
        names = [rule.rule for rule in rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"rules named twice: {', '.join(twice)}")
        if REPORTED in names:
            raise ValueError(f"no rule may be called {REPORTED}: so are tasks that people report")
        return rules

    def of(self, entity: Entity) -> list[QualityRule]:
        """The rules of an entity."""
        return [rule for rule in self.rules if rule.entity == entity]

    def find(self, name: str) -> QualityRule | None:
        """A rule by name."""
        return next((rule for rule in self.rules if rule.rule == name), None)


QUALITY_RULES = documents.Kind(
    "party", "quality", QualityDocument.model_validate, reads=READ, writes=LEAD,
    fixed=("quality",), shipped=shipped("quality"),
)  # fmt: skip
"""What records must hold."""
