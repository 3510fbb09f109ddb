"""What master data stores: code sets in versions, mappings of source codes, and codes nobody has mapped yet."""

from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKeyConstraint, Integer, Table, Text, func

from hutong.platform.database import metadata_for

metadata = metadata_for("masterdata")

code_set = Table(
    "code_set",
    metadata,
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("standard", Text, comment="where the codes come from: GB/T 2261.1, ISO 3166"),
    Column("hash", Text, nullable=False, comment="SHA-256 of the document; the same content makes no new version"),
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="a published version never changes",
)

code = Table(
    "code",
    metadata,
    Column("code_set", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("position", Integer, nullable=False, comment="order in lists"),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("valid_from", Date, comment="empty: always"),
    Column("valid_to", Date, comment="first day it is no longer valid; empty: open"),
    ForeignKeyConstraint(["code_set", "version"], ["masterdata.code_set.code", "masterdata.code_set.version"]),
)

code_mapping = Table(
    "code_mapping",
    metadata,
    Column("source", Text, primary_key=True),
    Column("code_set", Text, primary_key=True),
    Column("source_code", Text, primary_key=True),
    Column("standard_code", Text, nullable=False),
    Column("mapped_by", Text, nullable=False),
    Column("mapped_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

unmapped_code = Table(
    "unmapped_code",
    metadata,
    Column("source", Text, primary_key=True),
    Column("code_set", Text, primary_key=True),
    Column("source_code", Text, primary_key=True),
    Column("occurrences", BigInteger, nullable=False),
    Column("first_seen", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("last_seen", DateTime(timezone=True), nullable=False, server_default=func.now()),
    comment="source codes met in loads that no mapping covers",
)

VIEWS = {
    "masterdata.v1_code": """
        SELECT c.code_set, c.code, c.position, c.name_zh, c.name_en, c.valid_from, c.valid_to, c.version
        FROM masterdata.code c
        WHERE c.version = (SELECT max(s.version) FROM masterdata.code_set s WHERE s.code = c.code_set)
    """,
}
