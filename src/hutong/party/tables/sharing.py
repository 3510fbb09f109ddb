"""What sharing keeps (EC-14, EC-15): documents, exports, call lists and their results, routed claims, the portal."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.party.tables.base import identity, metadata, moment

export_run = Table(
    "export_run",
    metadata,
    identity(),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="of the export's definition"),
    Column("consumer", Text, nullable=False, comment="actor whose scope and masks it has, and who may fetch it"),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("mode", Text, nullable=False, comment="full, or changes since position from_position"),
    Column("format", Text, nullable=False),
    Column("from_position", BigInteger, nullable=False, server_default="0"),
    Column("to_position", BigInteger, comment="place in the event log it is complete to"),
    Column("job_id", BigInteger),
    Column("rows", BigInteger),
    Column("bytes", BigInteger),
    Column("sha256", Text),
    Column("started_by", Text, nullable=False),
    moment("made_at"),
    Column("ready_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("fetched_at", DateTime(timezone=True), comment="first download"),
    CheckConstraint("state IN ('queued', 'ready', 'failed', 'expired')", name="state"),
    CheckConstraint("mode IN ('full', 'changes')", name="mode"),
    CheckConstraint("format IN ('csv', 'parquet', 'xlsx')", name="format"),
    comment="files made for consumers, with counts and hash (EC-14)",
)
Index("ix_export_run_consumer", export_run.c.consumer, export_run.c.code, export_run.c.id)

call_list = Table(
    "call_list",
    metadata,
    identity(),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="of the campaign's document"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("size", Integer, nullable=False),
    Column("held_back", JSONB, nullable=False, comment="reason → customers that met the filter and are not called"),
    Column("made_by", Text, nullable=False),
    moment("made_at"),
    CheckConstraint("state IN ('open', 'closed')", name="state"),
    comment="telesales call lists: who met a campaign's filter at a moment, frozen (EC-15)",
)

call_target = Table(
    "call_target",
    metadata,
    Column("list_id", BigInteger, ForeignKey(call_list.c.id), nullable=False),
    Column("party_id", BigInteger, nullable=False),
    Column("place", Integer, nullable=False, comment="order of calling"),
    Column("seat_id", BigInteger, comment="user it is assigned to"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("callback_at", DateTime(timezone=True)),
    Column("worked_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("list_id", "party_id"),
    CheckConstraint("state IN ('waiting', 'callback', 'reached', 'refused', 'sold', 'unreachable')", name="state"),
    comment="who is to be called, by whom, and how far that is",
)
Index("ix_call_target_seat", call_target.c.seat_id, call_target.c.party_id)
Index("ix_call_target_party", call_target.c.party_id)
Index("ix_call_target_work", call_target.c.list_id, call_target.c.seat_id, call_target.c.state, call_target.c.place)

call_result = Table(
    "call_result",
    metadata,
    identity(),
    Column("list_id", BigInteger, nullable=False),
    Column("party_id", BigInteger, nullable=False),
    Column("seat_id", BigInteger, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("callback_at", DateTime(timezone=True)),
    moment("at"),
    comment="what came of each call, written back to the customer's contact history (EC-15)",
)
Index("ix_call_result_party", call_result.c.party_id, call_result.c.id)

claim_decision = Table(
    "claim_decision",
    metadata,
    identity(),
    Column("claim", Text, nullable=False, comment="the claim's number at the system that asks"),
    Column("party_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, comment="of the claim_route document"),
    Column("rule", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("decided_by", Text, nullable=False),
    moment("decided_at"),
    comment="how claims were routed, by which rule on which facts (EC-15)",
)
Index("ix_claim_decision_party", claim_decision.c.party_id, claim_decision.c.id)

portal_account = Table(
    "portal_account",
    metadata,
    identity(),
    Column("party_id", BigInteger, nullable=False),
    Column("phone", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    moment("made_at"),
    Column("confirmed_by", Text),
    CheckConstraint("state IN ('waiting', 'active', 'closed')", name="state"),
    comment="customers who serve themselves; waiting: the phone is not on file, a clerk must confirm who it is",
)
Index("ix_portal_account_party", portal_account.c.party_id)

portal_code = Table(
    "portal_code",
    metadata,
    identity(),
    Column("phone", Text, nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("address", Text, nullable=False, comment="where it was asked from, for limits"),
    moment("sent_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    comment="one-time codes sent by SMS",
)
Index("ix_portal_code_phone", portal_code.c.phone, portal_code.c.id)
Index("ix_portal_code_address", portal_code.c.address, portal_code.c.sent_at)

portal_session = Table(
    "portal_session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", BigInteger, ForeignKey(portal_account.c.id), nullable=False),
    Column("csrf", Text, nullable=False),
    moment("made_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    comment="signed-in customers; separate from the sessions of staff",
)
