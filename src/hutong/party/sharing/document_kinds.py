"""What each kind of document of sharing says, checked: conditions and columns name only facts that there are."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hutong.party.defaults import PACKS
from hutong.party.sharing import facts
from hutong.platform import cel
from hutong.platform.documents import Kind
from hutong.platform.errors import Unprocessable

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,59}$")]
Format = Literal["csv", "parquet", "xlsx"]
Every = Literal["hour", "day", "week", "month"]


class Words(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(extra="forbid")

    zh: str
    en: str

    def of(self, locale: str) -> str:
        """The text in a viewer's language."""
        return self.zh if locale == "zh-CN" else self.en


class Document(BaseModel):
    """What all documents of sharing have."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    title: Words
    version: int = 0


def _known(fact: str) -> str:
    try:
        facts.fact(fact)
    except Unprocessable as problem:
        raise ValueError(problem.message("en")) from problem
    return fact


class Column(BaseModel):
    """A column of a list: the fact it shows, and its heading where that is another. `currency`: an amount in units of
    the currency, to two places, for people; else in micros."""

    model_config = ConfigDict(extra="forbid")

    fact: str
    heading: str | None = None
    currency: bool = False

    @field_validator("fact")
    @classmethod
    def known(cls, fact: str) -> str:
        """Only facts that customers have."""
        return _known(fact)


def _condition(source: str) -> str:
    facts.condition(source)
    return source


class Export(Document):
    """A file for one consumer (EC-14). `consumer`: code of the calling system; none: whoever makes it, for themselves.

    `mode` changes: what changed since the run before, and `removed` for what left; `every`: how often it is made by
    itself; `keep_days`: days until the file is deleted.
    """

    consumer: str | None = None
    columns: Annotated[list[Column], Field(min_length=1, max_length=200)]
    where: str = "true"
    format: Format = "csv"
    mode: Literal["full", "changes"] = "full"
    every: Every | None = None
    keep_days: Annotated[int, Field(ge=1, le=90)] = 7

    _where = field_validator("where")(_condition)

    @field_validator("columns")
    @classmethod
    def told_apart(cls, columns: list[Column]) -> list[Column]:
        """No two columns have the same heading."""
        headings = [column.heading or column.fact for column in columns]
        if len(set(headings) - {"party_id", "change"}) < len(headings):
            raise ValueError("two columns have the same heading, or one is called party_id or change")
        return columns


class Script(BaseModel):
    """What a seat says to whom it concerns (差异化话术). The first whose condition holds comes first."""

    model_config = ConfigDict(extra="forbid")

    when: str = "true"
    title: Words
    text: Words

    _when = field_validator("when")(_condition)


class CallList(Document):
    """A telesales campaign: whom it calls, in which order, how they are shared out, and what is said (EC-15)."""

    where: str
    order_by: str | None = None
    descending: bool = True
    most: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    quota: Annotated[int, Field(ge=1)] | None = None
    rest_days: Annotated[int, Field(ge=0, le=3650)] = 30
    scripts: list[Script] = Field(default_factory=list)

    _where = field_validator("where")(_condition)

    @field_validator("order_by")
    @classmethod
    def known(cls, fact: str | None) -> str | None:
        """Only facts that customers have."""
        return _known(fact) if fact else fact


class Scripts(Document):
    """Texts that any seat sees with a caller, by the caller's class (EC-15)."""

    scripts: Annotated[list[Script], Field(min_length=1)]


class Need(BaseModel):
    """A paper, consent or value that a business needs: any of `any_of` on file, not older than `keep_days`.

    What is on file is named `image:<document kind>`, `consent:<purpose>`, `identifier:<id type>`, `phone`, `email`,
    `address`, `bank_card`.
    """

    model_config = ConfigDict(extra="forbid")

    any_of: Annotated[list[str], Field(min_length=1)]
    title: Words
    keep_days: Annotated[int, Field(ge=1)] | None = None
    when: str = "true"

    _when = field_validator("when")(_condition)


class Needs(Document):
    """What a business needs of a customer, so that it is asked for only once (EC-15)."""

    needs: Annotated[list[Need], Field(min_length=1)]

    def facts(self) -> set[str]:
        """The facts of the customer its conditions name."""
        return {name for need in self.needs for name in facts.names_of(facts.condition(need.when))}


@lru_cache
def _claims() -> cel.Environment:
    return cel.Environment({**facts.environment().variables, "claim": cel.object_of(facts.CLAIM)})


def claim_condition(source: str) -> cel.Expression:
    """A condition over `customer` and `claim`. Raises ExpressionError."""
    return cel.parse_condition(source, _claims())


def _claim_condition(source: str) -> str:
    claim_condition(source)
    return source


class RouteRule(BaseModel):
    """One rule: where it holds, the claim goes this way. `priority`: 1 is worked first."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    when: str
    route: Literal["simplified", "standard", "investigation"]
    priority: Annotated[int, Field(ge=1, le=9)]
    reason: Words

    _when = field_validator("when")(_claim_condition)

    def facts(self) -> set[str]:
        """The facts of the customer it names."""
        return {name.split(".")[1] for name in claim_condition(self.when).names if name.startswith("customer.")}


class ClaimRoute(Document):
    """How claims are routed (EC-15): the first rule that holds; the last one holds always."""

    rules: Annotated[list[RouteRule], Field(min_length=1)]

    @field_validator("rules")
    @classmethod
    def complete(cls, rules: list[RouteRule]) -> list[RouteRule]:
        """Every claim has a way."""
        if rules[-1].when.strip() != "true":
            raise ValueError("the last rule must hold always: when: 'true'")
        return rules


D = TypeVar("D", bound=Document)


def _of_packs(code: str) -> Callable[[], Mapping[str, Path]]:
    """The packs' documents of a kind: `sharing/<kind>.<code>.yaml`."""
    return lambda: {path.name.split(".")[1]: path for path in sorted(PACKS.glob(f"*/sharing/{code}.*.yaml"))}


def _kind(code: str, model: type[D], writes: str) -> Kind[D]:
    return Kind("party", code, model.model_validate, reads="party.read", writes=writes,
                named=lambda document: document.code, shipped=_of_packs(code))  # fmt: skip


EXPORT = _kind("export", Export, "party.export.all")
CALL_LIST = _kind("call-list", CallList, "party.calls.lead")
SCRIPTS = _kind("scripts", Scripts, "party.calls.lead")
NEEDS = _kind("needs", Needs, "party.model")
CLAIM_ROUTE = _kind("claim-route", ClaimRoute, "party.model")
