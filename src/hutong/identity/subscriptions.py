"""What identity hears from others."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.platform.outbox import Delivered
from hutong.platform.subscriptions import subscriber

_FORGET = text("""
    UPDATE identity.sensitive_read SET reason = NULL
    WHERE reason IS NOT NULL AND entity = 'party' AND entity_ids && CAST(:ids AS bigint[])""")


@subscriber(name="identity.on_party_erased", events=["party.erased"])
def on_party_erased(conn: Connection, events: Sequence[Delivered]) -> None:
    """Who read what of an erased party, and when, stays in the access log; what they gave as their reason goes."""
    conn.execute(_FORGET, {"ids": sorted({int(id) for event in events for id in event.payload["party_ids"]})})
