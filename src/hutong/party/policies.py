"""Who must approve what (EC-02, EC-06): policies as documents of CEL rules with versions; the first that holds asks for
a second person, and is stored with what it held. Until one is published, the ones delivered here are in force."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hutong.party.defaults import shipped
from hutong.platform import cel
from hutong.platform.documents import Kind

_TEXTS = cel.list_of(cel.STRING)
ENVIRONMENTS: Mapping[str, cel.Environment] = {
    "stewardship": cel.Environment(
        {
            "group": cel.object_of(
                {"kind": cel.STRING, "strength": cel.INT, "conflict": cel.BOOL, "parties": cel.INT, "records": cel.INT,
                 "grades": _TEXTS, "rules": _TEXTS}
            ),
            "decision": cel.object_of({"verdict": cel.STRING, "force": cel.BOOL}),
        }
    ),
    "lifecycle": cel.Environment(
        {
            "change": cel.object_of({"kind": cel.STRING, "attributes": _TEXTS, "force": cel.BOOL, "records": cel.INT}),
            "party": cel.object_of({"kind": cel.STRING, "grades": _TEXTS, "state": cel.STRING}),
            "requester": cel.object_of({"kind": cel.STRING, "roles": _TEXTS, "unit_path": cel.STRING}),
        }
    ),
}  # fmt: skip
"""What the rules of a policy may ask. `decision.verdict`: same, not_same, partial; `change.kind`: as a request's;
`grades`: of the parties concerned."""


class PolicyRule(BaseModel):
    """When its condition holds, or cannot be told, a second person decides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str = Field(pattern=r"^[a-z0-9_]+$")
    when: str
    zh: str
    en: str


class PolicyDocument(BaseModel):
    """A version of a policy. `expires_days`: after which a request nobody decided ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: Literal["stewardship", "lifecycle"]
    version: int = Field(0, ge=0, description="given when published")
    expires_days: int = Field(30, ge=1, le=3650)
    rules: list[PolicyRule]

    @model_validator(mode="after")
    def readable(self) -> Self:
        """Refuse what the expression language does not accept, with its place."""
        for rule in self.rules:
            try:
                cel.parse_condition(rule.when, ENVIRONMENTS[self.policy])
            except cel.ExpressionError as problem:
                raise ValueError(f"{rule.rule}: {problem.message('en')}") from problem
        return self

    @cached_property
    def _conditions(self) -> list[tuple[PolicyRule, cel.Expression]]:
        return [(rule, cel.parse_condition(rule.when, ENVIRONMENTS[self.policy])) for rule in self.rules]

    def asks(self, facts: Mapping[str, Any]) -> str | None:
        """The first rule that wants a second person, or None. What cannot be told counts as wanting one."""
        return next((rule.rule for rule, condition in self._conditions if condition.evaluate(facts) is not False), None)

    def words(self, rule: str | None, locale: str) -> str:
        """A rule in words; its name where this version has it not."""
        found = next((each for each in self.rules if each.rule == rule), None)
        return (rule or "") if found is None else found.zh if locale == "zh-CN" else found.en


POLICY = Kind(
    "party", "policy", PolicyDocument.model_validate, reads="party.steward", writes="party.model",
    approves="party.model.approve", fixed=("stewardship", "lifecycle"), named=lambda document: document.policy,
    shipped=shipped("stewardship", "lifecycle"),
)  # fmt: skip
"""Who must approve what."""
