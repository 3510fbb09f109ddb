"""What makes matching quick and repeatable: match keys, what changed since the last run, and statistics by version."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from hutong.party.tables.base import identity, metadata, moment

match_key = Table(
    "match_key",
    metadata,
    Column("key", BigInteger, nullable=False, comment="first 64 bits of the MD5 of kind, block and values"),
    Column("record_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", "record_id"),
    comment="records by what they must share to be compared; derived from records and the rules' blocks",
)
Index("ix_match_key_record", match_key.c.record_id)

changed_record = Table(
    "changed_record",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("record_id", BigInteger, nullable=False),
    Column("judged", Boolean, nullable=False, server_default=text("false"), comment="in real time: a run only counts"),
    comment="records whose arrival or change no run has taken up yet",
)

statistics = Table(
    "statistics",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False, server_default=text("uuidv7()::text"), comment="the same nowhere else"),
    Column("records", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
    moment("made_at"),
    comment="versions of what is counted over all records; real time uses the newest, runs bring it up",
)

generic_value = Table(
    "generic_value",
    metadata,
    Column("kind", Text, nullable=False, comment="phone, email, bank_card, id_number, address_key"),
    Column("value", Text, nullable=False),
    Column("since_version", Integer, nullable=False),
    Column("until_version", Integer, comment="first version in which it is not generic any more"),
    Column("names", Integer, nullable=False, comment="distinct names under it when it was found"),
    PrimaryKeyConstraint("kind", "value", "since_version"),
    comment="values shared by too many names to say who somebody is, by version of the statistics",
)
Index("ix_generic_value_now", generic_value.c.kind, generic_value.c.value,
      postgresql_where=generic_value.c.until_version.is_(None))  # fmt: skip

crowded_key = Table(
    "crowded_key",
    metadata,
    Column("key", BigInteger, nullable=False),
    Column("since_version", Integer, nullable=False),
    Column("until_version", Integer),
    Column("records", Integer, nullable=False),
    PrimaryKeyConstraint("key", "since_version"),
    comment="match keys shared by too many records to be used, by version of the statistics",
)

run = Table(
    "run",
    metadata,
    identity(),
    Column("scope", Text, nullable=False, comment="full or changes"),
    Column("judges", Text, nullable=False, comment="digest of rules and models; another one asks for a full run"),
    Column("rules_version", Integer, nullable=False),
    Column("statistics_version", Integer, nullable=False),
    Column("records", BigInteger, nullable=False, comment="compared with others"),
    Column("pairs", BigInteger, nullable=False),
    Column("judgements_made", BigInteger, nullable=False),
    Column("judgements_ended", BigInteger, nullable=False),
    Column("operation_id", BigInteger),
    Column("done_by", Text, nullable=False),
    moment("done_at"),
    comment="resolution runs, what they judged by and what they found",
)
