"""What the ground itself stores: its outbox, jobs, webhook registrations; and the tables of the job library."""

import re
from importlib import resources

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hutong.platform import database
from hutong.platform.outbox import outbox_tables

metadata = database.metadata_for("platform")
outbox_tables(metadata)

job = Table(
    "job",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False, comment="such as party.import"),
    Column("lane", Text, nullable=False, comment="online, batch or report"),
    Column("args", JSONB, nullable=False),
    Column("state", Text, nullable=False, comment="queued, running, done, failed, cancelled"),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("total", BigInteger, comment="null: not known yet"),
    Column("message", Text, comment="what it is doing"),
    Column("checkpoint", JSONB, comment="from where it goes on"),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("attempt", Integer, nullable=False, server_default=text("0"), comment="fences off a stalled worker"),
    Column("ticket", Integer, nullable=False, server_default=text("1"), comment="the queue entry that may start it"),
    Column("error", Text),
    Column("exclusive", Text, comment="no two jobs with the same value run at once"),
    Column("started_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("told_at", DateTime(timezone=True), comment="when it last said how far it is"),
    Column("finished_at", DateTime(timezone=True)),
)
Index("ix_job_unfinished", job.c.id, postgresql_where=text("state IN ('queued', 'running')"))
Index("ix_job_failed", job.c.id, postgresql_where=text("state = 'failed'"))

schedule = Table(
    "schedule",
    metadata,
    Column("name", Text, primary_key=True, comment="begins with the center, such as party.quality"),
    Column("cron", Text, nullable=False, comment="five fields, in the business time zone"),
    Column("declared_cron", Text, comment="as the code has it; null: made by people"),
    Column("job", Text, nullable=False, comment="kind of job it starts"),
    Column("args", JSONB, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), comment="when it last started its job"),
    Column("job_id", BigInteger, comment="the job it started last"),
    Column("error", Text, comment="why it could not start it"),
    Column("changed_by", Text),
    Column("changed_at", DateTime(timezone=True)),
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("callback", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False, comment="our event types that may interest it"),
    Column("form", Text, comment="which published form the body has, such as TMF622; null: our own"),
    Column("query", Text, comment="the registrant's own words, given back to it"),
    Column("owner", Text, nullable=False, comment="client that registered"),
    Column("secret", Text, nullable=False, comment="signs the deliveries"),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
Index("ix_webhook_owner", webhook.c.owner)

_JOB_LIBRARY = (resources.files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")

# Procrastinate's tables live in a schema of their own. Its functions are told so, so that a job can be deferred within
# any transaction.
STATEMENTS = (
    r"""
DO $install$
DECLARE routine regprocedure;
BEGIN
    IF to_regclass('procrastinate.procrastinate_jobs') IS NULL THEN
        CREATE SCHEMA IF NOT EXISTS procrastinate;
        SET LOCAL search_path = procrastinate;
        EXECUTE $library$
"""  # noqa: S608
    + re.sub(r":(?=\w)", r"\\:", _JOB_LIBRARY.replace("::", "\0")).replace("\0", "::")
    + r"""
        $library$;
        FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = to_regnamespace('procrastinate') LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = procrastinate', routine);
        END LOOP;
        SET LOCAL search_path TO DEFAULT;
    END IF;
END
$install$
""",
)
