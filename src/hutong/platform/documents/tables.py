"""Where a center keeps its documents: one table, whose versions never change."""

from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    text,
)

from hutong.platform.migrations import tables_of


def document_table(metadata: MetaData) -> Table:
    """Add the table of documents to a center's tables; `keep_versions` belongs to its STATEMENTS."""
    return Table(
        "document",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Integer, comment="given when published; empty: a draft"),
        Column("state", Text, nullable=False),
        Column("body", Text, nullable=False, comment="YAML, as written"),
        Column("checksum", Text, nullable=False, comment="SHA-256 of what it says; drafts: empty"),
        Column("based_on", Integer, comment="version the author began with"),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False, server_default="", comment="why it changes, or why it was sent back"),
        Column("written_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("published_by", Text, comment="the author, or the second person"),
        Column("published_at", DateTime(timezone=True)),
        CheckConstraint("state IN ('draft', 'proposed', 'published', 'retired')", name="state"),
        CheckConstraint("(version IS NULL) = (state IN ('draft', 'proposed'))", name="version"),
        Index("ux_document_version", "kind", "name", "version", unique=True),
        Index("ux_document_draft", "kind", "name", unique=True, postgresql_where=text("version IS NULL")),
        comment="documents people decide (hutong.platform.documents); a version never changes, the newest is in force",
    )


def keep_versions(center: str) -> str:
    """Idempotent SQL: a trigger that refuses changes of versions."""
    return f"""
CREATE OR REPLACE FUNCTION {center}.keep_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{center}: a published version never changes (% % version %)', OLD.kind, OLD.name, OLD.version;
END $$;
CREATE OR REPLACE TRIGGER keep_versions BEFORE UPDATE OR DELETE ON {center}.document
FOR EACH ROW WHEN (OLD.version IS NOT NULL) EXECUTE FUNCTION {center}.keep_versions()"""


@lru_cache
def table_of(center: str) -> Table:
    """A center's table of documents."""
    found: Table = tables_of(center).metadata.tables[f"{center}.document"]
    return found
