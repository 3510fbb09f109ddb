"""What identity drops when somebody is erased (EC-02)."""

from collections.abc import Sequence

from sqlalchemy import text

from hutong.platform import database

_FORGET = text("""
    UPDATE identity.sensitive_read SET reason = NULL
    WHERE reason IS NOT NULL AND entity = :entity AND entity_ids && CAST(:ids AS bigint[])""")


def forget_reasons(entity: str, ids: Sequence[int]) -> int:
    """Who read what of these rows, and when, stays in the access log; what they gave as their reason goes. In a
    transaction of its own. Returns how many reads."""
    with database.begin("identity") as conn:
        return conn.execute(_FORGET, {"entity": entity, "ids": list(ids)}).rowcount
