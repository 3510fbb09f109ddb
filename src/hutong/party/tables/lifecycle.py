"""Changes that people or systems ask for, with approval where the policy wants it (EC-02), and what erasure leaves."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hutong.party.tables.base import identity, metadata, moment

change_request = Table(
    "change_request",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("party_ids", ARRAY(BigInteger), nullable=False, comment="whom it is about; empty: who is to be created"),
    Column("change", JSONB, nullable=False, comment="what is asked for: attributes, records, flags"),
    Column("before", JSONB, nullable=False, comment="the attributes asked to change, as they were then"),
    Column("reason", Text, nullable=False),
    Column("rule", Text, comment="of the policy, that asks for approval; null: direct"),
    Column("policy_version", Integer, nullable=False),
    Column("requested_by", Text, nullable=False),
    moment("requested_at"),
    Column("expires_at", DateTime(timezone=True)),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("decision_note", Text),
    Column("done_at", DateTime(timezone=True)),
    Column("result", JSONB, comment="party, operation or counts it led to"),
    CheckConstraint("kind IN ('create', 'modify', 'deactivate', 'reactivate', 'erase', 'merge', 'split')", name="kind"),
    CheckConstraint("state IN ('pending', 'approved', 'done', 'refused', 'withdrawn', 'expired')", name="state"),
    comment="changes asked for; they take effect when done (EC-02)",
)
Index("ix_change_request_parties", change_request.c.party_ids, postgresql_using="gin")
Index("ix_change_request_state", change_request.c.state, change_request.c.id)

tombstone = Table(
    "tombstone",
    metadata,
    Column("party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("erased_at", DateTime(timezone=True), nullable=False),
    Column("erased_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("reason", Text, nullable=False, comment="one of the policy's reasons; nothing personal"),
    Column("request_id", BigInteger, nullable=False),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'"), comment="rows removed, by table"),
    comment="what is left of a party that was physically erased",
)

erased_key = Table(
    "erased_key",
    metadata,
    Column("source", Text, nullable=False),
    Column("key_hash", Text, nullable=False, comment="keyed SHA-256 of source and key; the key is elsewhere"),
    Column("party_id", BigInteger, nullable=False),
    moment("erased_at"),
    PrimaryKeyConstraint("source", "key_hash"),
    comment="source keys of erased records: their next load does not bring them back",
)


def widened(table: Table, column: str, values: tuple[str, ...]) -> str:
    """Idempotent SQL that lets a column of a released table take more values than its first check did."""
    name = f"ck_{table.name}_{column}"
    listed = ", ".join(f"'{value}'" for value in values)
    return f"""
DO $widen$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{name}' AND conrelid = '{table}'::regclass
                   AND pg_get_constraintdef(oid) LIKE '%{values[-1]}%') THEN
        ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};
        ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed}));
    END IF;
END $widen$"""
