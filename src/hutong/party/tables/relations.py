"""What parties are to us and to each other (EC-11)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from hutong.party.tables.base import identity, metadata, moment

role = Table(
    "role",
    metadata,
    Column("party_id", BigInteger, nullable=False),
    Column("role", Text, nullable=False, comment="code set party-role"),
    moment("since"),
    PrimaryKeyConstraint("party_id", "role"),
    comment="what a party is to us",
)

relation = Table(
    "relation",
    metadata,
    identity(),
    Column("from_id", BigInteger, nullable=False),
    Column("to_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="code set party-relation"),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_to", DateTime(timezone=True)),
    Column("stated_by", Text, nullable=False),
    UniqueConstraint("from_id", "to_id", "kind", "valid_from"),
    CheckConstraint("from_id <> to_id", name="two"),
    comment="relations between parties; ids as given, read through redirect",
)
Index("ix_relation_to", relation.c.to_id)
