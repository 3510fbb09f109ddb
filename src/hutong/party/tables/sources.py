"""What came in: sources, files, source records, their versions, rejected rows (EC-03)."""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.party.columns import ATTRIBUTES
from hutong.party.tables.base import attribute, identity, metadata, moment

source = Table(
    "source",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("trust", Integer, nullable=False, comment="0..100; survivorship rule `trust` prefers the greater"),
    comment="systems that records come from",
)

load = Table(
    "load",
    metadata,
    identity(),
    Column("source", Text, ForeignKey(source.c.code), nullable=False),
    Column("mapping", Text, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_hash", Text, nullable=False, comment="SHA-256; the same file is loaded once per mapping version"),
    Column("rows", BigInteger, nullable=False),
    Column("admitted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False, comment="admitted rows equal to what was known"),
    Column("unmapped", JSONB, nullable=False, comment="code set → source code → rows"),
    Column("document", JSONB, comment="the mapping it was read by, where rows were rejected: says what to mask"),
    Column("delivery", Text, nullable=False, server_default="incremental", comment="full | incremental | changes"),
    Column("repeated", BigInteger, nullable=False, server_default="0", comment="rows whose key the file has again"),
    Column("missing", BigInteger, nullable=False, server_default="0", comment="records a full file no longer states"),
    Column("withdrawn", BigInteger, nullable=False, server_default="0", comment="records the source ended by it"),
    Column("loaded_by", Text, nullable=False),
    moment("loaded_at"),
    UniqueConstraint("source", "mapping", "mapping_version", "file_hash"),
    comment="files taken in, whole or not at all",
)

source_record = Table(
    "source_record",
    metadata,
    identity(),
    Column("source", Text, nullable=False, comment="code of the source; who writes records registers it before"),
    Column("key", Text, nullable=False),
    Column("load_id", BigInteger, comment="of the transaction that wrote it"),
    Column("kind", Text, nullable=False),
    *(attribute(a) for a in ATTRIBUTES),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'"), comment="mapped values without a column"),
    Column("issues", ARRAY(Text), nullable=False, comment="what standardisation could not use, as attribute:reason"),
    Column("source_created_at", DateTime(timezone=True)),
    Column("source_changed_at", DateTime(timezone=True), comment="recency, by the source's clock"),
    Column("content_hash", Text, nullable=False, comment="of the row as it came and the mapping"),
    Column("withdrawn_at", DateTime(timezone=True), comment="its source ended it then: deleted, or no longer stated"),
    Column("owner_id", BigInteger, comment="user who made a party by this record"),
    Column("owner_unit", Text, comment="code of that user's unit then"),
    CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
    UniqueConstraint("source", "key"),
    comment="the latest version of each source's record, standardised; as it came: source_version",
)
Index(
    "ix_source_record_address_key",
    source_record.c.address_key,
    postgresql_where=source_record.c.address_key.isnot(None),
)
"""Who states any other value is found by match keys: an index for each column would double what storing a row costs."""
Index("ix_source_record_withdrawn", source_record.c.id, postgresql_where=source_record.c.withdrawn_at.isnot(None))
Index("ix_source_record_owned", source_record.c.id, postgresql_where=source_record.c.owner_id.isnot(None))

source_version = Table(
    "source_version",
    metadata,
    identity(),
    Column("record_id", BigInteger, nullable=False),
    Column("load_id", BigInteger),
    Column("row_number", BigInteger, comment="data row of the file, from 1"),
    Column("raw", JSONB, nullable=False),
    Column("corrected_by", Text, comment="who corrected the row that was rejected; empty as it came from the source"),
    moment("arrived_at"),
    comment="every version of a source record, as it came; never changed",
)
Index("ix_source_version_record", source_version.c.record_id, source_version.c.id)

rejected_record = Table(
    "rejected_record",
    metadata,
    identity(),
    Column("load_id", BigInteger, ForeignKey(load.c.id), nullable=False),
    Column("source", Text, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("key", Text),
    Column("raw", JSON, nullable=False, comment="json, not jsonb: keeps the order of the columns"),
    Column("reasons", ARRAY(Text), nullable=False, comment="codes of the mapping's admission rules"),
    Column("state", Text, nullable=False, server_default="open", comment="open | corrected | dismissed"),
    Column("resubmitted_by_load", BigInteger, comment="the load by which it was admitted after all"),
    Column("note", Text, comment="why it was dismissed"),
    Column("closed_by", Text),
    Column("closed_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('open', 'corrected', 'dismissed')", name="state"),
    comment="rows not admitted, kept with their reasons and fed back to the source (EC-03)",
)
Index("ix_rejected_record_load", rejected_record.c.load_id, rejected_record.c.id)
Index("ix_rejected_record_open", rejected_record.c.id, postgresql_where=text("state = 'open'"))
