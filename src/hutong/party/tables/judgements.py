"""The truth of resolution, what moved records by it, and what waits for people (EC-05 to EC-07)."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.party.tables.base import identity, metadata, moment

judgement = Table(
    "judgement",
    metadata,
    identity(),
    Column("left_id", BigInteger, nullable=False, comment="source record, the smaller id"),
    Column("right_id", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("made_by_kind", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="rule of the document; for a person: merge, split, suspect"),
    Column("rule_version", Integer, nullable=False),
    Column("strength", Integer, nullable=False, comment="0..1000; stronger links are honoured first"),
    Column("reasons", JSONB, nullable=False, comment="the features that held"),
    Column("made_by", Text, nullable=False),
    Column("operation_id", BigInteger, comment="merge or split it belongs to"),
    moment("made_at"),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_because", Text),
    Column("ended_operation_id", BigInteger, comment="merge or split that ended it, whose undoing takes it up again"),
    CheckConstraint("left_id < right_id", name="ordered"),
    CheckConstraint("verdict IN ('same', 'not_same', 'unsure')", name="verdict"),
    CheckConstraint("made_by_kind IN ('rule', 'model', 'person')", name="made_by_kind"),
    comment="the truth of resolution: every decision about a pair, never deleted",
)
Index(
    "ux_judgement_active_rule",
    judgement.c.left_id,
    judgement.c.right_id,
    judgement.c.rule,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)
Index("ix_judgement_right", judgement.c.right_id, postgresql_where=text("ended_at IS NULL"))
Index("ix_judgement_operation", judgement.c.operation_id, postgresql_where=text("operation_id IS NOT NULL"))

operation = Table(
    "operation",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    moment("done_at"),
    Column("undoes_id", BigInteger, comment="the operation this one took back"),
    Column("forced", Boolean, nullable=False, server_default=text("false"), comment="against differing documents"),
    CheckConstraint("kind IN ('resolve', 'merge', 'split', 'undo', 'intake', 'unflag', 'enhance')", name="kind"),
    comment="what moved records between parties: resolution runs, merges, splits",
)
Index("ix_operation_kind", operation.c.kind, operation.c.id)

operation_record = Table(
    "operation_record",
    metadata,
    Column("operation_id", BigInteger, ForeignKey(operation.c.id), nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("before_id", BigInteger, nullable=False),
    Column("after_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("operation_id", "record_id"),
    comment="which record moved from which party to which: merge history, and what an undo restores",
)
Index("ix_operation_record_before", operation_record.c.before_id)
Index("ix_operation_record_record", operation_record.c.record_id)

suspect_group = Table(
    "suspect_group",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("party_ids", ARRAY(BigInteger), nullable=False),
    Column("rules", ARRAY(Text), nullable=False),
    Column("strength", Integer, nullable=False, comment="of the strongest pair; the queue's order"),
    Column("pool", Text, nullable=False, comment="organisational pool whose people may claim it"),
    Column("assignee", Text),
    moment("opened_at"),
    Column("closed_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("proposal", JSONB, comment="a decision that waits for review: sets, reason, force, rule, by, at"),
    CheckConstraint("state IN ('open', 'claimed', 'proposed', 'decided', 'obsolete')", name="state"),
    comment="parties that may be the same, waiting for people (EC-06)",
)
Index("ix_suspect_group_queue", suspect_group.c.state, suspect_group.c.strength.desc(), suspect_group.c.id)
Index("ix_suspect_group_assignee", suspect_group.c.assignee, suspect_group.c.state)
Index("ix_suspect_group_parties", suspect_group.c.party_ids, postgresql_using="gin")
