"""What the catalog stores: documents by version, and releases: sets of documents published at once."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform.database import metadata_for
from hutong.platform.outbox import outbox_tables

metadata = metadata_for("catalog")
outbox_tables(metadata)

release = Table(
    "release",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", DateTime(timezone=True), nullable=False, comment="never before the release before it"),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("published_by", Text, nullable=False, comment="name of the principal"),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_release_effective_from", "effective_from", "number"),
    comment="sets of documents published at once; the number is the version of the whole catalog",
)

document = Table(
    "document",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="from 1, per kind and code"),
    Column("state", Text, nullable=False),
    Column("body", JSONB, nullable=False, comment="as written; catalog.documents.understand reads it"),
    Column("hash", Text, nullable=False, comment="SHA-256 of the canonical body"),
    Column("release", Integer, comment="release that published it"),
    Column("retired_release", Integer, comment="release from which it is not in the catalog any more"),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("changed_by", Text, nullable=False),
    CheckConstraint("state IN ('draft', 'published', 'retired')", name="state"),
    CheckConstraint("(state = 'draft') = (release IS NULL)", name="release"),
    CheckConstraint("(state = 'retired') = (retired_release IS NOT NULL)", name="retired"),
    Index("uq_document_version", "kind", "code", "version", unique=True),
    Index("uq_document_draft", "kind", "code", unique=True, postgresql_where=text("state = 'draft'")),
    Index("ix_document_release", "release"),
)

STATEMENTS = (
    """
CREATE OR REPLACE FUNCTION catalog.keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'retired' OR NEW.state <> 'retired'
       OR (NEW.kind, NEW.code, NEW.version, NEW.body, NEW.hash, NEW.release)
          IS DISTINCT FROM (OLD.kind, OLD.code, OLD.version, OLD.body, OLD.hash, OLD.release) THEN
        RAISE EXCEPTION 'catalog: a published version never changes (% % version %)', OLD.kind, OLD.code, OLD.version
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE TRIGGER keep_published BEFORE UPDATE OR DELETE ON catalog.document
FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION catalog.keep_published()
""",
    """
CREATE OR REPLACE FUNCTION catalog.keep_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'catalog: a release never changes (%)', OLD.number USING ERRCODE = 'restrict_violation';
END $$
""",
    """
CREATE OR REPLACE TRIGGER keep_release BEFORE UPDATE OR DELETE ON catalog.release
FOR EACH ROW EXECUTE FUNCTION catalog.keep_release()
""",
)

VIEWS = {
    "catalog.v1_document": """
        SELECT d.kind, d.code, d.version, d.state, d.body, d.release, r.effective_from, r.published_at, r.published_by
        FROM catalog.document d JOIN catalog.release r ON r.number = d.release
    """,
}
