"""The outbox: an event and the state it tells of commit in one transaction (transactional outbox, 事务性发件箱).

Each center has its own: `outbox_tables(metadata)` in its `tables.py`. Publishers only append. The relay (`relay.py`)
gives committed events their place in the center's event log; subscriptions read on from there. See ADR 0004.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Identity,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    Uuid,
    insert,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform import clock

CHANNEL = "hutong_outbox"
NOTICE_INTERVAL = 0.02
"""Seconds between two notices of a process: NOTIFY makes committing transactions wait for one another, so not each
transaction sends one; what goes unannounced is found by the relay's poll."""

_noticed: dict[str, float] = {}


@dataclass(frozen=True)
class Event:
    """Something that happened. `type` begins with the center ("party.merged"); events of one `aggregate` ("party:123")
    reach each subscriber in the order of their publication."""

    type: str
    aggregate: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class Delivered(Event):
    """An event as a subscriber gets it: `id` is the same at every delivery, `position` its place in the log."""

    id: str = ""
    position: int = 0


def _content() -> tuple[Column[Any], ...]:
    return (
        Column("id", Uuid(as_uuid=False), nullable=False, server_default=text("uuidv7()")),
        Column("type", Text, nullable=False),
        Column("aggregate", Text, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
    )


def outbox_tables(metadata: MetaData) -> None:
    """Add a center's outbox, event log and inbox to its tables."""
    Table("outbox", metadata, Column("seq", BigInteger, Identity(), primary_key=True), *_content())
    Table(
        "event_log",
        metadata,
        Column("position", BigInteger, nullable=False),
        *_content(),
        Column("logged_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("position"),
        postgresql_partition_by="RANGE (position)",
        comment="committed events in order, without gaps; partitions are dropped once read and old",
    )
    Table(
        "relay",
        metadata,
        Column("center", Text, primary_key=True),
        Column("position", BigInteger, nullable=False, comment="last place given in the event log"),
        Column("seq", BigInteger, nullable=False, comment="highest outbox number seen"),
        Column("gaps", JSONB, nullable=False, comment="numbers below it whose transactions may yet commit"),
    )
    Table(
        "subscription",
        metadata,
        Column("name", Text, primary_key=True),
        Column("source", Text, primary_key=True, comment="center whose log is read"),
        Column("position", BigInteger, nullable=False, comment="last place handled: the inbox"),
        Column("failures", Integer, nullable=False, server_default=text("0"), comment="in a row, of the whole"),
        Column("paused_until", DateTime(timezone=True)),
        Column("error", Text),
    )
    Table(
        "parked_event",
        metadata,
        Column("subscription", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        *_content(),
        Column("state", Text, nullable=False, comment="failing, waiting (behind a failing one), dead"),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("next_try_at", DateTime(timezone=True)),
        Column("error", Text),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("subscription", "source", "position"),
    )
    metadata.info["unmanaged"] = (*metadata.info.get("unmanaged", ()), "event_log_p")


_PUBLISH = """
INSERT INTO {center}.outbox (type, aggregate, payload, occurred_at)
SELECT type, aggregate, payload, coalesce(occurred_at, :now)
FROM ROWS FROM (json_to_recordset(CAST(:events AS json))
    AS (type text, aggregate text, payload jsonb, occurred_at timestamptz))
    WITH ORDINALITY AS event (type, aggregate, payload, occurred_at, number)
ORDER BY number
"""


def publish(conn: Connection, center: str, events: Sequence[Event]) -> None:
    """Append events to the center's outbox, within the transaction that made them true. One statement."""
    if not events:
        return
    for event in events:
        if not event.type.startswith(f"{center}."):
            raise ValueError(f"{center} cannot publish {event.type}")
    conn.execute(
        text(_PUBLISH.format(center=center)), {"events": msgspec.json.encode(events).decode(), "now": clock.now()}
    )
    _notice(conn, center)


def publish_from(conn: Connection, center: str, select: Select[Any]) -> int:
    """Append the events a select gives: columns `type`, `aggregate`, `payload`, `occurred_at`. Returns how many."""
    outbox = Table(
        "outbox",
        MetaData(schema=center),
        *(Column(name) for name in ("type", "aggregate", "payload", "occurred_at")),
    )
    columns = ["type", "aggregate", "payload", "occurred_at"]
    kept = {"preserve_rowcount": True}
    count = conn.execute(insert(outbox).from_select(columns, select), execution_options=kept).rowcount
    if count:
        _notice(conn, center)
    return count


def _notice(conn: Connection, center: str) -> None:
    moment = time.monotonic()
    if moment - _noticed.get(center, 0.0) >= NOTICE_INTERVAL:
        _noticed[center] = moment
        conn.execute(text("SELECT pg_notify(:channel, :center)"), {"channel": CHANNEL, "center": center})
