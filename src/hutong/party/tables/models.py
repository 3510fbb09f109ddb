"""Versions of the probabilistic model, and the pairs people reviewed to measure them (EC-05)."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Float,
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

model_version = Table(
    "model_version",
    metadata,
    identity(),
    Column("kind", Text, nullable=False, comment="kind of party"),
    Column("version", Text, nullable=False, comment="hash of the content"),
    Column("body", Text, nullable=False, comment="the model as JSON, as it was hashed"),
    Column("state", Text, nullable=False),
    Column("trained_by", Text, nullable=False),
    moment("trained_at"),
    Column("records", BigInteger, nullable=False, comment="trained on"),
    Column(
        "merge_bits", Float, comment="weight from which the model merges; proposed by the review, fixed on approval"
    ),
    Column("evaluation", JSONB, comment="what the reviewed sample says"),
    Column("evaluated_by", Text),
    Column("evaluated_at", DateTime(timezone=True)),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("in_force_at", DateTime(timezone=True)),
    Column("retired_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('trained', 'evaluated', 'approved', 'in_force', 'retired')", name="state"),
    comment="versions of the model; only one that was measured and approved by a second person judges",
)
Index("ux_model_version_in_force", model_version.c.kind, unique=True,
      postgresql_where=text("state = 'in_force'"))  # fmt: skip

model_review = Table(
    "model_review",
    metadata,
    Column("model_id", BigInteger, ForeignKey(model_version.c.id), nullable=False),
    Column("left_id", BigInteger, nullable=False, comment="source record"),
    Column("right_id", BigInteger, nullable=False),
    Column("weight", Float, nullable=False, comment="bits"),
    Column("stratum", Integer, nullable=False, comment="least weight of the stratum, bits"),
    Column("population", BigInteger, nullable=False, comment="pairs in the stratum"),
    Column("same", Text, comment="yes, no, unknown; null: waits for review"),
    Column("reviewed_by", Text),
    Column("reviewed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("model_id", "left_id", "right_id"),
    comment="stratified sample of pairs by weight, for people to review",
)
