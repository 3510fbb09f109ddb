"""Who must approve what (EC-02, EC-06): policies as documents of CEL rules with versions; the first that holds asks for
a second person, and is stored with what it held. Until one is published, the ones delivered here are in force."""

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import Connection, select, text

from hutong.party.tables import policy
from hutong.platform import cel
from hutong.platform.errors import Invalid

Kind = Literal["stewardship", "lifecycle"]
DEFAULTS = Path(__file__).parent / "defaults"
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


def parse_policy(body: Any, name: str) -> PolicyDocument:
    """A policy from data. Raises Invalid naming the place."""
    try:
        return PolicyDocument.model_validate(body)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid("party-rules-invalid", file=name, where=where, why=first["msg"]) from problem


def publish(conn: Connection, body: dict[str, Any], by: str) -> int:
    """Check a policy and put it in force as the next version; equal content keeps its version, which is returned."""
    made = {key: value for key, value in body.items() if key != "version"}
    kind = parse_policy(made, str(made.get("policy"))).policy
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.policy:' || :kind, 0))"), {"kind": kind})
    newest = _newest(conn, kind)
    if newest and newest.body == made:
        return int(newest.version)
    version = newest.version + 1 if newest else 1
    conn.execute(policy.insert().values(kind=kind, version=version, body=made, published_by=by))
    return version


def _newest(conn: Connection, kind: Kind) -> Any:
    statement = select(policy).where(policy.c.kind == kind).order_by(policy.c.version.desc()).limit(1)
    return conn.execute(statement).one_or_none()


@lru_cache(maxsize=16)
def _parsed(body: str) -> PolicyDocument:
    return PolicyDocument.model_validate(json.loads(body))


@lru_cache(maxsize=4)
def _delivered(kind: Kind) -> PolicyDocument:
    return parse_policy(yaml.safe_load((DEFAULTS / f"{kind}.yaml").read_text(encoding="utf-8")), kind)


def active(conn: Connection, kind: Kind) -> PolicyDocument:
    """The policy in force; version 0 is the delivered one."""
    newest = _newest(conn, kind)
    if newest is None:
        return _delivered(kind)
    return _parsed(json.dumps({**newest.body, "version": newest.version}, sort_keys=True))
