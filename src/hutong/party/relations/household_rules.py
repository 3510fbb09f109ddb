"""The document that says which persons make a household (EC-11): rules in CEL over what a pair has in common. Pure."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hutong.platform import cel
from hutong.platform.errors import Invalid

PAIR = cel.Environment(
    {"pair": {"same_address": "bool", "same_family_name": "bool", "same_phone": "bool", "relation": "string"}}
)
COLUMNS = {
    "pair.same_address": "c.same_address", "pair.same_family_name": "l.family_name = r.family_name",
    "pair.same_phone": "c.same_phone", "pair.relation": "c.relation",
}  # fmt: skip


class HouseholdRule(BaseModel):
    """One rule; `code` is the reason written to members."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z_]{1,40}$")
    zh: str
    en: str
    when: str

    @field_validator("when")
    @classmethod
    def readable(cls, when: str) -> str:
        """Refuse a condition the expression language does not accept."""
        try:
            cel.parse_condition(when, PAIR)
        except cel.ExpressionError as problem:
            raise ValueError(problem.message("en")) from problem
        return when


class HouseholdRules(BaseModel):
    """A version of the rules. `largest`: more persons than that at one address or phone are no family."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    households: str
    largest: int = Field(8, ge=2, le=50)
    rules: list[HouseholdRule] = Field(min_length=1)


def parse_rules(body: Any) -> HouseholdRules:
    """A document from data. Raises Invalid naming the place."""
    try:
        return HouseholdRules.model_validate(body)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid("party-rules-invalid", file="households", where=where, why=first["msg"]) from problem


def because_sql(rules: HouseholdRules) -> str:
    """SQL array of the codes of the rules a pair meets, over c (the pair), l and r (the persons)."""
    cases = [
        f"CASE WHEN {cel.parse(rule.when, PAIR).to_sql('postgres', COLUMNS, condition=True)} THEN '{rule.code}' END"
        for rule in rules.rules
    ]
    return f"array_remove(ARRAY[{', '.join(cases)}], NULL)"
