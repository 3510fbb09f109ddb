"""Definitions of sharing that business people publish: exports, call lists, scripts, claim routes, renewal lists.

A document is checked (its conditions, its columns), gets a version, never changes; the newest of a code is in force.
Those of the installed packs hold, as version 0, until another is published under their code.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Connection, Select, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from hutong.party.sharing import facts
from hutong.party.tables import sharing_document
from hutong.platform import cel
from hutong.platform.errors import NotFound, Unprocessable

PACKS = Path(__file__).parents[4] / "packs"
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
    kind: ClassVar[str]

    code: Code
    title: Words
    version: int = 0


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
        facts.fact(fact)
        return fact


def _condition(source: str) -> str:
    facts.condition(source)
    return source


class Export(Document):
    """A file for one consumer (EC-14). `consumer`: code of the calling system; none: whoever makes it, for themselves.

    `mode` changes: what changed since the run before, and `removed` for what left; `every`: how often it is made by
    itself; `keep_days`: days until the file is deleted.
    """

    kind: ClassVar[str] = "export"

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

    kind: ClassVar[str] = "call-list"

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
        if fact:
            facts.fact(fact)
        return fact


class Scripts(Document):
    """Texts that any seat sees with a caller, by the caller's class (EC-15)."""

    kind: ClassVar[str] = "scripts"

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

    kind: ClassVar[str] = "needs"

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

    kind: ClassVar[str] = "claim-route"

    rules: Annotated[list[RouteRule], Field(min_length=1)]

    @field_validator("rules")
    @classmethod
    def complete(cls, rules: list[RouteRule]) -> list[RouteRule]:
        """Every claim has a way."""
        if rules[-1].when.strip() != "true":
            raise ValueError("the last rule must hold always: when: 'true'")
        return rules


KINDS: dict[str, type[Document]] = {kind.kind: kind for kind in (Export, CallList, Scripts, Needs, ClaimRoute)}
D = TypeVar("D", bound=Document)


def parse(kind: type[D], body: dict[str, Any], version: int = 0) -> D:
    """A document, checked. Raises Unprocessable that says where it is wrong."""
    try:
        return kind.model_validate({**body, "version": version})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Unprocessable("party-sharing-document-wrong", field=place, place=place, reason=first["msg"]) from error


def publish(conn: Connection, kind: type[D], body: dict[str, Any], by: str) -> D:
    """Put a document in force as its code's next version; equal content keeps the version it has."""
    checked = parse(kind, body)
    made = checked.model_dump(mode="json", exclude={"version"})
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('party.sharing:' || :kind || ':' || :code, 0))")
    conn.execute(lock, {"kind": kind.kind, "code": checked.code})
    newest = conn.execute(_newest(kind).where(sharing_document.c.code == checked.code)).one_or_none()
    if newest is not None and newest.hash == digest:
        return checked.model_copy(update={"version": newest.version})
    version = newest.version + 1 if newest is not None else 1
    values = {"kind": kind.kind, "code": checked.code, "version": version, "body": made, "hash": digest}
    conn.execute(sharing_document.insert().values(**values, published_by=by))
    return checked.model_copy(update={"version": version})


def _newest(kind: type[Document]) -> Select[Any]:
    table = sharing_document
    wanted = select(table).where(table.c.kind == kind.kind).ext(distinct_on(table.c.code))
    return wanted.order_by(table.c.code, table.c.version.desc())


def in_force(conn: Connection, kind: type[D]) -> dict[str, D]:
    """Code → the document in force: the newest published, else the packs'."""
    found: dict[str, D] = dict(_delivered(kind))
    for row in conn.execute(_newest(kind)):
        found[row.code] = _parsed(kind, json.dumps(row.body, sort_keys=True), row.version)
    return dict(sorted(found.items()))


def one(conn: Connection, kind: type[D], code: str) -> D:
    """The document in force under a code. Raises NotFound."""
    found = in_force(conn, kind).get(code)
    if found is None:
        raise NotFound("party-sharing-document-unknown", kind=kind.kind, code=code)
    return found


def version_of(conn: Connection, kind: type[D], code: str, version: int) -> D:
    """A document as it was in a version. Raises NotFound."""
    table = sharing_document.c
    asked = select(table.body).where(table.kind == kind.kind, table.code == code, table.version == version)
    body = conn.execute(asked).scalar() if version else None
    found: D | None = _delivered(kind).get(code)
    if body:
        found = _parsed(kind, json.dumps(body, sort_keys=True), version)
    if found is None:
        raise NotFound("party-sharing-document-unknown", kind=kind.kind, code=code)
    return found


@lru_cache(maxsize=256)
def _parsed(kind: type[D], body: str, version: int) -> D:
    return parse(kind, json.loads(body), version)


@lru_cache(maxsize=16)
def _delivered(kind: type[D]) -> dict[str, D]:
    made: dict[str, D] = {}
    for path in sorted(PACKS.glob(f"*/sharing/{kind.kind}.*.yaml")):
        document = parse(kind, yaml.safe_load(path.read_text(encoding="utf-8")))
        made[document.code] = document
    return made
