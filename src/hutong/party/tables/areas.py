"""The tables of the information areas (EC-01, EC-16), all of one shape, made from their declaration; and the documents
that extend the model and rule households and groups."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from hutong.party.information import AREAS, Area, Type, began
from hutong.party.tables.base import identity, metadata, moment

TYPES: dict[Type, TypeEngine[object]] = {
    "text": Text(),  # type: ignore[dict-item]
    "bigint": BigInteger(),  # type: ignore[dict-item]
    "date": Date(),  # type: ignore[dict-item]
    "instant": DateTime(timezone=True),  # type: ignore[dict-item]
    "boolean": Boolean(),  # type: ignore[dict-item]
    "jsonb": JSONB(),
}


def _when(area: Area) -> list[Column[object] | CheckConstraint]:
    if area.timing == "moment":
        return [Column("at", TYPES["instant"], nullable=False, comment="when it happened")]
    return [
        Column("valid_from", TYPES["instant"], nullable=False, comment="from when it holds"),
        Column("valid_to", TYPES["instant"], comment="until when, not included; empty: without end"),
        CheckConstraint("valid_to >= valid_from", name="period"),
    ]


def _table(area: Area) -> Table:
    made = Table(
        area.name,
        metadata,
        identity(),
        Column("of_source", Text, nullable=False, comment="whom it is about: cross-reference of one of the records"),
        Column("of_key", Text, nullable=False, comment="which may not have arrived yet"),
        Column("source", Text, nullable=False, comment="who states it"),
        Column("key", Text, nullable=False, comment="the source's own key: stated again, a row replaces itself"),
        *(Column(f.name, TYPES[f.type], nullable=not f.required, comment=f.meaning) for f in area.fields),
        *_when(area),
        Column("source_changed_at", TYPES["instant"], comment="by the source's clock: what is older changes nothing"),
        Column("stated_by", Text, nullable=False),
        moment("stated_at"),
        UniqueConstraint("source", "key"),
        comment=area.meaning,
    )
    Index(f"ix_{area.name}_of", made.c.of_source, made.c.of_key, made.c[began(area)])
    return made


area_tables = {area.name: _table(area) for area in AREAS.values()}
"""Area → its table."""
former_statement = Table(
    "former_statement",
    metadata,
    identity(),
    Column("area", Text, nullable=False, comment="one of those that keep what was said before"),
    Column("row_id", BigInteger, nullable=False, comment="of the area's row"),
    Column("of_source", Text, nullable=False, comment="whom it was about"),
    Column("of_key", Text, nullable=False),
    Column("content", JSONB, nullable=False, comment="the whole row as it was"),
    moment("until"),
    Index("ix_former_statement_of", "of_source", "of_key"),
    comment="what rows of areas said until they were stated anew, ended or confirmed (EC-16)",
)
Index("ix_party_relation_to", area_tables["party_relation"].c.to_source, area_tables["party_relation"].c.to_key)
Index("ix_party_role_context", area_tables["party_role"].c.context)
Index("ix_policy_summary_due", area_tables["policy_summary"].c.due_on, area_tables["policy_summary"].c.id)
Index("ix_coverage_summary_policy", area_tables["coverage_summary"].c.policy_number)
Index("ix_stated_value_value", area_tables["stated_value"].c.kind, area_tables["stated_value"].c.value)
