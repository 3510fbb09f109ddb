"""What is derived: golden records, cross-references, all stated values, redirects."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.party.columns import ATTRIBUTES
from hutong.party.tables.base import attribute, identity, metadata
from hutong.platform.history import historical

party = historical(
    Table(
        "party",
        metadata,
        identity(),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False, server_default="active"),
        Column("inactive_because", Text, comment="deactivated (by people), withdrawn (no source states it any more)"),
        *(attribute(a) for a in ATTRIBUTES if a.golden),
        Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
        Column("owner_id", BigInteger, comment="user who brought the party first; row scopes ask for it (EC-17)"),
        Column("unit_path", Text, comment="path of the owner's unit; of nobody's party, of the unit its branch names"),
        Column("record_count", Integer, nullable=False),
        Column("provenance", JSONB, nullable=False, comment="attribute → record its value comes from"),
        Column("survivorship_version", Integer, nullable=False, comment="of the rules that chose the values"),
        CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        CheckConstraint("state IN ('active', 'inactive', 'merged')", name="state"),
        comment="the golden record of each party, derived from its source records",
    )
)
Index("ix_party_owner", party.c.owner_id, postgresql_where=party.c.owner_id.isnot(None))
Index("ix_party_unit", party.c.unit_path, postgresql_ops={"unit_path": "text_pattern_ops"})
Index(
    "ix_party_attributes",
    party.c.attributes,
    postgresql_using="gin",
    postgresql_ops={"attributes": "jsonb_path_ops"},
    postgresql_where=text("attributes <> '{}'"),
)
Index("ix_party_name_id", party.c.name, party.c.id, postgresql_ops={"name": "text_pattern_ops"})
Index("ix_party_name_key_id", party.c.name_key, party.c.id, postgresql_ops={"name_key": "text_pattern_ops"})
Index("ix_party_name_trigram", party.c.name, postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})

xref = Table(
    "xref",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("party_id", BigInteger, nullable=False),
    UniqueConstraint("source", "key"),
    comment="(source system, source key) → party",
)
Index("ix_xref_party", xref.c.party_id)

party_value = Table(
    "party_value",
    metadata,
    Column("party_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="name, phone, email, identifier, address, bank_card"),
    Column("value", Text, nullable=False),
    Column("detail", Text, nullable=False, comment="kind of phone or document; key of an address"),
    Column("records", Integer, nullable=False, comment="source records that state it"),
    Column("sources", ARRAY(Text), nullable=False),
    Column("current", Boolean, nullable=False, comment="the golden record's own value"),
    Column("first_seen_at", DateTime(timezone=True)),
    Column("last_seen_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("party_id", "kind", "value", "detail"),
    comment="all names, contacts, addresses and identity documents of a party, with who says so",
)
Index("ix_party_value_value_party", party_value.c.kind, party_value.c.value, party_value.c.party_id,
      postgresql_ops={"value": "text_pattern_ops"})  # fmt: skip
"""With the party's id: thousands of one name are put in order without looking at any of them."""

redirect = Table(
    "redirect",
    metadata,
    Column("retired_id", BigInteger, primary_key=True, autoincrement=False),
    Column("survivor_id", BigInteger, nullable=False),
    Column("operation_id", BigInteger, nullable=False),
    CheckConstraint("retired_id <> survivor_id", name="other"),
    comment="retired party id → the party that took its records; always to a living party",
)
Index("ix_redirect_survivor", redirect.c.survivor_id)
