"""Batches of better contact data (EC-08): what was gathered, whom it is about, and what it did."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hutong.party.tables.base import identity, metadata, moment

enhancement_batch = Table(
    "enhancement_batch",
    metadata,
    identity(),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False, comment="how it was gathered; gives the source and its trust"),
    Column("state", Text, nullable=False, server_default="drafted"),
    Column("created_by", Text, nullable=False),
    moment("created_at"),
    Column("applied_by", Text),
    Column("applied_at", DateTime(timezone=True)),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("operation_id", BigInteger, comment="by which its records came to their parties"),
    Column("report", JSONB, comment="parties that gain or change which attribute, contactability before and after"),
    CheckConstraint("state IN ('drafted', 'applied', 'withdrawn')", name="state"),
    comment="contact data gathered elsewhere, to better golden records under trust rules",
)

enhancement_row = Table(
    "enhancement_row",
    metadata,
    identity(),
    Column("batch_id", BigInteger, ForeignKey(enhancement_batch.c.id), nullable=False),
    Column("row_number", Integer, nullable=False, comment="data row of the file, from 1"),
    Column("party_id", BigInteger, comment="whom it is about; null: nobody, or not one"),
    Column("confirmed", Text, nullable=False, server_default="no", comment="yes: the customer said so themselves"),
    Column("raw", JSONB, nullable=False, comment="as it came"),
    Column("values", JSONB, nullable=False, comment="standardised attributes"),
    Column("problem", Text, comment="message id: why it is left out"),
    Column("record_id", BigInteger, comment="the source record it became"),
    CheckConstraint("confirmed IN ('yes', 'no')", name="confirmed"),
    comment="rows of an enhancement batch, as they came and as understood",
)
Index("ux_enhancement_row", enhancement_row.c.batch_id, enhancement_row.c.row_number, unique=True)
Index("ix_enhancement_row_party", enhancement_row.c.party_id)

suspect_note = Table(
    "suspect_note",
    metadata,
    identity(),
    Column("group_id", BigInteger, nullable=False, index=True),
    Column("action", Text, nullable=False, comment="claim, assign, release, propose, decide, approve, send_back ..."),
    Column("done_by", Text, nullable=False),
    moment("done_at"),
    Column("note", Text),
    Column("operations", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    comment="what people did with a suspected group, in order (EC-06)",
)
