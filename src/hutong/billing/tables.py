"""What billing stores here: files and batches of usage, what was quarantined, rated totals, bills.

Single usage events, accepted and rated, are columnar files (Parquet, see `usage_store`): they come by the million and
are read by the column. A row of `usage_batch` is what makes such a file count: written and synced first, then committed.
"""

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
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform.database import metadata_for
from hutong.platform.outbox import outbox_tables

metadata = metadata_for("billing")
outbox_tables(metadata)

usage_batch = Table(
    "usage_batch",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("files", ARRAY(Text), nullable=False, comment="columnar files of accepted events, below the usage folder"),
    Column("accepted", BigInteger, nullable=False),
    Column("collected_by", Text, nullable=False),
    Column("collected_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="one collection run: all or nothing",
)

usage_file = Table(
    "usage_file",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("batch_id", ForeignKey("billing.usage_batch.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True, comment="SHA-256; the same file is collected once"),
    Column("system", Text, comment="exporting system, from the header"),
    Column("records", BigInteger, nullable=False, comment="D lines found: accepted + duplicates + quarantined"),
    Column("accepted", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("trailer_records", BigInteger, comment="what the trailer says; empty: no trailer"),
    Column("trailer_agrees", Boolean, nullable=False),
    comment="file-level audit (BL-05)",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("file_id", ForeignKey("billing.usage_file.id"), nullable=False),
    Column("line", Integer, nullable=False, comment="line number in the file, from 1"),
    Column("reason", Text, nullable=False),
    Column("content", Text, nullable=False, comment="the line as it came"),
    Column("state", Text, nullable=False, server_default="held", comment="held, released, discarded"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    comment="records that could not be used, kept with their reason",
)
Index("ix_quarantine_state", quarantine.c.state, quarantine.c.id)
Index("ix_quarantine_file", quarantine.c.file_id)
