"""Rules documents (EC-05): match keys, generic values, strong, weak and cannot-link rules, as data."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hutong.party.defaults import shipped
from hutong.party.match.features import ENVIRONMENT
from hutong.platform import cel, documents

Kind = Literal["person", "organisation"]
KINDS: tuple[Kind, ...] = ("person", "organisation")
KEYS = ("id_number", "organisation_code", "phone", "email", "bank_card", "name", "name_key", "name_core", "name_branch",
        "birth_date", "house", "road", "city", "district", "postcode", "address_key", "contact_name",
        "name_start", "name_core_start")  # fmt: skip


class Strict(BaseModel):
    """Documents refuse what they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Strict):
    """One rule: when its condition is true of a pair, it proposes. `strength` 0..999 orders links and suspects."""

    rule: str = Field(pattern=r"^[a-z0-9_]+$")
    when: str
    strength: int = Field(500, ge=0, le=999)
    zh: str
    en: str

    @field_validator("when")
    @classmethod
    def readable(cls, when: str) -> str:
        """Refuse what the expression language does not accept, with its place."""
        cel.parse_condition(when, ENVIRONMENT)
        return when

    @cached_property
    def condition(self) -> cel.Expression:
        """The checked condition."""
        return cel.parse_condition(self.when, ENVIRONMENT)


class KindRules(Strict):
    """The rules of one kind of party. A pair is compared if it shares all keys of any one block."""

    blocks: list[list[str]] = Field(min_length=1)
    exclusive: list[str] = Field(default_factory=list, description="document kinds of which a party has one number")
    strong: list[Rule]
    cannot: list[Rule] = Field(default_factory=list)
    weak: list[Rule] = Field(default_factory=list)
    merges: list[str] | None = Field(None, description="strong rules that merge without people; absent: all of them")
    model: Literal["off", "suspects", "merges"] = Field("suspects", description="what an approved model may do alone")

    @field_validator("blocks")
    @classmethod
    def keys_known(cls, blocks: list[list[str]]) -> list[list[str]]:
        """Refuse keys that are not match keys."""
        if unknown := sorted({key for block in blocks for key in block} - set(KEYS)):
            raise ValueError(f"unknown match keys {unknown}; known: {', '.join(KEYS)}")
        return blocks

    @model_validator(mode="after")
    def names_differ(self) -> "KindRules":
        """A rule's name stands once: judgements cite it."""
        names = [rule.rule for rule in (*self.strong, *self.cannot, *self.weak)]
        if unknown := set(self.merges or ()) - {rule.rule for rule in self.strong}:
            raise ValueError(f"merges names no strong rules: {', '.join(sorted(unknown))}")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"rules named twice: {', '.join(sorted(twice))}")
        return self

    @cached_property
    def merging(self) -> list[Rule]:
        """The rules that merge without people, by the policy of this kind."""
        return [rule for rule in self.strong if self.merges is None or rule.rule in self.merges]

    @cached_property
    def suspecting(self) -> list[Rule]:
        """The rules that only suspect: the weak ones, and before them strong ones that the policy does not trust."""
        return [rule for rule in self.strong if rule not in self.merging] + list(self.weak)


class RulesDocument(Strict):
    """A version of the matching rules."""

    rules: str
    version: int = Field(0, ge=0, description="given when published")
    generic: dict[Literal["phone", "email", "bank_card", "id_number", "address_key"], int] = Field(
        description="a value used under more than this many distinct names says nothing about who it is"
    )
    largest_block: int = Field(200, ge=2, description="records sharing a match key beyond which it is not used")
    person: KindRules
    organisation: KindRules

    def of(self, kind: Kind) -> KindRules:
        """The rules of a kind."""
        return self.person if kind == "person" else self.organisation

    def find(self, name: str) -> Rule | None:
        """A rule by name."""
        sets = (self.person, self.organisation)
        return next((r for s in sets for r in (*s.strong, *s.cannot, *s.weak) if r.rule == name), None)


def read_rules(path: Path) -> RulesDocument:
    """A rules document from a YAML file. Raises Unprocessable naming the place."""
    return documents.read_file(RulesDocument.model_validate, path)


RULES = documents.Kind(
    "party", "rules", RulesDocument.model_validate, reads="party.steward", writes="party.model",
    approves="party.model.approve", fixed=("rules",), shipped=shipped("rules"),
)  # fmt: skip
"""Matching rules."""
