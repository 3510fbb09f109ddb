"""What identity stores: people, units, roles, sessions, calling systems, and who read what."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform.database import metadata_for

metadata = metadata_for("identity")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


unit = Table(
    "unit",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    Column("parent_id", ForeignKey("identity.unit.id")),
    Column("path", Text, nullable=False, comment="codes from the root, each ended by '/': /hq/east/sh01/"),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    comment="organisation tree",
)
Index("ix_unit_path", unit.c.path, postgresql_ops={"path": "text_pattern_ops"})

role = Table(
    "role",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("rights", ARRAY(Text), nullable=False),
    Column("clear", ARRAY(Text), nullable=False, comment="kinds of sensitive field seen unmasked"),
    Column("scopes", JSONB, nullable=False, comment="entity → CEL condition on row and viewer"),
    comment="what a role may do and see; loaded from documents",
)

user_account = Table(
    "user_account",
    metadata,
    _id(),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False, comment="argon2id"),
    Column("unit_id", ForeignKey("identity.unit.id"), nullable=False),
    Column("locale", Text, nullable=False, server_default="zh-CN"),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("failures", Integer, nullable=False, server_default="0", comment="failed sign-ins since the last success"),
    Column("locked_until", DateTime(timezone=True)),
    _now("created_at"),
)

user_role = Table(
    "user_role",
    metadata,
    Column("user_id", ForeignKey("identity.user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("role", ForeignKey("identity.role.code"), primary_key=True),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the cookie's token"),
    Column("user_id", ForeignKey("identity.user_account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    _now("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

api_client = Table(
    "api_client",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True, comment="channel or calling system"),
    Column("name", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True, comment="SHA-256 of a 256-bit random key"),
    Column("rights", ARRAY(Text), nullable=False),
    Column("clear", ARRAY(Text), nullable=False),
    Column("scopes", JSONB, nullable=False),
    Column("fields", JSONB, nullable=False, server_default="{}", comment="entity → attributes it may have; else all"),
    Column("per_second", Integer, nullable=False, comment="sustained requests per second and server process"),
    Column("active", Boolean, nullable=False, server_default="true"),
    _now("created_at"),
)

sensitive_read = Table(
    "sensitive_read",
    metadata,
    Column("id", BigInteger, Identity(), nullable=False),
    _now("at"),
    Column("actor", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_ids", ARRAY(BigInteger), nullable=False),
    Column("kinds", ARRAY(Text), nullable=False, comment="kinds of sensitive field shown in clear"),
    Column("fields", ARRAY(Text), nullable=False, server_default="{}", comment="the fields themselves"),
    Column("reason", Text),
    PrimaryKeyConstraint("at", "id"),
    comment="log of every read of sensitive data in clear (EC-17); a part for each month, dropped when it is too old",
    postgresql_partition_by="RANGE (at)",
)
Index("ix_sensitive_read_id", sensitive_read.c.id)
Index("ix_sensitive_read_actor", sensitive_read.c.actor, sensitive_read.c.at, sensitive_read.c.id)
Index("ix_sensitive_read_ids", sensitive_read.c.entity_ids, postgresql_using="gin")
Index("ix_sensitive_read_kinds", sensitive_read.c.kinds, postgresql_using="gin")
_others = sensitive_read.c.entity != "party"
Index("ix_sensitive_read_entity", sensitive_read.c.entity, sensitive_read.c.at, sensitive_read.c.id,
      postgresql_where=_others)  # fmt: skip
_reasoned = sensitive_read.c.reason.isnot(None)
Index("ix_sensitive_read_reason", sensitive_read.c.at, sensitive_read.c.id, postgresql_where=_reasoned)
metadata.info["unmanaged"] = ("sensitive_read_p", "sensitive_read_rest")

STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS identity.sensitive_read_rest PARTITION OF identity.sensitive_read DEFAULT",
    """
    CREATE OR REPLACE FUNCTION identity.part_reads(since timestamptz, until timestamptz) RETURNS integer
    LANGUAGE plpgsql SET timezone = 'UTC' AS $part$
    DECLARE
        month timestamptz;
        part text;
        made integer := 0;
    BEGIN
        FOR month IN SELECT generate_series(date_trunc('month', since), until, interval '1 month') LOOP
            part := 'sensitive_read_p' || to_char(month, 'YYYYMM');
            CONTINUE WHEN to_regclass('identity.' || part) IS NOT NULL;
            LOCK TABLE identity.sensitive_read_rest IN SHARE ROW EXCLUSIVE MODE;
            CONTINUE WHEN to_regclass('identity.' || part) IS NOT NULL;
            EXECUTE format('CREATE TABLE identity.%I (LIKE identity.sensitive_read INCLUDING ALL EXCLUDING IDENTITY)',
                           part);
            EXECUTE format('WITH moved AS (DELETE FROM identity.sensitive_read_rest WHERE at >= $1 AND at < $2
                                           RETURNING *) INSERT INTO identity.%I SELECT * FROM moved', part)
                USING month, month + interval '1 month';
            EXECUTE format('ALTER TABLE identity.sensitive_read ATTACH PARTITION identity.%I
                            FOR VALUES FROM (%L) TO (%L)', part, month, month + interval '1 month');
            made := made + 1;
        END LOOP;
        RETURN made;
    END
    $part$""",
    "SELECT identity.part_reads(now(), now() + interval '2 months')",
)
"""The access log's parts: one for each month (UTC) from a moment to another, with what lay in the rest meanwhile; the
rest takes what has no month of its own, so that a read is never refused for want of one."""

VIEWS = {"identity.v1_unit": "SELECT code, path FROM identity.unit"}
"""Published: units by code, for centers whose rows belong to units."""
