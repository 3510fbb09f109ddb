"""Survivorship (数据覆盖规则, EC-05): which record's value wins, per attribute, as a document; it writes SQL.

The same statement serves one party and all of them.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection

from hutong.party.columns import GOLDEN, LEADERS, followers
from hutong.party.defaults import shipped
from hutong.party.model.extension import MODEL
from hutong.platform.documents import Kind, in_force

Criterion = Literal["confirmed", "trust", "recency", "completeness", "frequency", "full_name", "valid_id"]
_SQL: dict[Criterion, str] = {
    "trust": "trust DESC",
    "recency": "source_changed_at DESC NULLS LAST",
    "completeness": "length({value}::text) DESC",
    "frequency": "often_{value} DESC",
    "full_name": "name_partial",
    "valid_id": "id_valid DESC",
    "confirmed": "coalesce('{kind}:' || {value} = ANY (confirmed), false) DESC",
}
VALUE_KINDS = {"name": "name", "id_number": "identifier", "mobile": "phone", "phone": "phone", "email": "email",
               "bank_card": "bank_card", "address": "address"}  # fmt: skip
"""Attribute → the kind of `stated_value` by which people confirm and end its values (EC-01, EC-08)."""
_WORD = """
    SELECT m.party_id, array_agg(v.kind || ':' || v.value) FILTER (WHERE v.valid_to <= now()) AS ended,
           array_agg(v.kind || ':' || v.value)
               FILTER (WHERE v.confirmed_at IS NOT NULL AND coalesce(v.valid_to > now(), true)) AS confirmed
    FROM member m JOIN party.stated_value v ON v.of_source = m.source AND v.of_key = m.key GROUP BY 1"""


class AttributeRule(BaseModel):
    """How one attribute's value is chosen: sources preferred first (in order), then the criteria in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: list[Criterion] = Field(min_length=1)
    sources: list[str] = Field(default_factory=list)


class SurvivorshipDocument(BaseModel):
    """A version of the survivorship rules. Attributes without a rule of their own take `otherwise`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    survivorship: str
    version: int = Field(0, ge=0, description="given when published")
    otherwise: AttributeRule
    attributes: dict[str, AttributeRule] = Field(default_factory=dict)
    by_recency: tuple[str, ...] = Field((), description="declared attributes that survive by recency (EC-10)")

    @model_validator(mode="after")
    def confirmable(self) -> Self:
        """Refuse `confirmed` where nothing can be confirmed."""
        asked = {name for name, rule in self.attributes.items() if "confirmed" in rule.by} - set(VALUE_KINDS)
        if asked or "confirmed" in self.otherwise.by:
            raise ValueError(f"only {', '.join(VALUE_KINDS)} can be confirmed, each with a rule of its own")
        return self

    @model_validator(mode="after")
    def attributes_known(self) -> Self:
        """Refuse attributes that do not survive by themselves."""
        if unknown := sorted(set(self.attributes) - set(LEADERS)):
            raise ValueError(f"no such attributes {unknown}; known: {', '.join(LEADERS)}")
        return self

    def of(self, attribute: str) -> AttributeRule:
        """The rule of an attribute."""
        return self.attributes.get(attribute, self.otherwise)


SURVIVORSHIP = Kind(
    "party", "survivorship", SurvivorshipDocument.model_validate, reads="party.steward", writes="party.model",
    approves="party.model.approve", fixed=("survivorship",), shipped=shipped("survivorship"),
)  # fmt: skip
"""Which record's value wins."""


def rules_in_force(conn: Connection) -> SurvivorshipDocument:
    """The survivorship rules in force, with the declared attributes that go by recency."""
    return with_recent(conn, in_force(conn, SURVIVORSHIP))


def with_recent(conn: Connection, found: SurvivorshipDocument) -> SurvivorshipDocument:
    """A document with the declared attributes that go by recency now."""
    recent = tuple(one.name for one in in_force(conn, MODEL).attributes if one.survives == "recency")
    return found.model_copy(update={"by_recency": recent}) if recent else found


def ordering(rule: AttributeRule, attribute: str) -> str:
    """ORDER BY of an attribute's candidates; source and key settle what the rule leaves open."""
    parts = []
    if rule.sources:
        listed = ", ".join("'" + source.replace("'", "''") + "'" for source in rule.sources)
        parts.append(f"array_position(ARRAY[{listed}], source) NULLS LAST")
    kind = VALUE_KINDS.get(attribute, "")
    parts += [_SQL[criterion].format(value=attribute, kind=kind) for criterion in rule.by]
    if attribute == "name":  # a party keeps its name, though it ended, until it has another
        parts.insert(0, "coalesce('name:' || name = ANY (ended), false)")
    return ", ".join([*parts, 'source COLLATE "C"', 'key COLLATE "C"'])


def _holds(attribute: str) -> str:
    """The end of a condition: the value was not ended by people. A name is needed: it only steps back."""
    if attribute == "name" or attribute not in VALUE_KINDS:
        return ""
    return f" AND coalesce('{VALUE_KINDS[attribute]}:' || {attribute} <> ALL (ended), true)"


def _recent(document: SurvivorshipDocument) -> str:
    """The start of an ORDER BY, whose last wins: declared attributes that go by recency before trust."""
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in document.by_recency)
    return f"CASE WHEN e.key IN ({listed}) THEN source_changed_at END NULLS FIRST, " if listed else ""


def golden_sql(document: SurvivorshipDocument, members: str) -> str:
    """The golden records of `members`: a relation of (party_id, record_id).

    Records that their source withdrew give nothing, unless a party has no others: then it shows what it last was, and
    is not `live`. Gives id, live, kind, the golden columns, attributes, owner_id and unit_path (EC-17: of the first
    record that a user made a party by; without one, the unit that the golden branch names), record_count, provenance,
    survivorship_version.
    """
    counted = [name for name in LEADERS if "frequency" in document.of(name).by]
    often = "".join(f", count({name}) OVER (PARTITION BY party_id, {name}) AS often_{name}" for name in counted)
    winners = ",\n".join(
        f"(array_agg(id ORDER BY {ordering(document.of(name), name)}) "
        f"FILTER (WHERE {name} IS NOT NULL{_holds(name)}))[1] AS w_{name}"
        for name in LEADERS
    )
    joins = "\n".join(f"LEFT JOIN party.source_record v_{name} ON v_{name}.id = c.w_{name}" for name in LEADERS)
    source_of = {column: leader for leader in LEADERS for column in (leader, *followers(leader))}
    values = ", ".join(f"v_{source_of[name]}.{name}" for name in GOLDEN)
    provenance = ", ".join(f"'{name}', c.w_{name}" for name in LEADERS)
    return f"""
WITH member AS (
    SELECT * FROM (
        SELECT m.party_id, r.*, s.trust, bool_or(r.withdrawn_at IS NULL) OVER (PARTITION BY m.party_id) AS live
        FROM {members} m JOIN party.source_record r ON r.id = m.record_id JOIN party.source s ON s.code = r.source
    ) AS every WHERE withdrawn_at IS NULL OR NOT live
), word AS ({_WORD}
), weighed AS (
    SELECT *{often} FROM member LEFT JOIN word USING (party_id)
), chosen AS (
    SELECT party_id, bool_and(live) AS live, min(kind) AS kind, count(*)::int AS record_count,
           min(id) FILTER (WHERE owner_id IS NOT NULL) AS owned,
{winners}
    FROM weighed GROUP BY party_id
), other AS (
    SELECT party_id, jsonb_object_agg(e.key, e.value
               ORDER BY {_recent(document)}trust, source_changed_at NULLS FIRST,
                        source COLLATE "C", member.key COLLATE "C") AS attributes
    FROM member, jsonb_each(attributes) AS e WHERE e.value <> 'null' GROUP BY party_id
)
SELECT c.party_id AS id, c.live, c.kind, {values}, coalesce(o.attributes, '{{}}') AS attributes,
       f.owner_id, u.path AS unit_path, c.record_count,
       jsonb_strip_nulls(jsonb_build_object({provenance})) AS provenance, {document.version} AS survivorship_version
FROM chosen c LEFT JOIN other o USING (party_id)
{joins}
LEFT JOIN party.source_record f ON f.id = c.owned AND f.owner_id IS NOT NULL
LEFT JOIN identity.v1_unit u ON u.code = CASE WHEN f.id IS NULL THEN v_branch.branch ELSE f.owner_unit END"""  # noqa: S608  (names come from declarations and checked documents)
