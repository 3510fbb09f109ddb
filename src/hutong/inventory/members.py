"""Members of group offers (family numbers, shared allowances), expressed once (BL-03)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, text

from hutong.inventory.tables import offer_member
from hutong.platform import history

Pair = tuple[int, int, datetime]
"""Offer instance, product instance, from when."""

KNOWN = text("""
    SELECT m.id, m.offer_instance_id, m.product_instance_id, m.ended
    FROM inventory.offer_member AS m
    JOIN json_to_recordset(CAST(:pairs AS json)) AS g(offer bigint, product bigint)
        ON g.offer = m.offer_instance_id AND g.product = m.product_instance_id
""")


def join(conn: Connection, pairs: Sequence[Pair], *, by: str | None) -> None:
    """Let product instances join group offers; one that left before joins anew, a present member stays."""
    known = _known(conn, pairs)
    new = {pair[:2]: pair for pair in pairs if pair[:2] not in known}
    history.insert(
        conn,
        offer_member,
        [
            {"offer_instance_id": offer, "product_instance_id": product, "effective_at": at}
            for offer, product, at in new.values()
        ],
        changed_by=by,
    )
    _set_ended(conn, {known[pair[:2]][0]: pair[2] for pair in pairs if known.get(pair[:2], (0, False))[1]}, False, by)


def leave(conn: Connection, pairs: Sequence[Pair], *, by: str | None) -> None:
    """Let members leave; who is no member stays none."""
    known = _known(conn, pairs)
    _set_ended(conn, {known[pair[:2]][0]: pair[2] for pair in pairs if not known.get(pair[:2], (0, True))[1]}, True, by)


def _known(conn: Connection, pairs: Sequence[Pair]) -> dict[tuple[int, int], tuple[int, bool]]:
    """(offer, product) → (id, left)."""
    if not pairs:
        return {}
    given = msgspec.json.encode([{"offer": offer, "product": product} for offer, product, _ in pairs]).decode()
    rows = conn.execute(KNOWN, {"pairs": given})
    return {(row.offer_instance_id, row.product_instance_id): (row.id, row.ended) for row in rows}


def _set_ended(conn: Connection, at: dict[int, datetime], ended: bool, by: str | None) -> None:
    rows = [{"id": key, "effective_at": instant, "ended": ended} for key, instant in at.items()]
    if rows:
        history.change(conn, offer_member, rows, columns=["ended"], changed_by=by)
