"""What the order center stores: orders and their plans (business rows), and the queues that drive them.

Business rows (orders, steps) are updated in place. Queues (`ready`, `timer`) and the trace are appended to; `ready` is
partitioned in slots that are emptied by turns, so that a long snapshot elsewhere never slows the dispatcher
(ADR 0006).
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform.database import metadata_for
from hutong.platform.outbox import outbox_tables

metadata = metadata_for("ordering")
metadata.info["unmanaged"] = ("ready_slot_",)
outbox_tables(metadata)
SLOTS = 3
SLOT_SECONDS = 600

ROOM: dict[str, Any] = {"postgresql_with": {"fillfactor": 80}}  # updates stay on their page and touch no index


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(cache=100), primary_key=True)


def _time(name: str, *, mandatory: bool = False) -> Column[object]:
    default = func.now() if mandatory else None
    return Column(name, DateTime(timezone=True), nullable=not mandatory, server_default=default)


def _big(name: str, *, mandatory: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=not mandatory)


def _text(name: str, *, mandatory: bool = False) -> Column[str]:
    return Column(name, Text, nullable=not mandatory)


def _json(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


customer_order = Table(
    "customer_order",
    metadata,
    _id(),
    Column("uid", Uuid, nullable=False, server_default=text("uuidv7()"), comment="root of keys sent to peers"),
    _text("state", mandatory=True),
    _text("channel", mandatory=True),
    _text("external_id"),
    _big("customer_id"),
    _big("account_id", mandatory=False),
    _text("category"),
    Column("priority", SmallInteger, nullable=False, server_default="4", comment="0 (highest) to 4, as TMF622"),
    _text("description"),
    _text("notification_contact"),
    Column("extra", JSONB, comment="extension attributes, handed to peers as they came"),
    _big("one_off_micros"),
    _big("recurring_micros"),
    Column("catalog_version", Integer, nullable=False),
    _text("accepted_by", mandatory=True),
    _time("requested_completion_at"),
    _time("accepted_at", mandatory=True),
    _time("started_at"),
    _time("ended_at"),
    _text("reason"),
    Column("expedited", Integer, nullable=False, server_default="0", comment="expedite requests (催单)"),
    comment="what the customer asked for, whole",
    **ROOM,
)
Index("ix_customer_order_customer", customer_order.c.customer_id, customer_order.c.id)
Index("ix_customer_order_channel", customer_order.c.channel, customer_order.c.id)
Index(
    "ix_customer_order_open",
    customer_order.c.id,
    postgresql_where=text("ended_at IS NULL"),
)

order_item = Table(
    "order_item",
    metadata,
    _id(),
    _big("order_id"),
    _text("item_no", mandatory=True),
    _text("state", mandatory=True),
    _text("action", mandatory=True),
    _text("offer", mandatory=True),
    Column("quantity", Integer, nullable=False),
    Column("request", JSONB, nullable=False, comment="the item as accepted, defaults filled in"),
    _big("one_off_micros"),
    _big("recurring_micros"),
    Index("ix_order_item_order", "order_id"),
    comment="one action on one offer",
    **ROOM,
)

business_order = Table(
    "business_order",
    metadata,
    _id(),
    _big("order_id"),
    _big("item_id"),
    Column("number", Integer, nullable=False, comment="within the customer order, from 1"),
    _text("state", mandatory=True),
    Column("ending", Text, comment="while it is being undone: the state it ends in, failed or cancelled"),
    _text("action", mandatory=True),
    _text("offer", mandatory=True),
    _text("product", mandatory=True),
    _text("template", mandatory=True),
    Column("template_version", Integer, nullable=False),
    _big("one_off_micros"),
    Column("needs", ARRAY(BigInteger), nullable=False, comment="business orders it depends on"),
    Column("data", JSONB, nullable=False, comment="what its steps work on"),
    Column("results", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="what its steps found"),
    _text("reason"),
    _time("created_at", mandatory=True),
    _time("ended_at"),
    _time("archived_at"),
    Index("ix_business_order_order", "order_id"),
    Index("ix_business_order_number", text("(results ->> 'number')")),
    comment="what decomposition makes of items: the unit with its own fulfilment",
    **ROOM,
)

step = Table(
    "step",
    metadata,
    _id(),
    _big("order_id"),
    _big("business_order_id"),
    Column("number", Integer, nullable=False, comment="in the template; compensations go on counting"),
    _text("code", mandatory=True),
    _text("stage", mandatory=True),
    _text("kind", mandatory=True),
    Column("lane", Text, nullable=False, comment="local, or the peer it calls"),
    _text("state", mandatory=True),
    Column("waits_for", Integer, nullable=False, comment="steps not yet done before it"),
    Column("unblocks", ARRAY(BigInteger), nullable=False, comment="steps that wait for it"),
    Column("undoes", BigInteger, comment="the step this one compensates"),
    Column("fence", Integer, nullable=False, server_default="0", comment="grows with each claim"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="failed ones"),
    Column("sent", Boolean, nullable=False, server_default="false", comment="may have had an effect at a peer"),
    Column("timeout_seconds", Integer, nullable=False),
    _time("ready_at"),
    _time("started_at"),
    _time("deadline_at"),
    _time("finished_at"),
    _text("actor"),
    Column("result", JSONB),
    _text("reason"),
    Index("ix_step_business_order", "business_order_id"),
    comment="steps of a business order, compensations included",
    **ROOM,
)

ready = Table(
    "ready",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column(
        "slot",
        SmallInteger,
        primary_key=True,
        server_default=text(f"mod(extract(epoch FROM now())::bigint / {SLOT_SECONDS}, {SLOTS})::smallint"),
    ),
    _text("lane", mandatory=True),
    Column("subject_id", BigInteger, nullable=False, comment="a step; in lane plan: a customer order"),
    Index("ix_ready_lane", "lane", "id"),
    postgresql_partition_by="LIST (slot)",
    comment="queue of what can be done now",
)

timer = Table(
    "timer",
    metadata,
    _id(),
    Column("due_at", DateTime(timezone=True), nullable=False, index=True),
    Column("kind", Text, nullable=False, comment="lease, retry, deadline"),
    _big("step_id"),
    Column("fence", Integer, nullable=False),
    comment="queue of what must be looked at later",
)

trace = Table(
    "trace",
    metadata,
    _id(),
    _big("order_id"),
    _big("business_order_id", mandatory=False),
    _big("step_id", mandatory=False),
    _time("at", mandatory=True),
    _text("actor", mandatory=True),
    _text("event", mandatory=True),
    _json("detail"),
    Index("ix_trace_order", "order_id"),
    comment="calls, answers, failures and what people did; plain success is on the step itself",
)

exception_entry = Table(
    "exception_entry",
    metadata,
    _id(),
    _big("order_id"),
    _big("business_order_id", mandatory=False),
    _big("step_id", mandatory=False),
    _text("reason", mandatory=True),
    _json("detail"),
    _time("raised_at", mandatory=True),
    _time("resolved_at"),
    _text("resolution"),
    _text("resolved_by"),
    _text("assigned_to"),
    Index("ix_exception_entry_order", "order_id"),
    comment="orders that wait for a person, with the reason",
)
Index(
    "ix_exception_entry_open",
    exception_entry.c.id,
    postgresql_where=text("resolved_at IS NULL"),
)

intake_key = Table(
    "intake_key",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False, comment="SHA-256 of the request"),
    _big("order_id"),
    _time("accepted_at", mandatory=True),
    comment="idempotency: one order per channel and external id",
)

STATEMENTS = [
    f"CREATE TABLE IF NOT EXISTS ordering.ready_slot_{slot} PARTITION OF ordering.ready FOR VALUES IN ({slot})"
    for slot in range(SLOTS)
]
VIEWS = {
    "ordering.v1_customer_order": """
        SELECT id AS order_id, state, channel, external_id, customer_id, account_id, category, priority,
               one_off_micros, recurring_micros, accepted_at, started_at, ended_at, reason
        FROM ordering.customer_order""",
}
