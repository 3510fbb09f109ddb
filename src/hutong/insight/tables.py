"""What insight stores: the figures of each report per day. Derived; made from what other centers publish."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
)

from hutong.platform.database import metadata_for

metadata = metadata_for("insight")

snapshot = Table(
    "snapshot",
    metadata,
    Column("report", Text, nullable=False),
    Column("day", Date, nullable=False, comment="business day the figures are of"),
    Column("rows", Integer, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("report", "day"),
    comment="which days a report has figures of; a day without is a gap in the trend",
)

figure = Table(
    "figure",
    metadata,
    Column("report", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("dimensions", ARRAY(Text), nullable=False, comment="in the report's order; empty text: not stated"),
    Column("measures", ARRAY(BigInteger), nullable=False, comment="in the report's order"),
    PrimaryKeyConstraint("report", "day", "dimensions"),
    ForeignKeyConstraint(["report", "day"], ["insight.snapshot.report", "insight.snapshot.day"], ondelete="CASCADE"),
    comment="a report's figures of a day",
)
