"""Data quality (EC-18): rules in versions, what was measured per day, tasks to those who can mend, monthly scores."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hutong.party.tables.base import identity, metadata, moment

quality_rule = Table(
    "quality_rule",
    metadata,
    Column("version", Integer, nullable=False, comment="of the quality rules"),
    Column("rule", Text, nullable=False),
    Column("dimension", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("severity", Integer, nullable=False, comment="1..5"),
    Column("owner", Text, nullable=False, comment="who mends: source, branch, clerk, steward"),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    PrimaryKeyConstraint("version", "rule"),
    comment="the rules of each document as rows, for reports",
)

quality_run = Table(
    "quality_run",
    metadata,
    Column("day", Date, primary_key=True, comment="business day"),
    Column("version", Integer, nullable=False, comment="of the quality rules"),
    Column("records", BigInteger, nullable=False),
    Column("parties", BigInteger, nullable=False),
    moment("measured_at"),
    comment="days on which quality was measured; a day without a row is a gap in the trend",
)

quality_result = Table(
    "quality_result",
    metadata,
    Column("day", Date, ForeignKey(quality_run.c.day), nullable=False),
    Column("rule", Text, nullable=False),
    Column("source", Text, nullable=False, comment="empty: the golden records"),
    Column("branch", Text, nullable=False, comment="empty: not stated"),
    Column("contributor", Text, nullable=False, comment="who entered the record; empty: not stated"),
    Column("checked", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "rule", "source", "branch", "contributor"),
    CheckConstraint("failed BETWEEN 0 AND checked", name="failed"),
    comment="measured quality: the trend of each rule by source, branch and contributor",
)

quality_task = Table(
    "quality_task",
    metadata,
    identity(),
    Column("rule", Text, nullable=False, comment="of the document that found it; reported: a person did"),
    Column("entity", Text, nullable=False),
    Column("record_id", BigInteger, nullable=False, comment="source record or party"),
    Column("source", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("contributor", Text, nullable=False),
    Column("owner", Text, nullable=False, comment="who mends: source, branch, clerk, steward"),
    Column("severity", Integer, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("assignee", Text, comment="user:7"),
    Column("reported_by", Text, comment="user:7, of a reported one"),
    Column("fields", ARRAY(Text), comment="of a reported one: what is wrong in the record"),
    Column("reopened", Integer, nullable=False, server_default=text("0")),
    moment("opened_at"),
    Column("sent_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    moment("changed_at"),
    UniqueConstraint("rule", "entity", "record_id"),
    CheckConstraint("state IN ('open', 'sent', 'fixed', 'verified', 'waived', 'reopened')", name="state"),
    comment="a record that breaks a rule, to be mended by those who sent it; one per rule and record, for ever",
)
Index(
    "ix_quality_task_queue",
    quality_task.c.severity.desc(),
    quality_task.c.id,
    postgresql_where=text("state IN ('open', 'sent', 'fixed', 'reopened')"),
)
Index("ix_quality_task_source", quality_task.c.source, quality_task.c.state, quality_task.c.id)
Index("ix_quality_task_assignee", quality_task.c.assignee, postgresql_where=quality_task.c.assignee.isnot(None))
Index("ix_quality_task_branch", quality_task.c.branch, quality_task.c.state)
Index("ix_quality_task_contributor", quality_task.c.contributor, postgresql_where=quality_task.c.contributor != "")
Index("ix_quality_task_reporter", quality_task.c.reported_by, postgresql_where=quality_task.c.reported_by.isnot(None))
Index("ix_quality_task_record", quality_task.c.entity, quality_task.c.record_id)

quality_task_step = Table(
    "quality_task_step",
    metadata,
    identity(),
    Column("task_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, comment="the state it came to"),
    Column("note", Text),
    Column("done_by", Text, nullable=False),
    moment("done_at"),
    comment="what happened to each quality task, never deleted",
)
Index("ix_quality_task_step_task", quality_task_step.c.task_id, quality_task_step.c.id)

quality_score = Table(
    "quality_score",
    metadata,
    Column("month", Date, nullable=False, comment="its first day"),
    Column("kind", Text, nullable=False),
    Column("contributor", Text, nullable=False),
    Column("day", Date, nullable=False, comment="the measured day it is of: the month's last so far"),
    Column("checked", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("weighted_checked", BigInteger, nullable=False, comment="checks times severity"),
    Column("weighted_failed", BigInteger, nullable=False),
    Column("tasks_open", BigInteger, nullable=False),
    Column("tasks_verified", BigInteger, nullable=False, comment="mended within the month"),
    Column("score_thousandths", Integer, nullable=False, comment="0..100000; formula: quality/scores.py"),
    PrimaryKeyConstraint("month", "kind", "contributor"),
    CheckConstraint("kind IN ('source', 'branch', 'clerk')", name="kind"),
    comment="a contributor's score of a month (EC-18)",
)

CONTRIBUTOR = "coalesce('user:' || r.owner_id, nullif(r.attributes->>'entered_by', ''), '')"
"""Who entered a source record `r`: the user who made a party by it, else the clerk its source names."""

QUALITY_VIEWS = {
    "party.v1_quality_result": """
        SELECT o.day, r.rule, r.source, r.branch, r.contributor, r.checked, r.failed, q.dimension, q.entity,
               q.severity, q.name_zh, q.name_en
        FROM party.quality_run o JOIN party.quality_result r ON r.day = o.day
        JOIN party.quality_rule q ON q.version = o.version AND q.rule = r.rule""",
    "party.v1_quality_score": """
        SELECT month, kind, contributor, day, checked, failed, weighted_checked, weighted_failed, tasks_open,
               tasks_verified, score_thousandths FROM party.quality_score""",
    "party.v1_quality_task": """
        SELECT id AS task_id, rule, entity, record_id, source, branch, contributor, owner, severity, state, opened_at,
               closed_at FROM party.quality_task""",
    "party.v1_contribution": f"""
        SELECT x.party_id, x.record_id, r.source, coalesce(r.branch, r.owner_unit, '') AS branch,
               {CONTRIBUTOR} AS contributor, coalesce(r.source_created_at, v.arrived_at) AS provided_at,
               row_number() OVER (PARTITION BY x.party_id
                   ORDER BY coalesce(r.source_created_at, v.arrived_at), x.record_id) = 1 AS first
        FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
        LEFT JOIN LATERAL (SELECT min(arrived_at) AS arrived_at FROM party.source_version v
                           WHERE v.record_id = r.id) v ON true""",  # noqa: S608  (our own text)
}
"""Published: quality measured, scores, tasks, and who provided a customer's information first (EC-18)."""
