"""What parties are to us and to each other (EC-11): roles taken with us, households, groups.

Relations and roles in a context are information areas (`areas.py`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hutong.party.tables.base import identity, metadata, moment

role = Table(
    "role",
    metadata,
    Column("party_id", BigInteger, nullable=False),
    Column("role", Text, nullable=False, comment="code set party_role"),
    moment("since"),
    PrimaryKeyConstraint("party_id", "role"),
    comment="what a party is to us by what it did with us; roles with context and validity: party_role",
)

household = Table(
    "household",
    metadata,
    identity(),
    Column("name", Text, comment="given by people; else the family names"),
    Column("rule_version", Integer, comment="of the rules that found it; empty: made by people"),
    moment("made_at"),
    Column("made_by", Text, nullable=False),
    Column("ended_at", DateTime(timezone=True), comment="when it lost its members"),
    comment="persons living or buying together (EC-01); its id stays while members remain",
)

household_member = Table(
    "household_member",
    metadata,
    Column("household_id", BigInteger, ForeignKey(household.c.id), nullable=False),
    Column("of_source", Text, nullable=False, comment="cross-reference of the member: follows its record"),
    Column("of_key", Text, nullable=False),
    Column("role", Text, comment="code set household_role"),
    Column("word", Text, nullable=False, comment="found by rule; confirmed or removed by people, which wins"),
    Column("because", Text, nullable=False, comment="rules that tie the member, or who said so and why"),
    moment("since"),
    PrimaryKeyConstraint("household_id", "of_source", "of_key"),
    CheckConstraint("word IN ('found', 'confirmed', 'removed')", name="word"),
    comment="who belongs to a household, and who was taken out of it",
)
Index("ix_household_member_of", household_member.c.of_source, household_member.c.of_key)

customer_group = Table(
    "customer_group",
    metadata,
    identity(),
    Column("code", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("condition", Text, comment="CEL over `row`; empty: a list kept by people"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("made_by", Text, nullable=False),
    moment("made_at"),
    UniqueConstraint("code"),
    comment="groups of customers: lists, or all who meet a condition now",
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", BigInteger, ForeignKey(customer_group.c.id), nullable=False),
    Column("of_source", Text, nullable=False),
    Column("of_key", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    moment("added_at"),
    PrimaryKeyConstraint("group_id", "of_source", "of_key"),
    comment="members of groups kept as lists",
)
Index("ix_group_member_of", group_member.c.of_source, group_member.c.of_key)
