"""The trace (OC-13): calls, answers, failures and what people did, appended set-wise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong.platform import clock

_WRITE = text("""
    INSERT INTO ordering.trace (order_id, business_order_id, step_id, at, actor, event, detail)
    SELECT order_id, business_order_id, step_id, :now, :actor, event, coalesce(detail, '{}')
    FROM json_to_recordset(CAST(:entries AS json))
        AS e (order_id bigint, business_order_id bigint, step_id bigint, event text, detail jsonb)""")


@dataclass(frozen=True)
class Entry:
    """Something that happened to an order. `detail` holds request, answer or reason."""

    event: str
    order_id: int
    business_order_id: int | None = None
    step_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def write(conn: Connection, actor: str, entries: Sequence[Entry]) -> None:
    """Append entries in the name of one actor (worker:…, user:…, peer:…)."""
    if entries:
        conn.execute(_WRITE, {"actor": actor, "now": clock.now(), "entries": msgspec.json.encode(entries).decode()})
