"""The document that says which persons make a household (EC-11): rules in CEL over what a pair has in common. Pure."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hutong.party.defaults import shipped
from hutong.platform import cel
from hutong.platform.documents import Kind

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
        cel.parse_condition(when, PAIR)
        return when


class HouseholdRules(BaseModel):
    """A version of the rules. `largest`: more persons than that at one address or phone are no family."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    households: str
    version: int = Field(0, ge=0, description="given when published")
    largest: int = Field(8, ge=2, le=50)
    rules: list[HouseholdRule] = Field(min_length=1)


HOUSEHOLD_RULES = Kind(
    "party", "households", HouseholdRules.model_validate, reads="party.steward", writes="party.model",
    fixed=("households",), shipped=shipped("households"),
)  # fmt: skip
"""Rules that find households."""


def because_sql(rules: HouseholdRules) -> str:
    """SQL array of the codes of the rules a pair meets, over c (the pair), l and r (the persons)."""
    cases = [
        f"CASE WHEN {cel.parse(rule.when, PAIR).to_sql('postgres', COLUMNS, condition=True)} THEN '{rule.code}' END"
        for rule in rules.rules
    ]
    return f"array_remove(ARRAY[{', '.join(cases)}], NULL)"
